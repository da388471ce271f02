"""The set-up that `make` does: environment, PostgreSQL server and browser, or the words that say what is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TOOLS = ["bash", "cat", "dirname", "env", "flock", "grep", "id", "rm", "sed", "sh", "true"]


def program(folder: Path, name: str, body: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/bash\n{body}\n", "utf-8")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A machine with a shell and nothing else: no Python, no browser, no PostgreSQL, no package manager, no root."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (programs / tool).symlink_to(found)
    (programs / "id").unlink()
    program(programs, "id", "echo 1000")
    return programs


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as small as one can be, with the real scripts and the smallest lock that can build it."""
    folder = tmp_path / "small project"
    shutil.copytree(PROJECT / "scripts", folder / "scripts")
    (folder / "app").mkdir()
    (folder / "app" / "__init__.py").touch()
    (folder / "app" / "__main__.py").write_text("def main():\n    print('started')\n", "utf-8")
    (folder / "README.md").touch()
    shutil.copy(PROJECT / "pyproject.toml", folder)
    chosen = locked("hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers")
    (folder / "requirements.lock").write_text(chosen, "utf-8")
    return folder


def locked(names: str) -> str:
    """Return what the lock says of some packages."""
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    packages = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)
    return "".join(package for package in packages if re.match(rf"({names})==", package))


def run(script: str | Path, path: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    dropped = ("PYTHON", "POSTGRESQL_BIN", "TIENDO57_TEST_CHROMIUM")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"PATH": str(path)} if path else {}
    script = script if isinstance(script, Path) else PROJECT / "scripts" / script
    return subprocess.run([str(script)], env=environment | more, check=False, capture_output=True, text=True)


def test_environment_is_made_once_and_anew_when_needed(project: Path) -> None:
    script, command = project / "scripts" / "env.sh", project / ".venv" / "bin" / "tiendo57"

    def made() -> subprocess.CompletedProcess[str]:
        done = run(script, PYTHON=sys.executable)
        assert done.returncode == 0, done.stderr
        return done

    assert "is ready" in made().stderr
    assert subprocess.run([str(command)], check=True, capture_output=True, text=True).stdout == "started\n"

    again = made()
    assert again.stderr + again.stdout == ""

    # Left half made: the last step had not been reached.
    (project / ".venv" / ".made-from").unlink()
    (project / ".venv" / "bin" / "python").unlink()
    assert "half made" in made().stderr
    assert subprocess.run([str(command)], check=True, capture_output=True, text=True).stdout == "started\n"

    # A lock that changed makes it anew; one whose hash is wrong makes nothing.
    lock = project / "requirements.lock"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text("utf-8")), "utf-8")
    refused = run(script, PYTHON=sys.executable)
    assert refused.returncode != 0
    assert "HASH" in refused.stderr.upper()
    assert not command.exists()


def test_an_old_python_is_told(bare: Path, project: Path) -> None:
    program(bare, "python3", '[ "$1" = --version ] && echo "Python 3.9.2" && exit; exit 1')
    told = run(project / "scripts" / "env.sh", bare)
    assert told.returncode == 1
    assert "Python 3.11 or newer is needed; python3 here says: Python 3.9.2." in told.stderr


def test_a_newer_python_beside_an_old_one_is_taken(bare: Path, project: Path) -> None:
    program(bare, "python3", "exit 1")
    program(bare, "python3.12", f'echo "$0" >>"{bare}/asked"; exec "{sys.executable}" "$@"')
    (bare / "mktemp").symlink_to(shutil.which("mktemp") or "")
    with (project / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write(locked("uv"))  # which then installs the rest
    done = run(project / "scripts" / "env.sh", bare)
    assert done.returncode == 0, done.stderr
    assert "python3.12" in (bare / "asked").read_text("utf-8")
    (by_uv,) = project.glob(".venv/lib/*/site-packages/hatchling-*/INSTALLER")
    assert by_uv.read_text("utf-8") == "uv"


def test_a_missing_venv_module_is_told_or_installed(bare: Path, project: Path) -> None:
    script = project / "scripts" / "env.sh"
    program(
        bare,
        "python3",
        f'case "$*" in *ensurepip*) [ -e "{bare}/installed" ] || exit 1;; esac; exec "{sys.executable}" "$@"',
    )
    told = run(script, bare)
    assert told.returncode == 1
    assert "sudo apt-get install python3-venv" in told.stderr
    assert not (project / ".venv").exists()

    program(bare, "apt-get", f'echo "$*" >>"{bare}/asked"; case "$1" in install) : >"{bare}/installed";; esac')
    program(bare, "sudo", 'shift; exec "$@"')
    done = run(script, bare)
    assert done.returncode == 0, done.stderr
    assert "installing the package python3-venv" in done.stderr
    asked = (bare / "asked").read_text("utf-8").splitlines()
    assert [line.split()[0] for line in asked] == ["update", "install"]
    assert "python3-venv" in asked[1].split()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("find-chromium.sh", "sudo apt-get install chromium"),
        ("find-postgresql.sh", "sudo apt-get install postgresql"),
    ],
)
def test_what_the_tests_lack_is_told(bare: Path, script: str, words: str) -> None:
    # An empty folder hides the servers that Debian keeps off the path.
    told = run(script, bare, POSTGRESQL_BIN=str(bare))
    assert told.returncode == 1
    assert told.stdout == ""
    assert words in told.stderr


TELLS = "echo Chromium 150.0.1"


@pytest.mark.parametrize("package", ["chromium-headless-shell", "chromium"])
def test_a_missing_browser_is_installed_where_it_may(bare: Path, package: str) -> None:
    browser, chmod = bare / package, shutil.which("chmod")
    write = f"printf '#!/bin/bash\\n{TELLS}\\n' >{browser}; {chmod} +x {browser}"
    program(bare, "apt-get", f'case "$*" in install*" {package} "*) {write};; install*) exit 100;; esac')
    program(bare, "id", "echo 0")
    done = run("find-chromium.sh", bare)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{browser}\n"


def test_the_browser_without_windows_is_preferred_and_never_needed(bare: Path) -> None:
    program(bare, "chromium", TELLS)
    program(bare, "apt-get", "exit 100")
    program(bare, "id", "echo 0")
    done = run("find-chromium.sh", bare)
    assert (done.stdout, done.stderr) == (f"{bare}/chromium\n", "")  # nobody knows of another
    program(bare, "apt-cache", "exit 0")
    done = run("find-chromium.sh", bare)
    assert done.stdout == f"{bare}/chromium\n"
    assert "Installing the package chromium-headless-shell" in done.stderr
    program(bare, "chromium-headless-shell", TELLS)
    assert run("find-chromium.sh", bare).stdout == f"{bare}/chromium-headless-shell\n"
    assert run("find-chromium.sh", bare, TIENDO57_TEST_CHROMIUM="chromium").stdout == f"{bare}/chromium\n"


def test_a_browser_that_does_not_run_does_not_count(bare: Path) -> None:
    program(bare, "chromium-browser", "echo 'requires the chromium snap to be installed' >&2; exit 1")
    assert run("find-chromium.sh", bare).returncode == 1


def test_an_old_postgresql_does_not_count(bare: Path) -> None:
    program(bare, "initdb", "exit 0")
    program(bare, "pg_ctl", "exit 0")
    program(bare, "postgres", "echo 'postgres (PostgreSQL) 14.9'")
    assert run("find-postgresql.sh", bare, POSTGRESQL_BIN=str(bare)).returncode == 1
    program(bare, "postgres", "echo 'postgres (PostgreSQL) 15.1 (Debian 15.1-1)'")
    assert run("find-postgresql.sh", bare, POSTGRESQL_BIN=str(bare)).stdout == f"{bare}\n"


def test_the_server_answers_while_the_command_runs_and_is_gone_afterwards(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys, sqlalchemy as s\n"
        "engine = s.create_engine(os.environ['TIENDO57_TEST_POSTGRESQL'])\n"
        "with engine.connect() as connection:\n"
        "    for name in ('server_version_num', 'server_encoding', 'listen_addresses'):\n"
        "        print(name, '=', connection.scalar(s.text('show ' + name)))\n"
        "print('folder', '=', engine.url.query['host'])\n"
        "sys.exit(7)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TIENDO57_TEST_POSTGRESQL"}
    command = [str(PROJECT / "scripts" / "with-postgresql.sh"), sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 7, done.stderr
    said = dict(line.split(" = ") for line in done.stdout.splitlines())
    assert int(said["server_version_num"]) >= 150000
    assert said["server_encoding"] == "UTF8"
    assert said["listen_addresses"] == ""
    assert not Path(said["folder"]).exists()
