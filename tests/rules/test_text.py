"""Vietnamese text: the laws of folding and of the dictionary's order."""

import re
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.i18n import catalogue
from app.core.settings import project_root
from app.core.text import nfc, search_key, sort_key

WORDS = (
    "Hòa",
    "Hoà",
    "Hóa",
    "Hoá",
    "Thủy",
    "Thuỷ",
    "Đan",
    "Điền",
    "Dạ",
    "Vỹ",
    "Phú",
    "Xuân",
    "Lưới",
    "Quảng",
    "An",
    "Cựu",
    "Lăng",
)
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
texts = st.one_of(names, st.text(max_size=60))


@given(texts)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)


@given(texts)
def test_normal_forms_and_case_fold_alike(text: str) -> None:
    assert search_key(unicodedata.normalize("NFD", text)) == search_key(unicodedata.normalize("NFC", text))
    assert search_key(nfc(text)) == search_key(text)


@given(names)
def test_a_folded_name_is_plain(name: str) -> None:
    assert search_key(name).isascii()
    assert search_key(name.upper()) == search_key(name.lower()) == search_key(name)


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("Hoá", "Hóa"),
        ("Thuỷ", "Thủy"),
        ("Đa", "da"),
        ("đa", "Da"),
        ("ĐIỀN", "dien"),
        ("Chân Mây – Lăng Cô", "chan may - lang co"),
    ],
)
def test_two_ways_of_writing_fold_alike(typed: str, other: str) -> None:
    assert search_key(typed) == search_key(other)


def test_different_letters_stay_different() -> None:
    assert search_key("Phú Hồ") != search_key("Phú Hà")
    assert search_key("A Lưới 1") != search_key("A Lưới 11")


@given(names)
def test_the_place_of_the_tone_does_not_change_the_order(name: str) -> None:
    moved = name.replace("oá", "óa").replace("oà", "òa").replace("uỷ", "ủy")
    assert sort_key(moved) == sort_key(name)


@given(names, names)
def test_a_name_comes_before_a_longer_one_that_begins_with_it(name: str, more: str) -> None:
    assert sort_key(name) < sort_key(f"{name} {more}")


def test_letters_stand_in_the_dictionarys_order() -> None:
    letters = list("aăâbcdđeêghiklmnoôơpuưvxy")
    assert sorted(frozenset(letters), key=sort_key) == letters


def test_tones_stand_in_the_dictionarys_order() -> None:
    tones = ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert sorted(frozenset(tones), key=sort_key) == tones
    assert sort_key("mạ an") < sort_key("man"), "the letters of the first word are told before any tone"


def test_units_of_hue_stand_in_the_dictionarys_order() -> None:
    ordered = ["A Lưới 1", "A Lưới 2", "A Lưới 10", "An Cựu", "Dương Nỗ", "Đan Điền", "Hóa Châu", "Hưng Lộc"]
    ordered += ["Hương An", "Lộc An", "Phong Dinh", "Phong Điền", "Phú Bài", "Phú Hồ", "Thuận An", "Thủy Xuân"]
    ordered += ["Vinh Lộc", "Vỹ Dạ"]
    assert sorted(frozenset(ordered), key=sort_key) == ordered


@pytest.mark.parametrize("fold", [nfc, search_key, sort_key])
def test_marks_heaped_on_a_letter_hold_nobody_up(fold: Callable[[str], str]) -> None:
    began = time.monotonic()
    assert fold("Huê" + "\u0301\u0323" * 100_000 + " ơi").endswith(fold("ơi")[-1])
    assert time.monotonic() - began < 3


def test_no_line_of_french_begins_with_a_sign() -> None:
    said = [words for one in catalogue("fr").values() for words in ([one] if isinstance(one, str) else one)]
    assert any("\u00a0:" in words for words in said)
    assert not [words for words in said if re.search(" [:;?!»]|« ", words)]


def test_no_template_types_a_sign_that_languages_set_off_differently() -> None:
    typed = []
    for path in (project_root() / "templates").rglob("*.html"):
        words = re.sub(r"{#.*?#}", "", path.read_text("utf-8"), flags=re.DOTALL)
        typed += [
            f"{path.name}: {found}" for found in re.findall(r".{0,40}(?:>|[}%]}) ?[:;](?= |<|$)", words, re.MULTILINE)
        ]
    assert not typed
