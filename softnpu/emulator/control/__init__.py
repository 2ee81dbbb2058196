"""The controller, and what it carries out: device operations, tokens, its table of values."""
