"""What the simulator answers and how it can fail: pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

SUCCESS = "00"
SESSION_ENDED = "401"
UNKNOWN_SERVICE = "404"
WRONG_LOGIN = "403"


class Fault(StrEnum):
    """A way in which a real system fails."""

    slow = "slow"  # no byte for a while
    drip = "drip"  # a byte now and then
    reset = "reset"  # the connection is torn in the middle of the answer
    too_many = "too_many"  # 429 with Retry-After
    unavailable = "unavailable"  # 503 with Retry-After
    html = "html"  # a page of a proxy in place of JSON
    huge = "huge"  # 100 MB
    duplicate = "duplicate"  # every row twice
    disorder = "disorder"  # rows in another order
    half = "half"  # the connection ends in the middle of the answer, politely
    cut = "cut"  # JSON that stops in the middle, with the right length
    mutated = "mutated"  # one thing of the answer is not as agreed, each time another
    refused = "refused"  # what is pushed is understood, and answered with no
    expired = "expired"  # the session has ended; a new one is good


@dataclass(frozen=True)
class Agency:
    """An organisation as the portal lists it."""

    code: str
    name: str


@dataclass(frozen=True)
class Field:
    """A field (lĩnh vực) as the portal lists it."""

    code: str
    name: str


@dataclass(frozen=True)
class Procedure:
    """A procedure as the portal lists it."""

    code: str
    name: str
    field: str


@dataclass(frozen=True)
class Month:
    """What the portal publishes of an agency's month; None: it says nothing, which is not zero."""

    agency: str
    year: int
    month: int
    online: int | None
    direct: int | None
    post: int | None
    on_time: int | None
    overdue: int | None


@dataclass(frozen=True)
class Content:
    """All that the simulated portal knows."""

    agencies: tuple[Agency, ...]
    fields: tuple[Field, ...]
    procedures: tuple[Procedure, ...]
    months: tuple[Month, ...]


def chance(*parts: object) -> int:
    """Return a number from 0 to 999 that is always the same for the same words."""
    told = "|".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:4], "big") % 1000


def synchronised(count: int, *parts: object) -> int:
    """Return how many of some dossiers the portal knows: all of them mostly, a little fewer where it lags."""
    lags = chance("lag", *parts) < 300
    return count - (count * (1 + chance("share", *parts) % 40) // 1000 if lags else 0)


def legacy_rows(content: Content, service: str, arguments: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of a service of the legacy envelope; None where there is no such service."""
    if service == "LayDanhMucCoQuan":
        return [{"MaCoQuan": a.code, "TenCoQuan": a.name} for a in content.agencies]
    if service == "LayDanhMucLinhVuc":
        return [{"MaLinhVuc": f.code, "TenLinhVuc": f.name} for f in content.fields]
    if service == "LayDanhSachTTHC":
        return [_legacy_procedure(content, p) for p in content.procedures]
    if service == "LayThuTuc":
        return [_legacy_procedure(content, p) for p in content.procedures if p.code == arguments.get("maTTHC")]
    if service == "TraCuuHoSo":
        code = arguments.get("mahoso")
        return [_dossier(content, code)] if isinstance(code, str) and code.startswith("H57") else []
    return None


def _legacy_procedure(content: Content, procedure: Procedure) -> dict[str, Any]:
    names = {field.code: field.name for field in content.fields}
    return {
        "MaTTHC": procedure.code, "TenTTHC": procedure.name, "MaLinhVuc": procedure.field,
        "TenLinhVuc": names.get(procedure.field, ""),
    }  # fmt: skip


def _dossier(content: Content, code: str) -> dict[str, Any]:
    procedure = content.procedures[chance("procedure", code) % len(content.procedures)]
    return _legacy_procedure(content, procedure) | {
        "MaHoSo": code, "KenhThucHien": str(1 + chance("channel", code) % 3), "NgayTiepNhan": "20261102081500",
        "NgayHenTra": "20261105170000", "NgayKetThucXuLy": "", "NgayTra": "", "TrangThaiHoSo": "4",
        "DonViXuLy": content.agencies[chance("agency", code) % len(content.agencies)].code, "LoaiDoiTuong": "1",
        # Made up, and there so that it can be shown that they are not kept.
        "ChuHoSo": "Nguyễn Thị Mô Phỏng", "SoDienThoai": "0912345678", "Email": "mo.phong@example.vn",
    }  # fmt: skip


def rest_rows(content: Content, path: str, asked: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return all rows of an address of the REST style, before they are cut into pages; None: no such address."""
    if path == "/catalogues/departments":
        return [{"departmentId": a.code, "departmentName": a.name} for a in content.agencies]
    if path == "/catalogues/fields":
        return [{"fieldCode": f.code, "fieldName": f.name} for f in content.fields]
    if path == "/catalogues/procedures":
        return [
            {"procedureCode": p.code, "procedureName": p.name, "fieldCode": p.field} for p in content.procedures
        ]  # fmt: skip
    if path == "/reports/dossiers":
        return [_reported(m) for m in _of_period(content, asked)]
    if path == "/reports/scores":
        return [_scored(agency, asked) for agency in content.agencies]
    return None


def _is_asked(month: Month, asked: dict[str, Any]) -> bool:
    periods: dict[str, list[object]] = {
        "month": [asked.get("month")],
        "quarter": [3 * int(asked.get("quarter") or 0) - n for n in range(3)],
        "year": list(range(1, 13)),
    }
    months = periods.get(str(asked.get("timeType")), [])
    of_agency = asked.get("departmentId") in (None, "", month.agency)
    return month.year == asked.get("year") and month.month in months and of_agency


def _of_period(content: Content, asked: dict[str, Any]) -> list[Month]:
    """Return what is known of a month, quarter or year, once for each agency; unsaid in one month is unsaid in all."""
    found: dict[str, Month] = {}
    for month in content.months:
        if _is_asked(month, asked):
            before = found.get(month.agency)
            found[month.agency] = month if before is None else _joined(before, month)
    return list(found.values())


def _joined(one: Month, other: Month) -> Month:
    def both(name: str) -> int | None:
        counts = getattr(one, name), getattr(other, name)
        return None if None in counts else sum(counts)

    sums: dict[str, Any] = {name: both(name) for name in ("online", "direct", "post", "on_time", "overdue")}
    return replace(one, **sums)


def _reported(month: Month) -> dict[str, Any]:
    channels = (month.online, month.direct, month.post)
    total = None if month.online is None else sum(n or 0 for n in channels)
    return {
        "departmentId": month.agency, "year": month.year, "month": month.month, "totalReceived": total,
        "totalOnTime": month.on_time, "totalOverdue": month.overdue,
        "avgProcessingDays": None if total is None else 1 + chance("days", month.agency, month.month) / 250,
        "channelOnlineSum": month.online, "channelDirectSum": month.direct, "channelPostalSum": month.post,
        "channelTotalSum": total,
    }  # fmt: skip


def _scored(agency: Agency, asked: dict[str, Any]) -> dict[str, Any]:
    part = chance("score", agency.code, asked.get("year"), asked.get("month"))
    groups = {"openness": 18, "progress": 20, "onlineServices": 12, "onlinePayment": 10, "digitisation": 22,
              "satisfaction": 18}  # fmt: skip
    scores = {name: round(full * (0.75 + 0.25 * ((part * (n + 3)) % 1000) / 1000), 2)
              for n, (name, full) in enumerate(groups.items())}  # fmt: skip
    return {"departmentId": agency.code, "totalScore": round(sum(scores.values()), 2), "groups": scores,
            "scoredAt": f"{asked.get('year')}-{int(asked.get('month') or 1):02d}-15T00:00:00+07:00"}  # fmt: skip


def disturbed(rows: Sequence[dict[str, Any]], fault: Fault | None) -> list[dict[str, Any]]:
    """Return the rows as a fault leaves them: twice, or in another order; the same every time."""
    if fault is Fault.duplicate:
        return [*rows, *rows]
    if fault is Fault.disorder:
        return sorted(rows, key=lambda row: chance("order", *row.values()))
    return list(rows)
