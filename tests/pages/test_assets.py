"""Static files as they go out: small, kept for good, and the same script as its source."""

import gzip

from fastapi.testclient import TestClient

from app.core.assets import FOLDER, OWN_SCRIPTS
from app.core.web import asset

PAGES_OF_DEVELOPERS = {"api-docs.js"}


def test_all_scripts_together_are_small(client: TestClient) -> None:
    names = [*(OWN_SCRIPTS - PAGES_OF_DEVELOPERS), *(f"vendor/{p.name}" for p in (FOLDER / "vendor").glob("htmx-*.js"))]
    sizes = {name: len(gzip.compress(client.get(asset(name)).content, 9)) for name in names}
    assert {"day.js", "page.js"} < set(sizes)
    assert sum(sizes.values()) <= 20 * 1024, sizes


def test_a_script_goes_out_without_its_comments_and_is_kept_for_good(client: TestClient) -> None:
    source = (FOLDER / "day.js").read_text(encoding="utf-8")
    answer = client.get(asset("day.js"))
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert "\n// " in source
    assert "\n// " not in answer.text
    assert len(answer.text) < len(source) * 0.9
    again = client.get("/static/day.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_came_from_others_goes_out_as_it_came(client: TestClient) -> None:
    (htmx,) = (FOLDER / "vendor").glob("htmx-*.js")
    assert client.get(f"/static/vendor/{htmx.name}").content == htmx.read_bytes()
    assert client.get("/static/no-such.js").status_code == 404
