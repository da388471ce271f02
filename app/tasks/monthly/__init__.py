"""The monthly report to the centre: gathered, approved, sent, and kept as it was sent."""
