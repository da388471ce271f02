"""Figures published for Huế: every row of the data file stands as it was printed, and what does not add up says so."""

import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from fastapi.testclient import TestClient

from app.core import i18n
from app.core.web import API
from app.indicators.readings.words import rows
from tests.support.clients import PageClient
from tests.support.page import read

AT = f"{API}/indicators"
MEASURES = {"%": "percent", "data sets": "data_sets"}
WORDS = ("source_vi", "source_en", "source_fr", "note_vi", "note_en", "note_fr")
KEPT = ("value", "numerator", "denominator", "unit_of_measure", "rank", "out_of", "published_on", "as_of", *WORDS)


def printed() -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return what the data file says by indicator, place and period, in the words of an answer; nothing for a blank."""
    found = {}
    for row in rows():
        said: dict[str, Any] = {name: row[name] or None for name in (*WORDS, "published_on")}
        said |= {name: int(row[name]) if row[name] else None for name in ("numerator", "denominator", "rank", "out_of")}
        said |= {"value": Decimal(row["value"]), "unit_of_measure": MEASURES.get(row["unit"], row["unit"])}
        # What was taken down the day after speaks of the day, or of the month's last one.
        said["as_of"] = {"2025-07": "2025-07-31", "2025-07-14": "2025-07-14"}.get(row["period"], row["as_of"][:10])
        found[row["indicator"], row["unit_code"] or row["scope"], row["period"]] = said
    return found


def gap(said: dict[str, Any]) -> Fraction | None:
    """Return by how much the parts differ from the share that is printed, worked out here and not by the program."""
    if said["unit_of_measure"] != "percent" or said["numerator"] is None:
        return None
    exact = Fraction(100 * said["numerator"], said["denominator"])
    shown = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(said["value"], ROUND_HALF_UP)
    return None if shown == said["value"] else exact - Fraction(said["value"])


def standing(client: TestClient) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the readings that were published before the service was, as the API gives them."""
    answer = client.get(f"{AT}/readings?origin=published&superseded=true&limit=200")
    assert answer.json()["next"] is None
    items = json.loads(answer.content, parse_float=Decimal)["items"]
    return {(one["indicator"], one["place"], one["period"]): one for one in items}


def test_every_published_row_stands_as_a_reading_as_it_was_printed(api: Callable[..., TestClient]) -> None:
    wanted, found = printed(), standing(api("leader"))
    assert len(wanted) == 49
    assert found.keys() == wanted.keys()
    for key, said in wanted.items():
        one = found[key]
        told = {**one, "source_vi": one["source"], "note_vi": one["note"]}
        assert {name: told[name] for name in KEPT} == said, key
        assert (one["state"], one["standing"], one["number"], one["supersedes"]) == ("official", True, 1, None), key
        assert (one["unit"] or {}).get("code") == (key[1] if key[1].isdigit() else None), key


def test_what_does_not_add_up_in_print_is_shown_with_its_gap_and_never_repaired(
    api: Callable[..., TestClient], people: Callable[..., PageClient]
) -> None:
    found = standing(api("leader"))
    gaps = {key: by for key, said in printed().items() if (by := gap(said)) is not None}
    # 113/139 is 81.29 %, printed 81.2; 105/168 is 62.5 %, printed 62.
    assert gaps.keys() == {("HUE-NV-02", "city", "2025-Q3"), ("HUE-NV-02", "city", "2025-Q4")}
    for key, one in found.items():
        assert (one["gap"] is None) == (key not in gaps), key
        if key in gaps:
            assert abs(Fraction(one["gap"]) - gaps[key]) <= Fraction(1, 2 * 10**6), key
    analyst, browser = api("city_analyst"), people("leader")
    # 105 + 35 + 23 of 168 tasks; 1,856 + 436 of 2,307 procedures.
    for code, total, parts, words in (
        ("HUE-NV-01", 168, [105, 35, 23], "= 163; tổng số 168; chênh lệch 5."),
        ("HUE-TT-01", 2307, [1856, 436], "= 2.292; tổng số 2.307; chênh lệch 15."),
    ):
        shown = analyst.get(f"{AT}/{code}").json()["parts"]
        assert ([part["value"] for part in shown["parts"]], shown["whole"]) == (parts, total)
        assert (shown["sum"], shown["gap"]) == (sum(parts), total - sum(parts))
        assert words in browser.get(f"/indicators/{code}").text
    assert "Nguồn in 62%, còn 105/168 cho 62,50%" in browser.get("/indicators/HUE-NV-02").text


def test_every_published_figure_is_on_a_page_with_its_source(people: Callable[..., PageClient]) -> None:
    browser = people("leader")
    page = read(browser.get("/indicators/readings?origin=published&limit=200").text)
    shown = [" ".join(node.text.split()) for node in page.all("tr")]
    for (code, _, period), said in printed().items():
        figure = i18n.decimal(said["value"], "vi", 6, 2) + ("%" if said["unit_of_measure"] == "percent" else "")
        whole = said["source_vi"] + (f" {said['note_vi']}" if said["note_vi"] else "")
        assert any(figure in row and whole in row for row in shown), (code, period, figure)
    by_parts = [row for row in shown if "tử số, mẫu số cho" in row]
    assert len(by_parts) == sum(gap(said) is not None for said in printed().values()), by_parts


def test_the_share_of_the_budget_that_was_set_for_2026_is_a_target_and_no_reading(
    api: Callable[..., TestClient],
) -> None:
    leader = api("leader")
    (goal,) = leader.get(f"{AT}/targets?indicator=NS-01&unit=city").json()["items"]
    assert (goal["period"], goal["low"], goal["comparator"], goal["document"]) == (
        "2026", 3.0, "at_least", "Nhiệm vụ năm 2026 theo báo chí",
    )  # fmt: skip
    assert leader.get(f"{AT}/readings?indicator=NS-01").json()["items"] == []


# What Resolution 57 sets for 2030, in its order: a bound that must be passed is written with > alone.
OF_2030 = """
≥80% online ≥90% end to end ≥100% digitised ≥80% re-used ≥80% paid ≥70% boundless ≥100% tasks ≥80% cashless ≥30% digital
≥2% research >60% private ≥3% budget ≥55% productivity ≥50% high-tech ≥40% innovating ≥12 researchers ≥99% 5G
≥95% accounts ≥70% signatures ≥95% health >0.7 development ≤3 competitive ≤50 in_the_world
≤3 e-government ≤50 in_the_world
"""


def test_the_sets_that_come_with_the_service_say_what_their_documents_say(api: Callable[..., TestClient]) -> None:
    leader = api("leader")
    signs = {"at_least": "≥", "more_than": ">", "at_most": "≤"}
    goals = leader.get(f"{AT}/targets?unit=national&limit=200").json()["items"]
    found = [
        f"{signs[one['comparator']]}{one['low'] or one['high']:g}{'%' if one['unit_of_measure'] == 'percent' else ''}"
        for one in sorted(goals, key=lambda one: one["indicator"])
        if one["indicator"].startswith("NQ57-") and one["period"] == "2030"
    ]
    assert found == [word for word in OF_2030.split() if word[0] in "≥>≤"]
    assert all("57" in one["document"] for one in goals if one["indicator"].startswith("NQ57-"))
    groups = leader.get(f"{AT}/sets/QD766").json()["groups"]
    assert [(one["code"], one["max_score"]) for one in groups] == [
        ("TONG", 100), ("CK", 18), ("TD", 20), ("DVC", 12), ("TT", 10), ("SH", 22), ("HL", 18),
    ]  # fmt: skip
    assert sum(one["max_score"] for one in groups[1:]) == 100
    for code in ("DTI", "PII"):
        (group,) = leader.get(f"{AT}/sets/{code}").json()["groups"]
        assert {one["unit_of_measure"] for one in group["indicators"]} == {"points", "rank"}, code
