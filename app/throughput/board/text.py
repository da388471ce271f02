"""The board as a line for the chat group, and as a table for spreadsheets."""

from app.core import i18n, tables
from app.core.settings import Locale
from app.procedures.rules import System
from app.throughput.board.book import book
from app.throughput.board.schemas import BoardItem, BoardOut, SystemCount
from app.throughput.rules import SYSTEMS
from app.throughput.schemas import TotalsOut
from app.throughput.timing import State

MOST_NAMES = 40


def text(data: BoardOut, locale: Locale) -> str:
    """Return a day's board as one line: how many are in, the sums, and who still owes what."""
    done = data.completeness
    if not done.expected:
        return i18n.translate("throughput.board_text_nothing", locale, day=data.day)
    # While the deadline of one part is ahead nobody is complete, and "0/40" would read as if nobody had sent.
    waits = not done.received and any(c.expected and not c.received and not c.late for c in data.systems)
    late = sum(count.units for count in data.counts if count.state is State.late)
    key = "throughput.board_text_waiting" if waits else "throughput.board_text_in"
    words = [i18n.translate(key, locale, day=data.day, n=late if waits else done.received, total=done.expected)]
    if data.cut_off is not None:
        total = data.total
        words.append(
            i18n.translate(
                "throughput.board_text_sums",
                locale,
                time=i18n.moment(data.cut_off, locale),
                received=total.received,
                online=i18n.percent(total.rates.online.value, locale).lower(),
                resolved=total.resolved,
                pending=total.pending,
                overdue=total.pending_overdue,
            )
        )
    return " ".join([*words, *(_system(data, count, locale) for count in data.systems if count.expected)])


def _system(data: BoardOut, count: SystemCount, locale: Locale) -> str:
    """Return a sentence on a system: how many have sent, and who has not; nobody's name where nobody has."""
    said = {
        "system": i18n.translate(f"throughput.system_{count.system.value}", locale),
        "n": count.received,
        "total": count.expected,
    }
    if not count.received and not count.late:
        return i18n.translate("throughput.board_text_not_due", locale, **said)
    owing = [one.name for one in data.missing if count.system in one.systems]
    if not owing or not count.received:
        return i18n.translate("throughput.board_text_system", locale, **said)
    names = ", ".join(owing[:MOST_NAMES])
    # The board names no more than its first units; how many owe this system is then not known from the names.
    if len(owing) > MOST_NAMES or data.missing_count > len(data.missing):
        names = i18n.translate("throughput.board_text_more", locale, names=names)
    return i18n.translate("throughput.board_text_owing", locale, **said, names=names)


def as_table(data: BoardOut, locale: Locale) -> tables.Table:
    """Return the board's rows with four columns a system; as a workbook laid out for people."""
    columns = ["unit", "name", "state"]
    columns += [f"{system.value}_{what}" for system in SYSTEMS for what in ("state", "due_at", "received_at", "status")]
    columns += ["received_at", "approved", "version", *TotalsOut.model_fields]
    return tables.Table(
        f"tinh-hinh-{data.day}", columns, [_row(item) for item in data.items], book=lambda: book(data, locale)
    )


def _row(item: BoardItem) -> list[tables.Cell]:
    by_system = {one.system: one for one in item.systems}
    row: list[tables.Cell] = [item.unit, item.name, item.state]
    for system in System:
        one = by_system.get(system)
        row += [one.state, one.due_at, one.received_at, one.status] if one else [None] * 4
    totals = item.totals.model_dump() if item.totals else {}
    return [*row, item.received_at, item.approved, item.version, *(totals.get(c) for c in TotalsOut.model_fields)]
