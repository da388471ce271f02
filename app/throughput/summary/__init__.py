"""Sums over days and units, from what is kept."""
