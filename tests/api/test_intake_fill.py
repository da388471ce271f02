"""What was understood, put into the day's form: only what was said, over what stands."""

import re
from collections.abc import Callable

from fastapi.testclient import TestClient

from app.core.web import API
from tests.support.clients import DAY, WARD, PageClient, line, report


def test_cells_of_which_nothing_was_said_stay_as_they_stand(
    api: Callable[..., TestClient], people: Callable[..., PageClient]
) -> None:
    at = f"/throughput/reports/{WARD}/{DAY}"
    stands = report(line(received_online=7, received_counter=3))
    assert api().put(f"{API}{at}/city", json=stands).status_code == 201
    officer = people()
    block = "Lĩnh vực\tTrực tuyến\tTrực tiếp\tTrước hạn\tĐúng hạn\tQuá hạn\nHộ tịch\t14\tx\t9\t4\t0\n"
    read = officer.post(f"{at}/reading", data={"text": block}).text
    hidden = dict(re.findall(r'<input type="hidden" name="(city\[[^"]+)" value="([^"]*)"', read))
    assert "city[lines][HT][received_counter]" not in hidden, "a cell that is wrong says nothing"
    assert "city[lines][HT][pending_overdue]" not in hidden
    form = officer.post(f"{at}/fill", data=hidden).text
    shown = dict(re.findall(r'name="city\[lines\]\[HT\]\[(\w+)\]"[^>]*? value="([^"]*)"', form))
    wanted = {"received_online": "14", "received_counter": "3", "received_post": "", "pending_overdue": "0"}
    assert {name: shown[name] for name in wanted} == wanted


def test_the_file_that_figures_came_from_is_named_on_the_form(people: Callable[..., PageClient]) -> None:
    at = f"/throughput/reports/{WARD}/{DAY}"
    block = "Lĩnh vực;Trực tuyến;Trực tiếp;Trước hạn;Đúng hạn;Quá hạn\nHộ tịch;14;3;9;4;0\n"
    officer = people()
    read = officer.post(f"{at}/reading", files={"file": ("số liệu.csv", block.encode(), "text/csv")}).text
    hidden = dict(re.findall(r'<input type="hidden" name="(city\[[^"]+)" value="([^"]*)"', read))
    form = officer.post(f"{at}/fill", data=hidden).text
    number = hidden["city[evidence][]"]
    assert f'<a href="/files/{number}">số liệu.csv (1 KB)</a>' in form
    wrong = hidden | {"_method": "PUT", "city[lines][HT][received_online]": "x"}
    assert f'<a href="/files/{number}">số liệu.csv (1 KB)</a>' in officer.post(at, data=wrong).text
