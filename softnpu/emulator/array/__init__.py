"""The array and its tiles: registers, control ports, and what each ignores."""
