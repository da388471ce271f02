"""Loads the demonstration's tasks: their own lives, and how the city leads them."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from app.demo import task_leading
from app.demo import task_plan as plan
from app.demo.task_plan import MADE_UP, Planned
from app.demo.task_story import Story
from app.tasks.models import Task


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
    task_leading.tell(story)
    return story.tell(until, now)
