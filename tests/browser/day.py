"""What the tests of the day's form share: its cells, how much the city has, what the device keeps."""

import itertools

from playwright.sync_api import Page

from tests.browser.conftest import AT

COLUMNS = [
    "carried_over", "received_online", "received_counter", "received_post", "resolved_early", "resolved_on_time",
    "resolved_overdue", "pending_in_time", "pending_overdue",
]  # fmt: skip
# Every test types another figure, so that each has something to send.
figures = itertools.count(11)


def cell(field: str, column: str, system: str = "city") -> str:
    """Return the selector of a cell."""
    return f'[name="{system}[lines][{field}][{column}]"]'


def unfold(page: Page) -> None:
    """Fold out the menu where it is folded: on a phone."""
    if page.locator(".menu summary").is_visible():
        page.locator(".menu summary").click()


def version(page: Page, at: str = AT) -> int:
    """Return how many revisions the city's system has of the day."""
    answer = page.request.get(f"{at}.json")
    report = answer.json()["city"] if answer.ok else None
    return int(report["version"]) if report else 0


def drafts(page: Page) -> list[str]:
    """Return what is kept on the device."""
    found: list[str] = page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('tiendo57 '))")
    return found
