"""One of the programs played, in one version: its options and passes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

OPTIONS = Path(__file__).parent.parent / "amd_options"

LATER = frozenset(
    """
    aie-trace-to-config aie-trace-pack-reg-writes aie-inline-trace-config
    aie-materialize-runtime-sequences aie-vector-transfer-lowering
    aie-npu-to-binary aie-sequence-name
    """.split()  # noqa: SIM905
)
"""Not in 1.1, of what the list of 2026-03 has."""
GONE = {"aie-opt": ("aiex-inline-trace-config",), "aie-translate": ("aie-npu-instgen",)}
"""In 1.1 only."""

PASS_OPTIONS = {
    "aie-assign-buffer-addresses": ("alloc-scheme",),
    "aie-objectFifo-stateful-transform": ("dynamic-objFifos", "packet-sw-objFifos"),
    "aie-generate-column-control-overlay": ("route-shim-to-tct", "route-shim-to-tile-ctrl"),
    "aie-standard-lowering": ("device", "tilecol", "tilerow"),
    "aie-vector-transfer-lowering": ("max-transfer-rank",),
    "convert-aievec-to-llvm": ("aie-target",),
    "convert-func-to-llvm": ("use-bare-ptr-memref-call-conv",),
    "convert-to-llvm": ("dynamic",),
    "convert-vector-to-aievec": ("aie-target", "target-backend"),
}
"""Until 2026-03. Source: mlir-aie, AIEPasses.td and the passes' options; those that a pipeline may
ask for."""
UPSTREAM = """
arith-expand canonicalize cse expand-strided-metadata finalize-memref-to-llvm lower-affine
""".split()  # noqa: SIM905
PIPELINES = ("convert-vector-to-aievec",)


class Refused(Exception):  # noqa: N818
    """What the program says before it ends with 1."""


@dataclass(frozen=True)
class Program:
    """One program in one version."""

    name: str
    spelling: str
    mode: str
    version: str

    @property
    def options(self) -> set[str]:
        """Its options, without dashes."""
        listed = "2026-03" if self.spelling == "1.1" else self.spelling
        names = (self.name, f"{self.name}-{listed}")
        files = [*(OPTIONS / f"{name}.txt" for name in names), OPTIONS / f"{self.name}-hidden.txt"]
        lines = [line for file in files if file.is_file() for line in file.read_text().split()]
        names = {line.lstrip("-") for line in lines}
        if self.spelling == "1.1":
            names = (names - LATER) | set(GONE.get(self.name, ()))
        return names

    def passes(self) -> dict[str, tuple[str, ...]]:
        """aie-opt's passes with their options, among the names that it lists."""
        of_version = OPTIONS / f"pass-options-{self.spelling}.txt"
        if of_version.is_file():
            rows = (line.partition(":") for line in of_version.read_text().splitlines())
            return {name: tuple(options.split()) for name, _, options in rows}
        found = {
            name: PASS_OPTIONS.get(name, ())
            for name in self.options
            if name.startswith(("aie-", "aiex-", "convert-")) or name in UPSTREAM
        }
        if self.spelling == "1.1":
            found["convert-aievec-to-llvm"] = ()
        return found
