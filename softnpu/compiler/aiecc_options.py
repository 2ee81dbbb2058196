"""aiecc's options, one table for `npuforge compile` and for aiecc itself, and what they mean.

Names, defaults and meanings: mlir-aie, aiecc/CommandLineOptions.h of August 2026; the older
spellings from aiecc.py, as its Makefiles called it until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.compiler.pipelines import ALLOCATION_SCHEMES
from softnpu.compiler.words import Kind, Option, Words, dashed, number, one_of
from softnpu.passes.placement import PLACERS, Placer

if TYPE_CHECKING:
    from softnpu.compiler.driver import Options
    from softnpu.formats.xclbin.spec import KernelIdentity

COMPILERS = "cores' programs are npuforge's own stand-ins"
HOST = "host programs are not compiled here: `npuforge run-host HOST.cpp` runs one"
SIMULATOR = "there is no aiesimulator here: `npuforge run-host` and the runner run on the emulator"
QUIET = "there is no progress line"
ALREADY = "that is so here"
ALWAYS = "intermediate files are always kept in the working folder"
TEXTS = "texts are printed in full, as aie-opt prints them without it"
LLVM = "it is for LLVM's own code"

SILENT = (QUIET, ALREADY, ALWAYS, LLVM)
"""Reasons that nobody needs to be told."""

GRAPH = (
    "there is no graph of edges here that could be cut or drawn; all that is made on the way "
    "stands in the working folder, and `npuforge opt` goes on from any of it"
)

OUTPUTS = {
    "xclbin": ("aie.xclbin", "the xclbin"),
    "npu-insts": ("insts_{0}.bin", "the instruction stream of each runtime sequence"),
    "locmap": ("insts_{0}.bin.locmap.json", "where each operation of these streams comes from"),
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

NAMED = {
    "xclbin": "xclbin-name",
    "npu-insts": "npu-insts-name",
    "pdi": "pdi-name",
    "ctrlpkt": "ctrlpkt-name",
    "elf": "elf-name",
    "full-elf": "full-elf-name",
    "txn": "txn-name",
}
"""The option that names an output."""
SENDING_NAME = "ctrlpkt-dma-seq-name"
"""Names the stream that sends control packets, which comes along with them."""
PACKETS_ELF_NAME = "ctrlpkt-elf-name"
"""Names the ELF file of that stream and its packets, unless --get-elf asks for it."""

OLDER = {f"aie-generate-{name}": name for name in OUTPUTS}
"""Until July 2026: --aie-generate-xclbin and the like."""

VERSION = "npuforge's aiecc, after mlir-aie 1.4.2 (3ca0193ce)"

KERNEL_IDS = 0xFFF
"""The largest id that an xclbin has room for."""

SWITCHES = {
    "dynamic-objFifos": (
        True,
        "cores count the objects of their objectfifos at run time (default: true; false: "
        "their loops are unrolled); a core's dynamic_objfifo_lowering goes before it",
    ),
    "packet-sw-objFifos": (False, "objectfifos go by packet-switched flows"),
    "generate-ctrl-pkt-overlay": (
        False,
        "let control packets from the shim's DMA reach every tile of the design's columns",
    ),
    "expand-load-pdis": (
        False,
        "a sequence that configures a device (aiex.configure) resets the array and writes its "
        "registers, instead of loading the device's image",
    ),
    "load-pdi-to-ctrl-pkt": (
        False,
        "it sends the device's configuration by control packets, from one more host buffer, whose "
        "content is DEVICE_SEQUENCE_ctrlpkt.bin",
    ),
    "fold-ddr-addr-offset": (
        True,
        "let the stream translate the addresses of the sixth host buffer and further ones, "
        "which the NPU's firmware does not (default: true); false for a host that has translated "
        "them all, as for a full ELF",
    ),
    "no-materialize": (
        False,
        "do not put in what sequences configure and run (aiex.configure, aiex.run)",
    ),
    "mlir-print-debuginfo": (
        False,
        "print where ops come from into the .mlir files of the working folder",
    ),
}
"""Options that are true or false: their defaults, and what they are for."""


def _kernel_id(text: str) -> None:
    if not 0 <= number(text) <= KERNEL_IDS:
        raise ValueError(f"is a number from 0 to {KERNEL_IDS:#x}, not {text}")


def _value(help: str, metavar: str = "NAME", check: object = str) -> Option:
    assert callable(check)
    return Option(Kind.VALUE, help=help, metavar=metavar, check=check)


COMPILING: dict[str, Option] = {
    "alloc-scheme": _value(
        "how buffers are placed in a tile's memory: basic-sequential or bank-aware "
        "(default: bank-aware, and basic-sequential where that does not fit)",
        "SCHEME",
        one_of(*ALLOCATION_SCHEMES),
    ),
    "placer": _value(
        "how tiles that the design leaves open (aie.logical_tile) get their places "
        "(default: sequential_placer; sa_placer: simulated annealing, which can take minutes)",
        "PLACER",
        one_of(*PLACERS),
    ),
    "cores-per-col": _value(
        "place at most N cores in a column (default: as many as there are)", "N", number
    ),
    "sa-seed": _value(
        "the seed of simulated annealing (default: 1; 0: another one each time)", "N", number
    ),
    **{name: Option(Kind.SWITCH, help=help) for name, (_, help) in SWITCHES.items()},
    "device-name": _value("compile only the aie.device of this name"),
    "sequence-name": _value("the aie.runtime_sequence that insts.bin holds (default: the first)"),
    "xclbin-kernel-name": _value("what the kernel is called in the xclbin (default: MLIR_AIE)"),
    "xclbin-instance-name": _value("what its instance is called (default: MLIRAIE)"),
    "xclbin-kernel-id": _value("its id (default: 0x901)", "N", _kernel_id),
    "xclbin-input": _value(
        "an xclbin to which the kernel and its PDI are added, instead of one of its own", "FILE"
    ),
}
"""How a design is compiled."""

DELIVERING: dict[str, Option] = {
    **{
        f"get-{name}": Option(Kind.GET, help=f"{what} ({file})", metavar="FILE")
        for name, (file, what) in OUTPUTS.items()
    },
    "get": _value("these by their names, or a file of the working folder; separated by commas"),
    "output-dir": _value("where --get puts them (default: the current folder)", "DIR"),
    **{option: _value(f"what --get-{name} calls them") for name, option in NAMED.items()},
    SENDING_NAME: _value("what --get-ctrlpkt calls the streams that send them"),
    PACKETS_ELF_NAME: _value("what --get-ctrlpkt calls stream and packets as an ELF file"),
}
"""What of it is handed out, and under which names."""


def _alike(option: Option, *names: str) -> dict[str, Option]:
    return dict.fromkeys(names, option)


def _ignored(why: str, kind: Kind, *names: str) -> dict[str, Option]:
    return _alike(Option(kind, why), *names)


BESIDES: dict[str, Option] = {
    **_ignored(HOST, Kind.GET, "get-host"),
    **_ignored(SIMULATOR, Kind.GET, "get-aiesim"),
    **_alike(Option(Kind.SWITCH), *OLDER, "basic-alloc-scheme"),
    "g": Option(Kind.VALUE),
    **_alike(Option(Kind.SWITCH), "n", "nv", "v", "verbose"),
    **_ignored(COMPILERS, Kind.SWITCH, "xchesscc", "xbridge", "compile", "link"),
    **_ignored(COMPILERS, Kind.SWITCH, "unified", "bf16-emulation"),
    **_ignored(SIMULATOR, Kind.SWITCH, "aiesim"),
    **_ignored(ALREADY, Kind.SWITCH, "no-xchesscc", "no-xbridge", "no-compile", "no-link"),
    **_ignored(ALREADY, Kind.SWITCH, "no-unified", "no-aiesim", "no-compile-host"),
    **_ignored(COMPILERS, Kind.VALUE, "peano", "aietools", "xclbinutil-path", "opt-level"),
    **_ignored(COMPILERS, Kind.PREFIX, "O"),
    **_ignored(HOST, Kind.SWITCH, "compile-host"),
    **_ignored(HOST, Kind.VALUE, "host-target", "sysroot"),
    **_ignored(HOST, Kind.PREFIX, "I", "L", "l"),
    **_ignored(QUIET, Kind.SWITCH, "progress", "no-progress", "profile", "color"),
    **_ignored(QUIET, Kind.VALUE, "nthreads"),
    **_ignored(QUIET, Kind.PREFIX, "j"),
    **_ignored(ALWAYS, Kind.SWITCH, "dump-intermediates", "enable-repeater-scripts"),
    **_ignored(ALWAYS, Kind.SWITCH, "disable-repeater-scripts"),
    **_ignored(ALWAYS, Kind.VALUE, "repeater-output-dir"),
    **_ignored(TEXTS, Kind.SWITCH, "mlir-pretty-debuginfo", "mlir-print-local-scope"),
    **_ignored(TEXTS, Kind.SWITCH, "mlir-print-skip-regions", "mlir-print-unique-ssa-ids"),
    **_ignored(TEXTS, Kind.SWITCH, "mlir-print-value-users", "mlir-use-nameloc-as-prefix"),
    **_ignored(TEXTS, Kind.VALUE, "mlir-elide-elementsattrs-if-larger"),
    **_ignored(TEXTS, Kind.VALUE, "mlir-elide-resource-strings-if-larger"),
    **_ignored(TEXTS, Kind.VALUE, "mlir-print-elementsattrs-with-hex-if-larger"),
    **_ignored(LLVM, Kind.SWITCH, "disable-auto-upgrade-debug-info", "disable-i2p-p2i-opt"),
    **_ignored(LLVM, Kind.SWITCH, "elide-all-zero-branch-weights"),
    **_alike(Option(Kind.VALUE, refused=GRAPH), "cut", "checkpoint", "resume"),
    "emit-dot": Option(Kind.SWITCH, refused=GRAPH),
}
"""Older spellings, what changes nothing here, and what there is not."""

OPTIONS = {**COMPILING, **DELIVERING, **BESIDES}


def notes(words: Words) -> Iterator[str]:
    """A note for each reason why options change nothing: a Makefile has a dozen of them."""
    reasons: dict[str, list[str]] = {}
    for name, why in words.ignored.items():
        reasons.setdefault(why, []).append(dashed(name))
    if words.behind:
        reasons.setdefault(HOST, []).append("what stands behind --")
    for why, names in reasons.items():
        if why not in SILENT:
            yield f"note: {', '.join(names)}: {why}"


def writes_nothing(words: Words) -> bool:
    """Whether a design is only to be tried."""
    return words.on("n") or words.on("nv")


def tells(words: Words) -> bool:
    """Whether each file that is handed out is to be told."""
    return any(words.on(name) for name in ("v", "verbose", "nv"))


def wanted(words: Words) -> dict[str, str]:
    """What is to be handed out -> the file that it goes to, "" for its own name."""
    found = {name: words.last(f"get-{name}") for name in OUTPUTS if f"get-{name}" in words.values}
    found |= {name: "" for old, name in OLDER.items() if words.on(old) and name not in found}
    for names in (*words.values.get("get", ()), *words.values.get("g", ())):
        found |= dict.fromkeys(names.split(","), "")
    return found


_OF_STREAMS = ("npu-insts", "locmap", "elf", "full-elf")
"""What takes an instruction stream of each sequence, so that the run can decide nothing of it."""


def takes_streams(wanted: Mapping[str, str]) -> bool:
    """Whether something of what is wanted has a place for nothing but streams."""
    return not wanted.keys().isdisjoint(_OF_STREAMS)


_BEFORE_CORES = ("npu-insts", "locmap", "input-with-addresses", "scratchpad-parameters")
_TEXTS = ("placed.mlir", "traced.mlir", "input_physical.mlir", "flows.json", "npu_insts.mlir")


def takes_array(wanted: Mapping[str, str]) -> bool:
    """Whether something of what is wanted needs the cores' programs; as AMD's aiecc, which makes
    what is asked for and no more."""
    without = {*_BEFORE_CORES, *(OUTPUTS[name][0] for name in _BEFORE_CORES), *_TEXTS}
    return not wanted or not wanted.keys() <= without


def options_of(words: Words, **others: object) -> Options:
    """How the driver is to compile; `others` are those of its options that aiecc has not."""
    from softnpu.compiler.driver import Options

    alloc = words.last("alloc-scheme")
    if words.on("basic-alloc-scheme"):
        alloc = ALLOCATION_SCHEMES[0]
    placer: Placer = next(one for one in PLACERS if one == words.last("placer", PLACERS[0]))
    on = {name: words.on(name, default) for name, (default, _) in SWITCHES.items()}
    return Options(
        alloc=alloc,
        placer=placer,
        cores_per_col=words.number("cores-per-col", -1),
        sa_seed=words.number("sa-seed", 1),
        dynamic_objfifos=on["dynamic-objFifos"],
        packet_sw_objfifos=on["packet-sw-objFifos"],
        generate_ctrl_pkt_overlay=on["generate-ctrl-pkt-overlay"],
        expand_load_pdis=on["expand-load-pdis"],
        load_pdi_to_ctrl_pkt=on["load-pdi-to-ctrl-pkt"],
        materialize=not on["no-materialize"],
        device_name=words.last("device-name"),
        sequence_name=words.last("sequence-name"),
        translate=on["fold-ddr-addr-offset"],
        locations=on["mlir-print-debuginfo"],
        locmaps="locmap" in wanted(words),
        kernel=_identity(words),
        extended=Path(given) if (given := words.last("xclbin-input")) else None,
        **others,  # type: ignore[arg-type]
    )


def _identity(words: Words) -> KernelIdentity:
    from softnpu.formats.xclbin.spec import KernelIdentity

    default = KernelIdentity()
    return KernelIdentity(
        words.last("xclbin-kernel-name", default.name),
        words.last("xclbin-instance-name", default.instance),
        words.number("xclbin-kernel-id", default.number),
    )
