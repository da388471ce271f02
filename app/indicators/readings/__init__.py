"""What was measured: typed, brought or published, each with its source; a later one supersedes an earlier."""
