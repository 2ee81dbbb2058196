"""DMA engines: descriptors, their channels, and what of the host's memory shims may reach."""
