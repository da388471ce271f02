"""A unit's own desk: what it owes today, its month, what it has still to explain, its texts to pass on."""
