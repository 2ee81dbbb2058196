"""Trace units: what they see of a run, and the packets that they send."""
