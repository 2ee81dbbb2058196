"""What aie-translate --cdo-debug prints of a CDO file."""

from __future__ import annotations

from softnpu.formats import operations as ops
from softnpu.formats.cdo import build, from_operations
from softnpu.targets.cdo_text import lines

WRITTEN = [
    ops.Write(0x21F000, 1),
    ops.BlockWrite(0x1D000, bytes.fromhex("04000000 00000080")),
    ops.MaskWrite(0x1D200, 0, 1),
    ops.BlockSet(0x100000, 0, 2),
    ops.MaskPoll(0x32004, 1, 1, timeout=2),
]

TOLD = """\
(NOP Command): Payload Length: 0_
(Write64): Address:  0x000000000021F000 Data:  0x00000001__
(NOP Command): Payload Length: 2_
(BlockWrite-DMAWriteCmd): Start Address: 0x000000000001D000  Size: 2
    Address: 0x000000000001D000  Data@ 0x40 is: 0x00000004_
    Address: 0x000000000001D004  Data@ 0x44 is: 0x80000000_

(MaskWrite64): Address: 0x000000000001D200  Mask: 0x00000000  Data: 0x00000001_
(NOP Command): Payload Length: 1_
(BlockSet-DMAWriteCmd):Start Address: 0x0000000000100000  Size: 2
    Address: 0x0000000000100000  Data is: 0x00000000_
    Address: 0x0000000000100004  Data is: 0x00000000_

(MaskPoll64): Address: 0x0000000000032004  Mask: 0x00000001  Expected Value: 0x00000001  \
Timeout(ms): 0x00000002_
"""
"""As bootgen's cdo_driver.c writes it, but for where a word lies; `_`: a blank at a line's end."""


def test_each_operation_is_told_as_cdo_driver_tells_it() -> None:
    data = build(from_operations(WRITTEN))
    assert "\n".join([*lines(data, WRITTEN), ""]) == TOLD.replace("_", " ")
    assert data[0x40:0x48] == WRITTEN[1].data  # type: ignore[union-attr]
