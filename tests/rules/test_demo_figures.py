"""The demonstration's figures keep the rules of the daily report and give the published figures exactly."""

import csv
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app.demo.desks import Line
from app.demo.figures import HUE, Figures, Filing
from app.demo.plan import FLOOD_DAYS, LOW_LYING, UNITS

APP = Path(__file__).parents[2] / "app"
FIRST, LAST = date(2025, 7, 1), date(2026, 11, 20)
MEMO_OF_RECEIVED = ("digitised", "paid_online", "fully_online")


def rows(path: str) -> list[dict[str, str]]:
    with (APP / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CALENDAR = {date.fromisoformat(row["day"]): row["kind"] for row in rows("calendar/data/days.csv")}


def is_working(day: date) -> bool:
    kind = CALENDAR.get(day)
    return kind == "swapped_working_day" or (kind is None and day.weekday() < 5)


def next_working_day(day: date) -> date:
    day += timedelta(1)
    while not is_working(day):
        day += timedelta(1)
    return day


DAYS = [day for n in range((LAST - FIRST).days + 1) if is_working(day := FIRST + timedelta(n))]


def run(days: list[date], seed: int = 57) -> dict[date, list[Filing]]:
    figures = Figures(days, next_working_day, seed)
    return {day: figures.day(day) for day in days}


@pytest.fixture(scope="module")
def filed() -> dict[date, list[Filing]]:
    return run(DAYS)


@pytest.fixture(scope="module")
def final(filed: dict[date, list[Filing]]) -> dict[date, dict[tuple[str, str], Filing]]:
    """The last revision of every report."""
    return {day: {(f.unit, f.system): f for f in filings} for day, filings in filed.items()}


Final = dict[date, dict[tuple[str, str], Filing]]


def lines_of(filings: Iterable[Filing]) -> Iterator[Line]:
    return (line for filing in filings for line in filing.lines)


def received_by_unit(filings: Iterable[Filing]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for filing in filings:
        totals[filing.unit] += sum(line.received for line in filing.lines)
    return totals


def published(period: str, measure: str, unit: str = "") -> list[dict[str, str]]:
    found = [
        row
        for row in rows("indicators/data/published.csv")
        if (row["period"], row["measure"], row["unit_code"]) == (period, measure, unit)
    ]
    assert found, (period, measure, unit)
    return found


def test_every_line_balances_and_its_parts_fit(filed: dict[date, list[Filing]]) -> None:
    for filing in (f for filings in filed.values() for f in filings):
        codes = [line.field_code for line in filing.lines]
        assert len(codes) == len(set(codes))
        explained = {reason.field for reason in filing.reasons if reason.warning == "opening_gap"}
        for line in filing.lines:
            counts = [
                line.carried_over, line.received_online, line.received_counter, line.received_post,
                line.resolved_early, line.resolved_on_time, line.resolved_overdue, line.withdrawn,
                line.pending_in_time, line.pending_overdue, *line.memo.values(),
            ]  # fmt: skip
            assert all(type(n) is int and n >= 0 for n in counts), line
            assert line.carried_over + line.received == line.resolved + line.pending, line
            assert line.withdrawn <= line.resolved_on_time
            assert all(line.memo.get(code, 0) <= line.received for code in MEMO_OF_RECEIVED)
            assert line.memo.get("fully_online", 0) <= line.received_online
            assert line.memo.get("waiting_applicant", 0) <= line.pending_in_time
            assert not line.is_empty or line.field_code in explained


def test_openings_follow_closings_but_for_reasoned_adjustments(final: Final) -> None:
    closed: dict[tuple[str, str], dict[str, int]] = {}
    overdue: dict[tuple[str, str, str], tuple[date, int]] = {}
    reasons: Counter[str] = Counter()
    for day, reports in final.items():
        transfers = Counter[str]()
        for key, report in reports.items():
            if report.unavailable:
                continue
            previous = closed.get(key)
            opened = {line.field_code: line.carried_over for line in report.lines}
            gaps = {reason.field: reason for reason in report.reasons if reason.warning == "opening_gap"}
            if previous is None:
                assert day == FIRST
                assert set(gaps) == {code for code, n in opened.items() if n}
                assert {reason.reason for reason in gaps.values()} <= {"first_day"}
            else:
                difference = {code: opened.get(code, 0) - previous.get(code, 0) for code in opened | previous}
                assert set(gaps) == {code for code, n in difference.items() if n}, (day, key)
                for code, reason in gaps.items():
                    assert code is not None
                    reasons[reason.reason] += 1
                    if reason.reason.startswith("transfer"):
                        transfers[code] += difference[code]
                        assert reason.counterpart in UNITS
                        assert (difference[code] < 0) == (reason.reason == "transfer_out")
            closed[key] = {line.field_code: line.pending for line in report.lines}
            for line in report.lines:
                seen, before = overdue.get((*key, line.field_code), (day, 0))
                # A missing day hides what it resolved; elsewhere overdue dossiers leave by being resolved.
                if next_working_day(seen) == day and line.field_code not in gaps:
                    assert line.pending_overdue >= before - line.resolved_overdue
                overdue[*key, line.field_code] = day, line.pending_overdue
        assert not any(transfers.values()), day
    assert set(reasons) == {"late_sync", "transfer_in", "transfer_out", "missing_day"}
    assert reasons["transfer_in"] == reasons["transfer_out"]
    planned = reasons["late_sync"] + reasons["transfer_in"] + reasons["transfer_out"]
    assert 1 / 800 < planned / (len(DAYS) * 40) < 1 / 200


@pytest.mark.parametrize("seed", [57, 1, 2])
def test_the_published_figures_of_july_come_out_exactly(seed: int) -> None:
    days = [day for day in DAYS if day.month == 7 and day.year == 2025]
    by_day = {day: {(f.unit, f.system): f for f in filings}.values() for day, filings in run(days, seed).items()}
    lines = [line for reports in by_day.values() for line in lines_of(reports)]
    received, online = sum(line.received for line in lines), sum(line.received_online for line in lines)
    assert [str(received)] == [row["value"] for row in published("2025-07", "received")]
    assert [f"{100 * online / received:.2f}"] == [row["value"] for row in published("2025-07", "online")]

    peak = by_day[date(2025, 7, 14)]
    by_unit = received_by_unit(peak).most_common()
    assert [str(sum(n for _, n in by_unit))] == [row["value"] for row in published("2025-07-14", "received")]
    assert by_unit[0] == ("19789", int(published("2025-07-14", "received", "19789")[0]["value"]))
    assert by_unit[1][1] < by_unit[0][1]
    share = 100 * sum(line.received_online for line in lines_of(peak)) / sum(n for _, n in by_unit)
    assert f"{share:.0f}" == published("2025-07-14", "online")[0]["value"]


@pytest.mark.parametrize("seed", [57, 1, 2])
def test_the_first_morning_is_as_published_and_the_day_contains_it(seed: int) -> None:
    filings = run([FIRST], seed)[FIRST]
    morning = {f.unit: f for f in filings if f.partial_day}
    assert set(morning) == set(UNITS)
    received = received_by_unit(morning.values())
    resolved = {unit: sum(line.resolved for line in f.lines) for unit, f in morning.items()}
    assert str(received.total()) == published("2025-07-01", "received")[0]["value"]
    assert str(sum(resolved.values())) == published("2025-07-01", "resolved")[0]["value"]
    (first, most), (_, second) = received.most_common(2)
    assert (first, str(most)) == ("19867", published("2025-07-01", "received", "19867")[0]["value"])
    assert second < most
    for unit in ("19804", "19858"):
        row = published("2025-07-01", "settlement", unit)[0]
        assert (resolved[unit], received[unit]) == (int(row["numerator"]), int(row["denominator"]))
    others = [resolved[unit] / received[unit] for unit in UNITS if unit not in ("19804", "19858")]
    assert max(others) < 11 / 12

    noon = datetime(2025, 7, 1, 12, tzinfo=HUE)
    assert {f.unit for f in filings if f.received_at < noon} == set(UNITS)
    assert all(f.partial_day == (f.received_at < noon) for f in filings)
    whole = {f.unit: f for f in filings if f.system == "city" and not f.partial_day}
    assert all(f.revision == 2 and f.received_at.date() == FIRST for f in whole.values())
    for unit, part in morning.items():
        after = {line.field_code: line for line in whole[unit].lines}
        for line in part.lines:
            full = after[line.field_code]
            assert full.carried_over == line.carried_over
            for flow in (
                "received_online", "received_counter", "received_post",
                "resolved_early", "resolved_on_time", "resolved_overdue", "withdrawn",
            ):  # fmt: skip
                assert getattr(full, flow) >= getattr(line, flow), (unit, line.field_code, flow)
    opening = sum(line.carried_over for line in lines_of(f for f in filings if not f.partial_day))
    assert 200 <= opening <= 700


def test_later_months_stay_at_the_published_magnitude(final: Final) -> None:
    months: dict[str, list[int]] = defaultdict(list)
    online: Counter[str] = Counter()
    weekdays: dict[int, list[int]] = defaultdict(list)
    for day, reports in final.items():
        by_unit = received_by_unit(reports.values())
        months[f"{day:%Y-%m}"].append(by_unit.total())
        online[f"{day:%Y-%m}"] += sum(line.received_online for line in lines_of(reports.values()))
        weekdays[day.weekday()].append(by_unit.total())
        if day in FLOOD_DAYS:
            dry = UNITS.keys() - LOW_LYING
            low, high = (sum(by_unit[u] for u in some) / sum(UNITS[u] for u in some) for some in (LOW_LYING, dry))
            assert low < 0.4 * high
        elif all((unit, system) in reports for unit in UNITS for system in ("city", "ministry")):
            assert 5 <= min(by_unit.values()) <= max(by_unit.values()) <= 250, day
    means = {month: sum(totals) / len(totals) for month, totals in months.items() if month != "2025-10"}
    assert all(1_900 <= mean <= 2_300 for mean in means.values()), means
    rates = {month: online[month] / sum(totals) for month, totals in months.items()}
    assert 0.91 < rates["2025-08"] < 0.92
    assert rates["2026-11"] == pytest.approx(0.94, abs=0.005)
    assert all(after > before - 0.002 for before, after in pairwise(rates.values()))
    averages = {weekday: sum(totals) / len(totals) for weekday, totals in weekdays.items()}
    assert averages[0] == max(averages.values())
    after_tet, ordinary = (received_by_unit(final[date(2026, *day)].values()).total() for day in ((2, 23), (3, 9)))
    assert after_tet > 1.2 * ordinary


def test_units_differ_in_punctuality_and_overdue_stock_stays_small(final: Final) -> None:
    resolved, overdue = Counter[str](), Counter[str]()
    fields: dict[tuple[str, str], set[str]] = defaultdict(set)
    for reports in final.values():
        for (unit, system), report in reports.items():
            for line in report.lines:
                resolved[unit] += line.resolved
                overdue[unit] += line.resolved_overdue
                fields[unit, system].add(line.field_code)
        pending = sum(line.pending for line in lines_of(reports.values()))
        assert sum(line.pending_overdue for line in lines_of(reports.values())) < 0.06 * pending
    rates = [1 - overdue[unit] / resolved[unit] for unit in UNITS]
    assert 0.95 <= min(rates) < 0.98 < 0.99 < max(rates) <= 0.997
    assert all(6 <= len(fields[unit, "city"]) <= 14 and 3 <= len(fields[unit, "ministry"]) <= 5 for unit in UNITS)


def test_reports_come_when_offices_send_them(filed: dict[date, list[Filing]]) -> None:
    late: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for day, filings in filed.items():
        following = next_working_day(day)
        for report in filings:
            sent = report.received_at.astimezone(HUE)
            assert report.received_at.utcoffset() == report.counted_until.utcoffset() == timedelta(hours=7)
            assert report.counted_until < report.received_at
            whys = {reason.warning for reason in report.reasons}
            if "correction" in whys:
                assert (report.revision, sent.date()) == (2, following)
                assert sent.time() < time(16, 31)
                reason = next(r.reason for r in report.reasons if r.warning == "correction")
                assert (reason == "late_correction") == (sent.time() >= time(9))
                continue
            if report.partial_day:
                continue
            due = (
                datetime.combine(day, time(17), HUE)
                if report.system == "city"
                else datetime.combine(following, time(9), HUE)
            )
            assert ("late" in whys) == (sent > due)
            assert sent.date() == due.date()
            assert sent.time() >= (time(16, 31) if report.system == "city" else time(7, 30))
            total[report.system] += 1
            late[report.system] += sent > due
    assert 0.02 < late["city"] / total["city"] < 0.04
    assert 0.005 < late["ministry"] / total["ministry"] < 0.025


def test_some_reports_are_missing_corrected_or_unavailable(filed: dict[date, list[Filing]], final: Final) -> None:
    expected = len(DAYS) * 80
    received = sum(len(reports) for reports in final.values())
    assert 0 < expected - received < 0.003 * expected
    assert all(len(reports) == 80 for day, reports in final.items() if day < date(2025, 8, 1))
    down = [report for reports in final.values() for report in reports.values() if report.unavailable]
    assert 20 <= len(down) <= 100
    assert all(report.system == "ministry" and not report.lines for report in down)
    corrected = 0
    for day, filings in filed.items():
        for before, after in pairwise(filings):
            if (before.unit, before.system) == (after.unit, after.system):
                assert (before.revision, after.revision) == (1, 2)
                assert before.received_at < after.received_at
                assert before.lines != after.lines
                corrected += day != FIRST
    assert 0.003 < corrected / received < 0.007


def test_the_newest_day_can_leave_units_owing() -> None:
    days = DAYS[:3]
    figures, whole = Figures(days, next_working_day), run(days)
    figures.day(days[0])
    figures.day(days[1])
    sent = figures.day(days[2], leave_owing=True)
    assert {f.unit for f in whole[days[2]]} == set(UNITS)
    assert len(UNITS) - len({f.unit for f in sent if f.system == "city"}) == 6
    assert [f for f in whole[days[2]] if f in sent] == sent


def test_the_same_seed_gives_the_same_figures_whatever_comes_after(filed: dict[date, list[Filing]]) -> None:
    random.seed(1)
    again = run(DAYS[:40])
    assert again == {day: filed[day] for day in DAYS[:40]}
    assert run(DAYS[:2], seed=58) != {day: filed[day] for day in DAYS[:2]}


def test_days_are_asked_in_their_order() -> None:
    figures = Figures(DAYS[:3], next_working_day)
    with pytest.raises(ValueError, match="next working day"):
        figures.day(DAYS[1])


def test_lines_use_only_fields_that_apply_to_the_unit_and_system(final: Final) -> None:
    fields = {row["code"]: row for row in rows("procedures/data/fields.csv")}
    kinds = {row["code"]: row["kind"] for row in rows("units/data/units.csv")}
    used = {
        (r.unit, r.system, line.field_code) for reports in final.values() for r in reports.values() for line in r.lines
    }
    for unit, system, code in used:
        assert system in fields[code]["systems"].split("|"), (system, code)
        assert kinds[unit] in fields[code]["kinds"].split("|"), (unit, code)
    assert {code for *_, code in used} == set(fields) - {"UNSPLIT"}


def test_the_data_files_are_whole() -> None:
    units = rows("units/data/units.csv")
    served = [row for row in units if row["kind"] in ("ward", "commune")]
    assert {row["code"] for row in served} == set(UNITS)
    assert Counter(row["kind"] for row in served) == {"ward": 21, "commune": 19}
    fields, procedures = rows("procedures/data/fields.csv"), rows("procedures/data/procedures.csv")
    assert fields[-1]["code"] == "UNSPLIT"
    assert {row["field"] for row in procedures} == {row["code"] for row in fields} - {"UNSPLIT"}
    assert all(re.fullmatch(r"\d\.\d{6}", row["code"]) and int(row["days_allowed"]) > 0 for row in procedures)
    assert {row["online_level"] for row in procedures} == {"full", "partial", "information"}
    for table in (units, fields, procedures):
        codes = [row["code"] for row in table]
        assert len(codes) == len(set(codes))
    assert all(len({row["order"] for row in table}) == len(table) for table in (units, fields))
    for path in APP.glob("*/data/*.csv"):
        text = path.read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text), path.name


def test_the_calendar_has_the_swapped_days_and_every_free_day_is_free() -> None:
    assert CALENDAR[date(2026, 1, 10)] == CALENDAR[date(2026, 8, 22)] == "swapped_working_day"
    assert CALENDAR[date(2026, 1, 2)] == CALENDAR[date(2026, 8, 31)] == "day_off_in_lieu"
    assert CALENDAR[date(2026, 11, 24)] == "holiday"
    assert all(day.weekday() >= 5 for day, kind in CALENDAR.items() if kind == "swapped_working_day")
    assert all(day.weekday() < 5 for day, kind in CALENDAR.items() if kind == "day_off_in_lieu")
    assert all("dự kiến" in row["legal_reference"] for row in rows("calendar/data/days.csv") if row["day"] > "2027")
