"""One search over the domains' own: codes, words without diacritics, nothing of what the caller may not read."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.web import API
from app.search.rules import AT_MOST
from tests.api.test_every_table import rows_of
from tests.support.clients import OTHER, WARD, PageClient
from tests.support.tasks import with_directive, with_task

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
AT = f"{API}/search"


@pytest.fixture
def filled(api: Api) -> TestClient:
    """Two documents with tasks of two wards, one handed down; returns who keeps them."""
    analyst = api("city_analyst")
    first = with_directive(analyst)
    second = with_directive(analyst, number="12/TB-UBND", title="Thông báo kết luận về số hóa hồ sơ")
    with_task(analyst, "KH98-01", first, title="Số hóa hồ sơ tại bộ phận Một cửa", lead_unit="SO-KHCN")
    with_task(analyst, "KH98-01.a", first, title="Số hóa hồ sơ tại phường", parent="KH98-01")
    with_task(analyst, "KH98-02", second, title="Hoà mạng trục liên thông", lead_unit=OTHER, centre_code="TW-57")
    return analyst


def found(client: TestClient, q: str, **more: Any) -> dict[str, list[str]]:
    """Return the codes found, by group in the order of the answer."""
    answer = client.get(AT, params={"q": q}, **more)
    assert answer.status_code == 200, answer.text
    return {group["group"]: [hit["code"] for hit in group["items"]] for group in answer.json()["groups"]}


@pytest.mark.once
def test_a_phrase_is_found_behind_many_that_only_share_beginnings_of_words(filled: TestClient, api: Api) -> None:
    directive = with_directive(filled, number="02/KH")
    for n in range(40):
        with_task(filled, f"KH02-{n:03}", directive, title=f"Rà soát, hoàn thiện quy định sổ sách số {n}")
    with_task(filled, "KH99-18", directive, title="Số hóa sổ hộ tịch còn lại", lead_unit=WARD)
    for typed in ("so hoa so", "Số hóa sổ"):
        assert found(filled, typed)["tasks"][0] == "KH99-18"
        assert found(api(), typed)["tasks"][0] == "KH99-18", "it is the ward's, as the others are"
        assert "tasks" not in found(api(unit=OTHER), typed)


def test_words_are_found_in_every_group_diacritics_aside(filled: TestClient) -> None:
    for typed in ("số hóa hồ sơ", "so hoa ho so", "HỒ SƠ số hoá"):
        hits = found(filled, typed)
        assert hits["tasks"] == ["KH98-01", "KH98-01.a"], "what was handed down comes last"
        assert hits["directives"] == ["12/TB-UBND"]
    assert found(filled, "hoa mang") == {"tasks": ["KH98-02"]}
    assert found(filled, "thuan hoa")["units"][0] == WARD
    assert found(filled, "vinh ninh")["units"] == [WARD], "by a former name"
    assert found(filled, "khai sinh")["procedures"]
    assert "NQ57-01" in found(filled, "truc tuyen")["indicators"]


def test_a_code_comes_first_however_it_is_typed(filled: TestClient) -> None:
    assert found(filled, "kh98-01") == {"tasks": ["KH98-01", "KH98-01.a"]}
    assert found(filled, "kh98-01.a")["tasks"][0] == "KH98-01.a"
    assert found(filled, "KH98") == {"tasks": ["KH98-01", "KH98-01.a", "KH98-02"]}
    assert found(filled, "tw-57") == {"tasks": ["KH98-02"]}, "by the centre's number"
    assert found(filled, WARD)["units"] == [WARD]
    assert next(iter(found(filled, "1.001193").values())) == ["1.001193"]
    assert found(filled, "nq57-01")["indicators"][0] == "NQ57-01"
    assert found(filled, "98/kh-bcđ")["directives"] == ["98/KH-BCĐ"]


def test_a_find_says_what_it_is_and_leads_on(filled: TestClient, people: People) -> None:
    answer = filled.get(AT, params={"q": "KH98-02"}).json()
    assert answer["q"] == "kh98 02"
    assert answer["groups"][0]["items"] == [{
        "group": "tasks", "code": "KH98-02", "name": "Hoà mạng trục liên thông",
        "unit": {"code": OTHER, "name": "Phú Xuân"}, "state": "not_started", "day": "2026-12-31", "about": None,
        "goal": None, "link": "/tasks/KH98-02",
    }]  # fmt: skip
    for q in ("so hoa", WARD, "1.001193", "nq57-01", "98/KH"):
        for group in filled.get(AT, params={"q": q}).json()["groups"]:
            for hit in group["items"]:
                assert filled.get(API + hit["link"]).status_code == 200, hit
            whole = filled.get(API + group["see_all"]).json()["items"]
            assert len(whole) >= len(group["items"]), "the list has all of them, and more"
            assert group["more"] is (len(whole) > len(group["items"]))
    assert len(found(filled, "phuong")["units"]) == AT_MOST
    assert (
        filled.get(AT, params={"q": "nq57-01"}, headers={"accept-language": "en"})
        .json()["groups"][0]["items"][0]["name"]
        .isascii()
    )
    page = people("city_analyst").get("/search?q=so+hoa").text
    assert 'href="/tasks/KH98-01"' in page
    assert 'href="/search.csv?q=so+hoa"' in page


def test_nothing_shows_of_what_the_caller_may_not_read(filled: TestClient, api: Api, people: People) -> None:
    assert found(api(), "so hoa")["tasks"] == ["KH98-01.a"], "a ward's officer sees the ward's part"
    assert found(api(), "KH98") == {"tasks": ["KH98-01.a"]}
    assert found(api(), "hoa mang") == {}
    assert found(api(), "TW-57") == {}
    assert "directives" not in found(api(), "12/TB-UBND")
    assert found(api(unit=OTHER), "KH98") == {"tasks": ["KH98-02"]}
    assert "KH98-02" not in people().get("/search?q=KH98").text
    assert set(found(api("administrator"), "so hoa")) <= {"units", "procedures"}
    assert found(api("machine", scopes=["tasks:read"]), WARD) == {}
    assert set(found(api("machine", scopes=["units:read"]), "phuong")) == {"units"}
    assert TestClient(filled.app).get(AT, params={"q": "so hoa"}).status_code == 401


def test_whatever_is_typed_is_answered(filled: TestClient, people: People) -> None:
    person = people("city_analyst")
    for typed in ("a", " ", "%", "_", "%%", '"', "' or 1=1", "*", "so* NEAR hoa", "()", "a" * 80, "é́" * 9, "\t\n"):
        answer = filled.get(AT, params={"q": typed})
        assert (answer.status_code, answer.json()["groups"]) == (200, []), (typed, answer.text)
        assert person.get("/search", params={"q": typed}).status_code == 200, typed


def test_too_long_a_search_is_refused_and_a_full_one_answered(filled: TestClient) -> None:
    assert filled.get(AT, params={"q": "so hoa " * 40}).status_code == 422
    assert found(filled, ("so hoa " * 12)[:80])["tasks"] == ["KH98-01", "KH98-01.a"]
    assert found(filled, " ".join(f"{n:02}" for n in range(26))) == {}


def test_what_was_found_is_a_table_too(filled: TestClient) -> None:
    rows = rows_of(filled.get(f"{AT}.csv", params={"q": "so hoa"}))
    assert [(row["group"], row["code"]) for row in rows][:2] == [("tasks", "KH98-01"), ("tasks", "KH98-01.a")]
    assert rows[0]["unit_code"] == "SO-KHCN"
    assert (rows[0]["more"], rows[0]["see_all"]) == ("false", "/tasks?level=all&q=so+hoa")


def test_the_nearest_of_many_tasks_is_shown(filled: TestClient) -> None:
    number = filled.get("/api/v1/directives").json()["items"][0]["id"]
    for n in range(10):
        with_task(filled, f"A{n}", number, title=f"Rà soát việc số hóa lần {n}")
    with_task(filled, "Z9", number, title="Số hóa đất đai")
    group = filled.get(AT, params={"q": "so hoa"}).json()["groups"][0]
    codes = [hit["code"] for hit in group["items"]]
    assert (group["group"], group["more"], len(codes)) == ("tasks", True, 7)
    assert {"KH98-01", "Z9", "KH98-01.a"} == set(codes[:3]), "whose names begin so"
    assert set(codes[3:]) < {f"A{n}" for n in range(10)}


def test_the_box_shows_only_what_it_found(filled: TestClient, people: People) -> None:
    part = people("city_analyst").get("/search?q=so+hoa", headers={"hx-request-type": "partial"}).text
    assert 'id="search-results"' in part
    assert "<form" not in part
