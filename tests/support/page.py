"""Reads a page as a strict reader would: what every page of the service must have, whatever it shows."""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html import unescape

from app.core import i18n

_VOID = {"input", "meta", "link", "br", "hr", "wbr", "img", "col", "path", "circle", "line", "rect", "use"}
_KEY = re.compile(
    r"\b(?:ui|throughput|accounts|units|calendar|procedures|error|form|dashboard|audit)\.[a-z_0-9]+(?:\.[a-z_0-9]+)*\b"
)

_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_TOKEN = re.compile(
    r"""([^<]+)
    | </([a-z][a-z0-9-]*)\s*>
    | <([a-z][a-z0-9-]*)((?:\s+[^\s=>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*+)\s*/?>
    | <!--.*?--> | <!doctype[^>]*>""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


@dataclass
class Node:
    """One element with its attributes and the text right in it."""

    tag: str
    attrs: dict[str, str]
    parts: list[str] = field(default_factory=list)
    parents: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return its text with that of the elements within."""
        return "".join(self.parts)


@dataclass
class Reader:
    """A page's elements in order, and those that were left open."""

    nodes: list[Node] = field(default_factory=list)
    stack: list[Node] = field(default_factory=list)

    def opened(self, tag: str, written: str) -> None:
        """Take the start of an element, with its attributes as written."""
        attrs = {
            name.lower(): _clear(value[1:-1] if value[:1] in ("'", '"') else value)
            for name, value in _ATTRIBUTE.findall(written)
        }
        above = self.stack[-1] if self.stack else None
        node = Node(tag, attrs, parents=(*above.parents, above.tag) if above else ())
        self.nodes.append(node)
        if tag not in _VOID:
            self.stack.append(node)

    def closed(self, tag: str) -> None:
        """Take the end of an element."""
        if tag in _VOID:
            return
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack[-1].tag == tag, f"</{tag}> closes {self.stack[-1]}"
        self.stack.pop()

    def all(self, *tags: str) -> list[Node]:
        """Return the elements with these tags."""
        return [n for n in self.nodes if n.tag in tags]


def _clear(written: str) -> str:
    return unescape(written) if "&" in written else written


def read(html: str) -> Reader:
    """Return a page's elements; what is neither a tag, a remark nor text is refused, as a lone `<` is.

    The standard library's reader forgives what a page of ours should not have, and is a tenth of a run of the tests.
    """
    reader, at = Reader(), 0
    while at < len(html):
        found = _TOKEN.match(html, at)
        assert found, f"not a page's: {html[at : at + 80]!r}"
        at = found.end()
        text, end, start, attributes = found.groups()
        if text:
            clear = _clear(text)
            for node in reader.stack:
                node.parts.append(clear)
        elif end:
            reader.closed(end.lower())
        elif start:
            reader.opened(start.lower(), attributes)
    return reader


def audit(html: str, locale: str = "vi") -> list[str]:
    """Return what is wrong with a page."""
    page = read(html)
    wrong = [f"<{n.tag}> is not closed" for n in page.stack]
    root = page.all("html")
    if not root or root[0].attrs.get("lang") != locale:
        wrong.append(f"lang is not {locale}")
    titles = [n.text.strip() for n in page.all("title") if "svg" not in n.parents]
    if len(titles) != 1 or not titles[0].endswith("tiendo57") or titles[0].startswith("–"):
        wrong.append(f"title: {titles}")
    if len(page.all("h1")) != 1 or not page.all("h1")[0].text.strip():
        wrong.append(f"{len(page.all('h1'))} h1")
    ids = [n.attrs["id"] for n in page.nodes if "id" in n.attrs]
    wrong += [f"id {i} twice" for i in sorted(i for i, times in Counter(ids).items() if times > 1)]
    wrong += _labels(page, set(ids))
    for form in page.all("form"):
        if not form.attrs.get("action", "").startswith("/") or form.attrs.get("method", "").lower() not in (
            "get",
            "post",
        ):
            wrong.append(f"form {form.attrs}")
    for node in page.nodes:
        inline = [a for a in node.attrs if a.startswith(("on", "hx-on")) or a == "style"]
        if inline:
            wrong.append(f"<{node.tag}> has {inline}")
        if node.tag == "style" or (node.tag == "script" and "src" not in node.attrs):
            wrong.append(f"inline <{node.tag}>")
        if node.tag == "img" and "alt" not in node.attrs:
            wrong.append("img without alt")
    wrong += [f"untranslated key {k}" for k in set(_KEY.findall(_visible(page)))]
    if locale == "vi":
        wrong += [f"English left: {text!r}" for text in _english_left(page)]
    return wrong


def _labels(page: Reader, ids: set[str]) -> list[str]:
    labelled = {n.attrs.get("for") for n in page.all("label")}
    wrong = []
    for node in page.all("input", "select", "textarea"):
        if node.attrs.get("type") in ("hidden", "submit"):
            continue
        named = node.attrs.get("aria-label") or node.attrs.get("aria-labelledby")
        if node.attrs.get("id") not in labelled and not named and "label" not in node.parents:
            wrong.append(f"no label: {node.attrs}")
    for node in page.nodes:
        for attribute in ("aria-describedby", "aria-labelledby"):
            wrong += [f"{attribute} to nothing: {i}" for i in node.attrs.get(attribute, "").split() if i not in ids]
    return wrong


def _visible(page: Reader) -> str:
    return " ".join(n.text for n in page.all("body"))


@cache
def _suspects() -> set[str]:
    vietnamese = {m for m in i18n.catalogue("vi").values() if isinstance(m, str)}
    english = {m for m in i18n.catalogue("en").values() if isinstance(m, str) and len(m) > 3 and "{" not in m}
    return english - vietnamese


def _english_left(page: Reader) -> list[str]:
    texts = set()
    for node in page.nodes:
        if node.attrs.get("lang") or node.tag in ("body", "html", "main", "div", "form", "section", "script", "code"):
            continue
        texts.add(node.text.strip())
        texts |= {node.attrs[a] for a in ("aria-label", "placeholder", "title") if a in node.attrs}
    return sorted(texts & _suspects())
