"""One of a thing is named in the singular where a language has one."""

import re

import pytest

from app.core.i18n import catalogue, translate
from app.core.settings import Locale

# A number that a rule keeps well above one, or a symbol of measure.
NEVER_ONE = {
    "accounts.password_hint", "accounts.remember_hint", "accounts.set_password_hint", "indicators.series_words",
    "portal.gaps_lead", "portal.milliseconds", "portal.tolerance_words", "reminders.all_units", "reminders.applied",
    "throughput.intake_template_lead", "throughput.ranking_base_note", "throughput.today_recent",
    "tasks.warning_reached",
}  # fmt: skip
# Words of the pages of the whole city, of a script or of an error: still with one form.
STILL = {
    "approval.n_approved", "approval.result_done", "approval.result_refused", "dashboard.all_overdue",
    "dashboard.more_leads", "dashboard.none_overdue",
    "dashboard.without_data", "glance.indicators", "glance.reports", "glance.tasks_due", "glance.tasks_overdue",
    "glance.unit_gaps", "tasks.gaps_words", "throughput.board_status", "throughput.board_text_in",
    "throughput.board_text_owing", "throughput.board_text_system", "throughput.entry.filled",
    "throughput.reports_received", "throughput.unbalanced",
}  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_a_count_before_a_noun_has_its_singular(locale: Locale) -> None:
    many = re.compile(r"\{n\}(?: [^\W\d]+){0,2} ?(?!plus\b|dans\b|sans\b)[^\W\d]{3,}s\b")
    without = {key for key, words in catalogue(locale).items() if isinstance(words, str) and many.search(words)}
    assert without <= NEVER_ONE | STILL, sorted(without - NEVER_ONE - STILL)


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
