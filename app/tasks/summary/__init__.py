"""Tasks counted: by bucket at any moment, and what the six clear points still lack."""
