"""What a timeline is made of: rows of slices and counters that stay small, and their names."""
