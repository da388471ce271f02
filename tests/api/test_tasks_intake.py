"""An annex is tried first, its faults told by cell, its units confirmed; then all of it is added, or nothing."""

from typing import Any

from app.core.web import API
from app.units.models import UnitIn
from tests.support.clients import WARD
from tests.support.tasks import with_directive
from tests.support.workbooks import workbook

HEAD = ("TT", "Nhiệm vụ", "Đơn vị chủ trì", "Đơn vị phối hợp", "Sản phẩm", "Thời hạn")
GOOD = (1, "Nhiệm vụ một", "Thuận Hóa", "Sở Khoa học và Công nghệ", "Báo cáo", "Quý IV/2026")


def _bring(client: Any, number: int, *rows: Any, dry: bool = True) -> Any:
    at = f"{API}/tasks/import?programme=centre&directive={number}&prefix=PL{'&dry_run=true' if dry else ''}"
    return client.post(at, files={"file": ("phu-luc.xlsx", workbook(("PHỤ LỤC",), HEAD, *rows))})


def _codes(client: Any) -> list[str]:
    return [item["code"] for item in client.get(f"{API}/tasks?programme=centre").json()["items"]]


def test_tried_confirmed_and_stored(api: Any) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    second = ("II.3", "Nhiệm vụ hai", "UBND phuong Thuan Hoa", "", "", "Thường xuyên")
    tried = _bring(analyst, number, GOOD, ("", "Nhóm nhiệm vụ", "", "", "", ""), second)
    assert tried.status_code == 200, tried.text
    found = tried.json()
    assert [(row["code"], row["centre_code"], row["deadline"]) for row in found["tasks"]] == [
        ("PL-001", "1", "2026-Q4"), ("PL-II.3", "II.3", None),
    ]  # fmt: skip
    assert {one["written"]: one["exact"] for one in found["units"]} == {
        "Thuận Hóa": True, "Sở Khoa học và Công nghệ": True, "UBND phuong Thuan Hoa": False,
    }  # fmt: skip
    assert _codes(analyst) == []
    at = f"{API}/tasks/import?programme=centre&directive={number}&prefix=PL"
    refused = analyst.post(at, json={"file": found["file"]["id"]})
    assert refused.json()["errors"][0]["code"] == "unit_unconfirmed"
    meant = [{"written": "UBND phuong Thuan Hoa", "code": WARD}]
    stored = analyst.post(at, json={"file": found["file"]["id"], "units": meant})
    assert stored.json()["stored"] is True, stored.text
    assert _codes(analyst) == ["PL-001", "PL-II.3"]
    assert analyst.get(f"{API}/tasks/PL-II.3").json()["kind"] == "regular"
    again = _bring(analyst, number, GOOD).json()
    assert [(error["place"], error["code"]) for error in again["errors"]] == [("A3", "code_in_use")]


def test_nothing_is_added_where_anything_is_wrong(api: Any) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    bad = (2, "Nhiệm vụ hai", "Sở Không Có", "", "", "sớm nhất")
    old = (3, "Nhiệm vụ ba", "Thuận Hóa", "", "", "2025")
    told = _bring(analyst, number, GOOD, bad).json()
    assert [(error["place"], error["code"]) for error in told["errors"]] == [
        ("C4", "unknown_unit"), ("F4", "deadline_unreadable"),
    ]  # fmt: skip
    for row in (bad, old):
        assert _bring(analyst, number, GOOD, row, dry=False).status_code == 422
        assert _codes(analyst) == []
    nothing = analyst.post(
        f"{API}/tasks/import?programme=centre&directive={number}&prefix=PL",
        files={"file": ("a.xlsx", workbook(("Không", "phải")))},
    )
    assert nothing.json()["code"] == "annex_not_understood"
    assert _bring(api("leader"), number, GOOD).status_code == 403


def test_results_so_far_and_former_names_come_with_it(api: Any) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    ward = analyst.get(f"{API}/units/{WARD}")
    sent = {name: ward.json()[name] for name in UnitIn.model_fields} | {"former_names": ["Phú Hội Cũ"]}
    keeper = api("administrator")
    assert keeper.put(f"{API}/units/{WARD}", json=sent, headers={"if-match": ward.headers["etag"]}).is_success
    at = f"{API}/tasks/import?programme=centre&directive={number}&prefix=PL"
    head = (*HEAD, "Kết quả đến nay", "Tiến độ")
    rows = [
        (7, "Nhiệm vụ bảy", "UBND phường Phú Hội cũ", "", "", "2026", "Đã ban hành kế hoạch", "75%"),
        (8, "Nhiệm vụ tám", "Thuận Hóa", "", "", "2026", "", "Đã hoàn thành"),
        (9, "Nhiệm vụ chín", "Thuận Hóa", "", "", "2026", "", "Chưa triển khai"),
    ]
    tried = analyst.post(f"{at}&dry_run=true", files={"file": ("a.xlsx", workbook(head, *rows))}).json()
    assert [(row["result"], row["percent"]) for row in tried["tasks"]] == [
        ("Đã ban hành kế hoạch", 75), (None, 100), (None, None),
    ]  # fmt: skip
    guessed = next(one for one in tried["units"] if one["written"].endswith("cũ"))
    assert (guessed["unit"]["code"], guessed["exact"]) == (WARD, False)
    meant = [{"written": guessed["written"], "code": WARD}]
    assert analyst.post(at, json={"file": tried["file"]["id"], "units": meant}).is_success
    first, done, idle = (analyst.get(f"{API}/tasks/PL-00{n}").json() for n in (7, 8, 9))
    assert (first["updates"][0]["done"], first["percent"]) == (
        "Đã ban hành kế hoạch", {"value": 75, "source": "declared"},
    )  # fmt: skip
    assert (done["status"], done["percent"]["value"]) == ("in_progress", 100), "to be proposed with evidence"
    assert (idle["status"], idle["updates"]) == ("not_started", [])
    assert first["centre_code"] == "7"


def test_words_on_progress_are_kept_and_what_no_figure_can_mean_is_an_error(api: Any) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    at = f"{API}/tasks/import?programme=centre&directive={number}&prefix=PL"
    head = (*HEAD, "Kết quả đến nay", "Tiến độ")

    def row(n: int, result: str, progress: Any, when: str = "2026") -> tuple[Any, ...]:
        return (n, f"Nhiệm vụ {n}", "Thuận Hóa", "", "", when, result, progress)

    rows = [
        row(1, "", "Hoàn thành trước 30/6/2026"), row(2, "Đã họp", "Đang thực hiện, đạt 60%, vướng mặt bằng"),
        row(3, "", 0.75), row(4, "", 0.999), row(5, "", 0.29), row(6, "", "75%", "Thường xuyên"), row(7, "", 80),
        row(8, "", "Chưa hoàn thành do thiếu kinh phí"),
    ]  # fmt: skip
    tried = analyst.post(f"{at}&dry_run=true", files={"file": ("a.xlsx", workbook(head, *rows))}).json()
    assert tried["errors"] == []
    assert [(one["result"], one["percent"]) for one in tried["tasks"]] == [
        ("Hoàn thành trước 30/6/2026", None), ("Đã họp\nĐang thực hiện, đạt 60%, vướng mặt bằng", None), (None, 75),
        ("99,9%", None), (None, 29), ("75%", None), (None, 80), ("Chưa hoàn thành do thiếu kinh phí", None),
    ]  # fmt: skip
    wrong = [row(1, "", 1), row(2, "", "150%"), row(3, "Dài " * 1001, ""), row(4, "", 150)]
    told = analyst.post(f"{at}&dry_run=true", files={"file": ("b.xlsx", workbook(head, *wrong))}).json()
    assert [(error["place"], error["code"]) for error in told["errors"]] == [
        ("H2", "percent_ambiguous"), ("H3", "percent_too_large"), ("G4", "too_long"), ("H5", "percent_too_large"),
    ]  # fmt: skip
    assert analyst.post(at, files={"file": ("a.xlsx", workbook(head, *rows))}).status_code == 200
    stands = {one["code"]: analyst.get(f"{API}/tasks/{one['code']}").json() for one in tried["tasks"]}
    assert [one["status"] for one in stands.values()] == ["in_progress"] * 7 + ["not_started"]
    assert next(reversed(stands.values()))["updates"][0]["done"] == "Chưa hoàn thành do thiếu kinh phí"


def test_on_pages_the_units_are_chosen(people: Any, api: Any) -> None:
    number = with_directive(api("city_analyst"))
    analyst = people("city_analyst")
    at = f"/tasks/import?programme=centre&directive={number}&prefix=PL"
    assert 'type="file"' in analyst.get(at).text
    second = (2, "Nhiệm vụ hai", "Phường Thuận Hoá cũ", "", "", "2026")
    seen = analyst.post(f"{at}&dry_run=true", files={"file": ("a.xlsx", workbook(HEAD, GOOD, second))})
    assert "chưa xác định được" in seen.text
    meant = {"units[0][written]": "Phường Thuận Hoá cũ", "units[0][code]": WARD, "file": "1"}
    stored = analyst.post(at, data=meant)
    assert stored.status_code == 303, stored.text
