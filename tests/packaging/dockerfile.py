"""Reading a Dockerfile and doing what it says in a folder of this machine, for want of a container engine."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

MAPPED = ("/opt/", "/srv/", "/data")
"""The container's own folders; all other absolute paths are the base image's."""


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (keyword, rest) for each instruction, continued lines joined and comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [(keyword.upper(), rest.strip()) for keyword, _, rest in pairs]


def without_flags(rest: str) -> str:
    """Drop the leading `--flag=value` words of an instruction."""
    return re.sub(r"^(--\S+\s+)+", "", rest)


@dataclass
class Stage:
    """What one stage has become after its last instruction."""

    base: str
    workdir: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    exposed: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)


class Replay:
    """Runs the stages one after the other below `root`, which stands for `/` in each of them.

    Every stage sees the same root, because an environment holds its own path; the folder of an earlier stage is moved
    aside, so a later stage has only what it copies. The base image is this machine, its `python` the interpreter given.
    """

    def __init__(self, dockerfile: Path, context: Path, folder: Path, python: str) -> None:
        self.context, self.root, self.folder = context, folder / "root", folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.system_path = f"{self.programs}:/usr/local/bin:/usr/bin:/bin"
        (self.programs / "python").symlink_to(python)
        self.skipped: list[str] = []
        self.stages: dict[str, Stage] = {}
        self.stage = Stage("")
        self.name = ""
        for keyword, rest in instructions(dockerfile.read_text("utf-8")):
            getattr(self, f"do_{keyword.lower()}")(rest)

    def here(self, text: str) -> str:
        """Put the container's folders that a text names below the root."""
        return re.sub(r"(?:(?<![\w./])|(?<=:///))(?=" + "|".join(MAPPED) + ")", str(self.root), text)

    def variables(self) -> dict[str, str]:
        """Return a process's environment in this stage; of the caller's, only what the package client needs."""
        kept = {
            name: os.environ[name]
            for name in os.environ
            if name.startswith(("PIP_", "SSL_", "LC_")) or name.lower().endswith("_proxy")
        }
        base = {"PATH": self.system_path, "HOME": str(self.folder)}
        return kept | base | {name: self.here(value) for name, value in self.stage.environment.items()}

    def directory(self) -> Path:
        folder = self.root / self.stage.workdir.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def do_from(self, rest: str) -> None:
        if self.name:
            self.root.rename(self.folder / self.name)
        base, _, name = rest.partition(" AS ")
        self.name = name or "final"
        self.stage = self.stages[self.name] = Stage(base)
        for folder in ("opt", "srv", "data"):
            (self.root / folder).mkdir(parents=True)

    def do_env(self, rest: str) -> None:
        environment = self.stage.environment
        for name, value in re.findall(r"(\w+)=(\S+)", rest):
            environment[name] = value.replace("$PATH", environment.get("PATH", self.system_path))

    def do_workdir(self, rest: str) -> None:
        self.stage.workdir = rest
        self.directory()

    def do_run(self, rest: str) -> None:
        if "useradd" in rest:  # would change this machine's users
            self.skipped.append(rest)
            return
        subprocess.run(["sh", "-euc", self.here(rest)], cwd=self.directory(), env=self.variables(), check=True)

    def do_copy(self, rest: str) -> None:
        stage = re.match(r"--from=(\S+)\s", rest)
        *sources, target = without_flags(rest).split()
        origin = self.folder / stage[1] if stage else self.context
        goal = self.root / target.lstrip("/") if target.startswith("/") else self.directory() / target
        for source in sources:
            found = origin / source.lstrip("/")
            if found.is_dir():
                shutil.copytree(found, goal, symlinks=True)
            else:
                to = goal / found.name if target.endswith("/") else goal
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, to)

    def do_user(self, rest: str) -> None:
        self.stage.user = rest

    def do_volume(self, rest: str) -> None:
        self.stage.volumes = json.loads(rest)

    def do_expose(self, rest: str) -> None:
        self.stage.exposed = rest.split()

    def do_healthcheck(self, rest: str) -> None:
        self.stage.healthcheck = json.loads(without_flags(rest).removeprefix("CMD"))

    def do_entrypoint(self, rest: str) -> None:
        self.stage.entrypoint = [self.here(word) for word in json.loads(rest)]
