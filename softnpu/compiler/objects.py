"""Finding what a core links: an object for stand-in cores, or the C source that makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from xdsl.ir import Operation

from softnpu.arch.standin import ELF_MACHINE_RISCV
from softnpu.dialects.source import design_error

SOURCE_SUFFIXES = (".c", ".cc", ".cpp", ".cxx")
IR_SUFFIX = ".ll"
ARCHIVE_MAGIC = b"!<arch>\n"
_MACHINE = slice(18, 20)


@dataclass(frozen=True)
class ObjectSources:
    """Where the names in `link_with` are looked up.

    Attributes:
        known: files by the name that the design gives them.
        folders: searched in order for the object, and for a source of its name.
    """

    known: Mapping[str, Path] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()

    def find(self, name: str, user: Operation) -> Path:
        """The object or source for `name`, which `user` (for messages) links.

        An object for another machine (Peano's, say) is passed over where its source lies beside
        it.

        Raises:
            DesignError: there is neither; it says where was looked and what lies there.
        """
        if name in self.known:
            return self.known[name]
        others = []
        for folder in self.folders:
            candidate = folder / name
            if candidate.is_file():
                if is_standin_object(candidate) or is_standin_ir(candidate):
                    return candidate
                others.append(candidate)
            for suffix in SOURCE_SUFFIXES:
                source = candidate.with_suffix(suffix)
                if source.is_file():
                    return source
        if others and others[0].suffix == IR_SUFFIX:
            raise design_error(
                user,
                f"{others[0]} is LLVM IR for another machine than a stand-in core",
                "have it made of its source by the clang of `npuforge tools DIR`, or put the "
                "source beside it",
            )
        if others:
            return others[0]
        raise design_error(
            user, f"there is no '{name}' to link, nor a source for it", *self._hints(name)
        )

    def find_program(self, name: str, user: Operation) -> Path:
        """The finished program that `user` names in `elf_file`; DesignError if it is nowhere."""
        for path in (self.known.get(name), *(folder / name for folder in self.folders)):
            if path is not None and path.is_file():
                return path
        raise design_error(
            user,
            f"there is no '{name}', the core's finished program (elf_file)",
            f"looked in {self._folders()}; tell another folder with --elf-dir",
        )

    def _folders(self) -> str:
        return ", ".join(str(folder) for folder in self.folders) or "no folder"

    def _hints(self, name: str) -> tuple[str, ...]:
        there = {
            path.name
            for folder in self.folders
            if folder.is_dir()
            for path in folder.iterdir()
            if path.suffix in (".o", ".a", *SOURCE_SUFFIXES)
        }
        close = get_close_matches(name, [*self.known, *there], n=1, cutoff=0.5)
        hints = [f"looked in {self._folders()}; tell another folder with --objects"]
        return (f"did you mean '{close[0]}'?", *hints) if close else tuple(hints)


def is_source(path: Path) -> bool:
    """Whether a file is C or C++, to be compiled first."""
    return path.suffix in SOURCE_SUFFIXES


def is_standin_ir(path: Path) -> bool:
    """Whether a file is LLVM IR as text, for RV32 (`link_with_mode = "merge"`)."""
    return path.suffix == IR_SUFFIX and b'target triple = "riscv32' in path.read_bytes()


def is_standin_object(path: Path) -> bool:
    """Whether a file is an RV32 object or an archive."""
    with path.open("rb") as stream:
        head = stream.read(_MACHINE.stop)
    machine = int.from_bytes(head[_MACHINE], "little")
    return head.startswith(ARCHIVE_MAGIC) or machine == ELF_MACHINE_RISCV
