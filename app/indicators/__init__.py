"""Indicators: sets and definitions, formulas, targets, readings, what may be cited."""
