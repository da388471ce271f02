"""The board: who has reported a day, and with what."""
