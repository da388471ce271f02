"""Units in order by a rate, with how sure that order is."""
