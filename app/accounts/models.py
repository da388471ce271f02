"""Users, their sessions, API tokens and sign-in attempts: tables, and what goes in and out."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic import Field as In
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from app.accounts.rules import PEOPLE, UNIT_ROLES, Role, Scope
from app.core.forms import MAX_FIELDS
from app.core.schemas import Flag, Line
from app.core.search import ordered_text
from app.core.settings import Locale


def _among(column: str, values: tuple[Role, ...]) -> str:
    return f"{column} in ({', '.join(repr(v.value) for v in values)})"


class User(SQLModel, table=True):
    """An account of a position, not of a person's life: a name to sign in with and the words shown beside it."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("user_name = lower(user_name)", name="user_name_folded"),
        CheckConstraint(_among("role", PEOPLE), name="role"),
        CheckConstraint(f"unit_id is not null or not {_among('role', UNIT_ROLES)}", name="unit_of_role"),
        CheckConstraint("locale in ('vi', 'en', 'fr')", name="locale"),
    )

    id: int = Field(default=None, primary_key=True)
    user_name: str = Field(sa_column=Column(ordered_text(40), nullable=False, unique=True))
    label: str = Field(max_length=120)
    search: str = Field(max_length=200)
    role: str = Field(max_length=20)
    unit_id: int | None = Field(default=None, foreign_key="units.id", index=True)
    password_hash: str | None = Field(default=None, max_length=200)
    locale: str | None = Field(default=None, max_length=2)
    demonstration: bool = False
    disabled_at: datetime | None = None
    created_at: datetime
    version: int = 1


class UserSession(SQLModel, table=True):
    """A signed-in browser; only the hash of its secret is kept."""

    __tablename__ = "sessions"

    id: int = Field(default=None, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    created_at: datetime
    last_seen_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    remembered: bool
    device: str = Field(max_length=60)
    address: str = Field(max_length=45)


class ApiToken(SQLModel, table=True):
    """A key for programs: a person's own, sharing that person's fate, or one with a role and unit of its own."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint(_among("role", tuple(Role)), name="role"),
        CheckConstraint("(user_id is null) <> (role is null)", name="user_or_role"),
        CheckConstraint("user_id is null or unit_id is null", name="unit_of_role"),
        CheckConstraint(f"unit_id is not null or role is null or not {_among('role', UNIT_ROLES)}", name="unit_needed"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
    )

    id: int = Field(default=None, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=60)
    user_id: int | None = Field(default=None, foreign_key="users.id", index=True)
    role: str | None = Field(default=None, max_length=20)
    unit_id: int | None = Field(default=None, foreign_key="units.id", index=True)
    scopes: str = Field(max_length=1000)
    created_by: int | None = Field(default=None, foreign_key="users.id", index=True)
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    demonstration: bool = False


class SignInAttempt(SQLModel, table=True):
    """An attempt to sign in, counted until its window is over; the name is hashed, for some type a password there."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_name_key_at", "name_key", "at"),
        Index("ix_sign_in_attempts_address_at", "address", "at"),
    )

    id: int = Field(default=None, primary_key=True)
    name_key: str = Field(max_length=64)
    address: str = Field(max_length=45)
    at: datetime = Field(index=True)
    succeeded: bool = False


def _typed(text: str) -> str:
    # Kept as typed, spaces and all; but half a character is nobody's password.
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise PydanticCustomError("text", "unreadable characters", {"code": "bad_text"})
    return text


Password = Annotated[str, AfterValidator(_typed), In(min_length=1, max_length=200)]
UnitCode = Annotated[Line, In(min_length=1, max_length=35, examples=["19753"])]
PersonRole = Annotated[Role, In(description="Role; `machine` is for tokens only")]


class Input(BaseModel):
    """What comes in: nothing but the named fields."""

    model_config = ConfigDict(extra="forbid")


class SignInIn(Input):
    user_name: Annotated[Line, In(min_length=1, max_length=200)]
    password: Password
    remember: Flag = False
    to: Annotated[str | None, In(max_length=2000)] = None
    kept_for: Annotated[str | None, In(max_length=4000)] = None
    kept: Annotated[list[str] | None, In(max_length=MAX_FIELDS)] = None
    kept_file: Annotated[str | None, In(max_length=200)] = None


class LanguageIn(Input):
    locale: Locale
    to: Annotated[str | None, In(max_length=2000)] = None


class UserEdit(Input):
    """What may change about an account."""

    label: Annotated[Line, In(min_length=1, max_length=120, examples=["Chuyên viên Một cửa phường Thuận Hóa"])]
    role: PersonRole
    unit: UnitCode | None = None


class UserIn(UserEdit):
    """A new account."""

    user_name: Annotated[Line, In(min_length=3, max_length=40, examples=["motcua.thuanhoa"])]
    password: Password


class UserOut(BaseModel):
    """An account."""

    id: int
    user_name: str
    label: str
    role: str
    unit: str | None
    unit_name: str | None
    locale: str | None
    demonstration: bool
    disabled_at: datetime | None
    created_at: datetime
    version: int


class UserPage(BaseModel):
    """Accounts, a page of them."""

    items: list[UserOut]
    next: str | None


class DisablementIn(Input):
    reason: Annotated[Line, In(min_length=1, max_length=500)]


class NewPasswordIn(Input):
    password: Password


class PasswordIn(Input):
    current_password: Password
    new_password: Password


class SessionOut(BaseModel):
    """A signed-in browser."""

    id: int
    current: bool
    device: str
    address: str
    remembered: bool
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionPage(BaseModel):
    """One's signed-in browsers."""

    items: list[SessionOut]
    next: str | None


class TokenIn(Input):
    """A new token: one's own, or (for who manages users) one with a role and unit of its own."""

    name: Annotated[Line, In(min_length=1, max_length=60, examples=["Phần mềm một cửa"])]
    scopes: Annotated[list[Scope] | None, In(max_length=len(Scope), description="Absent: all that the role has")] = None
    days: Annotated[int | None, In(strict=True, ge=1, le=3650, description="Valid for so many days")] = None
    role: Annotated[Role | None, In(description="Absent: one's own role and unit")] = None
    unit: UnitCode | None = None


class TokenOut(BaseModel):
    """A token, without its secret."""

    id: int
    name: str
    owner: str | None
    role: str
    unit: str | None
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenCreated(TokenOut):
    """A token just made, with its secret: shown this once (null when the same call is repeated)."""

    token: str | None


class TokenPage(BaseModel):
    """Tokens, a page of them."""

    items: list[TokenOut]
    next: str | None
