"""What aie-translate does: instruction stream, CDO, linker script, core code."""
