"""aiecc: a design to the artifacts that are asked for, under the names that are asked for.

Everything is made in the working folder, as `npuforge compile` makes it; what is wanted of it is
then put into the output folder. Options and names: `softnpu.compiler.aiecc_options`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from softnpu.compiler import aiecc_options
from softnpu.compiler.aiecc_options import OUTPUTS
from softnpu.compiler.outputs import deliver
from softnpu.compiler.words import Kind, Option, Words, read
from softnpu.errors import ToolError
from softnpu.warned import collected, counted

HELP = """\
usage: aiecc [OPTIONS] DESIGN.mlir [-- HOST ...]

npuforge's own aiecc: compiles a design without AMD's tools. Cores' programs are stand-ins for the
emulator; a finished program is packed as it is where a core names one (elf_file).

what to make, each --get-NAME or --get-NAME=FILE or --get=EDGE (else the cores' programs):
{outputs}
how they are called ({{0}} is the device, and of instructions DEVICE_SEQUENCE):
  --output-dir=DIR  --tmpdir=DIR  --xclbin-name  --npu-insts-name  --pdi-name
  --xclbin-kernel-name  --xclbin-instance-name  --xclbin-kernel-id
  --xclbin-input=FILE                an xclbin to which the kernel and its PDI are added
how it is compiled:
  --alloc-scheme  --placer  --cores-per-col  --sa-seed  --dynamic-objFifos
  --packet-sw-objFifos  --generate-ctrl-pkt-overlay  --expand-load-pdis
  --load-pdi-to-ctrl-pkt  --fold-ddr-addr-offset  --device-name  --sequence-name
  --no-materialize  --mlir-print-debuginfo  -n (nothing is written)
Objects that cores link are looked for in the current folder and in the design's; a C or C++ source
of that name is compiled. Options for hosts and for AMD's compilers are taken and ignored.
`npuforge compile --help` says what each option is for.
"""

OWN = {
    "tmpdir": Option(Kind.VALUE),
    "o": Option(Kind.VALUE, aiecc_options.HOST),
    **dict.fromkeys(("help", "h", "help-list", "version", "aie-version"), Option(Kind.SWITCH)),
}
"""Options that `npuforge compile` has in another way, or not."""
OPTIONS = {**aiecc_options.OPTIONS, **OWN}


UNASKED = {"core-elfs": ""}
"""What AMD's aiecc makes if it is asked for nothing."""


def main(given: Sequence[str]) -> int:
    """Compiles as the words of a command line say.

    Raises:
        SoftnpuError: DesignError, ToolError or FormatError, for whatever is wrong.
    """
    words = read(given, OPTIONS)
    if any(words.on(name) for name in ("help", "h", "help-list")):
        lines = (f"  {name:24} {what} ({file})\n" for name, (file, what) in OUTPUTS.items())
        sys.stdout.write(HELP.format(outputs="".join(lines)))
        return 0
    if words.on("version") or words.on("aie-version"):
        sys.stdout.write(f"{aiecc_options.VERSION}\n")
        return 0
    sys.stderr.writelines(f"aiecc: {note}\n" for note in aiecc_options.notes(words))
    wanted = aiecc_options.wanted(words)
    design = _design(words)
    with _working_folder(words, design) as folder:
        _compile(design, folder, words, wanted)
        if not aiecc_options.writes_nothing(words):
            out_dir = Path(words.last("output-dir", "."))
            handed = deliver(wanted or UNASKED, folder, out_dir, words, asked=bool(wanted))
            if aiecc_options.tells(words):
                sys.stderr.writelines(f"aiecc: wrote edge '{name}'\n" for name in handed)
    return 0


def _design(words: Words) -> Path:
    if len(words.inputs) != 1:
        given = ", ".join(words.inputs) or "none"
        raise ToolError(f"aiecc takes one design (.mlir), not {given}; host sources go behind --")
    return Path(words.inputs[0])


@contextmanager
def _working_folder(words: Words, design: Path) -> Iterator[Path]:
    """`--tmpdir`, else DESIGN.mlir.prj in the current folder; a passing one for -n."""
    if aiecc_options.writes_nothing(words):
        with tempfile.TemporaryDirectory(prefix="aiecc-") as scratch:
            yield Path(scratch)
        return
    folder = Path(words.last("tmpdir") or f"{design.name}.prj")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def _compile(design: Path, folder: Path, words: Words, wanted: Mapping[str, str]) -> None:
    from softnpu.compiler import driver

    options = aiecc_options.options_of(
        words,
        objects=(Path(),),
        npu_cpp=not aiecc_options.takes_streams(wanted),
        array=aiecc_options.takes_array(wanted),
    )
    with collected() as warned:
        try:
            driver.compile_design(design, folder, options)
        finally:
            sys.stderr.writelines(f"{text}\n" for text in counted(warned))
