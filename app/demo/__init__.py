"""The demonstration: figures that are published, and made-up ones around them."""
