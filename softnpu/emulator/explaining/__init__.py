"""What became of a run, in words: its report, and why it did not complete."""
