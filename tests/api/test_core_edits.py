"""Two officers at one row, in every order of reading and writing: no change is lost, a stale one is always told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, count
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.core.web import API
from tests.conftest import KIND, PASSWORD
from tests.support.clients import DAY, WARD, PageClient, line, report

Api = Callable[..., TestClient]
STEPS = ("read", "write", "read", "write")


def orders() -> Iterator[list[tuple[int, str]]]:
    """Give every order in which two people's steps can follow one another: 70."""
    for first in combinations(range(8), 4):
        steps = {0: iter(STEPS), 1: iter(STEPS)}
        yield [(who, next(steps[who])) for who in (0 if place in first else 1 for place in range(8))]


# On the other database what two say at one moment is another file's: test_races.
PLAYED = [*orders()][:: 1 if KIND == "sqlite" else 5]


@dataclass
class Row:
    """A versioned row: how a number is written into it and read out of it."""

    path: str
    body: Callable[[int], dict[str, Any]]
    number: Callable[[dict[str, Any]], int]


REPORT = Row(
    f"{API}/throughput/reports/{WARD}/{DAY}/city",
    lambda n: report(line(received_online=n)),
    lambda shown: int(shown["lines"][0]["received_online"]),
)


def _account(number: int) -> Row:
    return Row(
        f"{API}/users/{number}",
        lambda n: {"label": f"Số {n}", "role": "ward_officer", "unit": WARD},
        lambda shown: int(shown["label"].split()[-1]),
    )


def _version(tag: str) -> str:
    """Return the version in an entity tag, which has a mark of the content besides when it was read."""
    return tag.strip('"').partition(".")[0]


def _all_orders(row: Row, clients: tuple[TestClient, TestClient]) -> list[int]:
    """Play every order and return the accepted numbers in their order."""
    fresh = count(2)
    accepted: list[int] = []
    first = clients[0].get(row.path)
    version = _version(first.headers["etag"])
    assert version
    for order in PLAYED:
        seen = {0: "", 1: ""}
        for who, step in order:
            client = clients[who]
            if step == "read":
                answer = client.get(row.path)
                seen[who] = answer.headers["etag"]
                assert _version(seen[who]) == version
                assert not accepted or row.number(answer.json()) == accepted[-1]
                continue
            number = next(fresh)
            answer = client.put(row.path, json=row.body(number), headers={"if-match": seen[who]})
            if _version(seen[who]) == version:
                assert answer.status_code == 200, (order, answer.text)
                assert row.number(answer.json()) == number
                version = _version(answer.headers["etag"])
                accepted.append(number)
            else:
                assert answer.status_code == 412, (order, answer.text)
                assert answer.json()["code"] == "stale"
    return accepted


def test_there_are_seventy_orders() -> None:
    assert len({tuple(order) for order in orders()}) == 70


def test_no_order_of_two_officers_loses_a_report(api: Api) -> None:
    clients = (api(), api("ward_leader"))
    assert clients[0].put(REPORT.path, json=REPORT.body(1)).status_code == 201
    accepted = _all_orders(REPORT, clients)
    assert 2 * len(PLAYED) < len(accepted) < 4 * len(PLAYED)
    revisions = clients[0].get(f"{REPORT.path}/revisions").json()["items"]
    assert [r["report"]["lines"][0]["received_online"] for r in revisions] == [*accepted[::-1], 1]


@pytest.mark.skipif(KIND != "sqlite", reason="the same check of versions; the report's orders run on both")
def test_no_order_of_two_administrators_loses_an_account(api: Api) -> None:
    clients = (api("administrator"), api("administrator"))
    user = {"user_name": "can.bo.moi", "label": "Số 1", "role": "ward_officer", "unit": WARD, "password": PASSWORD}
    row = _account(clients[0].post(f"{API}/users", json=user).json()["id"])
    accepted = _all_orders(row, clients)
    assert row.number(clients[0].get(row.path).json()) == accepted[-1]


def test_a_stale_form_comes_back_with_both_values(api: Api, people: Callable[..., PageClient]) -> None:
    officer, browser = api(), people()
    day = f"/throughput/reports/{WARD}/{DAY}"
    first = officer.put(f"{API}{day}", json={"city": report(line(received_online=11))})
    tag = first.headers["etag"]
    second = officer.put(f"{API}{day}", json={"city": report(line(received_online=222))}, headers={"if-match": tag})
    assert second.status_code == 200
    form = {"_method": "PUT", "_if_match": tag.strip('"')}
    form |= {f"city[lines][HT][{k}]": str(v) for k, v in line(received_online=3_333).items()}
    answer: Response = browser.post(day, data=form)
    assert answer.status_code == 412
    assert "3333" in answer.text or "3.333" in answer.text
    assert "222" in answer.text
    assert officer.get(f"{API}{day}/city").json()["lines"][0]["received_online"] == 222


def test_an_identical_report_has_no_effect_whatever_it_says_to_match(api: Api) -> None:
    officer = api()
    body = REPORT.body(1)
    assert officer.put(REPORT.path, json=body).status_code == 201
    for headers in ({}, {"if-match": '"1"'}, {"if-match": '"9"'}, {"if-match": "*"}, {"if-none-match": "*"}):
        answer = officer.put(REPORT.path, json=body, headers=headers)
        assert answer.status_code == 200, headers
        assert answer.headers["etag"] == '"1"'
    assert len(officer.get(f"{REPORT.path}/revisions").json()["items"]) == 1


@pytest.mark.parametrize("header", ['"1", "2"', 'W/"2"', "*", ' "2" ', '"2.0a1b2c3d"'])
def test_a_match_is_read_as_the_standard_says(api: Api, header: str) -> None:
    officer = api()
    officer.put(REPORT.path, json=REPORT.body(1))
    officer.put(REPORT.path, json=REPORT.body(2), headers={"if-match": '"1"'})
    assert officer.put(REPORT.path, json=REPORT.body(3), headers={"if-match": header}).status_code == 200


@pytest.mark.parametrize("header", ['"1"', '"22"', '"1.2"', '""', "2x", "", '"*"', "2", "nonsense"])
def test_what_does_not_name_the_version_does_not_match(api: Api, header: str) -> None:
    officer = api()
    officer.put(REPORT.path, json=REPORT.body(1))
    officer.put(REPORT.path, json=REPORT.body(2), headers={"if-match": '"1"'})
    answer = officer.put(REPORT.path, json=REPORT.body(3), headers={"if-match": header})
    if header.startswith('"') and "*" not in header:
        assert answer.status_code == 412
    else:
        # No entity tag at all, like a number without its quotation marks: not a stale one.
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "If-Match"
        assert answer.json()["errors"][0]["code"] == "bad_etag"
    assert _version(officer.get(REPORT.path).headers["etag"]) == "2"
