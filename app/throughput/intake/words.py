"""How headings are worded: from what stands over a column to what it counts. Pure."""

import re
from collections.abc import Mapping
from functools import cache

from app.core import i18n
from app.core.text import search_key
from app.throughput.rules import COLUMNS

_MEMOS = ("received_for_others", "waiting_applicant", "digitised", "paid_online", "fully_online")
_PLACES: tuple[tuple[str, str], ...] = (
    ("field", r"(ma( linh vuc| lv| so)?|field|code|code du domaine)"),
    ("ordinal", r"(stt|tt|so tt|so thu tu|no\.?|n)"),
    ("system", r"(he thong( nguon)?|nguon|source system|system|systeme d origine)"),
    ("unit", r"((ten |ma )?don vi|ten xa phuong|xa phuong|phuong xa|unit|unite)"),
    ("name", r".*\b(linh vuc|thu tuc|noi dung|nhom|ten|domaine)\b.*|field name"),
)
_PENDING = (
    r"(dang|chua) (giai quyet|xu ly|thuc hien|trong|xong|gq|xl)|ton cuoi|con ton|con lai|cuoi ky|ton dong"
    r"|\bton (qua|trong|tre|cham|chua|con|qh)\b"
)
_RESOLVED = r"da (giai quyet|xu ly|tra|xong)|ket qua|hoan thanh|giai quyet|xu ly|\b(gq|xl|tra kq)\b"
_RECEIVED = r"tiep nhan|nhan moi|moi nhan|trong ky|da nhan|phat sinh|ho so nhan|nop|\btn\b|^nhan\b"
_CARRIED = r"ky truoc|ton dau|dau ky|chuyen sang|ton truoc|ton cu|ngay truoc|mang sang|chuyen qua|thang truoc"
_ONLINE = r"truc tuyen|online|qua mang|\bdvc|cong dich vu|dich vu cong"
_COUNTER = r"truc tiep|tai quay|tai bo phan|\btai cho"
_POST = r"buu chinh|bcci|buu dien|buu cuc|^((tiep )?nhan |tn )?(qua )?bc$"
_EITHER = r"^((tiep )?nhan |tn |nop |hs |ho so )(qua )?tt$"  # online and at the counter have the same initials
_LATE = r"qua han|tre han|\btre\b|cham han|\bcham\b|\bqh\b"
_EARLY = r"truoc han|som han|\bsom\b"
_ON_TIME = r"dung han|kip thoi|\bdh\b"
_STILL = r"trong han|chua den han|con han"
_OUTSIDE = r"tu choi|tra lai|\bhuy\b|khong tiep nhan|khong giai quyet"
_IN_TIME = f"{_ON_TIME}|{_STILL}"


@cache
def _labels() -> dict[str, str]:
    """Return our own column headings in every language, folded."""
    names = {column: f"throughput.column.{column}" for column in COLUMNS}
    names |= {memo: f"throughput.memo.{memo}" for memo in _MEMOS}
    labels = {measure: measure for measure in names}
    for measure, key in names.items():
        labels |= {search_key(i18n.translate(key, locale)): measure for locale in i18n.LOCALES}
    return labels


def measures_of(headings: Mapping[int, list[str]]) -> dict[int, str]:
    """Return what each column counts, by the headings over it from the top down, and those beside it for short ones."""
    clear = {column: measure for column, parts in headings.items() if (measure := measure_of(parts)) is not None}
    out: dict[int, str] = {}
    for column in sorted(headings):
        measure = clear.get(column) or _after(headings[column], list(out.values()))
        if measure is not None:
            out[column] = measure
    there = set(out.values())
    either = [c for c, parts in headings.items() if c not in out and re.search(_EITHER, search_key(parts[-1]))]
    rest = {"received_online", "received_counter", "received_counter_post"} - there
    if len(either) == 1 and "received_online" in rest and len(rest) == 2:
        out[either[0]] = "received_online"
    elif len(either) == 1 and len(rest) == 2:
        out[either[0]] = "received_counter"
    return dict(sorted(out.items()))


def _after(parts: list[str], before: list[str]) -> str | None:
    """Return what a heading like "Quá hạn" means that does not say of what: what stands before it tells."""
    folded = [search_key(part) for part in parts]
    if is_rate(parts) or _group(folded) is not None:
        return None
    leaf, figures = folded[-1], [m for m in before if m.startswith(("received", "resolved", "pending"))]
    last = figures[-1] if figures else ""
    if re.search(_LATE, leaf):
        if last in ("resolved_early", "resolved_on_time", "resolved"):
            return "resolved_overdue"
        return "pending_overdue" if last in ("pending_in_time", "pending") else None
    early, on_time = re.search(_EARLY, leaf), re.search(_ON_TIME, leaf)
    if early or on_time:
        return "resolved_on_time" if on_time else "resolved_early"
    return (
        "pending_in_time" if re.search(_STILL, leaf) and {"resolved_on_time", "resolved_overdue"} & {*before} else None
    )


def speaks_of_figures(heading: str) -> bool:
    """Tell whether a heading that was not understood may still be over figures that a report has."""
    words = search_key(heading)
    said = re.search(f"{_ONLINE}|{_COUNTER}|{_POST}|{_LATE}|{_EARLY}|{_IN_TIME}|{_EITHER}", words)
    return bool(said) and not is_rate([heading]) and not re.search(_OUTSIDE, words)


def is_rate(parts: list[str]) -> bool:
    """Tell whether a column holds shares, no counts."""
    whole = search_key(" ".join(parts))
    return any("%" in part for part in parts) or bool(re.search(r"ty le|tile|rate\b|taux", whole))


def measure_of(parts: list[str]) -> str | None:
    """Return what a column counts, by the headings over it from the top down; None where they do not say."""
    folded = [search_key(part) for part in parts]
    whole, leaf = " ".join(folded), folded[-1]
    if is_rate(parts):
        return None
    if len(folded) == 1 and leaf in _labels():
        return _labels()[leaf]
    named = re.match(r"(ten|ma|linh vuc)\b", leaf) or not re.search(r"so ho so|tiep nhan|giai quyet|xu ly", leaf)
    if named and (places := [measure for measure, pattern in _PLACES if re.fullmatch(pattern, leaf)]):
        return places[0]
    return _memo(whole) or _figure(folded)


def _memo(whole: str) -> str | None:
    for measure, pattern in (
        ("paid_online", r"thanh toan"), ("digitised", r"so hoa"), ("fully_online", r"trong do.*toan trinh"),
        ("received_for_others", r"nhan ho|phi dia gioi"), ("waiting_applicant", r"cho (nguoi nop )?bo sung|tam dung"),
    ):  # fmt: skip
        if re.search(pattern, whole):
            return measure
    return None


def _figure(folded: list[str]) -> str | None:
    leaf = folded[-1]
    if re.search(r"\brut\b", leaf):
        return "withdrawn"
    if re.search(_OUTSIDE, leaf):
        return None
    if re.search(r"phai (giai quyet|xu ly)", leaf):
        return "received_total"
    if re.search(_CARRIED, leaf):
        return "carried_over"
    group = _group(folded)
    if group == "received" or (group is None and re.search(f"{_ONLINE}|{_COUNTER}|{_POST}", leaf)):
        return _channel(leaf)
    if group == "resolved":
        return _outcome(leaf)
    return _stock(leaf) if group == "pending" else None


def _group(folded: list[str]) -> str | None:
    """Return the group a column belongs to: what the nearest heading says that says anything."""
    for part in reversed(folded):
        for group, pattern in (("pending", _PENDING), ("resolved", _RESOLVED), ("received", _RECEIVED)):
            if re.search(pattern, part):
                return group
    return None


def _channel(leaf: str) -> str | None:
    if re.search(rf"{_EITHER}|\bmot phan\b", leaf):
        return None  # the other part stands in another column
    online, counter, post = (bool(re.search(p, leaf)) for p in (_ONLINE, _COUNTER, _POST))
    if online:
        return None if counter or post else "received_online"
    if counter:
        return "received_counter_post" if post else "received_counter"
    if post:
        return "received_post"
    return "received_total" if re.search(r"\btong\b|\bso\b|tiep nhan|moi", leaf) else None


def _outcome(leaf: str) -> str | None:
    if re.search(_LATE, leaf):
        return "resolved_overdue"
    early, on_time = re.search(_EARLY, leaf), re.search(_IN_TIME, leaf)
    if early and not on_time:
        return "resolved_early"
    return "resolved_on_time" if on_time else "resolved"


def _stock(leaf: str) -> str | None:
    if re.search(_LATE, leaf):
        return "pending_overdue"
    return "pending_in_time" if re.search(_IN_TIME, leaf) else "pending"
