"""Runs this bundle on an NPU: `python3 run.py`, with the Python that XRT's pyxrt was built for."""

import json
import sys
from hashlib import sha256
from pathlib import Path

import pyxrt

here, device, direction = Path(__file__).parent, pyxrt.device(0), pyxrt.xclBOSyncDirection
bundle = json.loads((here / "bundle.json").read_text())
files = {name: (here / name).read_bytes() for name in bundle["files"]}
damaged = [n for n, data in files.items() if sha256(data).hexdigest() != bundle["files"][n]]
if damaged:
    sys.exit(f"damaged: {', '.join(damaged)}")
uuid = device.register_xclbin(pyxrt.xclbin(str(here / "final.xclbin")))
kernel = pyxrt.kernel(pyxrt.hw_context(device, uuid), bundle["kernel"])
insts = pyxrt.bo(device, len(files["insts.bin"]), pyxrt.bo.cacheable, kernel.group_id(1))
buffers, failed = {}, False
for index, given in enumerate(bundle["arguments"], start=3):
    group = kernel.group_id(index)
    buffers[given["name"]] = pyxrt.bo(device, given["bytes"], pyxrt.bo.host_only, group)
for vector in bundle["vectors"]:  # outputs hold 0xA5 before a run: what nobody writes shows
    before = [(buffers[name], file) for name, file in vector["before"].items()]
    for buffer, file in [(insts, "insts.bin"), *before]:
        buffer.write(files[file], 0)
        buffer.sync(direction.XCL_BO_SYNC_BO_TO_DEVICE)
    state = kernel(3, insts, insts.size(), *buffers.values()).wait(10_000)
    print(vector["name"], state)
    if not vector["expected"]:
        print("  not judged: the design has no reference")
    failed |= state != pyxrt.ert_cmd_state.ERT_CMD_STATE_COMPLETED
    for name, file in vector["expected"].items():
        buffers[name].sync(direction.XCL_BO_SYNC_BO_FROM_DEVICE)
        same = bytes(buffers[name].read(len(files[file]), 0)) == files[file]
        print(" ", name, "as expected" if same else "DIFFERS")
        failed |= not same
sys.exit(failed)
