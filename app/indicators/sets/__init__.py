"""Indicator sets as versioned data: set, group, indicator; from and to files."""
