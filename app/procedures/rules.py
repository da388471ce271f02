"""Which fields apply to which unit, on which day, in which system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.units.rules import is_valid

UNSPLIT = "UNSPLIT"
PROCEDURE_CODE = r"^\d\.\d{6}(\.[A-Z0-9]{1,10})?$"


class System(StrEnum):
    """Where a unit's dossiers live: the city's one-gate system, or a ministry's own."""

    CITY = "city"
    MINISTRY = "ministry"


class Level(StrEnum):
    """Who decides a procedure since July 2025."""

    CITY = "city"
    COMMUNE = "commune"


class OnlineLevel(StrEnum):
    """How far a procedure can be done online."""

    FULL = "full"
    PARTIAL = "partial"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What others need of a field, free of any session."""

    id: int
    code: str
    name_vi: str
    name_en: str
    name_fr: str
    short_name: str
    valid_from: date
    valid_to: date | None
    sort_order: int

    def name(self, locale: str) -> str:
        """Return the field's name in a language."""
        return {"en": self.name_en, "fr": self.name_fr}.get(locale, self.name_vi)


@dataclass(frozen=True, slots=True)
class Applicability:
    """Every rule of applicability, read once: `fields` is sorted, `kinds` holds (system, kind, field's id)."""

    all_fields: tuple[FieldInfo, ...]
    kinds: frozenset[tuple[str, str, int]]
    exceptions: Mapping[tuple[int, str, int], bool] = field(default_factory=dict)

    def applies(self, info: FieldInfo, unit_id: int, unit_kind: str, day: date, system: str) -> bool:
        """Tell whether a unit counts a field in a system on a day.

        The field must be valid then; a rule for the one unit is stronger than the rule for its kind; the field for
        totals not yet split applies everywhere.
        """
        if not is_valid(day, info.valid_from, info.valid_to):
            return False
        if info.code == UNSPLIT:
            return True
        own = self.exceptions.get((unit_id, system, info.id))
        return (system, unit_kind, info.id) in self.kinds if own is None else own

    def fields(self, unit_id: int, unit_kind: str, day: date, system: str) -> dict[str, FieldInfo]:
        """Return by code, in their usual order, the fields that a unit counts in a system on a day."""
        return {f.code: f for f in self.all_fields if self.applies(f, unit_id, unit_kind, day, system)}
