"""Runs this bundle on an NPU: `python3 run.py`, with the Python that XRT's pyxrt was built for."""

import json
from hashlib import sha256
from pathlib import Path

import pyxrt

here, device, direction = Path(__file__).parent, pyxrt.device(0), pyxrt.xclBOSyncDirection
bundle, code = json.loads((here / "bundle.json").read_text()), (here / "insts.bin").read_bytes()
hashes = {file: sha256((here / file).read_bytes()).hexdigest() for file in bundle["files"]}
assert hashes == bundle["files"], f"damaged: {dict(hashes.items() - bundle['files'].items())}"
uuid = device.register_xclbin(pyxrt.xclbin(str(here / "final.xclbin")))
kernel = pyxrt.kernel(pyxrt.hw_context(device, uuid), bundle["kernel"])
insts = pyxrt.bo(device, len(code), pyxrt.bo.cacheable, kernel.group_id(1))
buffers = {
    given["name"]: pyxrt.bo(device, given["bytes"], pyxrt.bo.host_only, kernel.group_id(index))
    for index, given in enumerate(bundle["arguments"], start=3)
}
for vector in bundle["vectors"]:  # outputs hold 0xA5 before a run: what nobody writes shows
    before = [(buffers[name], file) for name, file in vector["before"].items()]
    for buffer, file in [(insts, "insts.bin"), *before]:
        buffer.write((here / file).read_bytes(), 0)
        buffer.sync(direction.XCL_BO_SYNC_BO_TO_DEVICE)
    state = kernel(3, insts, len(code), *buffers.values()).wait(10_000)
    for name, file in vector["expected"].items():
        buffers[name].sync(direction.XCL_BO_SYNC_BO_FROM_DEVICE)
        same = bytes(buffers[name].read(buffers[name].size(), 0)) == (here / file).read_bytes()
        print(vector["name"], name, state, "as expected" if same else "DIFFERS")
