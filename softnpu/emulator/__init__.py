"""The array that executes artifacts: controller, DMA, locks, streams, cores."""
