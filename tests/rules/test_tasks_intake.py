"""Deadlines as officials write them, units without diacritics, codes from the centre's numbers."""

import pytest

from app.core.text import search_key
from app.tasks.intake.rules import Progress, UnitNames, as_percent, code_of, columns_of, progress_of, unit_for, when_of
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
    names = UnitNames(
        [("Sở Khoa học và Công nghệ", "SO-KHCN"), ("Thuận Hóa", "19774"), ("Phú Xuân", "1"), ("Thuận Phú Xuân", "2"),
         ("Phú Lộc", "3"), ("Phù Lộc", "4")]
    )  # fmt: skip
    for very in ("Sở Khoa học và Công nghệ", "SỞ KHOA HỌC VÀ CÔNG NGHỆ", "Thuận Hóa", "Thuận Hoá", "THUẬN  HÓA"):
        assert unit_for(very, names)[1] is True, very
    assert unit_for("so khoa hoc va cong nghe", names) == ("SO-KHCN", False), "a guess without its diacritics"
    assert unit_for("thuan hoa", names) == unit_for("UBND phường Thuận Hóa", names) == ("19774", False)
    assert unit_for("xuân", names) == (None, False)
    assert unit_for("phu loc", names) == (None, False), "two units without diacritics"
    assert (unit_for("Phú Lộc", names), unit_for("Phù Lộc", names)) == (("3", True), ("4", True))


def test_a_former_name_means_the_one_unit_that_took_it_over_and_is_a_guess() -> None:
    names = UnitNames(
        [("Thuận Hóa", "19774"), ("Vỹ Dạ", "19803")],
        [("Phú Hội", "19774"), ("Thủy Biều", "1"), ("Thủy Biều", "2"), ("Vỹ Dạ", "19774")],
    )
    assert unit_for("UBND phường Phú Hội", names) == ("19774", False)
    assert unit_for("Thủy Biều", names) == (None, False), "it was divided"
    assert unit_for("Vỹ Dạ", names) == ("19803", True), "who bears the name today"
    assert unit_for("vy da", names) == ("19803", False)
    assert unit_for("phường ", names) == (None, False)


def _words(written: str) -> Progress:
    return Progress(begun=True, other=written)


DONE, BEGUN, IDLE = Progress(begun=True, percent=100), Progress(begun=True), Progress()
TOO_LARGE, AMBIGUOUS = Progress(fault="percent_too_large"), Progress(fault="percent_ambiguous")
SAID: dict[str, Progress] = {
    # the official words, whole
    "Đã hoàn thành": DONE, "đã hoàn thành.": DONE, "Hoàn thành": DONE, "Hoàn thành quá hạn": DONE,
    "Đã hoàn thành đúng hạn": DONE, "Đang thực hiện": BEGUN, "Đang triển khai": BEGUN, "": IDLE,
    "Chưa triển khai": IDLE, "Chưa hoàn thành": IDLE, "Chưa thực hiện": IDLE,
    # a whole percentage
    "75%": Progress(begun=True, percent=75), "75": Progress(begun=True, percent=75),
    "Đạt 40 %": Progress(begun=True, percent=40), "Đã hoàn thành 100%": DONE, "Hoàn thành 60%": Progress(True, 60),
    "100%": DONE, "1%": Progress(begun=True, percent=1), "50,0%": Progress(begun=True, percent=50),
    "0%": Progress(percent=0), "0": Progress(percent=0),
    # what no cell can mean
    "150%": TOO_LARGE, "150": TOO_LARGE, "100,5%": TOO_LARGE, "Đạt 120%": TOO_LARGE, "1": AMBIGUOUS, "1,0": AMBIGUOUS,
} | {
    # everything else, to the letter
    words: _words(words)
    for words in (
        "Hoàn thành trước 30/6/2026", "Hoàn thành trong năm 2026", "Đã hoàn thành 3/5 nội dung", "Đã hoàn thành 3",
        "Hoàn thành khảo sát, đang lập dự án", "Đang thực hiện, đạt 60%, vướng mặt bằng", "Đang chờ thẩm định",
        "Không có vướng mắc", "99,9%",
        "99.9%", "0,75", "Chờ hướng dẫn", "Đạt 40", "40% khối lượng", "30/6/2026", "5/2026",
    )
} | {
    # kept to the letter too, and no beginning
    words: Progress(begun=False, other=words)
    for words in ("Chưa hoàn thành do thiếu kinh phí", "Chưa triển khai vì chờ hướng dẫn", "chưa có kết quả")
}  # fmt: skip


@pytest.mark.parametrize("written", SAID)
def test_progress_as_annexes_write_it(written: str) -> None:
    assert progress_of(written) == SAID[written]


def test_nothing_that_is_written_is_lost() -> None:
    for written, found in SAID.items():
        if found.percent is None and found not in (BEGUN, IDLE, TOO_LARGE, AMBIGUOUS):
            assert found.other == written


def test_a_cell_shown_as_a_percentage() -> None:
    assert [as_percent(value) for value in (0.75, 0.29, 0.999, 0.005)] == ["75%", "29%", "99,9%", "0,5%"]


def test_codes_and_headings() -> None:
    assert [code_of("KH02", number) for number in ("17", "II.3", " 4a ")] == ["KH02-017", "KH02-II.3", "KH02-4a"]
    assert columns_of(["tt", "nhiem vu", "don vi chu tri", "x", "thoi han"]) == {
        "number": 0, "title": 1, "lead_unit": 2, "deadline": 4,
    }  # fmt: skip
