"""Ward and city approve a report's revision, or return it with a reason."""
