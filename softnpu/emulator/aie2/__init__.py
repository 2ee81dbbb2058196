"""AIE2 and AIE2P machine code, executed: a core's program becomes C, and that native code."""
