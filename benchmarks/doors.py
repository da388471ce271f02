"""Measures the doors by which figures come in many at a time against a bare insert of the same rows.

Another system's figures, the same confirmed as reports, and a file imported as a day's report, each through HTTP with
all rules, totals and audit; beside it bare inserts (`bare.py`) of the figures and report lines alone, and of every row
that the call leaves new or another in any table (heads, revisions, sums, readings, audit). Prints rows a second, their
ratio by the clock and that of processor time (which other work on the machine moves less), all taken in one run; run it
with `python -m benchmarks.doors`.
"""

import csv
import http.client
import io
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from pydantic import SecretStr
from sqlalchemy import text

from app.accounts import tokens
from app.core import audit
from app.core.clock import day_of
from app.core.db import Database
from app.core.settings import Settings
from app.throughput.rules import COLUMNS
from benchmarks.app import NOW
from benchmarks.bare import compare
from benchmarks.reports import LINES, WARDS, prepare, serving

FIELDS = 10  # a unit's usual ones
DAYS = 25
FILES = 40  # of one day
OPEN_DAYS = ((5, 3), (2, 4))  # of a call, and rounds: as many as may still be reported; 200 unit-days are the most
MEASURES = ("received_online", "received_counter", "resolved_early", "resolved_on_time", "resolved_overdue",
            "withdrawn", "pending_overdue")  # fmt: skip
TODAY = day_of(NOW)
FIRST = date(2025, 7, 1)
FORM = "multipart/form-data; boundary=b"
FIGURES = "figure_day_id, field_id, measure, version, value, known_at, known_to"
REPORT_LINES = (
    "revision_id, field_id, carried_over, received_online, received_counter, received_post, resolved_early, "
    "resolved_on_time, resolved_overdue, withdrawn, pending_in_time, pending_overdue"
)


class Caller:
    """A kept connection with its token."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.token = token
        self.tag: str | None = None

    def __call__(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """Send a call about what was answered last; anything but success ends the run."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind}
        if self.tag and method == "POST" and path.startswith("/reports"):
            headers["if-match"] = self.tag
        self.connection.request(method, f"/api/v1/throughput{path}", body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        self.tag = answer.headers["etag"] if method == "POST" else None
        if answer.status not in (200, 201):
            raise SystemExit(f"{path}: {answer.status} {content[:500]!r}")
        return content


def ready(url: str) -> tuple[str, list[str]]:
    """Let the fields count in all days and units, and return a machine's token and the city's wards and communes."""
    database = Database(Settings(database_url=SecretStr(url)))
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        session.execute(text("update fields set valid_from = '2025-07-01' where code like 'B__'"))
        communes = "select id, 'city', 'commune' from fields where code like 'B__'"
        session.execute(text(f"insert into field_applicability (field_id, system, unit_kind) {communes}"))
        owing = text("select code from units where kind in ('ward', 'commune') order by code")
        units = list(session.scalars(owing))
        session.execute(text("update report_forms set lock_days = 30"))
        session.execute(text("delete from obligations"))
        session.execute(text("update stamps set version = version + 1"))
        _, token = tokens.create_token(
            session, role="machine", unit_id=None, scopes=["figures:send", "figures:import", "catalogue:edit"],
            name="bench", now=NOW, expires=NOW + timedelta(days=1),
        )  # fmt: skip
    database.engine.dispose()
    return token, units


def batch(source: str, first: date, step: int, days: int = DAYS, units: Sequence[str] = WARDS) -> bytes:
    """Return a call of so many days of some units."""
    line = dict.fromkeys(MEASURES, 0) | {"received_counter": 3, "resolved_early": 4, "resolved_on_time": 5}
    items = [
        {
            "unit": ward, "day": str(first + timedelta(days=n)), "system": "city",
            "lines": [{"field": f"B{f:02}", **line, "received_online": 20 + (step + f) % 7} for f in range(FIELDS)],
        }
        for n in range(days)
        for ward in units
    ]  # fmt: skip
    return json.dumps({"source": source, "basis": "daily", "items": items}).encode()


def figures_rows(unit_days: int = DAYS * len(WARDS)) -> list[tuple[Any, ...]]:
    """Return the rows that a batch becomes."""
    at = "2026-11-20 09:45:00.000000"
    return [
        (day, field, measure, 1, 20, at, None)
        for day in range(unit_days)
        for field in range(FIELDS)
        for measure in MEASURES
    ]


def line_rows(reports: int, fields: int) -> list[tuple[Any, ...]]:
    """Return the lines of some reports."""
    return [(report, field, 0, 9, 0, 0, 4, 5, 0, 0, 0, 0) for report in range(reports) for field in range(fields)]


def filled(template: dict[str, Any], step: int) -> list[list[Any]]:
    """Return a day's template of the city's system with counts in it, as rows."""
    counts = {"received_online": 20 + step % 7, "received_counter": 3, "resolved_early": 4, "resolved_on_time": 5}
    rows: list[list[Any]] = [[column["heading"] for column in template["columns"]]]
    for row in (row for row in template["rows"] if row["field"].startswith("B") and row["system"] == "city"):
        about = {"system": "Thành phố", "field": row["field"], "name": ""}
        stocks = dict.fromkeys(("carried_over", "pending_in_time"), "")
        memos = {c["name"]: "" for c in template["columns"][3 + len(COLUMNS) :]}
        rows.append([(about | stocks | memos | counts).get(c["name"], 0) for c in template["columns"]])
    return rows


def as_csv(rows: list[list[Any]]) -> bytes:
    """Return rows as a form with a CSV file."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return _form("a.csv", out.getvalue().encode())


def as_workbook(rows: list[list[Any]]) -> bytes:
    """Return rows as a form with an XLSX file."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return _form("a.xlsx", out.getvalue())


def _form(name: str, content: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--b--\r\n"


def file_of(source: str, first: date, step: int) -> bytes:
    """Return the file of a batch, as a form with its source."""
    called = json.loads(batch(source, first, step))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("unit", "day", "system", "field", *MEASURES))
    for one in called["items"]:
        of = one["unit"], one["day"], one["system"]
        writer.writerows((*of, line["field"], *(line[m] for m in MEASURES)) for line in one["lines"])
    said = f'--b\r\nContent-Disposition: form-data; name="source"\r\n\r\n{source}\r\n'.encode()
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return said + part + out.getvalue().encode() + b"\r\n--b--\r\n"


def waited(officer: Caller, path: str, files: list[bytes]) -> tuple[float, float]:
    """Return the median and the 95th percentile of the milliseconds that an officer waits for a day's file."""
    spent = []
    for content in files:
        begin = time.perf_counter()
        officer("POST", path, content, FORM)
        spent.append((time.perf_counter() - begin) * 1000)
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1]


def confirmed(answer: bytes) -> None:
    """End the run unless every unit-day became a report."""
    results = json.loads(answer)["results"]
    wrong = [one for one in results if one["confirmation"] is None or one["confirmation"]["status"] != "confirmed"]
    if wrong:
        raise SystemExit(f"not confirmed: {wrong[0]}")


def main() -> None:
    """Serve a database, and measure one door after the other."""
    print(
        f"{'door':<30}{'against':<15}{'rows':>6}{'rows/s':>9}{'bare':>9}{'ratio':>8}  (rounds){'':>9}{'processor':>9}"
        f"{'ours':>8}     wanted ≥ 0.3"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        url = f"sqlite:///{path}"
        made = prepare(url)
        token, units = ready(url)
        with serving(url) as (port, pid):
            machine, officer = Caller(port, token), Caller(port, made[3])
            figures = [("external_figures", FIGURES, figures_rows())]
            days = timedelta(days=DAYS)
            compare(
                "figures, first said", path, pid,
                lambda n: batch("one", FIRST + n * days, n), lambda body: machine("PUT", "/figures", body), figures,
            )  # fmt: skip
            compare(
                "a file of unit-days", path, pid,
                lambda n: file_of("three", FIRST + n * days, n),
                lambda body: machine("POST", "/figures/import", body, FORM), figures,
            )  # fmt: skip
            for ward in units:
                setting = {"unit": ward, "system": "city", "source": "two", "confirms": True}
                machine("PUT", "/figures/sources", json.dumps(setting).encode())
            # The longer calls first: a day with reports after it is another thing than one at the end.
            open_since = TODAY - timedelta(days=sum(each * (rounds + 1) for each, rounds in OPEN_DAYS))
            for each, rounds in OPEN_DAYS:
                units_days = each * len(units)
                compare(
                    f"{each} days confirmed as reports", path, pid,
                    lambda n, since=open_since, each=each: batch(
                        "two", since + n * timedelta(days=each), n, each, units
                    ),
                    lambda body: confirmed(machine("PUT", "/figures", body)),
                    [
                        ("external_figures", FIGURES, figures_rows(units_days)),
                        ("report_lines", REPORT_LINES, line_rows(units_days, FIELDS)),
                    ],
                    rounds,
                )  # fmt: skip
                open_since += (rounds + 1) * timedelta(days=each)
            sheet = json.loads(officer("GET", f"/reports/{WARDS[3]}/{TODAY}/template"))
            at = f"/reports/{WARDS[3]}/{TODAY}/import"
            compare(
                "a file as a day's report", path, pid,
                lambda n: as_csv(filled(sheet, n)), lambda body: officer("POST", at, body, FORM),
                [("report_lines", REPORT_LINES, line_rows(1, LINES))],
            )  # fmt: skip
            for name, made_of in (("CSV", as_csv), ("XLSX", as_workbook)):
                spent = waited(officer, at, [made_of(filled(sheet, n)) for n in range(FILES)])
                print(f"one day's file, {name}: median {spent[0]:.1f} ms, 95th percentile {spent[1]:.1f} ms")


if __name__ == "__main__":
    main()
