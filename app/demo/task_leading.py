"""How the city leads the demonstration's tasks: questions and answers, blockers, the reports to the centre; made up."""

from datetime import date, datetime
from functools import partial

from app.core.access import Caller
from app.demo.task_plan import MADE_UP
from app.demo.task_story import CITY, Story
from app.tasks.asking import service as asking
from app.tasks.asking.rules import BlockerLevel
from app.tasks.asking.schemas import AnswerIn, BlockerIn, EscalationIn, OutcomeIn, TaskQuestionIn
from app.tasks.models import Task
from app.tasks.monthly import service as monthly
from app.tasks.monthly.schemas import DispatchIn, MonthlyIn
from app.tasks.progress import service as progress
from app.tasks.progress.schemas import UpdateIn
from app.units.models import Unit

LEADER = Caller(
    id=0, user_name="minh-hoa", label=f"Lãnh đạo thành phố {MADE_UP}", role="leader", unit_id=None, unit_code=None,
    rights=frozenset(), units=None, demonstration=True,
)  # fmt: skip
# Task, asked on, due on, answered on (None: not yet), what.
QUESTIONS: tuple[tuple[str, date, date, date | None, str], ...] = (
    ("KH98-18", date(2026, 10, 12), date(2026, 10, 16), date(2026, 10, 20),
     "Vì sao quá hạn, khi nào số hóa xong?"),
    ("KH02-154", date(2026, 11, 3), date(2026, 11, 6), date(2026, 11, 5), "Giải trình việc chậm tiến độ."),
    ("KH02-162", date(2026, 11, 10), date(2026, 11, 13), None, "Giải trình nguyên nhân quá hạn từ tháng 10."),
    ("KH98-11", date(2026, 11, 19), date(2026, 11, 25), None, "Phường cần gì để lập xong danh mục?"),
)  # fmt: skip
ANSWER = f"Thiếu nhân lực nhập dữ liệu; đã thuê thêm và cam kết xong trong quý IV {MADE_UP}"
# Task, what, who is to clear it, raised on, taken higher (day, level, owner), cleared on with what came of it.
BLOCKERS: tuple[tuple[str, str, str, date, tuple[tuple[date, str, str], ...], tuple[date, str] | None], ...] = (
    ("KH02-138", "Chưa có hướng dẫn định mức kinh phí", "Trưởng phòng Kế hoạch", date(2026, 3, 10),
     ((date(2026, 4, 15), "department", "Giám đốc Sở Tài chính"),
      (date(2026, 6, 1), "city", "Phó Chủ tịch UBND thành phố")), (date(2026, 9, 1), "Đã bố trí kinh phí năm 2026")),
    ("KH02-154", "Hai hệ thống chưa kết nối được với nhau", "Giám đốc sở chủ trì", date(2026, 6, 15),
     ((date(2026, 9, 10), "city", "Phó Chủ tịch UBND thành phố"),), None),
    ("KH98-18", "Sổ hộ tịch cũ hư hỏng, phải phục chế", "Trưởng phòng Hộ tịch", date(2026, 7, 1),
     ((date(2026, 7, 20), "department", "Giám đốc Sở Tư pháp"),), (date(2026, 10, 28), "Đã phục chế xong")),
    ("KH02-155", "Nhà thầu bàn giao chậm", "Trưởng phòng Công nghệ số", date(2026, 10, 20), (), None),
    ("KH98-11", "Chưa có mẫu danh mục dữ liệu thống nhất", "Chủ tịch UBND phường", date(2026, 11, 16), (), None),
)  # fmt: skip
# Task, day: what units say of their trouble, for the reports to carry.
TROUBLE = {
    "causes": "Thiếu nhân lực chuyên trách", "difficulties": "Dữ liệu cũ chưa chuẩn hóa",
    "proposals": "Đề nghị hướng dẫn thống nhất mẫu biểu",
}  # fmt: skip
TROUBLED = (
    ("KH02-154", date(2026, 9, 28)), ("KH02-162", date(2026, 10, 14)), ("KH98-18", date(2026, 10, 5)),
    ("KH02-155", date(2026, 11, 12)), ("KH02-163", date(2026, 11, 17)),
)  # fmt: skip
# Month, written on, approved on, sent on; the last one still waits for its approval.
REPORTS = (
    ("2026-07", date(2026, 7, 20), date(2026, 7, 22), date(2026, 7, 24)),
    ("2026-08", date(2026, 8, 20), date(2026, 8, 21), date(2026, 8, 24)),
    ("2026-09", date(2026, 9, 18), date(2026, 9, 22), date(2026, 9, 24)),
    ("2026-10", date(2026, 10, 20), date(2026, 10, 22), date(2026, 10, 23)),
    ("2026-11", date(2026, 11, 19), None, None),
)
SAID = MonthlyIn(
    causes=f"Một số nhiệm vụ phụ thuộc hướng dẫn chuyên ngành chưa ban hành {MADE_UP}",
    difficulties=f"Nhân lực chuyển đổi số cấp xã còn thiếu {MADE_UP}",
    proposals=f"Đề nghị sớm thống nhất mẫu biểu, chuẩn kết nối {MADE_UP}",
)


def tell(story: Story) -> None:
    """Add to the story how tasks are asked about, what stands in their way, and what the centre is told."""
    for code, day in TROUBLED:
        story.on(day, partial(_trouble, story, code))
    for code, asked, due, answered, text in QUESTIONS:
        body = TaskQuestionIn(text=f"{text} {MADE_UP}", due_on=due)
        numbers: dict[str, int] = {}
        story.on(asked, partial(_ask, story, code, body, numbers))
        if answered is not None:
            story.on(answered, partial(_answer, story, code, numbers))
    for code, text, owner, raised, higher, cleared in BLOCKERS:
        numbers = {}
        new = BlockerIn(text=f"{text} {MADE_UP}", owner_position=owner, level=BlockerLevel.unit)
        story.on(raised, partial(_raise, story, code, new, numbers))
        for day, level, to in higher:
            up = EscalationIn(level=BlockerLevel(level), owner_position=to)
            story.on(day, partial(_escalate, story, code, up, numbers))
        if cleared is not None:
            end = OutcomeIn(outcome=f"{cleared[1]} {MADE_UP}")
            story.on(cleared[0], partial(_clear, story, code, end, numbers))
    for month, written, approved, sent in REPORTS:
        story.on(written, partial(_write, story, month))
        if approved is not None and sent is not None:
            story.on(approved, partial(_approve, story, month))
            story.on(sent, partial(_send, story, month, sent))


def _lead(story: Story, task: Task) -> Caller:
    return story.unit(story.session.get_one(Unit, task.lead_unit_id).code)


def _trouble(story: Story, code: str, now: datetime) -> None:
    task = story.task_of(code)
    said = {name: f"{text} {MADE_UP}" for name, text in TROUBLE.items()}
    body = UpdateIn.model_validate(said | {"done": f"Đã hoàn thành phần khảo sát, dự thảo {MADE_UP}"})
    progress.say(story.session, _lead(story, task), task, body=body, now=now)


def _ask(story: Story, code: str, body: TaskQuestionIn, numbers: dict[str, int], now: datetime) -> None:
    numbers["it"] = asking.ask(story.session, LEADER, story.task_of(code), body=body, now=now).id


def _answer(story: Story, code: str, numbers: dict[str, int], now: datetime) -> None:
    task = story.task_of(code)
    asking.answer(story.session, _lead(story, task), task, numbers["it"], body=AnswerIn(answer=ANSWER), now=now)


def _raise(story: Story, code: str, body: BlockerIn, numbers: dict[str, int], now: datetime) -> None:
    task = story.task_of(code)
    numbers["it"] = asking.block(story.session, _lead(story, task), task, body=body, now=now).id


def _escalate(story: Story, code: str, body: EscalationIn, numbers: dict[str, int], now: datetime) -> None:
    asking.escalate(story.session, CITY, story.task_of(code), numbers["it"], body=body, now=now)


def _clear(story: Story, code: str, body: OutcomeIn, numbers: dict[str, int], now: datetime) -> None:
    asking.resolve(story.session, CITY, story.task_of(code), numbers["it"], body=body, now=now)


def _write(story: Story, month: str, now: datetime) -> None:
    monthly.write(story.session, CITY, "centre", month, values=SAID, if_match=None, now=now)


def _approve(story: Story, month: str, now: datetime) -> None:
    monthly.approve(story.session, CITY, "centre", month, now=now)


def _send(story: Story, month: str, day: date, now: datetime) -> None:
    document = {"number": f"{int(month[5:]) + 300}-MH/BC-UBND {MADE_UP}", "day": day}
    body = DispatchIn.model_validate({"document": document})
    monthly.dispatch(story.session, CITY, "centre", month, body=body, now=now)
