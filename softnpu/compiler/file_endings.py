"""How files end whose names begin with a device's, or also a sequence's, name; as aiecc's do."""

from __future__ import annotations

TRANSACTION = "_transaction.mlir"
"""A device's configuration as writes of a sequence."""
PACKETS = "_ctrlpkt.bin"
"""Control packets."""
SENDING = "_ctrlpkt_dma_seq.bin"
"""The stream that sends them."""
LOCMAP = ".bin.locmap.json"
"""Where the operations of a stream come from."""
