"""Measures in one run what is promised as ratios: reports, the dashboard and the board, the search; `make bench`.

Each ratio is printed with what is wanted beside it. On a quiet machine of two cores it takes about four minutes: two
for the reports, one and a half for dashboard and board (a part of it to fill ten years), half a one for the search.
"""

from benchmarks import dashboard, reports, search


def main() -> None:
    """Measure one after the other, so that none is beside another."""
    for part in (reports, dashboard, search):
        print(f"\n{part.__name__.removeprefix('benchmarks.')}: {(part.__doc__ or '').partition(chr(10))[0]}")
        part.main()


if __name__ == "__main__":
    main()
