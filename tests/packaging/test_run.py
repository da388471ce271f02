"""`make run`'s script: the simulator stands in where nothing else is chosen, and gives way to what is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Knows the real settings of its folder; of everything else it tells that it was asked, and with which portal.
STUB = f"""#!/usr/bin/env bash
case $1 in
  settings) exec {sys.executable} -m app settings ;;
  serve)  # not before the simulator said its word: when the service ends, it is ended too
    if [[ ${{TIENDO57_PORTAL_REST_URL:-}} == http://127.* ]]; then
      until grep -qs portal-simulator asked; do :; done
    fi ;;&
  *) echo "$1 ${{TIENDO57_PORTAL_REST_URL:--}}" >>asked ;;
esac
"""


def run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder where the stub stands for the service."""
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "run.sh", folder / "scripts")
    (folder / ".venv" / "bin").mkdir(parents=True)
    stub = folder / ".venv" / "bin" / "tiendo57"
    stub.write_text(STUB)
    stub.chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIENDO57_")}
    return subprocess.run(
        ["bash", str(folder / "scripts" / "run.sh"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
    )


@pytest.mark.parametrize(
    ("file", "environment", "asked"),
    [
        ("", {}, {"portal-simulator -", "serve http://127.0.0.1:8057/rest"}),
        ("", {"PORTAL_PORT": "9057"}, {"portal-simulator -", "serve http://127.0.0.1:9057/rest"}),
        ('portal_hosts = "cong.example.vn"\nportal_rest_url = "https://cong.example.vn/rest"\n', {}, {"serve -"}),
        ("", {"TIENDO57_PORTAL_REST_URL": "https://x.vn"}, {"serve https://x.vn"}),
    ],
    ids=["nothing", "port", "file", "environment"],
)
def test_the_simulator_gives_way_to_what_the_installation_chose(
    tmp_path: Path, file: str, environment: dict[str, str], asked: set[str]
) -> None:
    if file:
        (tmp_path / "tiendo57.toml").write_text(file)
    done = run(tmp_path, environment)
    assert done.returncode == 0, done.stderr
    assert asked_of(tmp_path) == asked


def asked_of(folder: Path) -> set[str]:
    """Return what the stub was asked, without what comes before serving."""
    lines = set((folder / "asked").read_text().splitlines())
    return {line for line in lines if not line.startswith(("migrate", "demo"))}


def test_the_simulator_moves_aside_where_its_usual_port_is_the_demonstrations(tmp_path: Path) -> None:
    done = run(tmp_path, {}, "8057")
    assert done.returncode == 0, done.stderr
    assert asked_of(tmp_path) == {"portal-simulator -", "serve http://127.0.0.1:8058/rest"}


def test_one_port_for_both_is_refused_before_the_long_load(tmp_path: Path) -> None:
    done = run(tmp_path, {"PORTAL_PORT": "9000"}, "9000")
    assert (done.returncode, done.stderr) == (2, "PORT and PORTAL_PORT are both 9000: choose two.\n")
    assert not (tmp_path / "asked").exists()
