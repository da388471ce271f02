"""Rows taken out before axe looks: what is wrong with one of many is still found."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Visitor
from tests.browser.test_every_page import AXE, RUN

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
