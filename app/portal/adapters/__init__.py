"""One interface to the portal, behind it the two generations that are met."""
