"""What pages show of many indicators: a set's states, a unit's card, units beside each other, what is out of date."""
