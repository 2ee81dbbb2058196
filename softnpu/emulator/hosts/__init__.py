"""Hosts that somebody else wrote, run against the emulated NPU: scripts, C++ and programs."""
