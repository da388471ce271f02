"""Tells the demonstration's tasks through their services, in the order in which things happened."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import groupby

from sqlalchemy import select
from sqlmodel import Session

from app.core import audit
from app.core.access import Caller
from app.core.clock import at, day_of
from app.demo import callers
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
CITY = callers.task_keeper()


def _head_of(lead: str) -> str:
    """Return the position that answers for what a unit leads."""
    return {plan.WARD: "Chủ tịch UBND phường", "VP-UBND": "Chánh Văn phòng"}.get(lead, "Giám đốc")


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
        return callers.department(self.units[code])

    def directive(self, name: str, day: date) -> None:
        """Let a document come in."""

        def act(now: datetime) -> None:
            values = DirectiveIn.model_validate(DIRECTIVES[name])
            self.numbers[name] = directives.add(self.session, CITY, values=values, now=now).id

        self.on(day, act)

    def task(self, planned: Planned, programme: str, directive: str, *, until: date) -> None:
        """Tell a task's whole life."""
        self.on(planned.added, partial(self._add, planned, programme, directive))
        if planned.started:
            self.on(planned.started, lambda now: life.start(*self._lead(planned), body=StartIn(), now=now))
            if planned.done is None:
                self._words(planned, planned.started, until)
        if planned.done:
            self.on(planned.done, partial(self._propose, planned.code, planned.lead))
        if planned.extended:
            day, deadline = planned.extended
            paper = {"number": f"88-MH/CV {MADE_UP}", "day": day.isoformat()}
            body = ExtensionIn.model_validate({"deadline": deadline, "document": paper})
            self.on(day, partial(self._extend, planned.code, body))
        if planned.accepted:
            self.on(planned.accepted, partial(self._accept, planned.code))
        begins = planned.added if planned.kind == "regular" else planned.reclassified
        if planned.reclassified:
            self.on(planned.reclassified, partial(self._reclassify, planned))
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
                self.on(day, partial(self._propose, code, lead))
                self.on(day + timedelta(days=3), partial(self._accept, code))
            elif place < done + late + 3:
                self.on(limit - timedelta(days=16), partial(self._propose, code, lead))
            elif place < done + late + 9:
                self.on(begins + timedelta(days=20), partial(self._say, code, lead, 40))

    def _add(self, planned: Planned, programme: str, directive: str, now: datetime) -> None:
        clause = {"centre": "I" if (planned.deadline or "") < "2025-07" else "II", "city": "III.1"}.get(directive)
        number = int(planned.code.rpartition("-")[2])
        values = {
            "code": planned.code, "title": planned.title, "programme": programme, "directive": self.numbers[directive],
            "clause": clause, "lead_unit": planned.lead, "kind": planned.kind, "deadline": planned.deadline,
            "rhythm": planned.rhythm if planned.kind == "regular" else None, "unclassified": planned.unclassified,
            "tags": list(planned.tags), "accountable_position": _head_of(planned.lead) if number % 7 else None,
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
                self.on(day, partial(self._say, planned.code, planned.lead, 25 * (number + 1)))

    def _regular(self, planned: Planned, begins: date, rhythm: Rhythm, until: date) -> None:
        # Every eleventh has not spoken for a while.
        silent = int(planned.code.rpartition("-")[2]) % 11 == 0
        day = period_end(begins, rhythm)
        while day <= until and not (silent and day > date(2026, 7, 1)):
            said = period_end(day + timedelta(days=1), rhythm) - timedelta(days=6)
            self.on(said, partial(self._say, planned.code, planned.lead, None))
            day = period_end(day + timedelta(days=1), rhythm)

    def task_of(self, code: str) -> Task:
        return service.by_code(self.session, CITY, code)

    def _city(self, code: str) -> tuple[Session, Caller, Task]:
        return self.session, CITY, self.task_of(code)

    def _lead(self, planned: Planned) -> tuple[Session, Caller, Task]:
        return self.session, self.unit(planned.lead), self.task_of(planned.code)

    def _say(self, code: str, unit: str, percent: int | None, now: datetime) -> None:
        task = self.task_of(code)
        own = task.percent_source == "milestones" or percent is None
        body = UpdateIn(done=f"Đã triển khai theo kế hoạch {MADE_UP}", percent=None if own else percent)
        progress.say(self.session, self.unit(unit), task, body=body, now=now)

    def _propose(self, code: str, unit: str, now: datetime) -> None:
        proof = f"{int(now.timestamp()) % 900 + 10}-MH/BC {MADE_UP}"
        body = ProposalIn(result=f"Đã hoàn thành, có sản phẩm kèm theo {MADE_UP}", document=proof)
        life.propose(self.session, self.unit(unit), self.task_of(code), body=body, now=now)

    def _accept(self, code: str, now: datetime) -> None:
        life.accept(*self._city(code), body=AcceptanceIn(), now=now)

    def _extend(self, code: str, body: ExtensionIn, now: datetime) -> None:
        progress.extend(self.session, CITY, self.task_of(code), body=body, now=now)

    def _reclassify(self, planned: Planned, now: datetime) -> None:
        values = {"kind": "regular", "rhythm": planned.rhythm, "document": RECLASSIFYING}
        body = ReclassificationIn.model_validate(values)
        scope.reclassify(self.session, CITY, self.task_of(planned.code), body=body, now=now)

    def give_back(self, code: str, day: date) -> None:
        """Let the city want more of a proposal."""
        body = TaskReturnIn(reason=f"Chưa có biên bản nghiệm thu {MADE_UP}")
        self.on(day, lambda now: life.send_back(*self._city(code), body=body, now=now))
