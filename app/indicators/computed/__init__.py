"""Readings worked out from reports and tasks, kept up in their transactions, and explained."""
