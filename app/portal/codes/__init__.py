"""What the portal publishes: its lists compared with ours every night, its figures by month, its scores."""
