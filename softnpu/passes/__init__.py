"""One file per aie-opt pass, under that pass's name."""
