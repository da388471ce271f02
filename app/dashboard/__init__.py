"""The leaders' dashboard: how people were served, who did not report, what is late or missed, what differs."""
