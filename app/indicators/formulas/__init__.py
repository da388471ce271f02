"""The language of formulas: read, checked, worked out; never run as program text."""
