"""The array's clock, in which estimated times are counted: about 1 GHz."""

CYCLES_PER_US = 1_000
CYCLES_PER_MS = 1_000 * CYCLES_PER_US
