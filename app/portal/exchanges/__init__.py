"""The evidence of every exchange: when, with whom, what for, how large, how it ended, and the bodies masked."""
