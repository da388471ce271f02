"""Settings of one installation: environment variables first, then `tiendo57.toml`, then the defaults below."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

Locale = Literal["vi", "en", "fr"]


class Settings(BaseSettings):
    """Everything an installation may choose; `docs/settings.md` explains each one."""

    model_config = SettingsConfigDict(
        env_prefix="TIENDO57_", toml_file="tiendo57.toml", extra="forbid", populate_by_name=True
    )

    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///var/tiendo57.db"),
        validation_alias=AliasChoices("DATABASE_URL", "TIENDO57_DATABASE_URL"),
    )
    database_pool_size: int = Field(default=20, ge=1, le=200)
    database_lock_timeout_seconds: int = Field(default=10, ge=1, le=120)
    write_queue_size: int = Field(default=200, ge=1, le=10_000)
    write_queue_wait_seconds: float = Field(default=20.0, gt=0, le=120)

    demonstration: bool = False
    default_locale: Locale = "vi"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool = True

    max_body_bytes: int = Field(default=1_048_576, ge=1024, le=104_857_600)
    max_file_bytes: int = Field(default=5_242_880, ge=1024, le=104_857_600)
    page_size: int = Field(default=100, ge=1, le=1000)
    page_size_max: int = Field(default=1000, ge=1, le=10_000)
    file_rows_max: int = Field(default=100_000, ge=1, le=1_000_000)  # a sheet holds 1,048,576

    session_idle_minutes: int = Field(default=30, ge=1, le=1440)
    session_absolute_hours: int = Field(default=12, ge=1, le=168)
    remember_device_days: int = Field(default=7, ge=0, le=30)
    secure_cookies: bool = True
    sign_in_attempts: int = Field(default=5, ge=1, le=100)
    sign_in_attempts_per_address: int = Field(default=50, ge=1, le=10_000)
    sign_in_window_minutes: int = Field(default=15, ge=1, le=1440)
    password_min_length: int = Field(default=12, ge=8, le=128)
    api_token_days: int = Field(default=365, ge=1, le=3650)

    approval_by_another: bool = True
    approval_ward_first: bool = False
    obligations_horizon_days: int = Field(default=35, ge=1, le=400)
    idempotency_hours: int = Field(default=48, ge=1, le=720)

    portal_hosts: str | None = None
    portal_legacy_url: str | None = None
    portal_legacy_secret_file: str | None = None
    portal_rest_url: str | None = None
    portal_rest_secret_file: str | None = None
    portal_ca_file: str | None = None
    portal_agency: str = "H57"
    portal_connect_seconds: float = Field(default=3.0, gt=0, le=60)
    portal_read_seconds: float = Field(default=10.0, gt=0, le=120)
    portal_total_seconds: float = Field(default=20.0, gt=0, le=300)
    portal_max_bytes: int = Field(default=10_485_760, ge=1024, le=104_857_600)
    portal_tries: int = Field(default=3, ge=1, le=10)
    portal_key_file: str | None = None
    portal_stopped_ends: bool = True
    portal_push: Literal["off", "legacy", "rest"] = "off"
    portal_exchange_days: int = Field(default=1096, ge=731, le=36_525)  # the law asks for two years

    worker_in_serve: bool = False
    worker_lease_seconds: float = Field(default=120.0, ge=5, le=3600)
    worker_at_once: int = Field(default=4, ge=1, le=32)
    worker_nightly_at: str = Field(default="02:30", pattern=r"^(off|([01]\d|2[0-3]):[0-5]\d)$")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_absolute(self) -> timedelta:
        return timedelta(hours=self.session_absolute_hours)

    def with_sources(self) -> list[tuple[str, str, str]]:
        """Return (name, shown value, source) for every setting; secrets are masked."""
        import os

        file_values: dict[str, Any] = TomlConfigSettingsSource(type(self))()
        rows = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            shown = mask_url(value.get_secret_value()) if isinstance(value, SecretStr) else str(value)
            variables = ["DATABASE_URL"] if name == "database_url" else []
            variables.append(f"TIENDO57_{name.upper()}")
            variable = next((v for v in variables if v in os.environ), None)
            source = f"environment {variable}" if variable else "tiendo57.toml" if name in file_values else "default"
            rows.append((name, shown, source))
        return rows


def mask_url(url: str) -> str:
    """Return a database address with its password hidden."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


def project_root() -> Path:
    """Return the folder that holds `app/`, `templates/`, `static/` and `migrations/`."""
    return Path(__file__).resolve().parents[2]
