"""Two people edited one task: what is kept and what was typed, side by side; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.tasks.schemas import TaskIn


@dataclass(frozen=True, slots=True)
class TwoValues:
    """A field in which the form and the task that is kept differ; several values stand one after the other."""

    name: str
    kept: tuple[str, ...]
    typed: tuple[str, ...]


def two_values(kept: TaskIn, typed: Mapping[str, Any]) -> list[TwoValues]:
    """Return the fields in which what was typed differs from what is kept, in the order of the form."""
    stands = kept.model_dump(mode="json")
    both = [TwoValues(name, _several(stands[name]), _several(typed.get(name))) for name in TaskIn.model_fields]
    # A box that nobody ticked is not sent, and neither is a field that the form of this task does not have.
    return [one for one in both if one.kept != one.typed and (one.name in typed or one.name == "coordinating_units")]


def _several(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):  # the numbered fields of a list
        value = list(value.values())
    if isinstance(value, list | tuple):
        return tuple(sorted(str(one).strip() for one in value if str(one).strip()))
    text = "" if value is None else " ".join(str(value).split())
    return (text,) if text else ()
