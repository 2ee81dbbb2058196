"""Run-time parameters that the host writes and the controller brings to cores and descriptors."""

from __future__ import annotations

from xdsl.ir import Attribute, OpResult, TypeAttribute
from xdsl.irdl import traits_def
from xdsl.traits import SymbolOpInterface

from softnpu.dialects.codecs import SYMBOL, SYMBOL_NAME, TYPE, UI8, EnumCodec
from softnpu.dialects.enums import ScratchpadParameterKind
from softnpu.dialects.opdef import DefinedOp, attr, result, result_type


class ScratchpadParameterOp(DefinedOp):
    """A parameter by name, for all devices of a file; bf16 or an integer of at most 32 bits."""

    name = "aiex.scratchpad_parameter"
    sym_name: str = attr(SYMBOL_NAME)
    type: TypeAttribute = attr(TYPE)
    state_table_idx: int | None = attr(UI8, default=None)
    kind: ScratchpadParameterKind | None = attr(EnumCodec(ScratchpadParameterKind), default=None)
    traits = traits_def(SymbolOpInterface())
    syntax = "$sym_name `:` $type attr-dict"


class ReadScratchpadParameterOp(DefinedOp):
    """The value of a parameter, in a core."""

    name = "aiex.read_scratchpad_parameter"
    parameter: str = attr(SYMBOL)
    buffer: str | None = attr(SYMBOL, default=None)
    type: Attribute = result_type()
    result: OpResult = result()
    syntax = "$parameter `:` type($result) attr-dict"


class SyncScratchpadParametersFromHostOp(DefinedOp):
    """Where in the sequence the parameters reach the cores."""

    name = "aiex.sync_scratchpad_parameters_from_host"
    syntax = "attr-dict"
