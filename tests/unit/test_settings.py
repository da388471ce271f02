"""Settings: where a value comes from, what is refused, and that no secret is shown."""

import pytest
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from app.__main__ import cli
from app.core.settings import Settings, mask_url

SECRET = "kín-như-bưng"
URL = "postgresql+psycopg://tiendo57:{}@db.example/tiendo57"


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("installation"))
    for name in ("DATABASE_URL", "TIENDO57_DATABASE_URL", "TIENDO57_PAGE_SIZE"):
        monkeypatch.delenv(name, raising=False)


def _shown() -> dict[str, str]:
    result = CliRunner().invoke(cli, ["settings"])
    assert result.exit_code == 0, result.output
    return dict(line.split(" = ", 1) for line in result.output.splitlines())


def test_secrets_are_masked_wherever_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DATABASE_URL", URL.format(SECRET))
    shown = _shown()
    assert SECRET not in str(shown)
    assert shown["database_url"] == f"{URL.format('***')}  (environment DATABASE_URL)"
    settings = Settings()
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())
    assert SECRET not in settings.model_dump_json()
    assert mask_url(URL.format(SECRET)) == URL.format("***")


def test_every_setting_that_may_hold_a_secret_is_one() -> None:
    for name, field in Settings.model_fields.items():
        sounds_secret = any(word in name for word in ("url", "secret", "token_key", "password", "dsn"))
        if sounds_secret and field.annotation is str:
            assert name == "public_url", f"{name} is shown in clear"


def test_each_value_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    Path("tiendo57.toml").write_text("page_size = 50\npage_size_max = 60\n", encoding="utf-8")
    monkeypatch.setenv("TIENDO57_PAGE_SIZE", "40")
    shown = _shown()
    assert shown["page_size"] == "40  (environment TIENDO57_PAGE_SIZE)"
    assert shown["page_size_max"] == "60  (tiendo57.toml)"
    assert shown["demonstration"] == "False  (default)"
    assert shown["database_url"].endswith("(default)")
    assert shown.keys() == Settings.model_fields.keys()


@pytest.mark.parametrize(
    ("name", "value"), [("PAGE_SIZE", "0"), ("LOG_LEVEL", "loud"), ("DEFAULT_LOCALE", "de"), ("PAGE_SIZE", "many")]
)
def test_a_value_out_of_range_stops_the_program(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TIENDO57_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_an_unknown_name_in_the_file_stops_the_program() -> None:
    from pathlib import Path

    Path("tiendo57.toml").write_text("pagesize = 50\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="pagesize"):
        Settings()


def test_demonstration_is_off_unless_asked_for() -> None:
    assert Settings().demonstration is False
    assert Settings().secure_cookies is True
    assert isinstance(Settings().database_url, SecretStr)
