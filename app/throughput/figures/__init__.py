"""What other systems say of a unit's day: proposals kept beside the reports, compared with them, maybe confirmed."""
