"""What the simulated portal was told of days: each message once, and of a day only the last."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from app.portal.simulator.rules import SUCCESS, Fault

# With these the message was not looked at; with the others it was, and the answer is what gets lost.
UNREAD = frozenset({Fault.too_many, Fault.unavailable, Fault.html, Fault.huge, Fault.expired, Fault.mutated})
Told = tuple[str, str, int, dict[str, Any]]  # key, subject, place, content
KEPT = 200_000  # messages; the simulator is for trying things out


@dataclass
class Received:
    """Messages by key with how often each came, and by day what holds."""

    arrivals: Counter[str] = field(default_factory=Counter)
    days: dict[str, dict[str, Any]] = field(default_factory=dict)
    older: int = 0
    lock: Lock = field(default_factory=Lock)

    def take(self, key: str, subject: str, sequence: int, told: Mapping[str, Any]) -> str:
        """Take a message and return its receipt: taken, known (it came before) or older (a later one came before)."""
        with self.lock:
            self.arrivals[key] += 1
            if self.arrivals[key] > 1:
                return "known"
            held = self.days.get(subject)
            if held is not None and held["sequence"] > sequence:
                self.older += 1
                return "older"
            self.days[subject] = {"message": key, "sequence": sequence, **told}
            while len(self.arrivals) > KEPT:
                self.arrivals.pop(next(iter(self.arrivals)))
            return "taken"

    def forget(self) -> None:
        """Begin anew."""
        with self.lock:
            self.arrivals.clear()
            self.days.clear()
            self.older = 0

    def counts(self) -> dict[str, int]:
        """Return how many messages came, how many of them again, how many too late, and how many days hold."""
        with self.lock:
            came = self.arrivals.total()
            return {"messages": len(self.arrivals), "copies": came - len(self.arrivals), "older": self.older,
                    "days": len(self.days)}  # fmt: skip

    def whole(self) -> dict[str, Any]:
        """Return all of it."""
        with self.lock:
            return {"arrivals": dict(self.arrivals), "days": dict(self.days)}


def said(code: str, message: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the envelope of the REST style."""
    return {"code": code, "message": message, "data": data}


def legacy_push(received: Received, asked: Mapping[str, Any], fault: Fault | None) -> tuple[int, dict[str, Any]]:
    """Answer a message of the legacy envelope."""
    told = _legacy_told(asked)
    if told is None or fault is Fault.refused:
        return 200, {"error_code": "422", "message": "Thiếu dữ liệu"}
    receipt = {"taken": "DA_NHAN", "known": "DA_CO", "older": "CU_HON"}[_taken(received, told, fault)]
    return 200, {"error_code": SUCCESS, "result": [{"MaBanTin": told[0], "KetQua": receipt}]}


def rest_push(received: Received, asked: Mapping[str, Any], fault: Fault | None) -> tuple[int, dict[str, Any]]:
    """Answer a message of the REST style."""
    told = _rest_told(asked)
    if told is None or fault is Fault.refused:
        wanted = "messageId, departmentId, day, sourceSystem, revision, sequence, withdrawn, lines"
        return 400, said("INVALID", wanted)
    data = {"messageId": told[0], "receipt": _taken(received, told, fault).upper()}
    return 201, said("OK", "", data)


def _taken(received: Received, told: Told, fault: Fault | None) -> str:
    return "taken" if fault in UNREAD else received.take(*told)  # of the former nobody will read this


def _legacy_told(asked: Mapping[str, Any]) -> Told | None:
    try:
        (row,) = asked["data"]
        subject = f"{row['MaCoQuan']}.{row['Ngay'][:4]}-{row['Ngay'][4:6]}-{row['Ngay'][6:8]}.{row['HeThong']}"
        told = {"revision": int(row["PhienBan"]), "withdrawn": row["ThuHoi"] == "True", "lines": row["ChiTiet"]}
        return str(row["MaBanTin"]), subject, int(row["ThuTu"]), told
    except (KeyError, TypeError, ValueError):
        return None


def _rest_told(asked: Mapping[str, Any]) -> Told | None:
    try:
        subject = f"{asked['departmentId']}.{asked['day']}.{asked['sourceSystem']}"
        told = {"revision": int(asked["revision"]), "withdrawn": bool(asked["withdrawn"]), "lines": asked["lines"]}
        return str(asked["messageId"]), subject, int(asked["sequence"]), told
    except (KeyError, TypeError, ValueError):
        return None
