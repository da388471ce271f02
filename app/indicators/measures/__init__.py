"""What a formula may name: the daily report's columns and memos, the tasks' buckets; and their values."""
