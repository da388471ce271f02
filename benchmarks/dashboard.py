"""Measures the leaders' dashboard as a page against a bare FastAPI endpoint, and the board, ten years against one.

The page is asked for right after a ward's report of the running day, right after one that corrects the very day that
the page shows, and unchanged. Prints medians and their ratios, all taken in one run, in turn, all through HTTP and
served the same way; run it with `python -m benchmarks.dashboard`.
"""

import http.client
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from sqlalchemy import select
from sqlmodel import col

from app.accounts import tokens, users
from app.accounts.passwords import NewPassword, hash_password
from app.accounts.rules import Role
from app.core import audit
from app.core.db import Database
from app.core.settings import Settings
from app.procedures.models import ProcedureField
from app.units.service import by_code
from benchmarks.app import NOW
from benchmarks.board import CITY, QUESTIONS, TODAY, compare, fill
from benchmarks.reports import WARDS, send, served
from benchmarks.tasks import put_tasks

ROUNDS = 120
WARM = 10
TASKS = 300
PASSWORD = "mot-mat-khau-dai-de-do"
SHOWN = TODAY - timedelta(days=1)  # the newest day of which a deadline has passed
PAGE = "/dashboard"
WANTED = {"after a report": 0.15, "after one of the day shown": 0.15, "unchanged": 0.5}  # of the bare endpoint's rate


@dataclass
class Place:
    """A served installation: a leader's page, and a ward that corrects its day."""

    connection: http.client.HTTPConnection
    cookie: str
    officer: str
    fields: list[str]
    step: int = 0

    def write(self, day: date = TODAY) -> None:
        """Correct the ward's report of a day."""
        self.step += 1
        rest = {"received_counter": 3, "resolved_early": 4, "resolved_on_time": 5, "resolved_overdue": 0,
                "pending_overdue": 0, "received_post": 1}  # fmt: skip
        lines = [{"field": code, "received_online": 20 + self.step, **rest} for code in self.fields]
        body: dict[str, Any] = {"counted_until": f"{day}T16:30:00+07:00", "lines": lines}
        if day < TODAY:
            body["reasons"] = [{"warning": "correction", "reason": "source_error"}]
        at = f"/api/v1/throughput/reports/{WARDS[0]}/{day}/city"
        send(self.connection, at, self.officer, json.dumps(body).encode(), **{"if-match": "*"})

    def page(self, tag: str | None = None) -> tuple[float, str]:
        """Return the milliseconds of the page and its entity tag; with the tag it must be unchanged."""
        headers = {"cookie": self.cookie, "accept": "text/html"} | ({"if-none-match": tag} if tag else {})
        begin = time.perf_counter()
        self.connection.request("GET", PAGE, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        spent = (time.perf_counter() - begin) * 1000
        if answer.status != (304 if tag else 200):
            raise SystemExit(f"{answer.status} {body[:300]!r}")
        return spent, str(answer.headers["etag"])


def prepare(url: str, years: int) -> tuple[str, str, list[str]]:
    """Fill a database with so many years of reports and with tasks; return an analyst's and an officer's token and some
    fields.
    """
    analyst = fill(url, first=TODAY - timedelta(days=365 * years), units=CITY)
    database = Database(Settings(database_url=SecretStr(url)))
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        put_tasks(session, Random(57), TASKS)
        users.create_user(
            session, None, user_name="bench", label="Lãnh đạo", role=Role.leader, unit_id=None,
            password=NewPassword(hash_password(PASSWORD), None), now=NOW,
        )  # fmt: skip
        _, token = tokens.create_token(
            session, role="ward_officer", unit_id=by_code(session, WARDS[0]).id, scopes=None, name="bench", now=NOW,
            expires=NOW + timedelta(days=1),
        )  # fmt: skip
        codes = list(session.scalars(select(col(ProcedureField.code)).order_by(col(ProcedureField.id)).limit(5)))
    database.engine.dispose()
    return analyst, token, codes


def signed_in(connection: http.client.HTTPConnection) -> str:
    """Return the cookie of the leader."""
    form = urlencode({"user_name": "bench", "password": PASSWORD})
    headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    connection.request("POST", "/sign-in", form, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 303:
        raise SystemExit(f"sign-in: {answer.status}")
    connection.close()  # the server would, while others are served: it is opened anew by the next question
    return "; ".join(value.partition(";")[0] for value in answer.headers.get_all("set-cookie") or [])


def hello(connection: http.client.HTTPConnection) -> float:
    """Return the milliseconds of the bare endpoint."""
    begin = time.perf_counter()
    connection.request("GET", "/")
    connection.getresponse().read()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    """Fill two databases, serve them and the bare endpoint, and compare."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        filled: dict[str, tuple[str, str, str, list[str]]] = {}
        for years in ("1 year", "10 years"):
            url = f"sqlite:///{Path(folder) / years.replace(' ', '_')}.db"
            begin = time.perf_counter()
            filled[years] = (url, *prepare(url, int(years.partition(" ")[0])))
            print(f"{years}: filled in {time.perf_counter() - begin:.0f} s")
        ports = {years: stack.enter_context(served(url)) for years, (url, _, _, _) in filled.items()}
        bare = http.client.HTTPConnection(
            "127.0.0.1", stack.enter_context(served("sqlite://", "benchmarks.app:hello")), timeout=60
        )
        places: dict[str, Place] = {}
        for years, (_, _, token, fields) in filled.items():
            connection = http.client.HTTPConnection("127.0.0.1", ports[years], timeout=60)
            places[years] = Place(connection, signed_in(connection), token, fields)
        _tell(_spent(places, bare))
        print()
        compare({y: (places[y].connection, filled[y][1]) for y in places}, QUESTIONS, "≤ 1.1")


def _spent(places: dict[str, Place], bare: http.client.HTTPConnection) -> dict[tuple[str, str], list[float]]:
    """Return the milliseconds of each kind of page by years, and of the bare endpoint, all asked in turn."""
    spent: dict[tuple[str, str], list[float]] = {}
    for turn in range(ROUNDS):
        for years, place in sorted(places.items(), reverse=bool(turn % 2)):
            place.write()
            after, tag = place.page()
            spent.setdefault(("after a report", years), []).append(after)
            spent.setdefault(("unchanged", years), []).append(place.page(tag)[0])
            place.write(SHOWN)
            spent.setdefault(("after one of the day shown", years), []).append(place.page()[0])
        spent.setdefault(("hello", ""), []).append(hello(bare))
    return spent


def _tell(spent: dict[tuple[str, str], list[float]]) -> None:
    medians = {name: statistics.median(values[WARM:]) for name, values in spent.items()}
    least = medians["hello", ""]
    print(f"hello: {least:.2f} ms\n{'median ms':<32}{'1 year':>10}{'10 years':>10}{'10 ÷ 1':>9}{'hello ÷ 1 year':>16}")
    for kind, wanted in WANTED.items():
        one, ten = medians[kind, "1 year"], medians[kind, "10 years"]
        ratios = f"{ten / one:>9.3f}{least / one:>16.3f}"
        print(f"{kind:<32}{one:>10.2f}{ten:>10.2f}{ratios}  wanted ≤ 1.1 and ≥ {wanted}")


if __name__ == "__main__":
    main()
