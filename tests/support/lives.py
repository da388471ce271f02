"""Runs `tiendo57` beside the tests: the application is imported once, and each life is a fork of it."""

import gc
import json
import os
import signal
import subprocess
import sys


class Lives:
    """The process that is forked, and what it is asked to do."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.support.lives"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def begin(self, words: list[str], settings: dict[str, str], clock: str | None = None) -> int:
        """Begin a life with these settings in its environment; returns the process's number.

        With a clock that stands, the words are the port at which the application is served.
        """
        return self._ask({"words": words, "settings": settings, "clock": clock})

    def end(self, living: int, sign: int) -> int:
        """Send a life a signal; returns its exit code when it has ended."""
        os.kill(living, sign)
        return self._ask({"ended": living})

    def leave(self) -> None:
        """Let nothing run on: whoever still lives is killed."""
        self._process.communicate(timeout=10)

    def _ask(self, question: dict[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def _fork(words: list[str], settings: dict[str, str], clock: str | None) -> int:
    from app.__main__ import cli
    from tests.browser.server import serve

    pid = os.fork()
    if pid == 0:
        os.dup2(2, 1)
        os.environ.update(settings)
        if clock:
            serve(int(words[0]), clock)
        else:
            cli(words)
        os._exit(0)
    return pid


def _serve() -> None:
    gc.disable()  # a life turns it on again
    import app.main  # noqa: F401 - what a life would import

    gc.freeze()
    living: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            _, status = os.waitpid(asked["ended"], 0)
            living.discard(asked["ended"])
            print(os.waitstatus_to_exitcode(status), flush=True)
        else:
            living.add(pid := _fork(**asked))
            print(pid, flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _serve()
