"""The documents that tasks come from, and handing one act to many units."""
