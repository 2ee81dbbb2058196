"""The devices as data: tiles, memories, ports, registers, DMA descriptor fields."""
