"""The developers' guide says what is so: its commands are run as they stand, its list of codes is that of the code."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core import i18n
from app.core.settings import Settings
from tests.support.clients import DAY, WARD, SetClock

pytestmark = pytest.mark.once

PROJECT = Path(__file__).parents[2]
GUIDE = (PROJECT / "docs" / "api.md").read_text("utf-8")
SETTINGS = (PROJECT / "docs" / "settings.md").read_text("utf-8")


@dataclass
class Example:
    """A command of the guide and what it says of the answer."""

    command: str
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


def examples(guide: str = GUIDE) -> list[Example]:
    """Return a guide's commands in their order; a command without its status is a fault."""
    found: list[Example] = []
    for block in re.findall(r"^```console\n(.*?)^```", guide, re.MULTILINE | re.DOTALL):
        for part in re.split(r"\n\n+", block.strip()):
            code = "\n".join(line for line in part.splitlines() if not line.startswith("# "))
            said = [line.removeprefix("# ") for line in part.splitlines() if line.startswith("# ")]
            assert code.startswith("curl -i "), part
            assert said, part
            assert re.match(r"\d{3}\b", said[0]), part
            named = [line.partition(": ") for line in said if re.match(r"[A-Z][\w-]+: ", line)]
            body = " ".join(line.strip() for line in said if not re.match(r"[A-Z][\w-]+: ", line))[3:].strip()
            found.append(Example(code, int(said[0][:3]), body, {name: value for name, _, value in named}))
    return found


# For a machine without curl: the few options that the guide uses.
STAND_IN = """#!{python}
import argparse, sys, urllib.error, urllib.request
p = argparse.ArgumentParser()
p.add_argument("-i", action="store_true")
p.add_argument("-X", default=None)
p.add_argument("-H", action="append", default=[])
p.add_argument("--json", default=None)
p.add_argument("url")
a = p.parse_args()
headers = dict(h.split(": ", 1) for h in a.H)
if a.json is not None:
    headers |= {{"Content-Type": "application/json", "Accept": "application/json"}}
body = a.json.encode() if a.json is not None else None
request = urllib.request.Request(a.url, body, headers, method=a.X)
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
lines = [f"HTTP/1.1 {{answer.status}} ", *(f"{{k}}: {{v}}" for k, v in answer.headers.items()), "", ""]
sys.stdout.buffer.write("\\r\\n".join(lines).encode() + answer.read())
"""


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """The address of the application, served on a port of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


def holds(part: Any, whole: Any) -> bool:
    """Tell whether an answer holds what the guide shows of it: some keys of an object, some entries of a list."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(k in whole and holds(v, whole[k]) for k, v in part.items())
    if isinstance(part, list):
        if not part:
            return bool(whole == [])
        return isinstance(whole, list) and all(any(holds(p, w) for w in whole) for p in part)
    return bool(type(part) is type(whole) and part == whole)


def run(example: Example, environment: dict[str, str]) -> None:
    """Run a command in a shell and compare its answer with what the guide says."""
    done = subprocess.run(
        ["bash", "-euc", example.command], env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{example.command}\n{done.stderr.decode()}"
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines[1:])}
    text = content.decode("utf-8-sig")
    assert int(lines[0].split()[1]) == example.status, f"{example.command}\n{text}"
    for name, value in example.headers.items():
        assert headers.get(name.lower()) == value, f"{example.command}\n{headers}"
    if example.body.startswith("{"):
        assert holds(json.loads(example.body), json.loads(text)), f"{example.command}\n{example.body}\n{text}"
    else:
        assert example.body in text, f"{example.command}\n{text}"


@pytest.mark.parametrize(
    ("moment", "program"),
    [
        pytest.param(f"{DAY}T16:45:00+07:00", "curl", id="before the deadline"),
        pytest.param("2026-11-23T10:30:00+07:00", "stand-in", id="after the grace"),
    ],
)
def test_the_commands_of_the_guide_do_what_it_says(
    address: str, api: Callable[..., TestClient], clock: SetClock, tmp_path: Path, moment: str, program: str
) -> None:
    clock.set(moment)
    tokens = {"TOKEN": api("ward_officer", WARD), "CITY": api("city_analyst")}
    path = os.environ["PATH"]
    if program == "stand-in" or shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(STAND_IN.format(python=sys.executable), "utf-8")
        stand_in.chmod(0o755)
        path = f"{tmp_path}:{path}"
    environment = {"PATH": path, "HOME": str(tmp_path), "TIENDO57": address, "UNIT": WARD, "DAY": DAY}
    environment |= {name: c.headers["authorization"].removeprefix("Bearer ") for name, c in tokens.items()}
    told = examples()
    assert len(told) > 25
    for example in told:
        run(example, environment)


def test_comparing_with_the_guide_can_fail() -> None:
    answer = {"a": 1, "b": [{"c": 2, "d": 3}], "e": []}
    assert holds({"a": 1, "b": [{"c": 2}], "e": []}, answer)
    assert not holds({"a": 2}, answer)
    assert not holds({"z": None}, answer)
    assert not holds({"b": []}, answer)
    assert not holds({"a": True}, answer)
    assert not holds({"b": [{"c": 3}]}, answer)


# The list of codes

STATUS = {
    "NotFound": 404, "Forbidden": 403, "Unauthenticated": 401, "Conflict": 409, "PreconditionFailed": 412,
    "PreconditionRequired": 428, "Unavailable": 503, "Invalid": 422, "Fault": 422, "Broken": 422,
}  # fmt: skip
CODE_AT = {"Fault": 1, "Broken": 1}


def listed() -> dict[str, int]:
    """Return the guide's codes with their statuses."""
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (\d{3}) \| \S", GUIDE, re.MULTILINE)
    codes = {code: int(status) for code, status in rows}
    assert len(codes) == len(rows)
    return codes


def _words(node: ast.expr | None) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _words(node.body) | _words(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _raised(tree: ast.Module) -> Iterator[tuple[str, int | None]]:
    """Yield every code that a module names where it refuses, with its status where that is plain."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    yield from ((code, 422) for code in _words(value) if "." not in code)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id
        if name not in STATUS and name != "Problem":
            continue
        named = {k.arg: k.value for k in node.keywords}
        place = CODE_AT.get(name, 0)
        code = named.get("code") or (node.args[place] if len(node.args) > place else None)
        status = named.get("status")
        told = status.value if isinstance(status, ast.Constant) and isinstance(status.value, int) else STATUS.get(name)
        for one in _words(code):
            yield one, told


def _refusals() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for path in sorted((PROJECT / "app").rglob("*.py")):
        for code, status in _raised(ast.parse(path.read_text("utf-8"))):
            found.setdefault(code, set()).update({status} if status else ())
    return found


def _own_codes() -> dict[str, int]:
    """Return the codes that the kinds of refusal have by themselves, and those of plain HTTP errors."""
    from app.core import errors, handlers

    kinds: list[type[errors.Problem]] = [errors.Problem, *errors.Problem.__subclasses__()]
    return {kind.code: kind.status for kind in kinds} | {c: s for s, c in handlers._BY_STATUS.items()}


def test_every_code_of_the_code_is_in_the_guide() -> None:
    refusals, codes = _refusals(), listed()
    assert len(refusals) > 60
    assert sorted(set(refusals) - set(codes)) == []
    assert sorted(set(_own_codes()) - set(codes)) == []


def test_every_code_of_the_guide_has_a_message_in_every_language() -> None:
    missing = [
        f"{locale}: {code}"
        for locale in i18n.LOCALES
        for code in listed()
        if f"error.{code}" not in i18n.catalogue(locale)
    ]
    assert missing == []


def test_no_code_of_the_guide_is_invented() -> None:
    messages = {key.removeprefix("error.") for key in i18n.catalogue("en") if re.match(r"error\.(?!status_)", key)}
    assert sorted(messages - set(listed())) == []
    source = "\n".join(path.read_text("utf-8") for path in sorted((PROJECT / "app").rglob("*.py")))
    assert [code for code in listed() if f'"{code}"' not in source] == []


def test_the_guide_gives_each_code_its_status() -> None:
    codes, own = listed(), _own_codes()
    for code, statuses in _refusals().items():
        # A fault inside a refusal with a status of its own (409 code_in_use) counts with that one.
        wanted = statuses - {422} or statuses
        assert codes[code] in wanted | ({own[code]} if code in own else set()), code
    assert {code: codes[code] for code in own} == own


# The list of settings


def test_every_setting_is_explained_with_its_default() -> None:
    ours = SETTINGS.split("\n## In the database")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| `?([^|`]*)`? \| .{10}", ours, re.MULTILINE))
    assert sorted(set(Settings.model_fields) ^ set(rows)) == []
    for name, one in Settings.model_fields.items():
        value = one.default
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        said = rows[name].strip()
        shown = (
            str(plain).lower() if isinstance(plain, bool) else f"{plain:g}" if isinstance(plain, float) else str(plain)
        )
        assert said == (shown or "(empty)"), f"{name}: {said} is not {shown}"


def test_the_contents_of_the_guide_name_every_chapter() -> None:
    listing, _, rest = GUIDE.partition("\n## ")
    chapters = re.findall(
        r"^## (.+)$", "## " + re.sub(r"^```.*?^```", "", rest, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    named = re.findall(r"\[([^]]+)\]\(#([a-z0-9-]+)\)", listing)
    assert [name for name, _ in named] == chapters
    assert [at for _, at in named] == [re.sub(r"[^a-z0-9 -]", "", c.lower()).replace(" ", "-") for c in chapters]
