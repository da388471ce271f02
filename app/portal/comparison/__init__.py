"""Our figures beside the other systems': a unit's day and the one-gate system's, a period and the portal's."""
