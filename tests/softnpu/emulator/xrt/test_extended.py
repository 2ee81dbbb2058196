"""What there is of ext, and what there is not of it, of aie and of graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from softnpu import pyxrt
from tests.softnpu.emulator.xrt.host import COMPLETED, DATA, IN, OUT, Host


def test_a_buffer_of_ext_is_in_the_hosts_memory(host: Host) -> None:
    access = pyxrt.ext.access_mode.read_write | pyxrt.ext.shared
    given = pyxrt.ext.bo(device=host.device, size=DATA.nbytes, access=access)
    given.write(DATA, 0)
    given.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
    out = pyxrt.ext.bo(host.context, DATA.nbytes)
    assert isinstance(out, pyxrt.bo)
    assert host.kernel(3, host.instructions(), 0, given, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_what_the_emulator_lacks_says_so(host: Host, tmp_path: Path) -> None:
    context, device = host.context, host.device
    refused: dict[str, list[Any]] = {
        "graphs and GMIO": [
            lambda: pyxrt.graph(context, "g", pyxrt.graph.primary),
            lambda: pyxrt.graph.update(None, "port", b""),  # type: ignore[arg-type]
            lambda: pyxrt.aie.bo(device, 64, pyxrt.bo.host_only, 65536).sync(
                "port", pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_GMIO_TO_AIE
            ),
        ],
        "program or another process": [lambda: pyxrt.ext.bo(device, pid=1, export_handle=2)],
    }
    for what, uses in refused.items():
        for use in uses:
            with pytest.raises(RuntimeError, match=what):
                use()


def test_access_modes_combine() -> None:
    modes = pyxrt.ext.access_mode
    mode = modes.read | modes.write
    assert mode == modes.read_write
    mode &= modes.write
    assert (mode, int(mode | modes.hybrid)) == (modes.write, 18)


def test_a_buffer_of_aie_is_a_buffer(host: Host) -> None:
    given = pyxrt.aie.bo(ctx=host.context, size=DATA.nbytes, group=host.kernel.group_id(IN))
    given.write(DATA, 0)
    pyxrt.bo.sync(given, pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
    out = host.buffer(OUT)
    assert host.kernel(3, host.instructions(), 0, given, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()
