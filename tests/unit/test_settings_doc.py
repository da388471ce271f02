"""`docs/settings.md` says of every setting what it is, and its true default."""

import re

from pydantic import SecretStr

from app.core.settings import Settings, project_root

ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def _documented() -> dict[str, tuple[str, str]]:
    page = (project_root() / "docs" / "settings.md").read_text(encoding="utf-8")
    tables = re.findall(r"^\| setting \| default \|.*(?:\n\|.*)+", page, re.MULTILINE)
    rows = ROW.findall("\n".join(tables))
    return {name: (default.strip("`"), meaning) for name, default, meaning in rows}


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert _documented().keys() == Settings.model_fields.keys()


def test_the_defaults_in_the_page_are_true() -> None:
    for name, (default, _) in _documented().items():
        value = Settings.model_fields[name].default
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        shown = (
            str(plain).lower() if isinstance(plain, bool) else f"{plain:g}" if isinstance(plain, float) else str(plain)
        )
        assert default == shown, name


def test_each_meaning_is_a_sentence() -> None:
    for name, (_, meaning) in _documented().items():
        assert meaning.endswith("."), name
        assert len(meaning) > 20, name
