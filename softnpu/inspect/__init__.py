"""What a file holds, for human eyes: recognised by content, printed as text or JSON."""
