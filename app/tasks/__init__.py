"""Tasks: from the directive to the evidence."""
