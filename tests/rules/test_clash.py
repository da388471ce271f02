"""The three-way comparison of a day's form: nothing of either is lost, nothing settled is asked."""

from hypothesis import given
from hypothesis import strategies as st

from app.throughput import clash
from app.throughput.clash import Opening, Place

PLACES: list[Place] = [("HT", "received_online"), ("HT", "memo/digitised"), ("LT", "withdrawn"), (None, "note")]
cells = st.fixed_dictionaries({place: st.sampled_from(("", "0", "1", "2")) for place in PLACES})
OPENINGS = {"HT": Opening(12, 3), "LT": Opening(0, 0)}


@given(cells, cells, cells)
def test_every_cell_is_settled_or_asked(
    base: dict[Place, str], theirs: dict[Place, str], mine: dict[Place, str]
) -> None:
    merged = clash.merge("city", base, theirs, mine, {})
    for place in PLACES:
        name = clash.name_of("city", place)
        was, now, typed = base[place], theirs[place], mine[place]
        assert (name in merged.both) == (len({was, now, typed}) == 3)
        assert (name in merged.theirs) == (now != was and typed == was)
        assert (name in merged.mine) == (typed != was and now == was)


@given(cells, cells)
def test_who_changed_nothing_gets_what_stands(base: dict[Place, str], theirs: dict[Place, str]) -> None:
    merged = clash.merge("city", base, theirs, base, {})
    assert (merged.both, merged.mine) == ({}, {})
    settled = base | {
        place: merged.theirs[clash.name_of("city", place)].theirs
        for place in PLACES
        if clash.name_of("city", place) in merged.theirs
    }
    assert settled == theirs


def test_names_are_those_of_the_form() -> None:
    named = {
        ("HT", "received_online"): "city[lines][HT][received_online]",
        ("HT", "memo/digitised"): "city[lines][HT][memo][digitised]",
        (None, "note"): "city[note]",
        ("HT", "reasons/opening_gap-HT/reason"): "city[reasons][opening_gap-HT][reason]",
    }
    assert {place: clash.name_of("city", place) for place in named} == named


def test_what_was_typed_is_read_as_the_form_means_it() -> None:
    typed = {
        "lines": {"7": {"field": "HT", "received_online": "1.234", "carried_over": "", "pending_in_time": "",
                        "withdrawn": "1,5", "received_post": ""}},
        "partial_day": "on",
    }  # fmt: skip
    cells, names = clash.of_form("city", typed, OPENINGS)
    assert cells == {
        ("HT", "received_online"): "1234", ("HT", "carried_over"): "12", ("HT", "withdrawn"): "1,5",
        ("HT", "received_post"): "", (None, "partial_day"): "true",
    }  # fmt: skip
    assert names["HT", "received_online"] == "city[lines][7][received_online]"


def test_an_empty_form_shows_what_was_open() -> None:
    cells = clash.of_report(None, OPENINGS, ("digitised",))
    shown = {column: cells["HT", column] for column in ("carried_over", "pending_overdue", "received_online")}
    assert shown == {"carried_over": "12", "pending_overdue": "3", "received_online": "0"}
    assert cells["HT", "memo/digitised"] == ""


def test_their_cells_are_filled_in_and_mine_kept() -> None:
    typed = {"city": {"lines": {"HT": {"field": "HT", "received_online": "5", "withdrawn": "0"}}, "note": "của tôi"}}
    merged = clash.merge(
        "city",
        {("HT", "received_online"): "0", ("HT", "withdrawn"): "0", (None, "note"): "", ("HT", "pending_in_time"): "9"},
        {("HT", "received_online"): "7", ("HT", "withdrawn"): "2", ("LT", "withdrawn"): "3",
         ("HT", "pending_in_time"): "4", ("HT", "reasons/late-HT/reason"): "campaign"},
        {("HT", "received_online"): "5", ("HT", "withdrawn"): "0", (None, "note"): "của tôi"},
        {},
    )  # fmt: skip
    assert {name: (c.base, c.theirs, c.mine) for name, c in merged.both.items()} == {
        "city[lines][HT][received_online]": ("0", "7", "5")
    }
    assert clash.filled(typed, merged) == {
        "city": {
            "lines": {
                "HT": {"field": "HT", "received_online": "5", "withdrawn": "2"},
                "LT": {"field": "LT", "withdrawn": "3"},
            },
            "note": "của tôi",
            "reasons": {"late-HT": {"field": "HT", "warning": "late", "reason": "campaign"}},
        }
    }
    assert typed["city"]["lines"]["HT"]["withdrawn"] == "0", "what came in is left alone"  # type: ignore[index]
