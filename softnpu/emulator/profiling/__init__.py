"""Where a core's cycles go: by function, by line, and by what it waits for."""
