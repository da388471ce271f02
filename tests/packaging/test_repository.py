"""What no file of the project may say, and what the commands of the Makefile are."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# Put together here, so that this file does not say them either.
REGISTRIES = [
    "".join(parts)
    for parts in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("registry", ".npmjs"),
        ("npmjs", ".com"),
        ("deb", ".debian.org"),
        ("security", ".debian.org"),
        ("archive", ".ubuntu.com"),
        ("docker", ".io"),
        ("gh", "cr.io"),
        ("un", "pkg.com"),
        ("jsdel", "ivr.net"),
    )
]
PLACES = ["/" + "work/", "/" + "root/", "/" + "opt/pypi", "/" + "opt/wheels"]


def tracked() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return [PROJECT / name for name in listed.split("\0") if name and (PROJECT / name).is_file()]


@pytest.mark.parametrize("text", [*REGISTRIES, *PLACES])
def test_no_file_names_a_registry_or_a_place_of_one_machine(text: str) -> None:
    files = tracked()
    assert len(files) > 20
    assert [str(file.relative_to(PROJECT)) for file in files if text.encode() in file.read_bytes()] == []


def test_every_package_of_the_lock_has_its_hash() -> None:
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    packages = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(packages) > 50
    assert [package.split("\n")[0] for package in packages if "--hash=sha256:" not in package] == []
    assert [line for line in lock.splitlines() if re.match(r"--?(index|extra|find|trusted|i |f )", line)] == []


def test_the_lock_holds_every_declared_dependency() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {
        re.split(r"[\[><=;~! ]", requirement)[0].lower()
        for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    }
    locked = set(
        re.findall(r"^([a-z0-9][a-z0-9-]*)==", (PROJECT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    )
    assert declared <= locked


def test_make_alone_shows_every_command() -> None:
    shown = subprocess.run(["make"], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    listed = set(re.findall(r"^  make (\w+)  ", shown, re.MULTILINE))
    rules = re.findall(r"^\.PHONY: (.+)$", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert listed == set(rules[0].split())
    assert {"env", "run", "test", "check", "bench", "fuzz", "soak", "lock", "openapi", "clean"} <= listed


def test_continuous_integration_calls_make_test_and_nothing_else() -> None:
    script = PROJECT / ".ci" / "run"
    lines = [line for line in script.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make --no-print-directory test"]


@pytest.mark.parametrize("script", sorted((PROJECT / "scripts").glob("*.sh")), ids=lambda script: script.name)
def test_scripts_can_be_read_by_the_shell(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_unit_starts_what_the_makefile_makes() -> None:
    unit = (PROJECT / "deploy" / "tiendo57.service").read_text("utf-8")
    commands = re.findall(r"^ExecStart(?:Pre)?=(\S+) (\w+)", unit, re.MULTILINE)
    assert commands == [
        ("/srv/tiendo57/.venv/bin/tiendo57", "migrate"),
        ("/srv/tiendo57/.venv/bin/tiendo57", "serve"),
    ]
    assert re.search(r"^User=(?!root$)\w+$", unit, re.MULTILINE)
    assert "DEMONSTRATION" not in unit + (PROJECT / "deploy" / "tiendo57.env.example").read_text("utf-8")
