"""The list of tests that PostgreSQL need not see: how it is made, and that it names tests that there are."""

import re
from collections import Counter
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from app.units.models import Unit
from app.units.service import by_code
from tests.support import asked, statements
from tests.support.clients import WARD

PROJECT = Path(__file__).parents[2]


def test_every_name_on_the_list_is_a_test() -> None:
    names = asked.LIST.read_text("utf-8").splitlines()
    gone = [
        name
        for name in names
        if not re.search(
            rf"^def {name.rpartition('::')[2]}\(", (PROJECT / name.partition("::")[0]).read_text("utf-8"), re.MULTILINE
        )
    ]
    assert gone == [], "make asked writes the list anew"
    assert names == sorted(set(names))


def test_a_statement_counts_by_its_parts_without_values_and_widths() -> None:
    few = "SELECT a.id AS id_1 FROM a WHERE a.id IN (%(id_1_1)s::INTEGER, %(id_1_2)s::INTEGER) AND a.b = 3 LIMIT 5"
    many = few.replace("%(id_1_1)s::INTEGER, ", "%(id_1_1)s::INTEGER, %(id_1_3)s::INTEGER, ").replace(
        "id_1 FROM", "id_2 FROM"
    )
    assert asked._parts(few) == asked._parts(many)
    assert asked._parts(few) - asked._parts(few.replace("a.id IN", "a.name IN")) == {"WHERE a.id IN ?"}
    assert asked._parts("SELECT a.id AS id_1 FROM a WHERE a.b = 4") < asked._parts(few) | {"WHERE a.b = ?"}


def test_what_a_test_asks_by_itself_is_not_noted(app: FastAPI, session: Session) -> None:
    with statements.asked(app.state.database.writer, asked._OfTheApplication()) as noted:
        session.scalars(select(Unit)).all()
        assert noted == []
        by_code(session, WARD)
        assert noted


def test_of_two_that_ask_the_same_the_one_that_sends_more_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "t::long": {"x", "y"},
        "t::short": {"x", "y"},
        "t::alone": {"x", "z"},
        "t::kept": {"x"},
        "t::once": {"z", "y"},
    }
    monkeypatch.setattr(asked, "_asked", told)
    monkeypatch.setattr(asked, "_sent", Counter({"t::long": 9, "t::short": 3, "t::alone": 5, "t::kept": 99}))
    monkeypatch.setattr(asked, "_elsewhere", {"t::once"})
    monkeypatch.setattr(asked, "_always", {"t::kept"})
    assert asked._asked_by_others() == ["t::long"]
