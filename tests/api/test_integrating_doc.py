"""The guide for other systems says what is so: its commands and its program are run as they stand."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.test_api_doc import address, examples, listed, run  # noqa: F401 - a fixture among them
from tests.support.clients import DAY, WARD

GUIDE = (Path(__file__).parents[2] / "docs" / "integrating.md").read_text("utf-8")


def test_the_commands_and_the_program_of_the_guide_do_what_it_says(
    address: str,  # noqa: F811
    app: FastAPI,
    api: Callable[..., TestClient],
    tmp_path: Path,
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"demonstration": True})  # which has a key for dossiers
    scopes = ["figures:send", "reports:read"]
    tokens = {"MACHINE": api("machine", WARD, scopes, name="one-gate"), "CITY": api("city_analyst")}
    tokens["GATE"] = api("machine", scopes=["portal:events"])
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TIENDO57": address, "UNIT": WARD, "DAY": DAY}
    environment |= {name: c.headers["authorization"].removeprefix("Bearer ") for name, c in tokens.items()}
    told = examples(GUIDE)
    assert len(told) > 10
    for example in told:
        run(example, environment)
    program, said = re.findall(r"^```(?:python|text)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, timeout=60, check=False
    )
    assert (done.stdout.decode(), done.stderr.decode()) == (said, "")


def test_every_code_of_the_guide_is_one_of_the_contract() -> None:
    codes = set(re.findall(r"`([a-z]+_[a-z_]+)`", GUIDE.partition("## Every refusal")[2]))
    assert len(codes) > 20
    assert sorted(codes - set(listed())) == ["counted_until"]  # no code, but what they speak of
