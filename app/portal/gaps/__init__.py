"""Where our reports and what the portal publishes differ."""
