"""Figures: how fast, how large. Run with `python -m benchmarks.<name>`."""
