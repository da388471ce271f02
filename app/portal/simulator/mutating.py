"""Answers that are wrong in one place, each time another: what is not agreed must change nothing. Pure."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

# What stands where a text, a count or rows are agreed, and is none of these.
NO_TEXT: tuple[Any, ...] = (None, "", "   ", True, 1.5, [], {}, "x" * 501, "a\u0007b", "\ud800")
NO_COUNT: tuple[Any, ...] = (-1, 1.5, True, "7", 10**12, [], {})
NO_ROWS: tuple[Any, ...] = (None, {}, "rows", 7, [None], ["row"], [[]])
TEXTS = frozenset(
    {"MaCoQuan", "TenCoQuan", "MaLinhVuc", "TenLinhVuc", "MaTTHC", "TenTTHC", "MaBanTin", "KetQua", "departmentId"}
    | {"departmentName", "fieldCode", "fieldName", "procedureCode", "procedureName", "scoredAt", "messageId", "receipt"}
)
COUNTS = frozenset(
    {"totalReceived", "totalOnTime", "totalOverdue", "channelOnlineSum", "channelDirectSum", "channelPostalSum"}
)
UNREAD = frozenset({"TenLinhVuc"})  # of a procedure: nobody looks at it, so nothing can be wrong with it


def mutated(answer: dict[str, Any], number: int) -> bytes:
    """Return an answer's bytes with one thing wrong; the same number and answer give the same."""
    chance = Random(number)  # noqa: S311 - to try things out
    whole = json.dumps(answer, ensure_ascii=False).encode()
    code, content = ("error_code", "result") if "error_code" in answer else ("code", "data")
    kinds: list[Callable[[], bytes]] = [
        lambda: whole[: chance.randrange(len(whole))],
        lambda: _with(whole, chance, b"\xff"),
        lambda: _with(whole, chance, b"\x00"),
        lambda: b"[" * 100_000,
        lambda: b"[" + whole + b"]",
        lambda: _written({**answer, code: chance.choice(("ERR", None, [], 5.5, {}))}),
        lambda: _written({**answer, content: chance.choice((None, "x", 7, True))}),
    ]
    if answer.get(content):
        kinds += [lambda: _cell(answer, content, chance)] * 8
    return chance.choice(kinds)()


def _cell(answer: dict[str, Any], content: str, chance: Random) -> bytes:
    copy: dict[str, Any] = json.loads(json.dumps(answer))
    holder, name = (copy, "result") if content == "result" else (copy["data"], "rows")
    if name not in holder:  # a receipt
        holder[chance.choice(sorted(TEXTS & holder.keys()))] = chance.choice(NO_TEXT)
    elif not holder[name] or chance.random() < 0.2:
        holder[name] = chance.choice(NO_ROWS)
    elif "total" in holder and chance.random() < 0.2:
        holder["total"] = chance.choice((*NO_COUNT, None, holder["total"] + 1))
    else:
        row = chance.choice(holder[name])
        key = chance.choice(sorted(((TEXTS | COUNTS) & row.keys()) - (UNREAD if "MaTTHC" in row else set())))
        row[key] = chance.choice(NO_COUNT if key in COUNTS else NO_TEXT)
    return _written(copy)


def _with(whole: bytes, chance: Random, byte: bytes) -> bytes:
    place = chance.randrange(len(whole))
    return whole[:place] + byte + whole[place:]


def _written(value: Any) -> bytes:
    return json.dumps(value).encode()
