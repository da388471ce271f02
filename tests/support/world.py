"""A city in which everything may happen that the dashboard speaks of."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core import audit
from app.core.web import API
from app.indicators.computed import rebuilding
from app.portal.gaps import recounting
from app.throughput import totals
from app.throughput.obligations import making
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report
from tests.support.figures import batch, figures, item
from tests.support.figures import sent as figures_sent
from tests.support.indicators import indicator, reading, with_set
from tests.support.tasks import DOCUMENT, with_directive, with_task

THURSDAY, WEDNESDAY, MONDAY = "2026-11-19", "2026-11-18", "2026-11-16"
PAST = date(2026, 11, 2)  # before the installation's first duties
FREED = "19774"  # a ward of which nothing else is told
REPORTS, GAPS = f"{API}/throughput/reports", f"{API}/portal/gaps"
# The day's deadline in the city's system passes, a night, the other system's deadline.
MOMENTS = ("2026-11-20T17:01:00+07:00", "2026-11-23T08:59:00+07:00", "2026-11-23T09:01:00+07:00")
Acts = dict[str, Callable[[], Any]]


def done(answer: Any) -> Any:
    """Return what a call gave; one that was refused changes nothing, and would prove nothing."""
    assert answer.is_success, (str(answer.request.url), answer.text)
    return answer.json() if answer.content else None


class World:
    """A city with something to show in each answer, and all that may happen to it; each time with other numbers."""

    def __init__(self, app: FastAPI, api: Callable[..., TestClient], clock: SetClock) -> None:
        self.app, self.clock, self.count = app, clock, 0
        self.analyst, self.officer, self.ward_leader = api("city_analyst"), api(), api("ward_leader")
        self.keeper, self.machine = api("administrator"), api("machine", scopes=["figures:send", "reports:read"])
        self.sign_in = api
        with_set(
            self.analyst, indicator("THU-1", period_type="month", formula="resolved / received"),
            *(indicator(f"THU-{n}", period_type="month") for n in (2, 3)),
            indicator("THU-4", period_type="month", formula="tasks_overdue / tasks_total"),
        )  # fmt: skip
        self.directive = with_directive(self.analyst)
        for code, unit in {"T1": WARD, "T2": "SO-KHCN", "T3": WARD, "T4": WARD}.items():
            with_task(self.analyst, code, self.directive, lead_unit=unit, deadline="2026-11-10")
        done(self.analyst.post(f"{API}/indicators/THU-1/tasks", json={"task": "T1", "gives_percent": True}))
        for day in (WEDNESDAY, THURSDAY, DAY):
            self.report(day)
        self.aim()
        # With a month before, the pace says that the target will be missed: what reports move is shown.
        for code, value in (("THU-1", 30), ("THU-4", 150)):
            before = reading("2026-10", as_of="2026-10-31", value=value)
            done(self.analyst.post(f"{API}/indicators/{code}/readings", json=before))
        self.figure()

    def next(self) -> int:
        """Return another number than the last time."""
        self.count += 1
        return self.count

    def report(self, day: str, unit: str = WARD, **more: Any) -> None:
        """Send or correct a unit's report of a day."""
        n = self.next()
        body = report(line(received_online=40 + n, resolved_early=n % 7, resolved_on_time=n % 5), **more)
        self.put(f"{REPORTS}/{unit}/{day}/city", body, self.officer if unit == WARD else self.sign_in(unit=unit))

    def put(self, at: str, body: dict[str, Any], officer: TestClient) -> None:
        """Send a report, or correct what stands."""
        if self.analyst.get(at).status_code == 404:
            done(officer.put(at, json=body))
            return
        reasons = [{"warning": "correction", "reason": "source_error"}]
        done(officer.put(at, json=body | {"reasons": reasons}, headers={"if-match": "*"}))

    def down(self) -> None:
        """Say that the source system was away."""
        body = {"unavailable": {"reason": f"Mất kết nối {self.next()}"}}
        self.put(f"{REPORTS}/{WARD}/{THURSDAY}/ministry", body, self.officer)

    def approve(self) -> None:
        """Approve the day's report, or return it where it was."""
        at = f"{REPORTS}/{WARD}/{THURSDAY}/city"
        self.report(THURSDAY)
        version = done(self.analyst.get(at))["version"]
        done(self.ward_leader.put(f"{at}/approvals/ward", json={"version": version}))
        if self.next() % 2:
            done(self.analyst.post(f"{at}/approvals/city/return", json={"reason": "Chưa khớp một cửa"}))

    def waive(self) -> None:
        """Free a unit from its day."""
        for system in ("city", "ministry"):
            at = f"{API}/throughput/obligations/{FREED}/{WEDNESDAY}/{system}/waiver"
            done(self.analyst.put(at, json={"reason": f"Ngập lụt {self.next()}"}))

    def end_waivers(self) -> None:
        """Have it owe the day again."""
        self.waive()
        for system in ("city", "ministry"):
            done(self.analyst.delete(f"{API}/throughput/obligations/{FREED}/{WEDNESDAY}/{system}/waiver"))

    def close_day(self) -> None:
        """Make a working day a day off, or the other way round."""
        at = f"{API}/calendar/days/{MONDAY}"
        body = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01"}
        if self.keeper.put(at, json=body, headers={"if-none-match": "*"}).status_code == 412:
            done(self.keeper.delete(at, headers={"if-match": "*"}))

    def rename(self) -> None:
        """Give units another name, as they stand among the missing and with tasks."""
        for code in (OTHER, "SO-KHCN"):
            body = done(self.keeper.get(f"{API}/units/{code}"))
            body = {k: v for k, v in body.items() if k not in ("code", "version")} | {"name": f"Tên {self.next()}"}
            done(self.keeper.put(f"{API}/units/{code}", json=body, headers={"if-match": "*"}))

    def end_unit(self) -> None:
        """End a unit's duties, or begin them again."""
        at = f"{API}/units/{OTHER}"
        body = {k: v for k, v in done(self.keeper.get(at)).items() if k not in ("code", "version")}
        done(self.keeper.put(at, json=body | {"owes_reports": not self.next() % 2}, headers={"if-match": "*"}))

    def add_task(self) -> None:
        """Add a task that is late from the start."""
        with_task(self.analyst, f"N{self.next()}", self.directive, deadline="2026-11-02", lead_unit=OTHER)

    def edit_task(self) -> None:
        """Word a task anew and give it to another unit."""
        unit = (WARD, OTHER)[self.next() % 2]
        body = {"title": f"Tên khác {self.count}", "directive": self.directive, "lead_unit": unit}
        done(self.analyst.put(f"{API}/tasks/T3", json=body | {"deadline": "2026-11-10"}, headers={"if-match": "*"}))

    def say(self) -> None:
        """Say how far a task is."""
        body = {"done": f"Bước {self.next()}", "percent": self.count % 99}
        done(self.officer.post(f"{API}/tasks/T1/updates", json=body))

    def propose(self) -> None:
        """Say that a task is done, and have that turned down, or accepted."""
        code = f"P{self.next()}"
        with_task(self.analyst, code, self.directive, deadline="2026-11-10")
        done(self.officer.post(f"{API}/tasks/{code}/proposal", json={"result": "Xong", "document": "1/BC"}))
        if self.count % 2:
            done(self.analyst.post(f"{API}/tasks/{code}/return", json={"reason": "Thiếu minh chứng"}))
        else:
            done(self.analyst.post(f"{API}/tasks/{code}/acceptance", json={}))

    def extend(self) -> None:
        """Give a task longer."""
        until = datetime.fromisoformat("2026-11-26") + timedelta(days=self.next())
        body = {"deadline": until.date().isoformat(), "document": DOCUMENT}
        done(self.analyst.post(f"{API}/tasks/T4/extensions", json=body))

    def block(self) -> None:
        """Say what stands in a task's way; every other time the oldest of these is cleared."""
        made = done(self.officer.post(f"{API}/tasks/T1/blockers", json={
            "text": f"Chưa có kinh phí {self.next()}", "owner_position": "Chủ tịch UBND phường",
        }))  # fmt: skip
        if self.count % 2:
            open_ones = [one["id"] for one in made["blockers"] if one["outcome"] is None]
            at = f"{API}/tasks/T1/blockers/{min(open_ones)}/outcome"
            done(self.officer.post(at, json={"outcome": "Đã bố trí"}))

    def link(self) -> None:
        """Have a task take its percentage from an indicator, or no longer."""
        at = f"{API}/indicators/THU-2/tasks"
        if not self.analyst.delete(f"{at}/T2").is_success:
            done(self.analyst.post(at, json={"task": "T2", "gives_percent": True}))

    def read(self) -> None:
        """Record what an indicator was, anew each time."""
        at = f"{API}/indicators/THU-2/readings"
        body = reading("2026-09", value=50 + self.next() % 30)
        answer = self.analyst.post(at, json=body)
        if answer.status_code == 409:
            number = answer.json()["values"]["number"] if "values" in answer.json() else self.last_reading()
            answer = self.analyst.post(at, json=body | {"supersedes": number})
        done(answer)

    def last_reading(self) -> int:
        """Return the number of the reading that stands."""
        items = done(self.analyst.get(f"{API}/indicators/readings", params={"indicator": "THU-2"}))["items"]
        return int(items[0]["id"])

    def aim(self) -> None:
        """Set what is to be reached: of what reports make up, and of what is typed."""
        n = self.next()
        for code, low in (("THU-1", 60), ("THU-2", 60), ("THU-4", 200)):
            body = {"period": str(2026 + n), "low": low + n % 30, "document": f"KH {n}"}
            done(self.analyst.post(f"{API}/indicators/{code}/targets", json=body))

    def define(self) -> None:
        """Bring a new version of a set: names and a formula are others from today on."""
        n = self.next()
        begins = datetime.fromisoformat("2025-01-01") + timedelta(days=n)
        with_set(
            self.analyst, indicator("THU-1", period_type="month", formula=f"{n} × resolved / received"),
            *(indicator(f"THU-{k}", period_type="month", name_vi=f"Tên {n}") for k in (2, 3)),
            indicator("THU-4", period_type="month", formula="tasks_overdue / tasks_total"),
            valid_from=begins.date().isoformat(),
        )  # fmt: skip

    def figure(self) -> None:
        """Have another system say something else than the report: gaps open, change or match."""
        theirs = figures(received_online=500 + 50 * self.next(), resolved_early=0, resolved_on_time=0)
        figures_sent(self.machine, batch(item(theirs, unit=WARD, day=THURSDAY)))

    def gap(self) -> dict[str, Any]:
        """Return a gap that stands."""
        self.report(THURSDAY)  # of a part of a day nothing is compared
        self.figure()
        found: dict[str, Any] = next(
            one for one in done(self.analyst.get(GAPS, params={"limit": 200}))["items"] if one["state"] == "open"
        )
        return found

    def explain(self) -> None:
        """Say why the numbers differ."""
        one = self.gap()
        headers = {"if-match": f'"{one["version"]}"'}
        done(self.officer.post(f"{GAPS}/{one['id']}/explanation", json={"reason": "late_sync"}, headers=headers))

    def close_gap(self) -> None:
        """End a gap by the analyst's word."""
        one = self.gap()
        headers = {"if-match": f'"{one["version"]}"'}
        word = {"outcome": "accepted", "why": "Hai bên chốt khác giờ"}
        done(self.analyst.put(f"{GAPS}/{one['id']}/closure", json=word, headers=headers))

    def tolerate(self) -> None:
        """Judge all gaps by another tolerance."""
        at = f"{GAPS}/tolerance"
        version = done(self.analyst.get(at))["version"]
        body = {"dossiers": 2 + self.next() % 9, "share": 0.01, "why": "Thống nhất"}
        done(self.analyst.put(at, json=body, headers={"if-match": f'"{version}"'}))
        self.write(lambda session, now: recounting.go_on(session, now))

    def write(self, act: Callable[[Any, datetime], Any]) -> None:
        """Do what commands and the serving process do by themselves, without an address of its own."""
        with self.app.state.database.write() as session:
            session.info["audit_context"] = audit.Context(self.clock.now(), None, "test", "command")
            act(session, self.clock.now())

    def rebuild_readings(self) -> None:
        """Make the indicators' figures anew, as the command does."""

        def act(session: Any, now: datetime) -> None:
            count = rebuilding.rebuild(session, now)
            audit.record(session, "indicators.rebuilt", "indicators", after={"readings": count})

        self.write(act)

    def at(self, moment: str) -> None:
        """Let time go on."""
        self.clock.set(moment)
        self.write(lambda session, now: making.extend(session, now, 3))

    def acts(self) -> Acts:
        """Return all that may happen, by name."""
        return {
            "the day's report": lambda: self.report(DAY), "yesterday's report": lambda: self.report(THURSDAY),
            "an older report": lambda: self.report(WEDNESDAY), "another's report": lambda: self.report(THURSDAY, OTHER),
            "a part of a day": lambda: self.report(THURSDAY, partial_day=True), "away": self.down,
            "approved or returned": self.approve, "waived": self.waive, "waiver ended": self.end_waivers,
            "day off": self.close_day, "renamed": self.rename, "owes no more": self.end_unit, "task": self.add_task,
            "task edited": self.edit_task, "progress": self.say, "proposed": self.propose, "extended": self.extend,
            "blocker": self.block, "percentage": self.link, "reading": self.read, "target": self.aim,
            "definition": self.define, "figures": self.figure, "gap explained": self.explain,
            "gap closed": self.close_gap, "tolerance": self.tolerate, "signed in": lambda: self.sign_in("leader"),
            "a past loaded": lambda: self.write(lambda session, now: making.extend(session, now, 3, first=PAST)),
            "totals rebuilt": lambda: self.write(lambda session, now: totals.rebuild(session)),
            "readings rebuilt": self.rebuild_readings,
        }  # fmt: skip
