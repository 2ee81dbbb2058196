"""Instructions and xclbin of different designs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.softnpu.emulator.xrt.host import COMPLETED, DATA, IN, OUT, Host


@pytest.fixture
def built(march: Path, tmp_path: Path) -> Path:
    """The folder of a pair with a manifest."""
    folder = march / "passthrough_memtile"
    hashes = {}
    for name in ("final.xclbin", "insts.bin"):
        data = (folder / name).read_bytes()
        (tmp_path / name).write_bytes(data)
        hashes[name] = hashlib.sha256(data).hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": hashes}))
    return tmp_path


def test_instructions_that_the_xclbin_was_not_built_with_are_told_once(
    march: Path, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host.opened(built)
    foreign = host.instructions((march / "transpose_dims" / "insts.bin").read_bytes())
    for _ in range(2):
        host.kernel(3, foreign, 0, host.buffer(IN, DATA), host.buffer(OUT)).wait()
    (told,) = [r.getMessage() for r in caplog.records if "built with" in r.getMessage()]
    assert "none of the streams that final.xclbin was built with" in told


@pytest.mark.parametrize("manifest", ["", "[]", '{"artifacts": {"final.xclbin": "0"}}'])
def test_a_manifest_that_tells_nothing_is_no_reason_to_warn(
    built: Path, manifest: str, caplog: pytest.LogCaptureFixture
) -> None:
    (built / "manifest.json").write_text(manifest)
    host = Host.opened(built)
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    assert run.wait() == COMPLETED
    assert not caplog.records


def test_a_pair_that_was_built_together_is_silent(
    built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host.opened(built)
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    assert run.wait() == COMPLETED
    assert not caplog.records
