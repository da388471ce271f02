"""What happens to a task between its start and its end: updates, evidence, milestones, extensions."""
