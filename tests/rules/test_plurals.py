"""One of a thing is named in the singular where a language has one."""

import re

import pytest

from app.core.i18n import catalogue, translate
from app.core.settings import Locale

# A number that a rule keeps well above one, a symbol of measure, a word without a singular.
NEVER_ONE = {
    "accounts.password_hint", "accounts.remember_hint", "accounts.set_password_hint", "dashboard.without_data",
    "indicators.series_words",
    "portal.gaps_lead", "portal.milliseconds", "portal.tolerance_words", "reminders.all_units", "reminders.applied",
    "throughput.intake_template_lead", "throughput.ranking_base_note", "throughput.today_recent",
    "tasks.warning_reached",
}  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_a_count_before_a_noun_has_its_singular(locale: Locale) -> None:
    many = re.compile(r"\{n\}(?: [^\W\d]+){0,2} ?(?!plus\b|dans\b|sans\b)[^\W\d]{3,}s\b")
    without = {key for key, words in catalogue(locale).items() if isinstance(words, str) and many.search(words)}
    assert without <= NEVER_ONE, sorted(without - NEVER_ONE)


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("vi", ["Còn 0 ngày", "Còn 1 ngày", "Còn 2 ngày"]),
        ("en", ["0 days left", "1 day left", "2 days left"]),
        ("fr", ["0 jour restant", "1 jour restant", "2 jours restants"]),
    ],
)
def test_nought_one_and_two_follow_their_language(locale: Locale, shown: list[str]) -> None:
    assert [translate("tasks.days_left", locale, n=n) for n in (0, 1, 2)] == shown


@pytest.mark.parametrize(
    ("locale", "shown"), [("en", ["-1 day left", "-2 days left"]), ("fr", ["-1 jour restant", "-2 jours restants"])]
)
def test_below_nought_the_size_decides(locale: Locale, shown: list[str]) -> None:
    assert [translate("tasks.days_left", locale, n=n) for n in (-1, -2)] == shown
