"""What can be wrong with a formula, and where."""

from dataclasses import dataclass, field
from typing import Any

from app.indicators.formulas.tree import Place


@dataclass(frozen=True, slots=True)
class FormulaFault:
    """One thing wrong: a stable code, its place, what may stand there instead, and what its sentence needs."""

    code: str
    at: Place
    expected: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


class FormulaWrong(ValueError):
    """A formula that cannot be taken, with all that is wrong in it, from left to right."""

    def __init__(self, *faults: FormulaFault) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.at.offset)
        super().__init__(", ".join(fault.code for fault in self.faults))
