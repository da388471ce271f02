"""After the lock: the ward asks for a day, the city grants some fields for some hours, or refuses."""
