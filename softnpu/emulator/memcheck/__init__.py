"""The memory check: each access of a core's code is held against what it may touch.

Stand-in code (tagged.py): a buffer's name in a program is a relocation that the linker has kept.
When a core starts, its copy of the program gets a tag into the upper bits of each buffer's
address, one a buffer. Whatever the code computes keeps them, so each access says from which
buffer its pointer came: one that lands in the neighbour is told from one that belongs there. The
machine maps tagged addresses to the same memory. Before each block of code C looks at its loads and
stores (standin.h), whose addresses it works out from the registers (plan.h, rv32.h); it knows where
each buffer begins and ends, whether the core holds it, and what was ever written (check.h).

AIE2 code (owned.py): its addresses have no bits left for tags, and its pointers come from anywhere.
An access is held against what it lands in. It is checked in the translation: the same C, compiled
once more with the checks (watch.h), for as long as they are wanted.
"""
