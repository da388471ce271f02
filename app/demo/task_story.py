"""Loads the demonstration's tasks through their services, in the order in which things happened."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import at, day_of
from app.demo import task_plan as plan
from app.demo.task_plan import MADE_UP, Planned
from app.tasks import life, service
from app.tasks.directives import handing_out
from app.tasks.directives import service as directives
from app.tasks.directives.models import Directive
from app.tasks.directives.schemas import DirectiveIn, HandOutIn
from app.tasks.life_schemas import AcceptanceIn, ProposalIn, StartIn, TaskReturnIn
from app.tasks.models import Task
from app.tasks.progress import service as progress
from app.tasks.progress.schemas import ExtensionIn, MilestonesIn, UpdateIn
from app.tasks.rules import Rhythm, period_end
from app.tasks.schemas import TaskNew
from app.tasks.scope import service as scope
from app.tasks.scope.schemas import ReclassificationIn
from app.units.models import Unit
from app.units.rules import UnitKind

DIRECTIVES = {
    "centre": {"number": "02-KH/BCĐTW", "issuer": "Ban Chỉ đạo Trung ương", "issued_on": "2025-06-19", "kind": "plan",
               "title": f"Kế hoạch hành động của Trung ương; nội dung nhiệm vụ do bản minh họa đặt {MADE_UP}",
               "party": True, "clauses": [{"label": "I", "text": f"Nhóm việc cấp bách {MADE_UP}"},
                                          {"label": "II", "text": f"Nhóm việc bứt phá {MADE_UP}"}]},
    "added": {"number": "60-MH/TB", "issuer": f"Ban Chỉ đạo thành phố {MADE_UP}", "issued_on": "2025-11-10",
              "kind": "conclusion", "title": f"Thông báo bổ sung nhiệm vụ {MADE_UP}"},
    "research": {"number": "12-MH/QĐ", "issuer": f"Ủy ban nhân dân thành phố {MADE_UP}", "issued_on": "2020-03-02",
                 "kind": "decision", "title": f"Quyết định phê duyệt danh mục nhiệm vụ khoa học {MADE_UP}"},
    "city": {"number": "98/KH-BCĐ", "issuer": "Ban Chỉ đạo thành phố Huế", "issued_on": "2025-06-24", "kind": "plan",
             "title": f"Kế hoạch của thành phố; nội dung nhiệm vụ do bản minh họa đặt {MADE_UP}",
             "clauses": [{"label": "III.1", "text": f"Việc của từng đơn vị {MADE_UP}"}]},
}  # fmt: skip
RECLASSIFYING = {"number": f"57-MH/TB {MADE_UP}", "day": "2025-11-03"}
CITY = Caller(
    id=0, user_name="minh-hoa", label=f"Chuyên viên tổng hợp {MADE_UP}", role="city_analyst", unit_id=None,
    unit_code=None, rights=frozenset(), units=None, demonstration=True,
)  # fmt: skip


class Story:
    """What happens, day by day; told once, in order."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.units = {unit.code: unit for unit in session.scalars(select(Unit))}
        self.numbers: dict[str, int] = {}
        self.events: list[tuple[date, Callable[[datetime], None]]] = []

    def on(self, day: date, act: Callable[[datetime], None]) -> None:
        """Let something happen on a day, after what was told of that day before."""
        self.events.append((day, act))

    def tell(self, until: date, now: datetime) -> int:
        """Let it all happen up to a day, twenty seconds apart from eight o'clock on; returns how much did."""
        count = 0
        for day, of_day in groupby(sorted(self.events, key=lambda event: event[0]), key=lambda event: event[0]):
            for place, (_, act) in enumerate(of_day):
                moment = at(day, time(8)) + timedelta(seconds=20 * place)
                if moment <= now and day <= until:
                    self.session.info["audit_context"] = audit.Context(moment, None, "minh-hoa", "demo")
                    act(moment)
                    count += 1
        return count

    def unit(self, code: str) -> Caller:
        """Return who works for a unit."""
        unit = self.units[code]
        return Caller(
            id=0, user_name="minh-hoa", label=f"{unit.name} {MADE_UP}", role="department_officer", unit_id=unit.id,
            unit_code=code, rights=frozenset(), units=frozenset({unit.id}), demonstration=True,
        )  # fmt: skip

    def directive(self, name: str, day: date) -> None:
        """Let a document come in."""

        def act(now: datetime) -> None:
            values = DirectiveIn.model_validate(DIRECTIVES[name])
            self.numbers[name] = directives.add(self.session, CITY, values=values, now=now).id

        self.on(day, act)

    def task(self, planned: Planned, programme: str, directive: str, *, until: date) -> None:
        """Tell a task's whole life."""
        self.on(planned.added, lambda now: self._add(planned, programme, directive, now))
        if planned.started:
            self.on(planned.started, lambda now: life.start(*self._lead(planned), body=StartIn(), now=now))
            if planned.done is None:
                self._words(planned, planned.started, until)
        if planned.done:
            self.on(planned.done, lambda now: self._propose(planned.code, planned.lead, now))
        if planned.extended:
            day, deadline = planned.extended
            paper = {"number": f"88-MH/CV {MADE_UP}", "day": day.isoformat()}
            body = ExtensionIn.model_validate({"deadline": deadline, "document": paper})
            self.on(day, lambda now: self._extend(planned.code, body, now))
        if planned.accepted:
            self.on(planned.accepted, lambda now: life.accept(*self._city(planned.code), body=AcceptanceIn(), now=now))
        begins = planned.added if planned.kind == "regular" else planned.reclassified
        if planned.reclassified:
            self.on(planned.reclassified, lambda now: self._reclassify(planned, now))
        if begins and planned.rhythm:
            self._regular(planned, begins, Rhythm(planned.rhythm), until)

    def act(self, values: dict[str, str], days: tuple[date, date], done: int, late: int, until: date) -> None:
        """Tell an act handed to every ward and commune: so many do it in time, so many late, the others not yet."""
        body = HandOutIn.model_validate({"kinds": [UnitKind.WARD, UnitKind.COMMUNE], "programme": "city", **values})

        def hand_out(now: datetime) -> None:
            row = self.session.get_one(Directive, self.numbers["city"])
            handing_out.hand_out(self.session, CITY, row, body=body, now=now)

        begins, limit = days
        self.on(begins, hand_out)
        communal = [u for u in self.units.values() if u.kind in (UnitKind.WARD, UnitKind.COMMUNE)]
        # The ward that people sign in for has its own left to do.
        order = sorted(communal, key=lambda u: (u.code == plan.WARD, u.sort_order, u.code))
        for place, unit in enumerate(order):
            code, lead = f"{body.code}.{unit.code}", unit.code
            if place < done + late:
                day = begins + timedelta(days=5 + place * max((limit - begins).days - 6, 1) // (done + 1))
                day = min(day, limit) if place < done else limit + timedelta(days=4 + place - done)
                self.on(day, lambda now, c=code, u=lead: self._propose(c, u, now))  # type: ignore[misc]
                later = day + timedelta(days=3)
                self.on(later, lambda now, c=code: life.accept(*self._city(c), body=AcceptanceIn(), now=now))  # type: ignore[misc]
            elif place < done + late + 3:
                self.on(limit - timedelta(days=16), lambda now, c=code, u=lead: self._propose(c, u, now))  # type: ignore[misc]
            elif place < done + late + 9:
                self.on(begins + timedelta(days=20), lambda now, c=code, u=lead: self._say(c, u, 40, now))  # type: ignore[misc]

    def _add(self, planned: Planned, programme: str, directive: str, now: datetime) -> None:
        clause = {"centre": "I" if (planned.deadline or "") < "2025-07" else "II", "city": "III.1"}.get(directive)
        number = int(planned.code.rpartition("-")[2])
        values = {
            "code": planned.code, "title": planned.title, "programme": programme, "directive": self.numbers[directive],
            "clause": clause, "lead_unit": planned.lead, "kind": planned.kind, "deadline": planned.deadline,
            "rhythm": planned.rhythm if planned.kind == "regular" else None, "unclassified": planned.unclassified,
            "tags": list(planned.tags), "accountable_position": "Giám đốc" if number % 7 else None,
            "responsible_position": "Trưởng phòng chuyên môn" if number % 5 else None,
            "product": "Văn bản hoặc hệ thống đưa vào sử dụng" if number % 3 else None,
            "authority": "Thẩm quyền của đơn vị chủ trì" if number % 4 else None,
            "centre_code": f"TW-{number}" if programme == "centre" else None,
            "phase": {"I": "urgent", "II": "breakthrough"}.get(clause or "") if programme == "centre" else None,
            "coordinating_units": [plan.WARD] if number % 23 == 0 and planned.lead != plan.WARD else [],
        }  # fmt: skip
        task = service.add(self.session, CITY, values=TaskNew.model_validate(values), now=now)
        if planned.done is None and planned.started and number % 2:
            steps = [("Khảo sát", 1, True), ("Dự thảo", 2, number % 4 == 1), ("Ban hành, vận hành", 3, False)]
            items = [{"title": t, "weight": w, "done_on": day_of(now) if d else None} for t, w, d in steps]
            body = MilestonesIn.model_validate({"items": items})
            progress.put_milestones(self.session, CITY, task, values=body, if_match="*", now=now)

    def _words(self, planned: Planned, day: date, until: date) -> None:
        for number in range(3):
            day += timedelta(days=35 + 9 * number)
            if day <= until and (planned.reclassified is None or day < planned.reclassified):
                self.on(day, lambda now, p=25 * (number + 1): self._say(planned.code, planned.lead, p, now))  # type: ignore[misc]

    def _regular(self, planned: Planned, begins: date, rhythm: Rhythm, until: date) -> None:
        # Every eleventh has not spoken for a while.
        silent = int(planned.code.rpartition("-")[2]) % 11 == 0
        day = period_end(begins, rhythm)
        while day <= until and not (silent and day > date(2026, 7, 1)):
            said = period_end(day + timedelta(days=1), rhythm) - timedelta(days=6)
            self.on(said, lambda now: self._say(planned.code, planned.lead, None, now))
            day = period_end(day + timedelta(days=1), rhythm)

    def _task(self, code: str) -> Task:
        return service.by_code(self.session, CITY, code)

    def _city(self, code: str) -> tuple[Session, Caller, Task]:
        return self.session, CITY, self._task(code)

    def _lead(self, planned: Planned) -> tuple[Session, Caller, Task]:
        return self.session, self.unit(planned.lead), self._task(planned.code)

    def _say(self, code: str, unit: str, percent: int | None, now: datetime) -> None:
        task = self._task(code)
        own = task.percent_source == "milestones" or percent is None
        body = UpdateIn(done=f"Đã triển khai theo kế hoạch {MADE_UP}", percent=None if own else percent)
        progress.say(self.session, self.unit(unit), task, body=body, now=now)

    def _propose(self, code: str, unit: str, now: datetime) -> None:
        proof = f"{int(now.timestamp()) % 900 + 10}-MH/BC {MADE_UP}"
        body = ProposalIn(result=f"Đã hoàn thành, có sản phẩm kèm theo {MADE_UP}", document=proof)
        life.propose(self.session, self.unit(unit), self._task(code), body=body, now=now)

    def _extend(self, code: str, body: ExtensionIn, now: datetime) -> None:
        progress.extend(self.session, CITY, self._task(code), body=body, now=now)

    def _reclassify(self, planned: Planned, now: datetime) -> None:
        values = {"kind": "regular", "rhythm": planned.rhythm, "document": RECLASSIFYING}
        body = ReclassificationIn.model_validate(values)
        scope.reclassify(self.session, CITY, self._task(planned.code), body=body, now=now)

    def give_back(self, code: str, day: date) -> None:
        """Let the city want more of a proposal."""
        body = TaskReturnIn(reason=f"Chưa có biên bản nghiệm thu {MADE_UP}")
        self.on(day, lambda now: life.send_back(*self._city(code), body=body, now=now))


def load(session: Session, *, until: date, now: datetime, seed: int = 57) -> int:
    """Tell the whole story up to a day, once; returns how many things happened."""
    if session.scalar(select(col(Task.id)).limit(1)) is not None:
        return 0
    story = Story(session)
    for name, day in (("centre", date(2025, 6, 20)), ("research", date(2025, 6, 20)), ("city", date(2025, 6, 25)),
                      ("added", plan.ADDED_ON)):  # fmt: skip
        story.directive(name, day)
    for planned in plan.centre(seed):
        directive = "added" if planned.added == plan.ADDED_ON else "centre"
        story.task(planned, "centre", directive, until=until)
    for planned in plan.research(seed):
        story.task(planned, "research", "research", until=until)
    first = {"code": plan.FIRST_ACT, "title": f"Ban hành kế hoạch thực hiện của đơn vị {MADE_UP}", "clause": "III.1",
             "lead_unit": "VP-UBND", "deadline": "2025-07-31", "product": "Kế hoạch của đơn vị"}  # fmt: skip
    story.act(first, (date(2025, 7, 1), date(2025, 7, 31)), 35, 5, until)
    second = {"code": plan.SECOND_ACT, "title": f"Công khai bảng theo dõi dịch vụ công tại trụ sở {MADE_UP}",
              "clause": "III.1", "lead_unit": "TTPVHCC", "deadline": "2026-11-30",
              "product": "Bảng công khai"}  # fmt: skip
    story.act(second, (date(2026, 9, 15), date(2026, 11, 30)), 24, 0, until)
    for code, title, lead, deadline, started, done in plan.CITY:
        kind, rhythm = ("dated", None) if deadline else ("regular", "month")
        planned = Planned(
            code, f"{title} {MADE_UP}", lead, deadline, date(2026, 4, 1), kind=kind, rhythm=rhythm, started=started,
            done=done, accepted=done + timedelta(days=5) if done and done < date(2026, 11, 1) else None,
        )  # fmt: skip
        story.task(planned, "city", "city", until=until)
    return story.tell(until, now)
