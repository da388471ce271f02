"""What leaders ask about a task, what stands in its way, and each day's list of shortcomings."""
