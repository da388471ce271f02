"""Bringing an annex of tasks as a table: tried first, units shown for confirmation, all of it or nothing."""
