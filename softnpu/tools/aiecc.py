"""aiecc: a design to the artifacts that are asked for, under the names that are asked for.

Everything is made in the working folder, as `npuforge compile` makes it; what is wanted of it is
then put into the output folder. Options, defaults and names: mlir-aie, aiecc/CommandLineOptions.h
of August 2026; the older spellings from aiecc.py as its Makefiles called it until then.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from softnpu.compiler.file_endings import SENDING
from softnpu.errors import ToolError
from softnpu.tools.made import FULL_ELF, SOURCES, XCLBIN
from softnpu.tools.words import Kind, Option, Words, read
from softnpu.warned import collected, counted

if TYPE_CHECKING:
    from softnpu.compiler.driver import Options
    from softnpu.formats.xclbin import XclbinSpec
    from softnpu.formats.xclbin.spec import KernelIdentity

HELP = """\
usage: aiecc [OPTIONS] DESIGN.mlir [-- HOST ...]

npuforge's own aiecc: compiles a design without AMD's tools. Cores' programs are stand-ins for the
emulator; a finished program is packed as it is where a core names one (elf_file).

what to make, each --get-NAME or --get-NAME=FILE or --get=EDGE:
{outputs}
how they are called ({{0}} is the device, and of instructions DEVICE_SEQUENCE):
  --output-dir=DIR  --tmpdir=DIR  --xclbin-name  --npu-insts-name  --pdi-name
  --xclbin-kernel-name  --xclbin-instance-name  --xclbin-kernel-id
  --xclbin-input=FILE                an xclbin to which the kernel and its PDI are added
how it is compiled:
  --alloc-scheme  --placer  --cores-per-col  --sa-seed  --dynamic-objFifos
  --packet-sw-objFifos  --generate-ctrl-pkt-overlay  --expand-load-pdis
  --load-pdi-to-ctrl-pkt  --fold-ddr-addr-offset  --device-name  --sequence-name
  -n (nothing is written)  -v
Objects that cores link are looked for in the current folder and in the design's; a C or C++ source
of that name is compiled. Options for hosts and for AMD's compilers are taken and ignored.
"""

_COMPILERS = "cores' programs are npuforge's own stand-ins"
_HOST = "host programs are not compiled here: `npuforge run-host HOST.cpp` runs one"
_SIMULATOR = "there is no aiesimulator here: `npuforge run-host` and the runner run on the emulator"
_QUIET = "there is no progress line"
_ALREADY = "that is so here"
_ALWAYS = "intermediate files are always kept in the working folder"

_CHOICES = ("dynamic-objFifos", "packet-sw-objFifos", "generate-ctrl-pkt-overlay")
_LOADS = ("expand-load-pdis", "load-pdi-to-ctrl-pkt")

OUTPUTS = {
    "xclbin": ("aie.xclbin", "the xclbin"),
    "npu-insts": ("insts_{0}.bin", "the instruction stream of each runtime sequence"),
    "pdi": ("{0}.pdi", "each device's PDI"),
    "cdo": ("cdo_{0}", "each device's CDO files, in a folder"),
    "core-elfs": ("elfs_{0}.elf", "each core's program, {0} being DEVICE_core_COLUMN_ROW"),
    "input-with-addresses": ("input_with_addresses.mlir", "the design with its numbers"),
    "scratchpad-parameters": ("params.txt", "where scratchpad parameters lie"),
    "ctrlpkt": ("{0}_ctrlpkt.bin", "each device's configuration as control packets"),
    "txn": ("{0}_transaction.mlir", "each device's configuration as a sequence's writes"),
    "elf": ("design.elf", "each sequence's stream as an ELF file, to go with the xclbin"),
    "full-elf": ("aie.elf", "all of it as one ELF file, which needs no xclbin"),
}
"""What can be asked for: the name it has unless another is given, and what it is."""

_NAMED = {"xclbin": "xclbin-name", "npu-insts": "npu-insts-name", "pdi": "pdi-name"}
_NAMED |= {"ctrlpkt": "ctrlpkt-name", "elf": "elf-name", "full-elf": "full-elf-name"}
_NAMED["txn"] = "txn-name"
_SENDING = "ctrlpkt-dma-seq-name"
"""Names the stream that sends control packets, which comes along with them."""

_UNAVAILABLE = {
    "locmap": "`aie-translate --aie-npu-to-locmap` makes it of npu_insts.mlir",
}

_OLDER = {f"aie-generate-{name}": name for name in (*OUTPUTS, *_UNAVAILABLE)}
"""Until July 2026: --aie-generate-xclbin and the like."""

_SWITCH, _VALUE = Option(Kind.SWITCH), Option(Kind.VALUE)


def _ignored(why: str, kind: Kind, *names: str) -> dict[str, Option]:
    return {name: Option(kind, why) for name in names}


OPTIONS: dict[str, Option] = {
    **{f"get-{name}": Option(Kind.GET) for name in (*OUTPUTS, *_UNAVAILABLE)},
    **_ignored(_HOST, Kind.GET, "get-host"),
    **_ignored(_SIMULATOR, Kind.GET, "get-aiesim"),
    **dict.fromkeys(_OLDER, _SWITCH),
    **dict.fromkeys((*_NAMED.values(), _SENDING, "output-dir", "tmpdir", "xclbin-input"), _VALUE),
    **dict.fromkeys(("xclbin-kernel-name", "xclbin-instance-name", "xclbin-kernel-id"), _VALUE),
    **dict.fromkeys(("device-name", "sequence-name", "alloc-scheme", "placer"), _VALUE),
    **dict.fromkeys(("cores-per-col", "sa-seed", "get", "g"), _VALUE),
    **dict.fromkeys((*_CHOICES, *_LOADS, "fold-ddr-addr-offset", "basic-alloc-scheme"), _SWITCH),
    **dict.fromkeys(("n", "v", "verbose", "nv", "help", "h", "version", "aie-version"), _SWITCH),
    **_ignored(_COMPILERS, Kind.SWITCH, "xchesscc", "xbridge", "compile", "link"),
    **_ignored(_COMPILERS, Kind.SWITCH, "unified", "bf16-emulation"),
    **_ignored(_SIMULATOR, Kind.SWITCH, "aiesim"),
    **_ignored(_ALREADY, Kind.SWITCH, "no-xchesscc", "no-xbridge", "no-compile", "no-link"),
    **_ignored(_ALREADY, Kind.SWITCH, "no-unified", "no-aiesim", "no-compile-host"),
    **_ignored(_COMPILERS, Kind.VALUE, "peano", "aietools", "xclbinutil-path", "opt-level"),
    **_ignored(_COMPILERS, Kind.PREFIX, "O"),
    **_ignored(_HOST, Kind.SWITCH, "compile-host"),
    **_ignored(_HOST, Kind.VALUE, "host-target", "sysroot", "o"),
    **_ignored(_HOST, Kind.PREFIX, "I", "L", "l"),
    **_ignored(_QUIET, Kind.SWITCH, "progress", "no-progress", "profile"),
    **_ignored(_QUIET, Kind.VALUE, "nthreads"),
    **_ignored(_QUIET, Kind.PREFIX, "j"),
    **_ignored(_ALWAYS, Kind.SWITCH, "dump-intermediates", "enable-repeater-scripts"),
    **_ignored(_ALWAYS, Kind.SWITCH, "disable-repeater-scripts"),
    **_ignored(_ALWAYS, Kind.VALUE, "repeater-output-dir"),
}


def main(given: Sequence[str]) -> int:
    """Compiles as the words of a command line say.

    Raises:
        SoftnpuError: DesignError, ToolError or FormatError, for whatever is wrong.
    """
    words = read(given, OPTIONS)
    if words.on("help") or words.on("h"):
        lines = (f"  {name:24} {what} ({file})\n" for name, (file, what) in OUTPUTS.items())
        sys.stdout.write(HELP.format(outputs="".join(lines)))
        return 0
    if words.on("version") or words.on("aie-version"):
        sys.stdout.write("npuforge's aiecc, after mlir-aie 1.4.2 (3ca0193ce)\n")
        return 0
    _tell_ignored(words)
    wanted = _wanted(words)
    design = _design(words)
    with _working_folder(words, design) as folder:
        _compile(design, folder, words, streams=not wanted.keys().isdisjoint(_OF_STREAMS))
        if not (words.on("n") or words.on("nv")):
            deliver(wanted, folder, Path(words.last("output-dir", ".")), words)
    return 0


def _tell_ignored(words: Words) -> None:
    """A note for each reason: a Makefile has a dozen such options."""
    reasons: dict[str, list[str]] = {}
    for name, why in words.ignored.items():
        reasons.setdefault(why, []).append(f"--{name}" if len(name) > 1 else f"-{name}")
    if words.behind:
        reasons.setdefault(_HOST, []).append("what stands behind --")
    quiet = (_QUIET, _ALREADY, _ALWAYS)
    for why, names in reasons.items():
        if why not in quiet:
            sys.stderr.write(f"aiecc: note: {', '.join(names)}: {why}\n")


def _wanted(words: Words) -> dict[str, str]:
    """What is to be made -> the file that it goes to, "" for its own name."""
    found = {name: words.last(f"get-{name}") for name in OUTPUTS if f"get-{name}" in words.values}
    found |= {name: "" for old, name in _OLDER.items() if words.on(old) and name not in found}
    for name in (*words.values.get("get", ()), *words.values.get("g", ())):
        found |= dict.fromkeys(name.split(","), "")
    for name, why in _UNAVAILABLE.items():
        if f"get-{name}" in words.values or name in found:
            raise ToolError(f"--get-{name}: {why}")
    return found or {"xclbin": "", "npu-insts": ""}


def _design(words: Words) -> Path:
    if len(words.inputs) != 1:
        given = ", ".join(words.inputs) or "none"
        raise ToolError(f"aiecc takes one design (.mlir), not {given}; host sources go behind --")
    return Path(words.inputs[0])


@contextmanager
def _working_folder(words: Words, design: Path) -> Iterator[Path]:
    """`--tmpdir`, else DESIGN.mlir.prj in the current folder; a passing one for -n."""
    if words.on("n") or words.on("nv"):
        with tempfile.TemporaryDirectory(prefix="aiecc-") as scratch:
            yield Path(scratch)
        return
    folder = Path(words.last("tmpdir") or f"{design.name}.prj")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


_OF_STREAMS = ("npu-insts", "elf", "full-elf")
"""What takes an instruction stream of each sequence, so that the run can decide nothing of it."""


def _compile(design: Path, folder: Path, words: Words, *, streams: bool) -> None:
    from softnpu.compiler import driver

    with collected() as warned:
        try:
            driver.compile_design(design, folder, replace(_options(words), npu_cpp=not streams))
        finally:
            sys.stderr.writelines(f"{text}\n" for text in counted(warned))


def _options(words: Words) -> Options:
    from softnpu.compiler.driver import Options
    from softnpu.compiler.pipelines import ALLOCATION_SCHEMES
    from softnpu.passes.placement import PLACERS

    alloc = words.last("alloc-scheme")
    if words.on("basic-alloc-scheme"):
        alloc = "basic-sequential"
    return Options(
        objects=(Path(),),
        alloc=_one_of("alloc-scheme", alloc, ("", *ALLOCATION_SCHEMES)),
        placer=_one_of("placer", words.last("placer", PLACERS[0]), PLACERS),
        cores_per_col=_number(words, "cores-per-col", -1),
        sa_seed=_number(words, "sa-seed", 1),
        dynamic_objfifos=words.on("dynamic-objFifos", True),
        packet_sw_objfifos=words.on("packet-sw-objFifos"),
        generate_ctrl_pkt_overlay=words.on("generate-ctrl-pkt-overlay"),
        expand_load_pdis=words.on("expand-load-pdis"),
        load_pdi_to_ctrl_pkt=words.on("load-pdi-to-ctrl-pkt"),
        device_name=words.last("device-name"),
        sequence_name=words.last("sequence-name"),
        translate=words.on("fold-ddr-addr-offset", True),
        kernel=_identity(words),
    )


T = TypeVar("T", bound=str)


def _one_of(name: str, value: str, choices: Sequence[T]) -> T:
    for choice in choices:
        if choice == value:
            return choice
    raise ToolError(f"--{name} is {' or '.join(filter(None, choices))}, not {value!r}")


def _number(words: Words, name: str, default: int) -> int:
    text = words.last(name, str(default))
    try:
        return int(text, 0)
    except ValueError:
        raise ToolError(f"--{name} is a number, not {text!r}") from None


def _identity(words: Words) -> KernelIdentity:
    from softnpu.formats.xclbin.spec import KernelIdentity

    default = KernelIdentity()
    return KernelIdentity(
        words.last("xclbin-kernel-name", default.name),
        words.last("xclbin-instance-name", default.instance),
        _number(words, "xclbin-kernel-id", default.number),
    )


# handing out what was made


def deliver(wanted: dict[str, str], folder: Path, out_dir: Path, words: Words) -> None:
    """Puts what is wanted of the working folder into the output folder, under its names.

    Raises:
        ToolError: something is not there.
    """
    for name, given in wanted.items():
        find = SOURCES.get(name)
        template = given or words.last(_NAMED.get(name, ""), OUTPUTS.get(name, (name, ""))[0])
        found = dict(find(folder)) if find else _edge(folder, name)
        if not found:
            raise ToolError(f"--get-{name}: the design has none")
        if len(found) > 1 and "{0}" not in template:
            names = ", ".join(found)
            raise ToolError(f"{template}: there are several ({names}); put {{0}} into the name")
        for key, source in found.items():
            _put(source, out_dir / template.replace("{0}", key), words)
            if name == "ctrlpkt" and (stream := folder / f"{key}{SENDING}").is_file():
                called = words.last(_SENDING, f"{{0}}{SENDING}")
                _put(stream, out_dir / called.replace("{0}", key), words)


def _put(source: Path, target: Path, words: Words) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    if words.last("xclbin-input") and source.name == XCLBIN:
        extended = _extended(Path(words.last("xclbin-input")), source)
        target.write_bytes(extended)
    else:
        _copy(source, target)
    if source.name in (XCLBIN, FULL_ELF) and (names := source.with_name(_NAMES)).is_file():
        # What the emulator calls things lies beside the file that it runs.
        _copy(names, target.with_name(_NAMES))


def _copy(source: Path, target: Path) -> None:
    """IRON's own builds have one folder to work in and for what comes out."""
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)


_NAMES = "names.json"


def _extended(given: Path, made: Path) -> bytes:
    """The xclbin that there was, with the new one's kernel and its first PDI."""
    from softnpu.formats import xclbin

    before, new = (xclbin.parse(path.read_bytes()).spec() for path in (given, made))
    _check_kernels(before, new, given)
    pdis = (*before.partition.pdis, new.partition.pdis[0])
    marks = dict((*before.marks, *new.marks))
    return xclbin.build(
        replace(
            before,
            partition=replace(before.partition, pdis=pdis),
            kernels=(*before.kernels, *new.kernels),
            marks=tuple(marks.items()),
            uuid=None,
        )
    )


def _check_kernels(before: XclbinSpec, new: XclbinSpec, given: Path) -> None:
    known = {kernel.name for kernel in before.kernels}
    if twice := known & {kernel.name for kernel in new.kernels}:
        raise ToolError(
            f"{given} has a kernel {twice.pop()} already; --xclbin-kernel-name gives this one"
            " another name, --xclbin-kernel-id another id"
        )


def _edge(folder: Path, name: str) -> dict[str, Path]:
    """What `--get=NAME` means: an output by the name of its edge, or a file of the working folder.

    Raises:
        ToolError: there is nothing of that name; what there is is listed.
    """
    for output, (template, _) in OUTPUTS.items():
        if name == template:
            return dict(SOURCES[output](folder))
    if (folder / name).is_file():
        return {"": folder / name}
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    edges = [template for template, _ in OUTPUTS.values()]
    raise ToolError(f"--get={name}: there is no such output; {', '.join((*edges, *files))}")
