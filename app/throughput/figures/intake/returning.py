"""Giving back what a source said of a unit-day before a file that is withdrawn, as its newest word."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_

from app.core import audit, hot
from app.procedures.rules import System
from app.throughput.figures import storing
from app.throughput.figures.models import FigureImportDay
from app.throughput.figures.storing import Before, Call

_OF = hot.table(FigureImportDay).c
_OF_DAY = _OF.figure_day_id == bindparam("of_day")
_end = hot.table(FigureImportDay).update().where(_OF.import_id == bindparam("of_import"), _OF_DAY)
_gave = or_(_OF.version == bindparam("of_version"), _OF.stands_as == bindparam("of_version"))
_stand = hot.table(FigureImportDay).update().where(_gave, _OF_DAY, _OF.withdrawn.is_(False))


def kept(before: Before) -> str:
    """Return what stood of a unit-day as it is kept beside the file that took its place."""
    until = before.counted_until.isoformat() if before.counted_until is not None else None
    since = before.since.isoformat() if before.since is not None else None
    cells = [[*cell, value] for cell, value in before.figures.items()]
    return json.dumps([until, cells, since, before.totals], separators=(",", ":"))


def read(text: str | None) -> Before | None:
    """Return what was kept; None where nothing stood."""
    if text is None:
        return None
    until, cells, since, totals = (*json.loads(text), None, None)[:4]
    return Before(
        date.fromisoformat(since) if since is not None else None, totals,
        datetime.fromisoformat(until) if until is not None else None,
        {(field, measure): value for field, measure, value in cells},
    )  # fmt: skip


def knows_totals(text: str | None) -> bool:
    """Tell whether totals would be in it: of files that were brought before they could be withdrawn they are not."""
    return text is None or len(json.loads(text)) > 2


def give(call: Call, number: int, day: Any, version: int, before: Before | None) -> None:
    """Make what stood before a file its unit-day's word again: the same row's next version; the file's own word ends.

    `day`: its row with the unit's `code`; `version`: the one that is given back, 0 where nothing was said.
    """
    # By no call is this known again: the same figures sent anew are a new word.
    digest = hashlib.sha256(f"withdrawn {number} {day.id}".encode()).hexdigest()
    key = day.unit_id, System(day.system), day.day
    storing.give_back(call, day.id, key, before, day.version, max(call.now, day.known_at), digest)
    newest = day.version + 1
    hot.run(call.session, _end.values(taken_back=newest), {"of_import": number, "of_day": day.id})
    hot.run(call.session, _stand.values(stands_as=newest), {"of_version": version, "of_day": day.id})
    audit.record(
        call.session, "figures.taken_back", f"figures/{day.code}/{day.day}/{day.system}",
        after={"source": call.body.source, "version": newest, "import": number},
    )  # fmt: skip
