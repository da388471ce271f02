"""What units owe: a row a unit, day and system, with the moments that judge it; waivers."""
