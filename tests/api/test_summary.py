"""Summaries against a model of plain dictionaries: flows add up, stocks do not, and `as_of` knows what was known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from app.core import audit, stamps
from app.core.access import Caller
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput import forms, service, totals
from app.throughput.models import (
    Adjustment,
    DayTotal,
    FieldMonthTotal,
    Obligation,
    Report,
    ReportForm,
    ReportLine,
    ReportMemo,
    ReportReason,
    ReportRevision,
)
from app.throughput.schemas import ReportIn
from app.throughput.summary import service as summary
from app.throughput.summary.schemas import GroupBy, SummaryOut
from app.units.service import by_code
from tests.conftest import KIND
from tests.support.clients import OTHER, WARD, SetClock

Api = Callable[..., TestClient]
FLOWS = (
    "received_online", "received_counter", "received_post", "resolved_early", "resolved_on_time", "resolved_overdue",
    "withdrawn",
)  # fmt: skip
COLUMNS = ("carried_over", *FLOWS, "pending_in_time", "pending_overdue")
FIELDS = {"city": ("HT", "CT", "UNSPLIT"), "ministry": ("HT", "LT", "UNSPLIT")}
DAYS = tuple(date.fromisoformat(d) for d in ("2026-10-29", "2026-10-30", "2026-10-31", "2026-11-02", "2026-11-04"))
START = datetime.fromisoformat("2026-11-05T03:00:00+00:00")
ANALYST = Caller(1, "test", "Test", "city_analyst", None, None, frozenset(), None)
Key = tuple[str, str, date]


@dataclass
class Known:
    """What one revision says, in plain dictionaries."""

    at: datetime
    lines: dict[str, dict[str, int | None]]
    unavailable: bool
    amounts: dict[str, int]


@dataclass
class Model:
    """Every revision of every report, and the sums that follow from them."""

    history: dict[Key, list[Known]] = field(default_factory=dict)

    def state(self, as_of: datetime) -> dict[Key, Known]:
        """Return what was known of received reports at a moment."""
        state = {}
        for key, known in self.history.items():
            then = [k for k in known if k.at <= as_of]
            if then and not then[-1].unavailable:
                state[key] = then[-1]
        return state

    def closing_before(self, unit: str, system: str, day: date, as_of: datetime) -> dict[str, int] | None:
        earlier = [(k[2], v) for k, v in self.state(as_of).items() if k[:2] == (unit, system) and k[2] < day]
        if not earlier:
            return None
        return {code: pending(line) for code, line in max(earlier, key=lambda e: e[0])[1].lines.items()}

    def put(self, at: datetime, unit: str, system: str, day: date, sent: "Sent") -> dict[str, Any]:
        """Note a report and return the body that says it."""
        before = self.closing_before(unit, system, day, at)
        body: dict[str, Any] = {"partial_day": sent.partial, "note": f"{at}", "reasons": list(sent.reasons)}
        body["reasons"].append({"warning": "correction", "reason": "source_error"})
        if sent.unavailable:
            self._note(unit, system, day, Known(at, {}, True, {}))
            body["reasons"] = body["reasons"][-1:]
            return body | {"unavailable": {"reason": "Mất kết nối"}, "partial_day": False}
        lines: dict[str, dict[str, int | None]] = {}
        body["lines"] = []
        for code, typed in sent.lines.items():
            full: dict[str, Any] = dict(typed)
            if full["carried_over"] is None:
                full["carried_over"] = (before or {}).get(code, 0)
            have = full["carried_over"] + received(full)
            full["resolved_on_time"] = min(full["resolved_on_time"], have)
            full["withdrawn"] = min(full["withdrawn"], full["resolved_on_time"])
            left = have - full["resolved_on_time"]
            full["pending_overdue"] = min(full["pending_overdue"], left)
            full["pending_in_time"] = left - full["pending_overdue"]
            if have or full["resolved_on_time"]:
                lines[code] = full
            body["lines"].append(full | {"field": code, "carried_over": typed["carried_over"], "pending_in_time": None})
        gaps = {}
        if before is not None:
            for code in {*before, *lines}:
                gap = (lines[code]["carried_over"] or 0 if code in lines else 0) - before.get(code, 0)
                if gap:
                    gaps[code] = gap
        named = {r["field"] for r in sent.reasons if "field" in r}
        general = any("field" not in r for r in sent.reasons)
        amounts = {code: gap for code, gap in gaps.items() if code in named or general}
        self._note(unit, system, day, Known(at, lines, False, amounts))
        return body

    def _note(self, unit: str, system: str, day: date, known: Known) -> None:
        self.history.setdefault((unit, system, day), []).append(known)

    def figures(
        self, first: date, last: date, as_of: datetime, by: str, **only: str | None
    ) -> dict[str, dict[str, int]]:
        """Return the sums of a period by `unit`, `field` or `all`; `only` narrows to a unit, system, field."""
        out: dict[str, dict[str, int]] = {}
        state = self.state(as_of)
        for unit, system in sorted({k[:2] for k in state}):
            if only.get("unit") not in (None, unit) or only.get("system") not in (None, system):
                continue
            days = sorted((k[2], v) for k, v in state.items() if k[:2] == (unit, system) and first <= k[2] <= last)
            codes = {code for _, known in days for code in known.lines}
            if days and by != "field" and only.get("field") is None:
                out.setdefault(unit if by == "unit" else "all", empty())
            for code in codes:
                if only.get("field") not in (None, code):
                    continue
                sums = of_days([(known.lines.get(code), known.amounts.get(code, 0)) for _, known in days])
                if not any(sums.values()):
                    continue
                target = out.setdefault({"unit": unit, "field": code}.get(by, "all"), empty())
                for name, value in sums.items():
                    target[name] += value
        return out


def empty() -> dict[str, int]:
    return dict.fromkeys((*COLUMNS, "adjustments", "unsplit"), 0)


def received(line: dict[str, Any]) -> int:
    return int(line["received_online"] + line["received_counter"] + (line["received_post"] or 0))


def pending(line: dict[str, Any]) -> int:
    return int(line["pending_in_time"] + line["pending_overdue"])


def of_days(days: list[tuple[dict[str, Any] | None, int]]) -> dict[str, int]:
    """Return one field's sums over the received reports of one unit and system, in order of day."""
    sums = empty()
    before: int | None = None
    for line, amount in days:
        counts = line or dict.fromkeys(COLUMNS, 0)
        for name in FLOWS:
            sums[name] += counts[name] or 0
        sums["unsplit"] += counts["received_post"] is None
        opening = counts["carried_over"] or 0
        if before is None:
            sums["carried_over"] = opening
        else:
            gap = opening - before
            sums["adjustments"] += gap
            if gap * amount > 0:  # a reason covers no more than it was given for, and nothing of another sign
                sums["carried_over"] += min(gap, amount, key=abs)
        before = pending(counts)
        sums["pending_in_time"], sums["pending_overdue"] = counts["pending_in_time"], counts["pending_overdue"]
    return sums


def row_of(sums: dict[str, int]) -> dict[str, Any]:
    """Return a model's sums in the words of a summary's row."""
    row: dict[str, Any] = {c: sums[c] for c in COLUMNS} | {"adjustments": sums["adjustments"]}
    row["received"] = sums["received_online"] + sums["received_counter"] + sums["received_post"]
    row["resolved"] = sums["resolved_early"] + sums["resolved_on_time"] + sums["resolved_overdue"]
    row["pending"] = sums["pending_in_time"] + sums["pending_overdue"]
    row["difference"] = row["resolved"] + row["pending"] - row["carried_over"] - row["received"]
    row["post_split"] = "partial" if sums["unsplit"] else "full"
    return row


def shown(out: SummaryOut) -> dict[str, dict[str, Any]]:
    rows = {r.key: r.model_dump(exclude={"key", "label", "rates"}) for r in out.rows}
    assert len(rows) == len(out.rows)
    return rows | {"total": out.total.model_dump(exclude={"key", "label", "rates"})}


def pieces(first: date, last: date, group: GroupBy) -> Iterator[tuple[str, date, date]]:
    """Yield the pieces of a period day by day, by the key each day falls in."""
    keys: dict[str, list[date]] = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        year, week, _ = day.isocalendar()
        key = {
            GroupBy.day: day.isoformat(), GroupBy.week: f"{year}-W{week:02}", GroupBy.month: day.isoformat()[:7],
            GroupBy.quarter: f"{day.year}-Q{(day.month + 2) // 3}", GroupBy.year: str(day.year),
        }[group]  # fmt: skip
        keys.setdefault(key, []).append(day)
    for key, days in keys.items():
        yield key, days[0], days[-1]


def expected(
    model: Model, first: date, last: date, as_of: datetime, group: GroupBy, **only: str | None
) -> dict[str, dict[str, Any]]:
    if group in (GroupBy.unit, GroupBy.field):
        rows = {k: row_of(s) for k, s in model.figures(first, last, as_of, group.value, **only).items()}
    else:
        rows = {}
        for key, start, end in pieces(first, last, group):
            sums = model.figures(start, end, as_of, "all", **only)
            if sums:
                rows[key] = row_of(sums["all"])
    whole = model.figures(first, last, as_of, "all", **only).get("all", empty())
    return rows | {"total": row_of(whole)}


@dataclass(frozen=True)
class Sent:
    """A report as somebody may send it."""

    unavailable: bool
    partial: bool
    lines: dict[str, dict[str, int | None]]
    reasons: tuple[dict[str, str], ...]


small = st.integers(0, 9)


@st.composite
def lines_of(draw: st.DrawFn, system: str) -> dict[str, dict[str, int | None]]:
    lines = {}
    for code in draw(st.lists(st.sampled_from(FIELDS[system]), unique=True, max_size=3)):
        zero = draw(st.integers(0, 5)) == 0
        number = st.just(0) if zero else small
        lines[code] = {
            "carried_over": draw(st.none() | number), "received_online": draw(number), "received_counter": draw(number),
            "received_post": draw(st.none() | number), "resolved_early": 0, "resolved_on_time": draw(number),
            "resolved_overdue": 0, "withdrawn": draw(number), "pending_overdue": draw(number), "pending_in_time": None,
        }  # fmt: skip
    return lines


@st.composite
def acts(draw: st.DrawFn) -> tuple[str, str, date, Sent]:
    system = draw(st.sampled_from(("city", "city", "ministry")))
    fields = draw(st.lists(st.sampled_from((None, *FIELDS[system])), unique=True, max_size=2))
    reasons = tuple(
        {"warning": "opening_gap", "reason": "late_sync"} | ({} if f is None else {"field": f}) for f in fields
    )
    kind = draw(st.integers(0, 9))
    sent = Sent(kind == 0, kind in (1, 2), draw(lines_of(system)), reasons)
    return draw(st.sampled_from((WARD, OTHER))), system, draw(st.sampled_from(DAYS)), sent


class City:
    """The application beside the model."""

    def __init__(self, app: FastAPI, clock: SetClock) -> None:
        self.database, self.model, self.now = app.state.database, Model(), START
        with self.database.write() as session:
            for table in (
                ReportReason, ReportMemo, ReportLine, ReportRevision, Report, DayTotal, FieldMonthTotal, Adjustment,
                Obligation,
            ):  # fmt: skip
                session.execute(delete(table))
            session.execute(update(ReportForm).values(lock_days=30))
            stamps.touch(session, forms.STAMP)

    def send(self, unit: str, system: str, day: date, sent: Sent) -> None:
        """Send a report and note it."""
        body = self.model.put(self.now, unit, system, day, sent)
        with self.database.write() as session:
            session.info["audit_context"] = audit.Context(self.now, None, "test", "api")
            row = by_code(session, unit)
            service.put_report(
                session, ANALYST, unit=row, day=day, system=System(system), body=ReportIn.model_validate(body),
                match=service.Match("*" if len(self.model.history[unit, system, day]) > 1 else None), now=self.now,
            )  # fmt: skip
        self.now += timedelta(minutes=7)

    def ask(
        self, session: Session, group: GroupBy, first: date, last: date, as_of: datetime | None, **only: Any
    ) -> Any:
        """Return the summary and what the model says."""
        unit = by_code(session, only["unit"]) if only.get("unit") else None
        wanted = select(ProcedureField).where(col(ProcedureField.code) == only.get("field"))
        found = session.scalars(wanted).one_or_none()
        question = summary.Question(
            first, last, group, unit, found, System(only["system"]) if only.get("system") else None, as_of
        )
        out = shown(summary.summarise(session, ANALYST, question, self.now, "vi"))
        return out, expected(self.model, first, last, as_of or self.now, group, **only)


def run(app: FastAPI, clock: SetClock, sequence: list[tuple[str, str, date, Sent]], data: st.DataObject) -> None:
    city = City(app, clock)
    for act in sequence:
        city.send(*act)
        with city.database.read() as session:
            assert list(totals.differences(session)) == []
    moments = [None, city.now, START + timedelta(minutes=7 * data.draw(st.integers(-1, len(sequence))))]
    first = data.draw(st.sampled_from((date(2026, 10, 1), *DAYS)))
    last = max(first, data.draw(st.sampled_from((*DAYS, date(2026, 11, 30)))))
    only = data.draw(
        st.fixed_dictionaries(
            {
                "unit": st.sampled_from((None, WARD)), "system": st.sampled_from((None, "city", "ministry")),
                "field": st.sampled_from((None, "HT", "UNSPLIT")),
            }
        )
    )  # fmt: skip
    with city.database.read() as session:
        for group in GroupBy:
            for narrowed in ({}, only):
                for as_of in moments:
                    out, model = city.ask(session, group, first, last, as_of, **narrowed)
                    assert out == model, (group, first, last, as_of, narrowed)
    with city.database.write() as session:
        totals.rebuild(session)
    with city.database.read() as session:
        assert list(totals.differences(session)) == []
        for group in GroupBy:
            out, model = city.ask(session, group, first, last, None)
            assert out == model, f"rebuilt: {group}"


bounded = settings(
    max_examples=15 if KIND == "sqlite" else 8, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@bounded
@given(st.lists(acts(), min_size=1, max_size=12), st.data())
def test_summaries_equal_the_model(
    app: FastAPI, clock: SetClock, sequence: list[tuple[str, str, date, Sent]], data: st.DataObject
) -> None:
    run(app, clock, sequence, data)


@pytest.mark.fuzz
@settings(bounded, max_examples=400, derandomize=False)
@given(st.lists(acts(), min_size=1, max_size=40), st.data())
def test_summaries_equal_the_model_for_long(
    app: FastAPI, clock: SetClock, sequence: list[tuple[str, str, date, Sent]], data: st.DataObject
) -> None:
    run(app, clock, sequence, data)
