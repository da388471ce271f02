"""Sets, targets and readings for tests: bodies with what a test does not speak about filled in."""

import re
from typing import Any

from fastapi.testclient import TestClient

from app.core.web import API


def indicator(code: str, **more: Any) -> dict[str, Any]:
    """Return an indicator of a set."""
    told = by_formula(more["formula"]) if "formula" in more else {}
    return {
        "code": code, "name_vi": f"Chỉ tiêu {code}", "name_en": f"Indicator {code}", "name_fr": f"Indicateur {code}",
        "unit_of_measure": "percent", "period_type": "quarter",
    } | told | more  # fmt: skip


def by_formula(formula: str) -> dict[str, Any]:
    """Return a formula with the example that every one can carry: of what nothing is known, nothing comes out."""
    names = re.findall(r"@[A-Z0-9]+(?:-[A-Z0-9]+)+|[a-z_]+(?:\[[^\]]*\])?", formula)
    return {"formula": formula, "examples": [{"inputs": dict.fromkeys(names), "expected": None}]}


def indicator_set(*indicators: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the body of a set with one group."""
    group = {"code": "A", "name_vi": "Nhóm A", "name_en": "Group A", "name_fr": "Groupe A"}
    return {
        "code": "THU", "scope": "city", "name_vi": "Bộ thử", "name_en": "Trial set", "name_fr": "Jeu d’essai",
        "source": "Thử nghiệm", "valid_from": "2025-01-01", "groups": [group | {"indicators": list(indicators)}],
    } | more  # fmt: skip


def reading(period: str, **more: Any) -> dict[str, Any]:
    """Return the body of a reading."""
    return {"period": period, "as_of": "2026-09-30", "source": "Báo cáo thử"} | more


def with_set(analyst: TestClient, *indicators: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Add a set and return it."""
    made = analyst.post(f"{API}/indicators/sets", json=indicator_set(*indicators, **more))
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer
