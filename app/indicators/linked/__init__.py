"""Which tasks move which indicators."""
