"""What follows the demonstration's reports: some approved, one returned, a locked day asked for, another granted."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core import audit
from app.core.errors import Conflict
from app.demo.callers import analyst, leader
from app.procedures.rules import System
from app.throughput.approvals import service as approvals
from app.throughput.approvals.rules import Stage
from app.throughput.approvals.service import Terms
from app.throughput.models import Report
from app.throughput.reopenings import service as reopenings
from app.throughput.reopenings.schemas import GrantIn, ReopeningIn
from app.units.models import Unit

# The ward of the demonstration's accounts sees what it gets back and what it asked for.
OWN, NEIGHBOUR = "19789", "19753"
APPROVED = 28
# What the returned report lacks by the one-gate system, which says so too.
LACKING_FIELD, LACKING = "HT", 3


def follow(session: Session, units: dict[str, Unit], days: Sequence[date], now: datetime) -> None:
    """Approve most of the last whole day, return one report, ask for a locked day and grant another."""
    last = session.execute(select(func.max(col(Report.updated_at)))).scalar()
    if last is None or len(days) < 3:
        return
    at = min(now, last + timedelta(minutes=30))
    context = session.info["audit_context"]
    session.info["audit_context"] = audit.Context(at, None, "minh-hoa", "demo")
    _approve(session, units, days[-2], at)
    _reopen(session, units, days[max(0, len(days) - 7)], at)
    session.info["audit_context"] = context


def _approve(session: Session, units: dict[str, Unit], day: date, at: datetime) -> None:
    found = select(col(Unit.code), col(Report.version)).join(Report, col(Report.unit_id) == col(Unit.id))
    city = found.where(col(Report.day) == day, col(Report.system) == System.CITY.value).order_by(col(Unit.code))
    reports = [(units[code], version) for code, version in session.execute(city)]
    for unit, version in _but(reports, OWN)[:APPROVED]:
        for caller in (leader(unit), analyst()):
            approvals.approve(
                session, caller, unit=unit, day=day, system=System.CITY, stage=approvals.stage_of(caller),
                version=version, terms=Terms(), now=at,
            )  # fmt: skip
    for unit, version in reports:
        if unit.code == OWN:
            approvals.give_back(
                session, analyst(), unit=unit, day=day, system=System.CITY, stage=Stage.city, version=version,
                reason=f"Lĩnh vực Hộ tịch: số tiếp nhận trực tuyến thấp hơn hệ thống một cửa {LACKING} hồ sơ, "
                "đề nghị kiểm tra và gửi lại", now=at,
            )  # fmt: skip


def _reopen(session: Session, units: dict[str, Unit], day: date, at: datetime) -> None:
    asked = {
        OWN: "Đối chiếu với hệ thống một cửa thấy sót 4 hồ sơ hộ tịch nhận tại quầy",
        NEIGHBOUR: "Ghi nhầm 2 hồ sơ từ đúng hạn sang quá hạn",
    }
    for code, why in asked.items():
        with suppress(Conflict):  # asked before, or the day is not locked yet
            caller, body = leader(units[code]), ReopeningIn(why=why)
            made, _ = reopenings.ask(
                session, caller, unit=units[code], day=day, system=System.CITY, body=body, now=at
            )  # fmt: skip
            if code == NEIGHBOUR:
                grant = GrantIn(hours=24, reason="Đã có biên bản đối chiếu kèm theo")
                reopenings.grant(
                    session, analyst(), made.id, body=grant, if_match=f'"{made.version}"', now=at
                )  # fmt: skip


def _but(reports: Iterable[tuple[Unit, int]], code: str) -> list[tuple[Unit, int]]:
    return [(unit, version) for unit, version in reports if unit.code != code]
