"""MLIR as npuforge reads it: the aie and aiex dialects on xDSL, and the upstream ones they need."""

from softnpu import late

late.read_formats_late()
