"""Who is reminded of what is still to be done, step by step, and when it ended; mail would go through the same list."""
