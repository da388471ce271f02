"""The application behind real sockets, and callers that act in the same moment."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx2
import uvicorn
from fastapi import FastAPI

Result = TypeVar("Result")


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on a free port of this machine alone and give its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", access_log=False)
    socket = config.bind_socket()
    socket.listen()  # who calls before the server has begun waits for it
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)
        socket.close()
    assert not thread.is_alive(), "a request hangs"


def caller(address: str, token: str = "") -> httpx2.Client:
    """Return an API client that waits no longer than a person would."""
    headers = {"authorization": token} if token else {}
    return httpx2.Client(base_url=address, headers=headers, timeout=30, trust_env=False, verify=False)


def at_once(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do things in as many threads, all let go in one moment; returns their results in order."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Result]) -> None:
        barrier.wait(30)
        try:
            results[number] = act()
        except Exception as error:  # shown to the test, in its own thread
            results[number] = error

    threads = [threading.Thread(target=run, args=(n, act), daemon=True) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def faults_of(app: FastAPI) -> list[str]:
    """Return what `tiendo57 verify` would say of the application's database."""
    from app.core import audit
    from app.throughput import proof, totals

    with app.state.database.read() as session:
        return [*audit.broken_links(session), *proof.alterations(session), *totals.differences(session)]
