"""The portal's pure rules: what is kept of a body, when a system is left alone, what an answer may hold."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.portal.adapters import maps
from app.portal.adapters.rules import (
    Endpoint,
    Outcome,
    PortalAgency,
    PortalFault,
    count_of,
    once,
    retry_after,
    text_of,
)
from app.portal.adapters.transport import target
from app.portal.exchanges.rules import MASK, masked, masked_text
from app.portal.health.rules import FAILURES, Breaker, BreakerState, entering, failed, succeeded

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOSTS = frozenset({"127.0.0.1", "cong.example.vn"})


def after(seconds: float) -> datetime:
    """Return a moment so many seconds later."""
    return AT + timedelta(seconds=seconds)


def test_five_failures_in_thirty_seconds_open_the_breaker() -> None:
    breaker = Breaker()
    for number in range(FAILURES - 1):
        breaker = failed(breaker, after(number * 7))
        assert breaker.state is BreakerState.closed
    assert failed(breaker, after(28)).state is BreakerState.open
    assert failed(breaker, after(31)).state is BreakerState.closed, "the first is out of the window"
    assert succeeded(breaker) == Breaker()


def test_three_that_wait_in_vain_one_after_the_other_open_the_breaker() -> None:
    breaker = failed(failed(Breaker(), after(0), hung=True), after(60), hung=True)
    assert breaker.state is BreakerState.closed
    assert failed(breaker, after(120), hung=True).state is BreakerState.open
    assert failed(failed(breaker, after(120)), after(180), hung=True).state is BreakerState.closed, "not in a row"
    assert failed(succeeded(breaker), after(120), hung=True).state is BreakerState.closed


def test_an_open_breaker_lets_one_call_through_every_thirty_seconds() -> None:
    opened = Breaker(failures=(AT,) * FAILURES, opened_at=AT)
    assert entering(opened, after(29)) is None
    probing = entering(opened, after(30))
    assert probing is not None
    assert entering(probing, after(31)) is None, "the turn is taken"
    assert failed(probing, after(31)).state is BreakerState.open
    assert entering(failed(probing, after(31)), after(60)) is not None
    assert succeeded(probing).state is BreakerState.closed


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), max_size=30))
def test_whatever_happens_a_closed_breaker_holds_fewer_failures_than_open_it(steps: list[tuple[bool, float]]) -> None:
    breaker, now = Breaker(), AT
    for good, wait in steps:
        now += timedelta(seconds=wait)
        breaker = succeeded(breaker) if good else failed(breaker, now)
        assert len(breaker.failures) <= FAILURES
        assert (breaker.state is BreakerState.open) == (len(breaker.failures) == FAILURES)


def test_only_kept_keys_keep_their_values() -> None:
    kept = maps.of(Endpoint.legacy).kept
    body = {
        "session": "bí mật", "service": "TraCuuHoSo",
        "result": [{"ChuHoSo": "Nguyễn Văn A", "MaTTHC": "1.004194", "TenTTHC": "gọi 0912345678", "Khác": {"x": "y"}}],
    }  # fmt: skip
    assert masked(body, kept) == {
        "session": MASK, "service": "TraCuuHoSo",
        "result": [{"ChuHoSo": MASK, "MaTTHC": "1.004194", "TenTTHC": MASK, MASK: {"x": MASK}}],
    }  # fmt: skip
    long = json.loads(masked_text(json.dumps({"result": [{"MaTTHC": "1"}] * 50}).encode(), kept))
    assert (len(long["result"]), long["result"][-1]) == (21, "… +30")
    assert masked_text(b"<html>Nguyen Van A</html>", kept) == "(no JSON: 25 B)"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(
    st.text(), s), max_leaves=20))  # fmt: skip
def test_no_body_breaks_the_masking_or_shows_a_text(value: object) -> None:
    text = masked_text(json.dumps({"ho_ten": "BÍ MẬT", "x": value}).encode(), frozenset())
    assert "BÍ MẬT" not in text
    text.encode()


def test_an_answer_is_not_trusted() -> None:
    assert text_of({"a": 12}, "a") == "12"
    for wrong in (None, "", " ", True, 1.5, ["x"], "a\0b", "x" * 501):
        with pytest.raises(PortalFault):
            text_of({"a": wrong}, "a")
    assert count_of({"a": None}, "a") is None, "null is not zero"
    assert count_of({"a": 0}, "a") == 0
    for no_count in (True, -1, 1.0, "3", 10**10):
        with pytest.raises(PortalFault):
            count_of({"a": no_count}, "a")
    rows = [PortalAgency("b", "B"), PortalAgency("a", "A"), PortalAgency("b", "B")]
    assert once(rows, "code") == [PortalAgency("a", "A"), PortalAgency("b", "B")]
    with pytest.raises(PortalFault):
        once([*rows, PortalAgency("b", "khác")], "code")


def test_a_system_may_ask_to_wait_but_not_for_ever() -> None:
    assert (retry_after("2"), retry_after("120"), retry_after("999999999")) == (2, 120, 900)
    for nothing in (None, "", "-2", "1.5", "Wed, 21 Oct", "9" * 41):
        assert retry_after(nothing, "Wed, 21 Oct 2026 07:28:00 GMT") is None
    assert retry_after("Wed, 21 Oct 2026 07:28:00 GMT") is None, "by our clock it could be any time"


@pytest.mark.parametrize(
    ("asked", "seconds"), [("07:30:00", 120), ("23:00:00", 900), ("07:28:00", 0), ("06:00:00", 0)]
)  # fmt: skip
def test_a_system_may_name_a_moment_by_its_own_clock(asked: str, seconds: float) -> None:
    assert retry_after(f"Wed, 21 Oct 2026 {asked} GMT", "Wed, 21 Oct 2026 07:28:00 GMT") == seconds


@pytest.mark.parametrize(
    ("address", "demonstration"),
    [
        ("http://cong.example.vn/a", False), ("http://cong.example.vn/a", True), ("http://127.0.0.1:1/", False),
        ("https://other.example.vn/", False), ("https://u:p@cong.example.vn/", False), ("ftp://127.0.0.1/", True),
        ("https://cong.example.vn@evil.example/", False), ("", False),
    ],
)  # fmt: skip
def test_only_listed_addresses_are_called_and_only_by_https(address: str, demonstration: bool) -> None:
    with pytest.raises(PortalFault) as refused:
        target(Endpoint.rest, address, hosts=HOSTS, demonstration=demonstration)
    assert refused.value.outcome is Outcome.unreachable


def test_this_machine_is_called_without_https_in_the_demonstration_alone() -> None:
    assert not target(Endpoint.rest, "http://127.0.0.1:1/rest", hosts=HOSTS, demonstration=True).verified
    assert target(Endpoint.rest, "https://cong.example.vn/rest/", hosts=HOSTS, demonstration=True).verified
    assert target(Endpoint.rest, "https://127.0.0.1/rest/", hosts=HOSTS, demonstration=False).verified


def test_every_status_and_channel_of_the_portal_has_a_meaning() -> None:
    names = maps.of(Endpoint.legacy)
    assert [names.meaning("status", str(n)) for n in range(1, 11)] == list(range(1, 11))
    assert [names.meaning("channel", str(n)) for n in (1, 2, 3)] == ["counter", "online", "post"]
    with pytest.raises(PortalFault):
        names.meaning("status", "11")
