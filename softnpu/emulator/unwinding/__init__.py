"""The calls that a core is in: by call frame information, or by what a function's code does."""
