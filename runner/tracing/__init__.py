"""Traces that trace units have written, in the design's names."""
