"""What axe looks at once: what is wrong with one of many rows, or with words of a new kind, is still found."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Visitor
from tests.browser.test_every_page import AXE, RUN, Eyes

SOUND = '<tr><th scope="row">Dossier {n}</th><td><a href="/{n}">Open</a><span class="tag">{n}0 days</span></td></tr>'
FAULTS = {
    "link-name": ("Open", ""),
    "color-contrast": ('class="tag"', 'class="pale"'),
    "label": ("</td>", '<input id="a{n}"></td>'),
    "aria-allowed-attr": ('class="tag"', 'class="tag" aria-checked="true"'),
    "label-content-name-mismatch": ('<a href="/{n}">', '<a href="/{n}" aria-label="Close">'),
}


def _page(rule: str) -> str:
    rows = [SOUND.format(n=n) for n in range(1, 20)]
    if rule in FAULTS:
        rows[9] = SOUND.replace(*FAULTS[rule]).format(n=10)
    return f"""<!doctype html><html lang="en"><title>Rows</title><style>.pale {{ color: #ccc; }}</style>
      <main><h1>Rows</h1><table><tbody>{"".join(rows)}</tbody></table></main></html>"""


@pytest.mark.parametrize("rule", [*FAULTS, "nothing"])
def test_what_is_wrong_with_the_tenth_of_many_rows_is_found(visit: Callable[..., Visitor], rule: str) -> None:
    page = visit().page
    page.set_content(_page(rule))
    page.evaluate(AXE)
    of_all = [finding.partition(":")[0] for finding in page.evaluate(RUN)]
    assert page.evaluate("alike.fewer()") >= 10
    assert [finding.partition(":")[0] for finding in page.evaluate(RUN)] == of_all
    assert of_all == ([rule] if rule in FAULTS else [])


COLOURS = """
  .pale, .box .plain, [data-state="late"] { color: #ccc; } td:first-child { background: #555; }
  @media (prefers-color-scheme: dark) { .night { color: #333; background: #222; } }
"""
KINDS = {
    "another class": ('<p class="pale">Some words</p>', "light"),
    "other elements around": ('<section class="box"><p class="plain">Some words</p></section>', "light"),
    "another place in a row": ("<table><tr><td>Some words<td>Others</table>", "light"),
    "another state": ('<p class="plain" data-state="late">Some words</p>', "light"),
    "another light": ('<p class="night">Some words</p>', "dark"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_a_new_kind_are_looked_at_and_those_of_one_that_was_are_not(
    visit: Callable[..., Visitor], kind: str
) -> None:
    page, eyes = visit().page, Eyes()
    sound = '<p class="plain">Some words</p><table><tr><th>Name<td>Some words<td>Others</table>'
    words, light = KINDS[kind]

    def wrong(part: str) -> list[str]:
        head = f'<!doctype html><html lang="en"><title>Words</title><style>{COLOURS}</style>'
        page.set_content(f"{head}<main><h1>Words</h1>{sound}{part}</main></html>")
        page.evaluate(AXE)
        return [finding.partition(":")[0] for finding in eyes.wrong(page)]

    assert wrong("") == []
    assert light in wrong(words)
    assert wrong(words) == []
