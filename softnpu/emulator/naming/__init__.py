"""The author's names and source lines for what the array holds."""
