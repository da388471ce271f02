"""Measures the search through HTTP with 10,000 tasks against 200.

Prints medians, 95th percentiles and their ratios, all taken in one run, in turn; run it with
`python -m benchmarks.search`.
"""

import http.client
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.reports import served
from benchmarks.tasks import FEW, MANY, fill

ROUNDS = 100
WARM = 10
QUESTIONS = {
    "words that all tasks have": "dich+vu+cong",
    "words that few tasks have": "ho+tich+dac+biet",
    "a task's code": "B00010",
    "the beginning of every code": "b0",
    "two letters": "so",
    "a unit": "thuan+hoa",
    "nothing of the kind": "khong+co+gi+dau",
}


def main() -> None:
    """Fill both databases, serve both, ask in turn, print the table."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        asked = {}
        for tasks in (FEW, MANY):
            url = f"sqlite:///{Path(folder) / f'{tasks}.db'}"
            token = fill(url, tasks=tasks)
            port = stack.enter_context(served(url))
            asked[tasks] = (http.client.HTTPConnection("127.0.0.1", port), {"Authorization": f"Bearer {token}"})
        print(
            f"| search | {FEW} tasks, ms | {MANY}, ms (median; 95th percentile), wanted < 50 | ratio of medians |\n"
            "|---|---|---|---|"
        )
        for name, words in QUESTIONS.items():
            spent: dict[int, list[float]] = {FEW: [], MANY: []}
            for turn in range(ROUNDS + WARM):
                for tasks, (connection, headers) in asked.items():
                    began = time.perf_counter()
                    connection.request("GET", f"/api/v1/search?q={words}", headers=headers)
                    answer = connection.getresponse()
                    body = answer.read()
                    assert answer.status == 200, body
                    if turn >= WARM:
                        spent[tasks].append((time.perf_counter() - began) * 1000)
            few, many = (sorted(spent[n])[ROUNDS // 2] for n in (FEW, MANY))
            late = [sorted(spent[n])[int(ROUNDS * 0.95)] for n in (FEW, MANY)]
            print(f"| {name} | {few:.1f}; {late[0]:.1f} | {many:.1f}; {late[1]:.1f} | **{many / few:.2f}** |")


if __name__ == "__main__":
    main()
