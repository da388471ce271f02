"""What a process keeps is what was used last, however many threads ask."""

from threading import Thread

from app.core.recent import Recent


def test_what_was_not_used_for_longest_goes_first() -> None:
    kept: Recent[str, int] = Recent(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    kept.put("a", 4)
    kept.drop("c")
    kept.drop("never there")
    assert (kept.get("a"), kept.get("c")) == (4, None)


def test_many_threads_ask_at_once() -> None:
    kept: Recent[int, int] = Recent(5)
    wrong: list[Exception] = []

    def ask(first: int) -> None:
        try:
            for number in range(first, first + 3000):
                kept.put(number % 17, number)
                kept.get(number % 5)
        except Exception as error:
            wrong.append(error)

    threads = [Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sum(kept.get(number) is not None for number in range(17)) == 5
