"""The Dockerfile without a container engine: its steps are replayed in a clean folder, what they make is started."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.dockerfile import Replay, instructions

PROJECT = Path(__file__).parents[2]
INSTALLED = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


def sent_to_the_engine(folder: Path) -> Path:
    """Copy the files that the engine would be sent: the tracked or new ones that .dockerignore lets through."""
    allowed = re.findall(r"^!(.+)$", (PROJECT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *allowed]
    listed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0"):
        if not name or not (PROJECT / name).exists():
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, target)
    return folder


def can_be_run_by(user: int, program: str) -> bool:
    try:
        return (
            subprocess.run(
                [program, "-c", ""], user=user, group=user, cwd="/", capture_output=True, check=False
            ).returncode
            == 0
        )
    except PermissionError:
        return False


def base_python() -> str:
    """Return Debian's interpreter, open to every user, or else the one at work, which may lie in somebody's home."""
    debian = "/usr/bin/python3"
    code = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    if Path(debian).exists() and subprocess.run([debian, "-c", code], check=False, capture_output=True).returncode == 0:
        return debian
    return os.path.realpath(sys.executable)


@pytest.fixture(scope="module")
def image() -> Iterator[Replay]:
    # Not pytest's folder: that one is closed to the container's user.
    folder = Path(tempfile.mkdtemp(prefix="tiendo57-image."))
    try:
        folder.chmod(0o755)
        python = base_python()
        yield Replay(PROJECT / "Dockerfile", sent_to_the_engine(folder / "context"), folder, python)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def process(image: Replay) -> dict[str, Any]:
    """How the container's process is started: its user where this machine allows that, its folder, its environment."""
    user = int(image.stage.user.split(":")[0])
    settings: dict[str, Any] = {"cwd": image.directory(), "env": image.variables()}
    if os.geteuid() == 0 and can_be_run_by(user, os.path.realpath(image.programs / "python")):
        os.chown(image.root / "data", user, user)
        settings |= {"user": user, "group": user, "extra_groups": []}
    return settings


def test_hadolint_finds_nothing() -> None:
    subprocess.run([str(Path(sys.executable).parent / "hadolint"), "Dockerfile"], cwd=PROJECT, check=True)


def test_only_the_making_of_the_user_is_left_out(image: Replay) -> None:
    assert len(image.skipped) == 1
    assert re.sub(r"\s+", " ", image.skipped[0]) == (
        "groupadd --gid 10001 tiendo57 "
        "&& useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin tiendo57 "
        "&& install --directory --owner 10001 --group 10001 /data"
    )


def test_two_stages_on_one_pinned_base(image: Replay) -> None:
    assert list(image.stages) == ["builder", "final"]
    assert {stage.base for stage in image.stages.values()} == {image.stage.base}
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", image.stage.base)


def test_runs_as_a_numbered_user_with_one_port_and_one_volume(image: Replay) -> None:
    assert image.stage.user == "10001:10001"
    assert image.stage.exposed == ["8000"]
    assert image.stage.volumes == ["/data"]
    assert image.stage.environment["DATABASE_URL"].startswith("sqlite:////data/")
    keywords = [keyword for keyword, _ in instructions((PROJECT / "Dockerfile").read_text("utf-8"))]
    assert "RUN" not in keywords[keywords.index("USER") :]


@pytest.fixture(scope="module")
def installed(image: Replay, process: dict[str, Any]) -> dict[str, str]:
    said = subprocess.run(["python", "-c", INSTALLED], check=True, capture_output=True, text=True, **process).stdout
    return {name.lower().replace("_", "-"): version for name, version in json.loads(said).items()}


def test_holds_what_the_service_needs_and_no_development_tools(image: Replay, installed: dict[str, str]) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]

    def named(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[><=;~! ]", requirement)[0].lower() for requirement in requirements}

    everywhere = [requirement for requirement in project["dependencies"] if ";" not in requirement]
    assert named(everywhere) | {"tiendo57"} <= installed.keys()
    assert not installed.keys() & (named(project["optional-dependencies"]["dev"]) | {"pip", "setuptools"})
    assert not (image.directory() / "tests").exists()


def test_the_lock_alone_says_what_is_installed(installed: dict[str, str]) -> None:
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([a-z0-9][^\s;=]*)==([^\s;]+)", lock, re.MULTILINE))
    assert {name: locked.get(name) for name in installed if name != "tiendo57"} == {
        name: version for name, version in installed.items() if name != "tiendo57"
    }


def test_words_after_the_image_are_a_command(image: Replay, process: dict[str, Any]) -> None:
    shown = subprocess.run([*image.stage.entrypoint, "--help"], check=True, capture_output=True, text=True, **process)
    assert "migrate" in shown.stdout
    assert "serve" in shown.stdout
    assert not list((image.root / "data").iterdir())


def test_migrates_serves_is_healthy_and_stops_at_once(image: Replay, process: dict[str, Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    settings = process | {"env": process["env"] | {"PORT": port}}

    def healthy() -> bool:
        return subprocess.run(image.stage.healthcheck, check=False, capture_output=True, **settings).returncode == 0

    assert not healthy()
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(image.stage.entrypoint, stdout=log, stderr=log, **settings) as server,
    ):
        try:
            until = time.monotonic() + 30
            while not (well := healthy()) and server.poll() is None and time.monotonic() < until:
                time.sleep(0.2)
            server.send_signal(signal.SIGTERM)
            code = server.wait(15)
        finally:
            server.kill()
        log.seek(0)
        said = log.read().decode()
    assert well, said
    # The signal reached the service itself, for the shell has given its place to it.
    assert code in (0, -signal.SIGTERM), said
    assert (image.root / "data" / "tiendo57.db").stat().st_size > 0
