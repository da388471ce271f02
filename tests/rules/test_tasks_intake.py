"""Deadlines as officials write them, units without diacritics, codes from the centre's numbers."""

import pytest

from app.core.text import search_key
from app.tasks.intake.rules import Progress, code_of, columns_of, progress_of, unit_for, when_of
from app.tasks.rules import Rhythm


@pytest.mark.parametrize(
    ("written", "period"),
    [
        ("30/9/2026", "2026-09-30"), ("Trước ngày 30/9/2026", "2026-09-30"), ("Tháng 9/2026", "2026-09"),
        ("9/2026", "2026-09"), ("Quý III/2026", "2026-Q3"), ("quý 4 năm 2026", "2026-Q4"), ("Năm 2026", "2026"),
        ("2026-Q1", "2026-Q1"), ("32/9/2026", None), ("31/2/2026", None), ("13/2026", None), ("sớm", None), ("", None),
    ],
)  # fmt: skip
def test_deadlines(written: str, period: str | None) -> None:
    found = when_of(search_key(written))
    assert (found.period if found else None) == period


def test_regular_tasks_have_a_rhythm() -> None:
    assert [when_of(search_key(w)).rhythm for w in ("Thường xuyên", "Hằng năm", "Hàng tháng")] == [  # type: ignore[union-attr]
        Rhythm.quarter, Rhythm.year, Rhythm.month,
    ]  # fmt: skip


def test_units_are_matched_without_diacritics_and_guesses_say_so() -> None:
    known = {"so khoa hoc va cong nghe": "SO-KHCN", "thuan hoa": "19774", "phu xuan": "1", "thuan phu xuan": "2"}
    assert unit_for("so khoa hoc va cong nghe", known) == ("SO-KHCN", True)
    assert unit_for("ubnd phuong thuan hoa", known) == ("19774", False)
    assert unit_for("xuan", known) == (None, False)


def test_a_former_name_means_the_one_unit_that_took_it_over_and_is_a_guess() -> None:
    known = {"thuan hoa": "19774", "vy da": "19803"}
    former = {"phu hoi": frozenset({"19774"}), "thuy bieu": frozenset({"1", "2"}), "vy da": frozenset({"19774"})}
    assert unit_for("ubnd phuong phu hoi", known, former) == ("19774", False)
    assert unit_for("thuy bieu", known, former) == (None, False), "it was divided"
    assert unit_for("vy da", known, former) == ("19803", True), "who bears the name today"
    assert unit_for("phuong ", known, former) == (None, False)


@pytest.mark.parametrize(
    ("written", "progress"),
    [
        ("Đã hoàn thành", Progress(begun=True, percent=100)), ("Hoàn thành quá hạn", Progress(begun=True, percent=100)),
        ("Đang thực hiện", Progress(begun=True)), ("Chưa triển khai", Progress()), ("", Progress()),
        ("75%", Progress(begun=True, percent=75)), ("Đạt 40 %", Progress(begun=True, percent=40)),
        ("0%", Progress(percent=0)), ("Chờ hướng dẫn", Progress(other="Chờ hướng dẫn")),
    ],
)  # fmt: skip
def test_progress_as_annexes_write_it(written: str, progress: Progress) -> None:
    assert progress_of(written, search_key(written)) == progress


def test_codes_and_headings() -> None:
    assert [code_of("KH02", number) for number in ("17", "II.3", " 4a ")] == ["KH02-017", "KH02-II.3", "KH02-4a"]
    assert columns_of(["tt", "nhiem vu", "don vi chu tri", "x", "thoi han"]) == {
        "number": 0, "title": 1, "lead_unit": 2, "deadline": 4,
    }  # fmt: skip
