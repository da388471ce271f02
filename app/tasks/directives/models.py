"""Directives and their clauses: tables."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.tasks.directives.rules import DirectiveKind
from app.tasks.models import one_of


class Directive(SQLModel, table=True):
    """A document that gives tasks: known by number, issuer and date; a Party document has a link and never a file."""

    __tablename__ = "directives"
    __table_args__ = (
        UniqueConstraint("number", "issuer", "issued_on"),
        CheckConstraint(one_of("kind", DirectiveKind), name="kind"),
        CheckConstraint("not (party and file_id is not null)", name="party_file"),
    )

    id: int = Field(default=None, primary_key=True)
    number: str = Field(max_length=80)
    issuer: str = Field(max_length=200)
    issued_on: date = Field(index=True)
    title: str = Field(max_length=1000)
    kind: str = Field(max_length=20)
    party: bool
    link: str | None = Field(max_length=1000)
    file_id: int | None = Field(foreign_key="stored_files.id", index=True)
    demonstration: bool = False
    search_key: str = Field(max_length=2500)
    created_at: datetime
    updated_at: datetime
    version: int


class DirectiveClause(SQLModel, table=True):
    """A part of a directive that tasks come from."""

    __tablename__ = "directive_clauses"
    __table_args__ = (UniqueConstraint("directive_id", "label"),)

    id: int = Field(default=None, primary_key=True)
    directive_id: int = Field(foreign_key="directives.id")
    label: str = Field(max_length=60)
    text: str = Field(max_length=2000)
    sort_order: int
