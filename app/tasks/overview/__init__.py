"""Tasks seen by position, by the month of their deadline, and along the time they have."""
