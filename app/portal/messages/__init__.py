"""Approved daily counts on their way to another system: what is told of a day, sending it, and looking after it."""
