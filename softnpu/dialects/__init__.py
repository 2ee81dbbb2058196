"""The aie and aiex dialects for xDSL."""
