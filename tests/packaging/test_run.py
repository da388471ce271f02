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
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "run.sh", tmp_path / "scripts")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    stub = tmp_path / ".venv" / "bin" / "tiendo57"
    stub.write_text(STUB)
    stub.chmod(0o755)
    if file:
        (tmp_path / "tiendo57.toml").write_text(file)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIENDO57_")}
    subprocess.run(
        ["bash", str(tmp_path / "scripts" / "run.sh")],
        check=True,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
    )
    lines = set((tmp_path / "asked").read_text().splitlines())
    assert {line for line in lines if not line.startswith(("migrate", "demo"))} == asked
