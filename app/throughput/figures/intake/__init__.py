"""Another system's figures of many unit-days as a file: its template, tried first, stored as a whole or not at all."""
