"""What is to be reached, by unit, period and version, each with its document."""
