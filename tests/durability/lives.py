"""Runs `tiendo57` with the arguments given, once for each line that comes in, and tells the process's number.

The application is imported once and each life is a fork of it, so that many lives cost little.
"""

import os
import sys

import app.main  # noqa: F401 - what a life would import
from app.__main__ import cli

if __name__ == "__main__":
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)
            cli(sys.argv[1:])
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
