"""Runs this bundle on an NPU: `python3 run.py`, with the Python that XRT's pyxrt was built for."""

import json
from pathlib import Path

import pyxrt

here, flags, direction = Path(__file__).parent, pyxrt.bo.flags, pyxrt.xclBOSyncDirection
bundle, insts = json.loads((here / "bundle.json").read_text()), (here / "insts.bin").read_bytes()
device, image = pyxrt.device(0), pyxrt.xclbin(str(here / "final.xclbin"))
device.register_xclbin(image)
kernel = pyxrt.kernel(pyxrt.hw_context(device, image.get_uuid()), bundle["kernel"])
code = pyxrt.bo(device, len(insts), flags.cacheable, kernel.group_id(1))
code.write(insts, 0)
code.sync(direction.XCL_BO_SYNC_BO_TO_DEVICE)
sizes = {a["name"]: (a["bytes"], kernel.group_id(i)) for i, a in enumerate(bundle["arguments"], 3)}
buffers = {name: pyxrt.bo(device, n, flags.host_only, group) for name, (n, group) in sizes.items()}
for vector in bundle["vectors"]:
    for name, file in vector["before"].items():  # outputs hold 0xA5: what nobody writes shows
        buffers[name].write((here / file).read_bytes(), 0)
        buffers[name].sync(direction.XCL_BO_SYNC_BO_TO_DEVICE)
    state = kernel(3, code, len(insts), *buffers.values()).wait(10_000)
    for name, file in vector["expected"].items():
        buffers[name].sync(direction.XCL_BO_SYNC_BO_FROM_DEVICE)
        same = bytes(buffers[name].read(sizes[name][0], 0)) == (here / file).read_bytes()
        print(vector["name"], name, state, "as expected" if same else "DIFFERS")
