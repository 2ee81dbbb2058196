"""Data memory: words and the addresses of a descriptor's, locks, and the host's buffers."""
