"""Whose a source's name is: of each unit one token's, claimed by sending, given on by the analyst."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlmodel import col
from typer.testing import CliRunner

from app.__main__ import cli
from app.accounts import tokens
from app.accounts.models import ApiToken
from app.accounts.rules import CITY_SENDER
from app.core import audit
from app.core.errors import Invalid
from app.units.service import by_code
from tests.support.clients import OTHER, WARD, Client, PageClient
from tests.support.figures import AT, SCOPES, Api, batch, figures, item, sent, statuses

Tokens = Callable[..., TestClient]


@pytest.fixture
def token(app: FastAPI) -> Tokens:
    """Make a machine with a token of a name, of a unit or of all: `token("Một cửa", WARD)`; `ends` the one before."""
    made: dict[str, int] = {}

    def make(name: str, unit: str | None = None, *, ends: bool = False) -> TestClient:
        now = app.state.clock.now()
        with app.state.database.write() as session:
            session.info["audit_context"] = audit.Context(now, None, "test", "command")
            if ends:
                tokens._revoke(session, session.get_one(ApiToken, made[name]), now)
            one, clear = tokens.create_token(
                session, role="machine", unit_id=by_code(session, unit).id if unit else None, scopes=SCOPES, name=name,
                now=now, expires=now + timedelta(days=1),
            )  # fmt: skip
            made[name] = one.id
        return Client(app, base_url="https://testserver", headers={"authorization": f"Bearer {clear}"})

    return make


def refused(client: TestClient, body: Any) -> Any:
    """Return the code of a call that is refused whole, dry run or not."""
    answers = [client.put(AT, params={"dry_run": dry}, json=body) for dry in ("false", "true")]
    assert {answer.status_code for answer in answers} == {403}, [answer.text for answer in answers]
    return {answer.json()["code"] for answer in answers}


def senders(api: Api) -> dict[tuple[str, str], str]:
    return {(s["source"], s["unit"]): s["sender"] for s in api("leader").get(f"{AT}/sources").json()["items"]}


def test_a_source_is_the_token_s_that_sent_by_it_first(token: Tokens, api: Api) -> None:
    machine, other = token("Một cửa"), token("Hệ thống khác")
    first = batch(item(figures(received_online=1)))
    assert statuses(sent(machine, first)) == [("accepted", None)]
    assert refused(other, batch(item(figures(received_online=9)))) == {"source_of_another"}
    assert statuses(sent(other, batch(item(figures(received_online=9), unit="nowhere"), source="two"))) == [
        ("refused", "unknown_unit")
    ]
    assert statuses(sent(machine, batch(item(figures()), source="two")))[0][0] == "accepted", "nothing was taken of it"
    assert senders(api) == {("one-gate", WARD): "Một cửa", ("two", WARD): "Một cửa"}
    again = token("Một cửa", ends=True)
    assert statuses(sent(again, first)) == [("unchanged", None)], "renewed by the same name"


def test_a_token_of_one_unit_takes_the_name_from_nobody_else(token: Tokens, api: Api) -> None:
    other, city, ward = token("Phường B", OTHER), token("Thành phố"), token("Phường A", WARD)
    assert statuses(sent(other, batch(item(figures(received_online=1), unit=OTHER)))) == [("accepted", None)]
    assert statuses(sent(ward, batch(item(figures(received_online=2))))) == [("accepted", None)]
    third = batch(item(figures(), unit="19774"), item(figures(), unit=OTHER), item(figures()))
    said = sent(city, third, params={"dry_run": "true"})
    assert statuses(said) == [("accepted", None), ("refused", "source_of_another"), ("refused", "source_of_another")]
    assert said["results"][1]["errors"][0]["pointer"] == "/items/1/unit"
    assert said | {"dry_run": False} == sent(city, third)
    assert statuses(sent(other, batch(item(figures(received_online=1), unit=OTHER)))) == [("unchanged", None)]
    assert senders(api) == {
        ("one-gate", OTHER): "Phường B", ("one-gate", WARD): "Phường A", ("one-gate", "19774"): "Thành phố"
    }  # fmt: skip


def test_a_token_of_no_unit_has_all_that_are_nobody_s(token: Tokens) -> None:
    assert statuses(sent(token("Thành phố"), batch(item(figures())))) == [("accepted", None)]
    late = token("Phường B", OTHER)
    assert refused(late, batch(item(figures(), unit=OTHER))) == {"source_of_another"}
    assert statuses(sent(late, batch(item(figures(), unit=OTHER), source="own"))) == [("accepted", None)]


def test_the_analyst_gives_a_source_on(token: Tokens, api: Api, people: Callable[..., PageClient]) -> None:
    city, other, ward = token("Thành phố"), token("Hệ thống khác"), token("Phường A", WARD)
    both = batch(item(figures(received_online=1)), item(figures(), unit=OTHER))
    sent(city, both)
    assert city.put(f"{AT}/senders/one-gate", json={"sender": "Hệ thống khác"}).status_code == 403
    analyst = api("city_analyst")
    own = {"unit": WARD, "sender": "Phường A"}
    given = analyst.put(f"{AT}/senders/one-gate", json=own).json()
    assert {k: given[k] for k in ("source", "unit", "sender")} == {"source": "one-gate"} | own
    assert analyst.put(f"{AT}/senders/one-gate", json=own).json() == given
    assert statuses(sent(ward, batch(item(figures(received_online=3))))) == [("accepted", None)]
    assert statuses(sent(city, both)) == [("refused", "source_of_another"), ("unchanged", None)]
    page = people("city_analyst")
    assert 'action="/throughput/figures/senders/one-gate"' in page.get("/throughput/figures/sources").text
    form = {"_method": "PUT", "sender": "Hệ thống khác", "unit": ""}
    assert page.post("/throughput/figures/senders/one-gate", data=form).status_code == 303
    assert statuses(sent(other, both)) == [("refused", "source_of_another"), ("unchanged", None)]
    assert refused(city, both) == {"source_of_another"}
    assert senders(api) == {("one-gate", WARD): "Phường A", ("one-gate", OTHER): "Hệ thống khác"}


def test_only_a_live_token_that_sends_figures_of_the_units_is_named(token: Tokens, api: Api) -> None:
    token("Phường A", WARD)
    token("Thành phố")
    api("machine", scopes=["reports:read"])
    analyst = api("city_analyst")

    def put(sender: str, source: str = "two", **more: Any) -> tuple[int, Any, Any]:
        answer = analyst.put(f"{AT}/senders/{source}", json={"sender": sender} | more)
        said = answer.json()
        return answer.status_code, said.get("code"), (said.get("errors") or [{}])[0].get("pointer")

    wrong = (422, "unknown_sender", "/sender")
    assert put("Không có") == wrong
    assert put("test machine") == wrong, "it sends no figures"
    assert put("Phường A") == wrong, "of one unit, not of all"
    assert put("Phường A", unit=OTHER) == wrong
    assert put("Thành phố", unit="nowhere") == (422, "unknown_unit", "/unit")
    assert put("Phường A", unit=WARD) == (200, None, None)
    assert put("Thành phố", unit=OTHER) == (200, None, None)
    assert put("Thành phố") == (200, None, None)
    assert put("Thành phố", "t%01wo")[0] == 422
    assert put("Thành phố", "%20")[0] == 422
    assert analyst.put(f"{AT}/senders/%20three%20", json={"sender": "Thành phố"}).json()["source"] == "three"


def test_a_live_token_s_name_is_its_own(token: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token("Một cửa", WARD)
    token("Một cửa", OTHER)  # neither ever sends of the other's unit
    for unit in (WARD, None):
        with pytest.raises(Invalid) as raised:
            token("Một cửa", unit)
        assert [(f.pointer, f.code) for f in raised.value.faults] == [("/name", "token_name_taken")]
    token("Một cửa", OTHER, ends=True)
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at.all")
    unnamed = CliRunner().invoke(cli, ["token", "create", "--role", "machine", "--scope", "figures:send"])
    assert unnamed.exit_code == 2
    assert "--name" in unnamed.output


def test_a_token_named_as_the_city_s_people_from_before_is_no_voice_of_theirs(
    app: FastAPI, token: Tokens, api: Api
) -> None:
    old = {name: token(f"old {n}") for n, name in enumerate((CITY_SENDER, f"token:{CITY_SENDER}"))}
    with app.state.database.write() as session:
        for n, name in enumerate(old):
            session.execute(update(ApiToken).where(col(ApiToken.name) == f"old {n}").values(name=name))
    machine, other = old.values()
    assert api("city_analyst").put(f"{AT}/senders/one-gate", json={"sender": CITY_SENDER}).status_code == 200
    for one in (machine, other):
        assert refused(one, batch(item(figures()))) == {"source_of_another"}
    assert statuses(sent(machine, batch(item(figures()), source="two"))) == [("accepted", None)]
    assert refused(other, batch(item(figures()), source="two")) == {"source_of_another"}
    content = {"file": ("so.csv", f"unit;day;system;field;received_online\n{WARD};2026-11-20;city;HT;1".encode())}
    people = api("city_analyst").post(f"{AT}/import", data={"source": "two"}, files=content)
    assert (people.status_code, people.json()["code"]) == (403, "source_of_another"), people.text
