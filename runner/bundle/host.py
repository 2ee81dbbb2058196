"""Runs this bundle: `python run.py`, on the NPU through XRT's pyxrt, otherwise on softnpu's."""

import json
from pathlib import Path

try:
    import pyxrt
except ImportError:  # the emulator, for which npuforge is on PYTHONPATH
    from softnpu import pyxrt
here = Path(__file__).parent
bundle, insts = json.loads((here / "bundle.json").read_text()), (here / "insts.bin").read_bytes()
device, image = pyxrt.device(0), pyxrt.xclbin(str(here / "final.xclbin"))
device.register_xclbin(image)
context = pyxrt.hw_context(device, image.get_uuid())
kernel = pyxrt.kernel(context, bundle["kernel"])
code = pyxrt.bo(device, len(insts), pyxrt.bo.flags.cacheable, kernel.group_id(1))
code.write(insts, 0)
code.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
buffers = {}
for i, a in enumerate(bundle["arguments"]):
    buffers[a["name"]] = pyxrt.bo(
        device, a["bytes"], pyxrt.bo.flags.host_only, kernel.group_id(3 + i)
    )
for vector in bundle["vectors"]:
    for name, file in vector["before"].items():  # outputs hold 0xA5: what nobody writes shows
        buffers[name].write((here / file).read_bytes(), 0)
        buffers[name].sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
    state = kernel(3, code, len(insts), *buffers.values()).wait(10_000)
    for name, file in vector["expected"].items():
        buffers[name].sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE)
        want = (here / file).read_bytes()
        got = bytes(buffers[name].read(len(want), 0))
        wrong = sum(a != b for a, b in zip(got, want, strict=True))
        print(vector["name"], name, state, f"{wrong} of {len(want)} bytes differ")
