"""Binary formats: one description reads and writes."""
