"""What a receipt says of the revision before: a correction is only what somebody corrected."""

from datetime import date
from typing import Any

from app.procedures.rules import System
from app.throughput import reading
from app.throughput.desk.revised import revised
from app.units.service import by_code
from tests.pages.test_throughput_pages import AT
from tests.support.clients import DAY, WARD, line, report

CORRECTION = "bản sửa"


def again(officer: Any, address: str, body: dict[str, Any]) -> None:
    version = officer.get(address).json()["version"]
    answer = officer.put(address, json=body, headers={"if-match": f'"{version}"'})
    assert answer.status_code == 200, answer.text


def test_a_receipt_calls_a_correction_only_what_is_one(people: Any, api: Any) -> None:
    officer, at = api(), f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
    part = report(line(received_online=5)) | {"partial_day": True}
    assert officer.put(at, json=part).status_code == 201
    whole = report(line(received_online=8))
    again(officer, at, whole)
    page = people().get(f"{AT}/receipt").text
    assert "Bản này bổ sung phần của ngày đã gửi trước đó." in page
    assert "<del>5</del> → <ins>8</ins>" in page
    assert CORRECTION not in page
    again(officer, at, whole | {"note": "Đã đối chiếu"})
    page = people().get(f"{AT}/receipt").text
    assert "Không đổi số liệu; chỉ đổi giải trình hoặc ghi chú." in page
    assert CORRECTION not in page
    again(officer, at, report(line(received_online=9)))
    ministry = at.replace("/city", "/ministry")
    assert "Thành phố đã nhận bản sửa" in people().get(f"{AT}/receipt").text
    assert officer.put(ministry, json=report(line(received_online=1))).status_code == 201
    page = people().get(f"{AT}/receipt").text
    assert "Thành phố đã nhận báo cáo của" in page, "of the ministries' it is the first"
    assert page.count("Đây là bản sửa (lần gửi thứ 4)") == 1


def test_a_day_that_follows_another_s_correction_is_no_correction(people: Any, api: Any) -> None:
    officer, before = api(), "2026-11-19"
    first = f"/api/v1/throughput/reports/{WARD}/{before}/city"
    why = {"reasons": [{"warning": "correction", "reason": "late_correction"}], "carry_forward": True}
    late = {"reasons": [{"warning": "late", "reason": "late_sync"}]}
    assert officer.put(first, json=report(line(received_online=5)) | late).status_code == 201
    opened = line(carried_over=5, received_online=1, pending_in_time=6)
    assert officer.put(first.replace(before, DAY), json=report(opened)).status_code == 201
    again(officer, first, report(line(received_online=7)) | why)
    assert "Đây là bản sửa (lần gửi thứ 2)" in people().get(f"{AT.replace(DAY, before)}/receipt").text
    page = people().get(f"{AT}/receipt").text
    assert "Số tồn được chuyển theo bản sửa ngày 19/11/2026; đơn vị không phải gửi lại." in page
    assert "Đây là bản sửa" not in page
    assert "Thành phố đã nhận báo cáo của" in page


def test_an_outage_that_is_over_is_no_correction(people: Any, api: Any) -> None:
    officer, at = api(), f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
    assert officer.put(at, json={"unavailable": {"reason": "Mất kết nối"}}).status_code == 201
    again(officer, at, report(line(received_online=9)))
    page = people().get(f"{AT}/receipt").text
    assert "Đã có số liệu, thay cho báo gián đoạn trước đó." in page
    assert CORRECTION not in page


def test_a_receipt_reads_two_revisions_however_many_there_are(people: Any, api: Any, session: Any) -> None:
    officer, at = api(), f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
    assert officer.put(at, json=report(line(received_online=1))).status_code == 201
    for number in range(2, 7):
        again(officer, at, report(line(received_online=number)))
    unit, day, system = by_code(session, WARD), date.fromisoformat(DAY), System("city")
    assert unit.id is not None
    both = reading.last_two(session, unit.id, day, system)
    assert [one and one.number for one in both] == [5, 6]
    found = revised(session, unit, day, system)
    assert found is not None
    assert [(c.before, c.after) for c in found.changes if c.column == "received_online"] == [(5, 6)]
