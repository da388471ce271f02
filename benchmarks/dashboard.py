"""Measures the leaders' dashboard through HTTP as a page: right after a write, and unchanged, against a bare FastAPI
endpoint served the same way; with ten years of history against one.

Prints medians and their ratios, all taken in one run, in turn; run it with `python -m benchmarks.dashboard`.
"""

import http.client
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
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
from benchmarks.__main__ import WARDS, send, served
from benchmarks.app import NOW
from benchmarks.board import CITY, TODAY, fill
from benchmarks.tasks import put_tasks

ROUNDS = 120
WARM = 10
TASKS = 300
PASSWORD = "mot-mat-khau-dai-de-do"
REPORT = f"/api/v1/throughput/reports/{WARDS[0]}/{TODAY}/city"
PAGE = "/dashboard"


@dataclass
class Place:
    """A served installation: a leader's page, and a ward that corrects its day."""

    connection: http.client.HTTPConnection
    cookie: str
    officer: str
    fields: list[str]
    step: int = 0

    def write(self) -> None:
        """Correct the ward's report of the day."""
        self.step += 1
        rest = {"received_counter": 3, "resolved_early": 4, "resolved_on_time": 5, "resolved_overdue": 0,
                "pending_overdue": 0, "received_post": 1}  # fmt: skip
        lines = [{"field": code, "received_online": 20 + self.step % 7, **rest} for code in self.fields]
        body = {"counted_until": f"{TODAY}T16:30:00+07:00", "lines": lines}
        send(self.connection, REPORT, self.officer, json.dumps(body).encode(), **{"if-match": "*"})

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


def prepare(url: str, years: int) -> tuple[str, list[str]]:
    """Fill a database with so many years of reports and with tasks; return an officer's token and some fields."""
    fill(url, first=TODAY - timedelta(days=365 * years), units=CITY)
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
    return token, codes


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
        filled: dict[str, tuple[str, str, list[str]]] = {}
        for years in (1, 10):
            url = f"sqlite:///{Path(folder) / str(years)}.db"
            begin = time.perf_counter()
            filled[f"{years} years"] = (url, *prepare(url, years))
            print(f"{years} years: filled in {time.perf_counter() - begin:.0f} s")
        ports = {name: stack.enter_context(served(url)) for name, (url, _, _) in filled.items()}
        bare_port = stack.enter_context(served("sqlite://", "benchmarks.app:hello"))
        bare = http.client.HTTPConnection("127.0.0.1", bare_port, timeout=60)
        places: dict[str, Place] = {}
        for name, (_, token, fields) in filled.items():
            connection = http.client.HTTPConnection("127.0.0.1", ports[name], timeout=60)
            places[name] = Place(connection, signed_in(connection), token, fields)
        spent: dict[str, list[float]] = {}
        for turn in range(ROUNDS):
            for name, place in sorted(places.items(), reverse=bool(turn % 2)):
                place.write()
                after, tag = place.page()
                spent.setdefault(f"{name}, right after a write", []).append(after)
                spent.setdefault(f"{name}, unchanged", []).append(place.page(tag)[0])
            spent.setdefault("hello", []).append(hello(bare))
    medians = {name: statistics.median(values[WARM:]) for name, values in spent.items()}
    print(f"{'median':<36}{'ms':>9}{'hello ÷ it':>12}")
    for name, value in medians.items():
        print(f"{name:<36}{value:>9.2f}{medians['hello'] / value:>12.3f}")
    for what, wanted in (("right after a write", "≥ 0.15"), ("unchanged", "≥ 0.5")):
        one, ten = medians[f"1 years, {what}"], medians[f"10 years, {what}"]
        print(f"{what}: 10 years ÷ 1 year {ten / one:.3f} (wanted ≤ 1.1), of the bare rate wanted {wanted}")


if __name__ == "__main__":
    main()
