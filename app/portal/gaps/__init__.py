"""The ledger of gaps: where our reports and another system differ, why, whose it is, how old, how it ended."""
