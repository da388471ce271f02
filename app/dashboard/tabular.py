"""The dashboard as rows: every number that it shows, with what it is a part of."""

from collections.abc import Iterator

from app.core.tables import Cell, Table
from app.dashboard.schemas import DashboardOut, ServedFigures
from app.throughput.schemas import RateOut

COLUMNS = ("part", "key", "name", "value", "numerator", "denominator", "from", "to")
_ROW = list[Cell]


def as_table(data: DashboardOut) -> Table:
    """Return one row a number; a rate's value is a share of 1."""
    return Table("tong-quan", COLUMNS, list(_rows(data)))


def _rows(data: DashboardOut) -> Iterator[_ROW]:
    for span in data.served.spans if data.served else []:
        yield from _served(span.kind.value, span)
        for name, other in (("previous", span.previous), ("week_before", span.week_before)):
            if other is not None:
                yield from _served(f"{span.kind.value}.{name}", other)
    for of_day in data.served.series if data.served else []:
        yield ["series", "received", "", of_day.received, None, None, of_day.day, of_day.day]
        yield ["series", "resolved", "", of_day.resolved, None, None, of_day.day, of_day.day]
        yield ["series", "on_time", "", *_parts(of_day.on_time), of_day.day, of_day.day]
        yield ["series", "complete", "", None, of_day.complete, of_day.expected, of_day.day, of_day.day]
    if data.reported is not None:
        done, day = data.reported.completeness, data.reported.day
        yield ["reported", "units", "", None, done.received, done.expected, day, day]
        for system in data.reported.systems:
            yield ["reported", system.system.value, "", None, system.received, system.expected, day, day]
        for unit in data.reported.missing:
            yield ["missing", unit.unit, unit.name, None, None, None, day, day]
    if data.tasks is not None:
        for bucket in data.tasks.buckets:
            yield ["tasks", bucket.bucket.value, "", bucket.count, None, data.tasks.total, None, None]
        for task in data.tasks.overdue:
            late = -task.days_left if task.days_left is not None else None
            yield ["overdue", task.code, task.lead_unit.name, late, None, None, None, None]
    if data.targets is not None:
        for standing in data.targets.counts:
            yield ["targets", standing.standing.value, "", standing.count, None, None, None, None]
        yield ["targets", "judged", "", data.targets.judged, None, None, None, None]
        for one in data.targets.missed:
            reading = one.indicator.reading
            base = (reading.numerator, reading.denominator) if reading else (None, None)
            value = reading.value if reading else None
            shown = float(value) if value is not None else None
            yield ["missed", one.indicator.code, one.indicator.name_vi, shown, *base, None, None]
    if data.gaps is not None:
        for name in ("standing", "to_1", "to_3", "to_7", "more", "unexplained"):
            yield ["gaps", name, "", getattr(data.gaps, name), None, None, None, None]
    for blocker in data.blockers.items if data.blockers else []:
        yield ["blockers", blocker.task, blocker.lead_unit.name, blocker.age, None, None, None, None]


def _served(part: str, figures: ServedFigures) -> Iterator[_ROW]:
    for name in ("received", "resolved", "pending", "pending_overdue"):
        yield [f"served.{part}", name, "", getattr(figures, name), None, None, figures.first, figures.last]
    for name in ("on_time", "overdue", "online"):
        rate: RateOut | None = getattr(figures, name)
        yield [f"served.{part}", name, "", *_parts(rate), figures.first, figures.last]


def _parts(rate: RateOut | None) -> _ROW:
    return [rate.value, rate.numerator, rate.denominator] if rate is not None else [None, None, None]
