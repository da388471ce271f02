"""One search over units, tasks, procedures, indicators and directives, each through its domain's own look-up."""
