"""The texts that an officer passes on after sending: what they say, in which language, and what they never hide."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.support.clients import DAY, OTHER, WARD, line, report

Api = Callable[..., TestClient]
AT = f"/api/v1/throughput/reports/{WARD}/{DAY}"
CITY = report(
    line(
        "HT", carried_over=1200, received_online=26, received_counter=2, resolved_early=19, resolved_overdue=1,
        pending_overdue=3,
    )
)  # fmt: skip


def texts(client: TestClient, **query: str) -> dict[str, str]:
    """Return a day's texts as a client gets them."""
    answer = client.get(f"{AT}/texts", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


@pytest.fixture
def officer(api: Api) -> TestClient:
    """An officer who has sent both systems."""
    client = api()
    assert client.put(f"{AT}/city", json=CITY).status_code == 201
    assert client.put(f"{AT}/ministry", json=report(line("LT", received_counter=5))).status_code == 201
    return client


def test_the_line_for_the_chat_group_sums_both_systems(officer: TestClient) -> None:
    assert texts(officer)["chat"] == (
        "Thuận Hóa, báo cáo ngày 20/11/2026 (số liệu đến 16:30): tiếp nhận 33 hồ sơ, trực tuyến 26 (78,79%); "
        "giải quyết 20, trước hạn và đúng hạn 19 (95,00%); đang giải quyết 1.213, quá hạn 3. "
        f"Mã xác nhận: {WARD}-20261120-TP-1, {WARD}-20261120-BN-1."
    )


def test_the_sentence_for_a_report_is_one_an_official_would_write(officer: TestClient) -> None:
    assert texts(officer)["sentence"] == (
        "Ngày 20/11/2026, Thuận Hóa tiếp nhận 33 hồ sơ thủ tục hành chính, trong đó 26 hồ sơ trực tuyến (78,79%); "
        "đã giải quyết 20 hồ sơ, trong đó 19 hồ sơ trước hạn và đúng hạn (95,00%); đang giải quyết 1.213 hồ sơ, "
        "trong đó 3 hồ sơ quá hạn (số liệu đến 16:30)."
    )


def test_the_rows_are_the_city_s_columns_without_separators(officer: TestClient) -> None:
    found = [texts(officer, lang=lang)["row"] for lang in ("vi", "en", "fr")]
    assert len(set(found)) == 1, "the spreadsheet is the city's, in Vietnamese"
    rows = [row.split("\t") for row in found[0].split("\n")]
    assert rows == [
        ["Thuận Hóa", "20/11/2026", "Hệ thống của thành phố", "1200", "26", "2", "0", "19", "0", "1", "0", "1205", "3"],
        ["Thuận Hóa", "20/11/2026", "Hệ thống của bộ, ngành", "0", "0", "5", "0", "0", "0", "0", "0", "5", "0"],
    ]


@pytest.mark.parametrize(
    ("query", "headers", "words"),
    [
        ({}, {}, "tiếp nhận 33 hồ sơ"),
        ({"lang": "en"}, {}, "received 33, online 26 (78.79%)"),
        ({"lang": "fr"}, {}, "reçus 33, en ligne 26 (78,79\u202f%)"),
        ({}, {"accept-language": "en"}, "received 33"),
        ({"lang": "vi"}, {"accept-language": "en"}, "tiếp nhận 33 hồ sơ"),
    ],
)
def test_the_language_is_the_caller_s(
    officer: TestClient, query: dict[str, str], headers: dict[str, str], words: str
) -> None:
    answer = officer.get(f"{AT}/texts", params=query, headers=headers)
    assert words in answer.json()["chat"]


@pytest.mark.parametrize(
    ("ministry", "words"),
    [
        (None, "Hệ thống của bộ, ngành: chưa gửi."),
        ({"unavailable": {"reason": "Bảo trì"}}, "Hệ thống của bộ, ngành: gián đoạn, chưa có số liệu."),
        (report(line("LT"), partial_day=True), "Hệ thống của bộ, ngành: số liệu chưa trọn ngày."),
    ],
)
def test_what_is_not_in_the_figures_is_said(api: Api, ministry: dict[str, Any] | None, words: str) -> None:
    officer = api()
    assert officer.put(f"{AT}/city", json=CITY).status_code == 201
    if ministry is not None:
        assert officer.put(f"{AT}/ministry", json=ministry).status_code == 201
    found = texts(officer)
    assert words in found["chat"]
    assert words in found["sentence"]


def test_a_day_without_received_dossiers_has_no_rate(api: Api) -> None:
    officer = api()
    assert officer.put(f"{AT}/city", json=report()).status_code == 201
    assert "tiếp nhận 0 hồ sơ, trực tuyến 0 (không tính được)" in texts(officer)["chat"]
    assert "online 0 (n/a)" in texts(officer, lang="en")["chat"]


def test_a_day_without_figures_is_not_a_day_of_zeros(api: Api) -> None:
    officer = api()
    assert officer.put(f"{AT}/city", json={"unavailable": {"reason": "Bảo trì"}}).status_code == 201
    found = texts(officer)
    assert found["chat"] == (
        "Thuận Hóa, báo cáo ngày 20/11/2026: chưa có số liệu. Hệ thống của thành phố: gián đoạn, chưa có số liệu. "
        f"Hệ thống của bộ, ngành: chưa gửi. Mã xác nhận: {WARD}-20261120-TP-1."
    )
    assert found["sentence"].startswith(
        "Ngày 20/11/2026, Thuận Hóa chưa có số liệu giải quyết thủ tục hành chính. Hệ thống của thành phố: gián đoạn"
    )
    for lang in ("vi", "en", "fr"):
        assert not any(" 0" in text for text in texts(officer, lang=lang).values())


def test_figures_are_as_old_as_the_oldest_in_them(api: Api) -> None:
    officer = api()
    early = report(line(received_online=1), counted_until=f"{DAY}T15:10:00+07:00")
    assert officer.put(f"{AT}/city", json=early).status_code == 201
    down = {"unavailable": {"reason": "Bảo trì"}, "counted_until": f"{DAY}T09:00:00+07:00"}
    assert officer.put(f"{AT}/ministry", json=down).status_code == 201
    assert "(số liệu đến 15:10)" in texts(officer)["chat"]


def test_post_that_was_not_split_and_a_system_that_was_down_are_blank_cells(api: Api) -> None:
    officer = api()
    merged = report(line(received_online=1, received_counter=4, received_post=None))
    assert officer.put(f"{AT}/city", json=merged).status_code == 201
    assert officer.put(f"{AT}/ministry", json={"unavailable": {"reason": "Bảo trì"}}).status_code == 201
    city, ministry = (row.split("\t") for row in texts(officer)["row"].split("\n"))
    assert city[3:7] == ["0", "1", "4", ""]
    assert ministry[3:] == [""] * 10


def test_there_are_no_texts_of_what_was_not_sent(api: Api) -> None:
    assert api().get(f"{AT}/texts").status_code == 404
    assert api().get(f"/api/v1/throughput/reports/{OTHER}/{DAY}/texts").status_code == 404
    assert api().get(f"{AT}/texts", params={"lang": "de"}).status_code == 422
