"""Statutory forms: their layout as data, their periods, their workbook, the copies handed in."""
