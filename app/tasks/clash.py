"""Two people edited one task: what both changed side by side, what only the other did taken over; pure."""

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


@dataclass(frozen=True, slots=True)
class Merged:
    """What both changed, the names of what only the other did, and the form with that taken over."""

    both: list[TwoValues]
    taken: list[str]
    typed: dict[str, Any]


def merge(base: TaskIn | None, kept: TaskIn, typed: Mapping[str, Any]) -> Merged:
    """Return what became of a form that was drawn from `base`, the task being `kept` by now.

    Without a base nobody knows who changed what: all that differs is listed.
    """
    differing = two_values(kept, typed)
    if base is None:
        return Merged(differing, [], dict(typed))
    was, stands = base.model_dump(mode="json"), kept.model_dump(mode="json")
    before = {one.name: _several(was[one.name]) for one in differing}
    taken = [one.name for one in differing if one.typed == before[one.name]]
    both = [one for one in differing if before[one.name] not in (one.typed, one.kept)]
    return Merged(both, taken, {**typed, **{name: _as_typed(stands[name]) for name in taken}})


def _as_typed(value: Any) -> Any:
    """Return a value as a form sends it."""
    return [str(one) for one in value] if isinstance(value, list) else "" if value is None else str(value)


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
