"""The cores' machine code as data: one table a generation reads, prints, parses and writes it."""
