"""Who may what, walked over every route there is: nothing is open by accident, nothing of another unit shows."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response

from app.accounts.rules import UNIT_ROLES, Role, rights_of
from app.core.access import Allow, Public, Rule, allow
from app.core.db import SAFE_METHODS, Reading, get_looking, get_writing
from app.core.web import API
from tests.conftest import KIND
from tests.support.clients import DAY, OTHER, WARD, PageClient, line, report

Api = Callable[..., TestClient]
MISSING = "19999"
PEOPLE = tuple(role.value for role in Role if role is not Role.machine)
# Everybody may, each for its reason.
PUBLIC = {
    ("GET", "/"): "leads a stranger to the sign-in",
    ("GET", "/favicon.ico"): "a picture, asked for by browsers",
    ("GET", "/sign-in"): "the door itself",
    ("POST", "/sign-in"): "the door itself",
    ("POST", "/language"): "the language of the sign-in page",
    ("GET", "/healthz"): "asked by machines that restart the process",
    ("GET", "/readyz"): "asked by machines that send traffic",
    ("GET", "/api/docs"): "the contract is no secret",
}
# What FastAPI and Starlette bring: no dependency can be put on them, and nothing of the database is in them.
BARE = {"/api/openapi.json", "/static"}
# Unsafe, but without the request's own transaction: hashing must hold none, and the language of a stranger has no row.
OWN_TRANSACTIONS = {("POST", "/sign-in"), ("POST", "/language")}


def _within(dependant: Dependant) -> Iterator[Dependant]:
    for sub in dependant.dependencies:
        yield sub
        yield from _within(sub)


@cache
def _routes(app: FastAPI) -> list[RouteContext]:
    return [route for route in iter_route_contexts(app.routes) if route.path not in BARE]


def _calls(route: RouteContext) -> list[Any]:
    dependant = getattr(route, "dependant", None)
    return [one.call for one in _within(dependant)] if dependant is not None else []


def _method(route: RouteContext) -> str:
    assert route.methods is not None
    assert len(route.methods) == 1, route.path
    return next(iter(route.methods))


def without_rule(app: FastAPI) -> list[str]:
    """Return the routes that anybody reaches because nobody said who may."""
    return [f"{route.path}" for route in _routes(app) if not any(isinstance(call, Rule) for call in _calls(route))]


def with_wrong_session(app: FastAPI) -> list[str]:
    """Return unsafe routes that could not replay a repeated call, and safe ones that could write."""
    wrong = []
    for route in _routes(app):
        calls, method = _calls(route), _method(route)
        if method in SAFE_METHODS and (get_writing in calls or get_looking in calls):
            wrong.append(f"{method} {route.path} reads with another session")
        kept = get_writing in calls or get_looking in calls
        if method not in SAFE_METHODS and not kept and (method, route.path) not in OWN_TRANSACTIONS:
            wrong.append(f"{method} {route.path} writes without Writing")
    return wrong


@pytest.mark.once
def test_every_route_says_who_may(app: FastAPI) -> None:
    assert len(_routes(app)) > 100
    assert without_rule(app) == []
    assert with_wrong_session(app) == []


def test_the_walk_finds_a_bare_route_and_a_careless_write() -> None:
    router = APIRouter()

    @router.get("/ruled", dependencies=[allow("units:read")])
    def ruled() -> None: ...

    @router.get("/bare")
    def bare(session: Reading) -> None: ...

    @router.post("/careless", dependencies=[allow("units:edit")])
    def careless(session: Reading) -> None: ...

    thrown_away = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    thrown_away.include_router(router, prefix=API)
    assert without_rule(thrown_away) == [f"{API}/bare"]
    assert with_wrong_session(thrown_away) == [f"POST {API}/careless writes without Writing"]


def test_what_everybody_may_is_a_short_list(app: FastAPI) -> None:
    public = {
        (_method(route), route.path) for route in _routes(app) if any(isinstance(c, Public) for c in _calls(route))
    }
    assert public == set(PUBLIC)


def _address(path: str, unit: str, ids: dict[str, str]) -> str:
    values = {"unit": unit, "day": DAY, "system": "city", "code": unit, "indicator": "VH-01", "set_code": "VH"} | ids
    return re.sub(r"{(\w+)(?::\w+)?}", lambda match: values.get(match[1], "1"), path)


def _addresses(path: str) -> list[str]:
    """Return the addresses of the caller's ward and of another: one where no unit is named."""
    return list(dict.fromkeys(_address(path, unit, {}) for unit in (WARD, OTHER)))


def _bare_answer(answer: Response, unit: str) -> tuple[int, str, str | None]:
    text = re.sub(r'"request_id": ?"[^"]*"', "", answer.text).replace(unit, "UNIT")
    return answer.status_code, text, answer.headers.get("location")


def _of_a_unit(route: RouteContext) -> bool:
    # Units, calendar and catalogue are public knowledge; what belongs to a unit stands under its code.
    assert route.path is not None
    return any(f"/{owned}/{{unit}}" in route.path for owned in ("reports", "obligations", "figures"))


@pytest.fixture
def figures(api: Api) -> None:
    """Another ward's report with figures that nobody else has, and a third's, so that sums differ from both."""
    body = report(line(received_online=734_512, resolved_early=612_947))
    for day in (DAY, "2026-11-19"):
        for system in ("city", "ministry"):
            sent = api(unit=OTHER).put(f"{API}/throughput/reports/{OTHER}/{day}/{system}", json=body)
            assert sent.status_code == 201, sent.text
            third = api(unit="19804").put(
                f"{API}/throughput/reports/19804/{day}/{system}",
                json=report(line(received_online=31, resolved_early=3)),
            )
            assert third.status_code == 201, third.text
    line_in = {"field": "HT", "received_online": 734_512, "resolved_early": 612_947}
    said = {
        "source": "x",
        "basis": "daily",
        "items": [{"unit": OTHER, "day": DAY, "system": "city", "lines": [line_in]}],
    }
    came = api("machine", scopes=["figures:send"]).put(f"{API}/throughput/figures", json=said)
    assert came.json()["accepted"] == 1, came.text


SECRET = re.compile(
    r"(?<![0-9a-f])(?:734[.,\u202f ]?512|612[.,\u202f ]?947|121[.,\u202f ]?565|1[.,\u202f ]?469[.,\u202f ]?024"
    r"|1[.,\u202f ]?225[.,\u202f ]?894|243[.,\u202f ]?130)(?![0-9a-f])"
)


WRONG: list[dict[str, Any]] = [
    {"json": [1]}, {"content": b"\xff"}, {"data": {"a[b][c]": "1", "lines[0][field]": "HT"}}
]  # fmt: skip
NONSENSE: dict[str, Any] = {"content": b"{nonsense", "headers": {"content-type": "application/json"}}


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_another_unit_answers_as_a_missing_one(
    app: FastAPI, api: Api, people: Callable[..., PageClient], figures: None, role: str
) -> None:
    client, browser = api(role), people(role)
    compared = 0
    for route in _routes(app):
        if not _of_a_unit(route):
            continue
        assert route.path is not None
        caller: TestClient = client if route.path.startswith(API) else browser
        bodies: list[dict[str, Any]] = [{}] if _method(route) == "GET" else [{"json": {}}, NONSENSE]
        for options in bodies:
            for suffix in ("", ".csv", ".json"):
                answers = []
                for unit in (OTHER, MISSING):
                    answer = caller.request(_method(route), _address(route.path, unit, {}) + suffix, **options)
                    answers.append(_bare_answer(answer, unit))
                assert answers[0] == answers[1], (route.path, suffix)
                assert answers[0][0] in (403, 404, 406), (route.path, answers[0])
                compared += 1
    assert compared > 40


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_another_unit_in_a_filter_answers_as_a_missing_one(api: Api, figures: None, role: str) -> None:
    client = api(role)
    for path in ("throughput/reports", "throughput/summary", "throughput/obligations", "throughput/figures"):
        other, missing = (client.get(f"{API}/{path}", params={"unit": unit}) for unit in (OTHER, MISSING))
        assert _bare_answer(other, OTHER) == _bare_answer(missing, MISSING), path
        assert other.status_code in (403, 404), path


@pytest.mark.once
@pytest.mark.parametrize("role", ["ward_officer"])
def test_no_answer_holds_another_units_figures(
    app: FastAPI, api: Api, people: Callable[..., PageClient], figures: None, role: str
) -> None:
    client, browser = api(role), people(role)
    looked = 0
    for route in _routes(app):
        assert route.path is not None
        if _method(route) != "GET":
            continue
        caller: TestClient = client if route.path.startswith(API) else browser
        at = _addresses(route.path)
        if "throughput" in route.path:
            addresses = [one + suffix + question for one in at for question in QUESTIONS for suffix in ("", ".csv")]
        else:
            addresses = [*at, at[0] + ".csv"]
        for address in addresses:
            found = SECRET.search(caller.get(address).text)
            assert found is None, (address, found)
            looked += 1
    assert looked > 400
    everybody = api("city_analyst").get(f"{API}/throughput/reports/{OTHER}/{DAY}/city")
    assert SECRET.search(everybody.text), "the search cannot find what is there"


QUESTIONS = (
    "", "?from=2026-11-01&to=2026-11-30&group_by=day", "?group_by=field", "?group_by=month&system=city", f"?day={DAY}"
)  # fmt: skip
STRANGE: tuple[str, ...] = ("không-có", "x" * 300, "%00", "-1", "99999999999999999999", "2026-13-45")


@pytest.mark.parametrize("role", [*PEOPLE, "machine"])
def test_every_role_is_answered_on_every_route_as_its_rights_say(
    app: FastAPI, api: Api, people: Callable[..., PageClient], figures: None, role: str
) -> None:
    client = api(role, WARD, scopes=["reports:send", "units:read"]) if role == "machine" else api(role)
    browser = people(role) if role != "machine" else None
    for route, caller in _callable(app, client, browser):
        assert route.path is not None
        method = _method(route)
        for at in _addresses(route.path):
            answer = caller.request(method, at, json=None if method == "GET" else {})
            assert answer.status_code < 500, (method, at, answer.text)
            if not _may(route, role):
                assert answer.status_code == 403, (method, at, answer.status_code)
                assert answer.headers["content-type"].startswith(
                    "application/problem+json" if route.path.startswith(API) else "text/html"
                )
            else:
                assert answer.status_code != 401, (method, at)


@pytest.mark.parametrize("role", ["ward_officer", "administrator"] if KIND == "sqlite" else ["city_analyst"])
def test_nonsense_is_refused_on_every_route_and_never_a_defect(
    app: FastAPI, api: Api, people: Callable[..., PageClient], role: str
) -> None:
    client, browser = api(role), people(role)
    for route, caller in _callable(app, client, browser):
        path, method = route.path, _method(route)
        assert path is not None
        names = re.findall(r"{(\w+)", path)
        at = [_address(path, WARD, {name: strange}) for name in names for strange in STRANGE]
        option: dict[str, Any] = {}
        if method != "GET":
            option = {"json": {}} if path.startswith(API) else {"data": {"reason": "x"}}
            bodies: list[dict[str, Any]] = [{}, {"json": {}}, NONSENSE] if at and KIND == "sqlite" else []
            for one in bodies:
                answer = caller.request(method, at[0], **one)
                assert answer.status_code < 500, (method, at[0], one, answer.text)
            wrong: list[dict[str, Any]] = [
                {"json": [1]},
                {"content": b"\xff"},
                {"data": {"a[b][c]": "1", "lines[0][field]": "HT"}},
            ]
            for one in wrong if KIND == "sqlite" else []:  # no database is asked about a body that cannot be read
                answer = caller.request(method, _address(path, WARD, {}), **one)
                assert answer.status_code < 500, (method, path, one, answer.text)
        for address in at:
            answer = caller.request(method, address, **option)
            assert answer.status_code < 500, (method, address, option, answer.text)


def _callable(
    app: FastAPI, client: TestClient, browser: PageClient | None
) -> Iterator[tuple[RouteContext, TestClient]]:
    for route in _routes(app):
        method, path = _method(route), route.path
        assert path is not None
        if (method, path) in PUBLIC or (method, path) in ENDING:
            continue
        caller = client if path.startswith(API) else browser
        if caller is not None:
            yield route, caller


ENDING = {("POST", "/sign-out"), ("DELETE", "/sessions/{session_id:int}")}  # would end the walk


def _may(route: RouteContext, role: str) -> bool:
    rules = [call for call in _calls(route) if isinstance(call, Rule)]
    rights = {"reports:send", "units:read"} if role == "machine" else rights_of(Role(role), 1)
    return all(not isinstance(rule, Allow) or rule.right is None or rule.right in rights for rule in rules)


@pytest.mark.once
def test_a_stranger_gets_401_at_the_api_and_the_sign_in_at_the_pages(
    app: FastAPI, client: TestClient, stranger: PageClient
) -> None:
    for route in _routes(app):
        method, path = _method(route), route.path
        assert path is not None
        if (method, path) in PUBLIC:
            continue
        at = _address(path, WARD, {})
        options: list[dict[str, Any]] = [{}] if method == "GET" else [{}, {"json": {}}, {"content": b"{nonsense"}]
        for option in options:
            if path.startswith(API):
                answer = client.request(method, at, **option)
                assert answer.status_code == 401, (method, at, option, answer.text)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.json()["code"] == "unauthenticated"
            else:
                answer = stranger.request(method, at, **option)
                if method in ("GET", "HEAD"):
                    assert answer.status_code == 303, (method, at, option)
                    assert answer.headers["location"].split("?")[0] == "/sign-in"
                else:
                    assert answer.status_code == 401, (method, at, option)
                    assert '<form action="/sign-in" method="post">' in answer.text


def test_a_cookie_opens_no_door_of_the_api_and_a_token_none_of_the_pages(
    app: FastAPI, api: Api, people: Callable[..., PageClient]
) -> None:
    browser = people("city_analyst")
    assert browser.get("/units").status_code == 200
    for route in _routes(app):
        assert route.path is not None
        if route.path.startswith(API):
            answer = browser.request(_method(route), _address(route.path, WARD, {}), headers={"x-door": "api"})
            assert answer.status_code == 401, route.path
    token = api("city_analyst").headers["authorization"]
    bearer = TestClient(app, base_url="https://testserver", follow_redirects=False, headers={"authorization": token})
    assert bearer.get("/units").status_code == 303


CROSS = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "https://testserver"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "https://testserver.evil.example"},
    {"origin": "https://testserver:8443"},
)
SAME: tuple[dict[str, str], ...] = (
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"origin": "https://testserver"},
    {},
)


@pytest.mark.once
@pytest.mark.parametrize("headers", CROSS)
def test_a_form_of_another_site_is_refused(
    app: FastAPI, people: Callable[..., PageClient], headers: dict[str, str]
) -> None:
    browser = people("ward_officer")
    for route in _routes(app):
        assert route.path is not None
        method = _method(route)
        if method in SAFE_METHODS or route.path.startswith(API):
            continue
        # The audit of pages would add the very header that is spoken of.
        answer = TestClient.request(browser, method, _address(route.path, WARD, {}), headers=headers, data={"a": "1"})
        assert answer.status_code == 403, route.path
        assert "trang khác" in answer.text.lower() or "cross" in answer.text.lower(), answer.text[:2000]


@pytest.mark.parametrize("headers", SAME)
def test_a_form_of_this_site_is_taken(people: Callable[..., PageClient], headers: dict[str, str]) -> None:
    browser = people("ward_officer")
    answer = TestClient.request(browser, "POST", "/language", headers=headers, data={"locale": "fr", "to": "/units"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/units"


def test_the_api_takes_no_notice_of_where_a_call_comes_from(api: Api) -> None:
    answer = api().put(
        f"{API}/throughput/reports/{WARD}/{DAY}/city", json=report(line(received_online=1)),
        headers={"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"},
    )  # fmt: skip
    assert answer.status_code == 201


def test_rows_of_others_answer_as_missing_ones(api: Api, people: Callable[..., PageClient]) -> None:
    """Tokens and sessions of others are not there for who does not manage them."""
    theirs = api("administrator").get(f"{API}/tokens").json()["items"][0]["id"]
    other, mine = people("ward_leader"), people("ward_officer")
    for there, missing in ((f"/tokens/{theirs}", "/tokens/999999"),):
        assert mine.get(there).status_code == mine.get(missing).status_code == 404
        assert mine.request("DELETE", there).status_code == mine.request("DELETE", missing).status_code == 404
    for session in (1, 99_999):  # the first is of the other, who signed in before
        assert mine.request("DELETE", f"/sessions/{session}").status_code == 404
    assert other.get("/sessions").status_code == 200


def test_the_request_is_known_by_one_number(client: TestClient) -> None:
    answer = client.get(f"{API}/units")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    given = "0123456789abcdef0123456789abcdef"
    assert client.get(f"{API}/units", headers={"x-request-id": given}).json()["request_id"] == given
    for bad in ("x" * 200, "a\tb", "<script>"):
        assert client.get(f"{API}/units", headers={"x-request-id": bad}).json()["request_id"] != bad
