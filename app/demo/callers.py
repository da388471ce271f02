"""Who acts in the demonstration: people of a unit and of the city, each with the rights of their role and no more."""

from app.accounts.rules import Role, rights_of, units_of
from app.core.access import Caller
from app.demo.task_plan import MADE_UP
from app.units.models import Unit


def officer(unit: Unit) -> Caller:
    """Return who counts and sends for a unit."""
    return _of(Role.ward_officer, f"Một cửa {unit.name}, minh họa", unit)


def leader(unit: Unit) -> Caller:
    """Return who leads a unit."""
    return _of(Role.ward_leader, f"Lãnh đạo {unit.name}, minh họa", unit)


def department(unit: Unit) -> Caller:
    """Return who works on a unit's tasks; what they make is marked as the demonstration's."""
    return _of(Role.department_officer, f"{unit.name} {MADE_UP}", unit, marked=True)


def analyst() -> Caller:
    """Return who sums up for the city."""
    return _of(Role.city_analyst, "Tổ tổng hợp thành phố, minh họa")


def task_keeper() -> Caller:
    """Return who keeps the city's tasks; what they make is marked as the demonstration's."""
    return _of(Role.city_analyst, f"Chuyên viên tổng hợp {MADE_UP}", marked=True)


def _of(role: Role, label: str, unit: Unit | None = None, *, marked: bool = False) -> Caller:
    unit_id = unit.id if unit else None
    return Caller(
        id=0, user_name="minh-hoa", label=label, role=role.value, unit_id=unit_id,
        unit_code=unit.code if unit else None, rights=rights_of(role, unit_id), units=units_of(role, unit_id),
        demonstration=marked,
    )  # fmt: skip
