"""What becomes of dossiers in the city's one-gate system, without a word of persons, counted by day."""
