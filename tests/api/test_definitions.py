"""What rates and states mean: formulas that are those of the rules, targets as they stand, figures that lead there."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app.throughput.approvals.rules import ReportStatus
from app.throughput.definitions import FORMULAS, Defined
from app.throughput.rules import COLUMNS, Figures, rates
from app.throughput.timing import State
from tests.support.clients import DAY, WARD, line, report
from tests.support.page import read

pytestmark = pytest.mark.once

Api = Callable[..., TestClient]
AT = "/api/v1/throughput/definitions"
PAGE = "/throughput/definitions/"


@given(st.tuples(*(st.integers(0, 10_000) for _ in COLUMNS)))
def test_the_formulas_are_those_of_the_rules(counts: tuple[int, ...]) -> None:
    figures = Figures(**dict(zip(COLUMNS, counts, strict=True)))
    for name, share in rates(figures).items():
        above, below = FORMULAS[name]
        assert sum(getattr(figures, c) for c in above) == share.numerator
        assert sum(getattr(figures, c) for c in below) == share.denominator


def test_every_rate_state_and_approval_status_is_defined_and_nothing_else() -> None:
    assert [d.value for d in Defined] == [*rates(Figures()), *State.__members__, *ReportStatus.__members__]


def test_a_rate_tells_its_formula_target_source_and_version(api: Api) -> None:
    client = api("city_analyst")
    rate = client.get(f"{AT}/on_time").json()
    assert (rate["kind"], rate["title"]["en"], rate["version"]) == ("rate", "On-time rate", 1)
    assert rate["formula"]["denominator"] == ["resolved_early", "resolved_on_time", "resolved_overdue"]
    assert (rate["target"]["value"], rate["target"]["at_least"]) == (0.95, True)
    assert client.get(f"{AT}/overdue").json()["target"]["at_least"] is False
    assert client.get(f"{AT}/settlement").json()["target"] is None
    assert "09/2019" in rate["legal_basis"]
    state = client.get(f"{AT}/late").json()
    assert (state["kind"], state["formula"], state["target"]) == ("state", None, None)
    approval = client.get(f"{AT}/approved_city").json()
    assert (approval["kind"], approval["title"]["vi"], approval["formula"]) == ("approval", "Thành phố đã duyệt", None)
    assert "một lần gửi" in approval["source"]["vi"]
    assert client.get(f"{AT}/lost").status_code in (404, 422)
    form = client.get("/api/v1/throughput/forms/daily").json()
    body = {k: v for k, v in form.items() if k not in ("version", "code")}
    body["targets"]["on_time"] = 0.975
    changed = client.put("/api/v1/throughput/forms/daily", json=body, headers={"if-match": '"1"'})
    assert changed.status_code == 200, changed.text
    after = client.get(f"{AT}/on_time").json()
    assert (after["target"]["value"], after["version"]) == (0.975, 2)


@pytest.mark.parametrize("role", ["ward_officer", "department_officer", "administrator", "leader"])
def test_everybody_who_is_known_may_read_them(api: Api, role: str) -> None:
    assert len(api(role).get(AT).json()["items"]) == 17


def test_the_page_writes_the_formula_in_words(people: Any) -> None:
    page = people("leader").get(f"{PAGE}overdue").text
    assert "giải quyết quá hạn (cột 10) + đang giải quyết quá hạn (cột 13)" in page
    assert "không quá 3%" in page
    assert "Không tính được; không ghi 0% hay 100%." in page


def test_figures_lead_to_what_they_mean(people: Any, api: Api) -> None:
    for system in ("city", "ministry"):
        sent = api().put(
            f"/api/v1/throughput/reports/{WARD}/{DAY}/{system}", json=report(line(received_online=4, resolved_early=1))
        )
        assert sent.status_code == 201
    analyst, officer = people("city_analyst"), people()
    every = {"online", "on_time", "overdue", "settlement", "qd766_progress"}
    at = f"/throughput/reports/{WARD}/{DAY}"
    for browser, path, names in (
        (analyst, "/throughput/board", {"online", "on_time"}),
        (analyst, f"/throughput/summary?from={DAY}&to={DAY}", every),
        (analyst, f"/throughput/ranking?from={DAY}&to={DAY}&rate=settlement", {"settlement"}),
        (officer, "/throughput/month", {"online", "on_time", "overdue"}),
        (officer, at, every),
        (officer, f"{at}/receipt", every),
    ):
        links = {n.attrs.get("href", "") for n in read(browser.get(path).text).all("a")}
        assert {f"{PAGE}{name}" for name in names} <= links, path
    listed = {n.attrs.get("href", "") for n in read(analyst.get("/throughput/definitions").text).all("a")}
    assert {f"{PAGE}{name.value}" for name in Defined} <= listed
