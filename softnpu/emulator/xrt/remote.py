"""What softnpu/xrt's C++ library can ask of the emulator."""

from __future__ import annotations

import logging
import socket
import warnings

from softnpu.emulator.xrt import remote_images
from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.device import device, hw_context
from softnpu.emulator.xrt.elf_kernel import ext_kernel
from softnpu.emulator.xrt.enums import xclBOSyncDirection, xrt_info_device
from softnpu.emulator.xrt.extended import HOST_BANK
from softnpu.emulator.xrt.image import uuid
from softnpu.emulator.xrt.kernel import kernel, run
from softnpu.emulator.xrt.remote_host import Answer, Host, Operations, SharedBuffer
from softnpu.emulator.xrt.remote_images import told_xclbin
from softnpu.emulator.xrt.runlist import runlist

_log = logging.getLogger("softnpu.pyxrt")

_LEVELS = (
    *(logging.CRITICAL,) * 3,
    *(logging.ERROR, logging.WARNING, logging.INFO, logging.INFO, logging.DEBUG),
)


def serve(channel: socket.socket) -> None:
    """Answers a host until it is gone."""
    Host(OPERATIONS).serve(channel)


def _drop(host: Host, number: int) -> Answer:
    host.drop(number)
    return ()


def _log_message(_host: Host, level: int, tag: bytes, message: bytes) -> Answer:
    _log.log(_LEVELS[level], "[%s] %s", tag.decode(), message.decode())
    return ()


def _open_device(host: Host, which: bytes) -> Answer:
    text = which.decode()
    return [host.keep(device(int(text) if text.isdigit() else text))]


def _device(host: Host, number: int) -> device:
    found: device = host.get(number, "xrt::device")
    return found


def _register(host: Host, number: int, image: int) -> Answer:
    registered = _device(host, number).register_xclbin(host.get(image, "xrt::xclbin"))
    return [registered.to_string()]


def _load(host: Host, number: int) -> Answer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_device(host, number).load_xclbin("").to_string()]


def _loaded(host: Host, number: int) -> Answer:
    return [_device(host, number).get_xclbin_uuid().to_string()]


def _info(host: Host, number: int, key: bytes) -> Answer:
    wanted = getattr(xrt_info_device, key.decode(), xrt_info_device(key.decode()))
    return [_device(host, number).get_info(wanted)]


def _open_buffer(host: Host, owner: int, size: int, flags: int, group: int) -> Answer:
    made = SharedBuffer(host.get(owner, "xrt::device or hw_context"), size, flags, group)
    return host.told_buffer(made)


def _part(host: Host, whole: int, size: int, offset: int) -> Answer:
    return [host.keep(bo(_buffer(host, whole), size, offset))]


def _buffer(host: Host, number: int) -> bo:
    found: bo = host.get(number, "xrt::bo")
    return found


def _address(host: Host, number: int) -> Answer:
    return [_buffer(host, number).address()]


def _sync(host: Host, number: int, direction: int, size: int, offset: int) -> Answer:
    _buffer(host, number).sync(xclBOSyncDirection(direction), size, offset)
    return ()


def _open_context(host: Host, owner: int, key: bytes) -> Answer:
    return [host.keep(hw_context(_device(host, owner), uuid(key.decode())))]


def _context_of_elf(host: Host, owner: int, configuration: int) -> Answer:
    made = hw_context(_device(host, owner), host.get(configuration, "xrt::elf"))
    return [host.keep(made)]


def _context_of_nothing(host: Host, owner: int) -> Answer:
    return [host.keep(hw_context(_device(host, owner), {}, hw_context.shared))]


def _add_configuration(host: Host, number: int, configuration: int) -> Answer:
    _context(host, number).add_config(host.get(configuration, "xrt::elf"))
    return ()


def _context(host: Host, number: int) -> hw_context:
    found: hw_context = host.get(number, "xrt::hw_context")
    return found


def _context_uuid(host: Host, number: int) -> Answer:
    return [_context(host, number).get_xclbin_uuid().to_string()]


def _context_xclbin(host: Host, number: int) -> Answer:
    return told_xclbin(host, _context(host, number).get_xclbin())


def _open_kernel(host: Host, context: int, name: bytes) -> Answer:
    return _told_handle(host, kernel(_context(host, context), name.decode()))


def _kernel_of_device(host: Host, owner: int, key: bytes, name: bytes, mode: int) -> Answer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = kernel(
            _device(host, owner), uuid(key.decode()), name.decode(), kernel.cu_access_mode(mode)
        )
    return _told_handle(host, made)


def _kernel_of_module(host: Host, context: int, of: int, name: bytes) -> Answer:
    made = ext_kernel(_context(host, context), host.get(of, "xrt::module"), name.decode())
    return _told_handle(host, made)


def _kernel_of_elf(host: Host, context: int, name: bytes) -> Answer:
    return _told_handle(host, ext_kernel(_context(host, context), name.decode()))


def _told_handle(host: Host, made: kernel) -> Answer:
    names = [argument.name for argument in made.arguments]
    return [host.keep(made), made.name, len(names), *names]


def _kernel(host: Host, number: int) -> kernel:
    found: kernel = host.get(number, "xrt::kernel")
    return found


def _group(host: Host, number: int, argument: int) -> Answer:
    return [_kernel(host, number).group_id(argument)]


def _offset(host: Host, number: int, argument: int) -> Answer:
    return [int(_kernel(host, number).arguments[argument].offset, 0)]


def _kernel_xclbin(host: Host, number: int) -> Answer:
    return told_xclbin(host, _kernel(host, number).context.get_xclbin())


def _open_run(host: Host, of: int) -> Answer:
    return [host.keep(_Run(_kernel(host, of)))]


class _Run(run):
    """A run whose scratchpad the host maps."""

    def _new_scratchpad(self, size: int) -> bo:
        owner = self.kernel.context.get_device()
        return SharedBuffer(owner, size, int(bo.flags.host_only), HOST_BANK)


def _run(host: Host, number: int) -> run:
    found: run = host.get(number, "xrt::run")
    return found


def _set_scalar(host: Host, number: int, index: int, raw: bytes) -> Answer:
    _run(host, number).set_scalar(index, raw)
    return ()


def _set_buffer(host: Host, number: int, index: int, buffer: int) -> Answer:
    _run(host, number).set_arg(index, _buffer(host, buffer))
    return ()


def _start(host: Host, number: int) -> Answer:
    _run(host, number).start()
    return ()


def _wait(host: Host, number: int, timeout_ms: int) -> Answer:
    return [int(_run(host, number).wait(timeout_ms))]


def _wait2(host: Host, number: int, timeout_ms: int) -> Answer:
    """The state that it has: of a run whose time was over before it was, still submitted."""
    job = _run(host, number)
    job.wait(timeout_ms)
    return [int(job.current)]


def _state(host: Host, number: int) -> Answer:
    return [int(_run(host, number).state())]


def _abort(host: Host, number: int) -> Answer:
    return [int(_run(host, number).cancel())]


def _scratchpad(host: Host, number: int) -> Answer:
    """As for `bo.open`; each call has the memory's descriptor again."""
    made = _run(host, number).get_ctrl_scratchpad_bo()
    assert isinstance(made, SharedBuffer)
    return host.told_buffer(made)


def _open_runlist(host: Host, context: int) -> Answer:
    return [host.keep(runlist(_context(host, context)))]


def _runlist(host: Host, number: int) -> runlist:
    found: runlist = host.get(number, "xrt::runlist")
    return found


def _add(host: Host, number: int, job: int) -> Answer:
    _runlist(host, number).add(_run(host, job))
    return ()


def _execute(host: Host, number: int) -> Answer:
    _runlist(host, number).execute()
    return ()


def _wait_runlist(host: Host, number: int) -> Answer:
    jobs = _runlist(host, number)
    try:
        jobs.wait()
    except RuntimeError:
        failure = jobs.failure()
        if failure is None:
            raise
        index, state, told = failure
        return [index, int(state), told]
    return [-1]


def _runlist_state(host: Host, number: int) -> Answer:
    return [int(_runlist(host, number).state())]


def _reset(host: Host, number: int) -> Answer:
    _runlist(host, number).reset()
    return ()


OPERATIONS: Operations = {
    **remote_images.OPERATIONS,
    "drop": _drop,
    "log": _log_message,
    "device.open": _open_device,
    "device.register_xclbin": _register,
    "device.load_xclbin": _load,
    "device.get_xclbin_uuid": _loaded,
    "device.get_info": _info,
    "bo.open": _open_buffer,
    "bo.part": _part,
    "bo.address": _address,
    "bo.sync": _sync,
    "hw_context.open": _open_context,
    "hw_context.of_elf": _context_of_elf,
    "hw_context.of_nothing": _context_of_nothing,
    "hw_context.add_config": _add_configuration,
    "hw_context.uuid": _context_uuid,
    "hw_context.xclbin": _context_xclbin,
    "kernel.open": _open_kernel,
    "kernel.of_device": _kernel_of_device,
    "kernel.of_module": _kernel_of_module,
    "kernel.of_elf": _kernel_of_elf,
    "kernel.group_id": _group,
    "kernel.offset": _offset,
    "kernel.xclbin": _kernel_xclbin,
    "run.open": _open_run,
    "run.set_scalar": _set_scalar,
    "run.set_arg": _set_buffer,
    "run.start": _start,
    "run.wait": _wait,
    "run.wait2": _wait2,
    "run.state": _state,
    "run.abort": _abort,
    "run.get_ctrl_scratchpad_bo": _scratchpad,
    "runlist.open": _open_runlist,
    "runlist.add": _add,
    "runlist.execute": _execute,
    "runlist.wait": _wait_runlist,
    "runlist.state": _runlist_state,
    "runlist.reset": _reset,
}
