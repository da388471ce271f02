"""What is looked for, what is near, in which order: pure."""

import pytest

from app.search.rules import AT_MOST, Nearness, SearchGroup, in_order, nearest, nearness, wanted


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Hoá đơn", "hoa don"), ("Hóa  ĐƠN", "hoa don"), ("KH02-017", "kh02 017"), ("hộ hộ tịch", "ho tich"),
        ("57", "57"), ("a b", "a b"), (None, None), ("", None), ("  ", None), ("a", None), ("đ", None), ("%_", None),
        ('"', None), ("..", None), ("*-(", None), ("____", None),
    ],
)  # fmt: skip
def test_what_is_too_short_is_not_looked_for(typed: str | None, words: str | None) -> None:
    assert wanted(typed) == words


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("kh02-017", Nearness.code), ("KH02 017", Nearness.code), ("c-9", Nearness.code),
        ("KH02", Nearness.code_begins), ("so hoa", Nearness.name_begins), ("Số hoá", Nearness.name_begins),
        ("hồ sơ", Nearness.name_has), ("hoa ho", Nearness.name_has), ("o so", Nearness.words),
        ("hồ hóa", Nearness.words),
    ],
)  # fmt: skip
def test_a_code_is_nearer_than_a_name_than_a_word_in_it(typed: str, near: Nearness) -> None:
    assert nearness(typed, ["KH02-017", None, "C-9"], "Số hóa hồ sơ") is near


def test_equally_near_finds_keep_the_order_of_their_list() -> None:
    found = [("b", 3), ("a", 3), ("c", 0), *(("d", 3) for _ in range(AT_MOST))]
    shown, first = nearest(found, lambda one: Nearness(one[1]), lambda one: one[0])
    assert first is Nearness.code
    assert [name for name, _ in shown[:3]] == ["c", "b", "a"]
    assert len(shown) == AT_MOST


@pytest.mark.parametrize(
    ("typed", "near"), [("đăng ký khai sinh", Nearness.name_begins), ("khai sinh", Nearness.name_has)]
)
def test_of_names_that_have_it_the_shortest_comes_first(typed: str, near: Nearness) -> None:
    found = ["Đăng ký khai sinh kết hợp nhận cha, mẹ, con", "Đăng ký khai sinh", "Đăng ký khai sinh lưu động"]
    shown, first = nearest(found, lambda name: nearness(typed, [], name), lambda name: name)
    assert (shown, first) == ([found[1], found[2], found[0]], near)


def test_the_group_whose_code_was_typed_comes_first() -> None:
    tasks, units, procedures = SearchGroup.tasks, SearchGroup.units, SearchGroup.procedures
    words = [(procedures, Nearness.code_begins), (tasks, Nearness.words), (units, Nearness.words)]
    assert in_order(words) == [units, tasks, procedures]
    assert in_order([(units, Nearness.words), (procedures, Nearness.code)]) == [procedures, units]
