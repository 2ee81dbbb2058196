"""Branches, and what the core's surroundings have to grant: locks, streams, the cascade, as plans.

Sources: AM025 (Core_SR, Core_CR), and llvm-aie's headers of AIE2's intrinsics (aiev2_streams.h,
aiev2_pckt_header.h, aiev2_locks.h).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from softnpu.emulator.aie2.draft import Draft, Input
from softnpu.emulator.aie2.operations import NotExecutedError

REQUESTS = frozenset(
    (
        *("acquire", "release", "stream-in", "stream-out", "cascade-in", "cascade-out"),
        *("done", "event", "tile"),
    )
)
"""Effects that the core's surroundings have to grant."""


def branch(draft: Draft) -> None:
    """Plans a jump, a call or a return."""
    made, name = draft.made, draft.opcode.mnemonic
    made.branch = True
    made.variables |= {"taken": "uint32_t", "target": "uint32_t"}
    tested, where = _tested_and_where(draft)
    test = {"jnz": "{} != 0", "jz": "{} == 0", "jnzd": "{} != 0"}.get(name)
    condition = test.format(tested.text) if test and tested else "1"
    made.statements += [f"@taken = {condition};", f"@target = ({where.text}) & NPU_ADDRESS;"]
    if name == "jnzd":
        assert tested is not None
        draft.assign("out", draft.outputs()[0], f"{tested.text} - 1u")
    stage = draft.implicit_write("lr")
    if stage is not None:
        made.variables["back"] = "uint32_t"
        made.statements.append("@back = @follows;")
        draft.write("back", "lr", stage)


def _tested_and_where(draft: Draft) -> tuple[Input | None, Input]:
    """What a branch tests, if it does, and where it goes: the last operand, or lr."""
    given = draft.given()
    *tested, where = given or [draft.inputs["lr"]]
    return next(iter(tested), None), where


def request(draft: Draft) -> None:
    """Plans what the core asks its surroundings for.

    Raises:
        NotExecutedError: half an accumulator from the cascade, of which no public source says
            where its other half comes from.
    """
    kind = next(iter(draft.opcode.effects & REQUESTS))
    _REQUESTS[kind](draft)


def _ask(draft: Draft, request: str, first: str = "", second: str = "") -> None:
    put = [f"s->argument[{place}] = {text};" for place, text in enumerate((first, second)) if text]
    draft.made.request = " ".join([f"s->request = NPU_{request};", *put])


def _lock(draft: Draft) -> None:
    """Of the conditional forms, r26 says whether anything happens (UG1583: if cond is 1)."""
    kind = "ACQUIRE" if "acquire" in draft.opcode.effects else "RELEASE"
    _ask(draft, kind, *(one.text for one in draft.given()))
    if "conditional" in draft.opcode.effects:
        draft.made.condition = f"{draft.inputs['r26'].text} & 1"


def _stream_in(draft: Draft) -> None:
    """srSS0: bit 0 is TLAST, bit 1 that there was a word."""
    _ask(draft, "STREAM_IN", second=str(int("nonblocking" in draft.opcode.effects)))
    draft.assign("out", draft.outputs()[0], "s->result.r")
    _status(draft, "srSS0", "s->argument[1]")


def _status(draft: Draft, register: str, text: str) -> None:
    """A status register takes the answer. That of a stream that is written stays in the first
    argument, so that one that is read in the same bundle has its own."""
    stage = draft.implicit_write(register)
    if stage is not None:
        draft.made.variables["status"] = "uint32_t"
        draft.made.statements.append(f"@status = {text};")
        draft.write("status", register, stage)


def _stream_out(draft: Draft) -> None:
    """A word, or a header that is made of the operands; srMS0 tells whether there was room."""
    inputs, mnemonic = draft.inputs, draft.opcode.mnemonic
    last = "1" if "tlast" in mnemonic else f"{inputs['r28'].text} & 1" if "r28" in inputs else "0"
    how = f"({last}) | {int('nonblocking' in draft.opcode.effects) << 1}"
    if mnemonic.startswith("mov.ph"):
        number, kind = (inputs[name].text for name in ("id", "pcktType"))
        _ask(draft, "PACKET_HEADER", number, f"{how} | {kind} << 2")
    elif mnemonic.startswith("mov.cph"):
        parts = ", ".join(inputs[name].text for name in ("addr", "nw", "op", "id"))
        _ask(draft, "STREAM_OUT", f"npu_control_header({parts})", how)
    else:
        _ask(draft, "STREAM_OUT", draft.given()[0].text, how)
    _status(draft, "srMS0", "s->argument[0]")


def _cascade_in(draft: Draft) -> None:
    """A core whose crSCDEn is 0 does not read; what it gets then is not published. Of AIE2P no
    source tells what it is after a reset."""
    output = draft.outputs()[0]
    if draft.bits(output) != 512 or not draft.set.registers["crSCDEn"].reset:
        raise NotExecutedError(draft.opcode.mnemonic)
    _ask(draft, "CASCADE_IN")
    draft.made.request += " if (!s->crSCDEn) npu_fail(s, NPU_FAULT_OPERATION, @here, 0);"
    draft.assign("out", output, "s->result.x")


def _cascade_out(draft: Draft) -> None:
    if not draft.set.registers["crMCDEn"].reset:
        raise NotExecutedError(draft.opcode.mnemonic)
    _ask(draft, "CASCADE_OUT")
    draft.made.request += f" s->result.x = {draft.given()[0].text};"
    draft.made.condition = "s->crMCDEn"


def _tile(draft: Draft) -> None:
    """The tile's registers: they answer at once, a load's result lands as any load's."""
    if draft.opcode.load:
        _ask(draft, "TILE_LOAD", draft.inputs["ptr"].text)
        draft.assign("out", draft.outputs()[0], "s->result.r")
    else:
        _ask(draft, "TILE_STORE", draft.inputs["ptr"].text, draft.given()[0].text)


def _event(draft: Draft) -> None:
    """The number is an operand, or (AIE2P) in the text of the instruction's name."""
    number = re.search(r"#(\d)$", draft.opcode.syntax)
    if number is None and not draft.given():
        raise NotExecutedError(draft.opcode.mnemonic)
    _ask(draft, "EVENT", number[1] if number else draft.given()[0].text)


_REQUESTS: dict[str, Callable[[Draft], None]] = {
    "acquire": _lock,
    "release": _lock,
    "stream-in": _stream_in,
    "stream-out": _stream_out,
    "cascade-in": _cascade_in,
    "cascade-out": _cascade_out,
    "tile": _tile,
    "done": lambda draft: _ask(draft, "DONE"),
    "event": _event,
}
