"""Addresses that show the same figure for good, with today's beside it."""
