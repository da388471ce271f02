"""How the base of tasks changes, each time with its document, and two moments compared."""
