"""What each instruction computes, as C that calls the library in `semantics/`.

A row is a pattern of mnemonics and an expression. `{a}`, `{b}`, … are the operands that the
instruction reads, in the order in which they are written (without those of an address), `{load}`
is what it loaded; registers that it reads by the way stand under their names; `{ctl}` is the
control state, `{st}` the status flags, `{second}` the second output, and `{1}`, `{2}`, … are the
groups of the pattern. `{sign}` is AIE2P's sign register of an instruction, `{index}` what chooses a
lane by the way. `{kind}` is "b" for half an accumulator and "c" for a
whole one, `{size}` "x" and "y". `{wide:a}` is a vector as a whole y, `{pair:b}` one with its mask,
`{rows:b}` its rows that half an accumulator of AIE2P takes, `{lanes:b}` its lanes for that,
`{exponents:b}` what its blocks share, `{half}` which half it is, `{inverted}` the bit of the
configuration that the name inverts.

What AIE2P shares with AIE2 stands in rows of their own: llvm-aie selects them for the same
operations (AIE2PInstrPatterns.td; what mode and size registers choose: its
AIE2PInstructionSelector.cpp). Nobody has compared them with an AIE2P NPU, but for blocks.
"""

from __future__ import annotations

import re
from functools import cache

from softnpu.isa.model import Opcode, RegisterClass
from softnpu.isa.table import AIE2, AIE2P


class NotExecutedError(Exception):
    """An instruction that has no operation here."""


_LANES = r"\.(8|16|32)"
_SIGN = {"s": "1", "d": None}
"""Forms .s* are signed; forms .d* are as a control register says."""

_Rows = tuple[tuple[str, str], ...]

_SHARED: _Rows = (
    (r"(add|adc|sub|sbc)", "npu_{1}({a}, {b}, {st})"),
    (r"abs", "npu_abs({a}, {st})"),
    (r"add\.nc", "npu_add_nc({a}, {b})"),
    (r"(mul|and|or|xor|eq|ne|lt|ltu|ge|geu|lshl|ashl)", "npu_{1}({a}, {b})"),
    (r"(eqz|nez|clz|clb)", "npu_{1}({a})"),
    (r"extend\.([su])(8|16)", "npu_extend_{1}{2}({a})"),
    (r"sel\.(eqz|nez)", "npu_sel_{1}({a}, {b}, {r27})"),
    (r"divs", "({second} = {r31}, npu_divs({a}, {b}, &{second}))"),
    (r"mov(a|s|x|xm)?(\.d\d)?|vmov(\.d)?", "{a}"),
    (r"(vadd|vsub)" + _LANES, "npu_{1}_{2}({a}, {b})"),
    (r"(vband|vbor)", "npu_{1}({a}, {b})"),
    (r"vsel" + _LANES, "npu_vsel_{1}({a}, {b}, {c})"),
    (r"vbcst\.(8|16|32|64)", "npu_vbcst_{1}({a})"),
    (r"vaddsub" + _LANES, "npu_vaddsub_{1}({a}, {b}, {c})"),
    (r"veqz" + _LANES, "npu_veqz_{1}({a})"),
    (r"(vlt|vge)\.bf16", "npu_{1}_bf16({a}, {b})"),
    (r"(vmax_lt|vmin_ge)\.bf16", "npu_{1}_bf16({a}, {b}, &{second})"),
    (r"vshift", "npu_vshift({a}, {b}, {c})"),
    (r"vextbcst\.(8|16|32|64)", "npu_vextbcst_{1}({a}, {b})"),
    (r"vpush\.hi\.(8|16|32|64)", "npu_vpush_hi_{1}({a}, {b})"),
    (r"vpush\.lo\.(8|16|32|64)", "npu_vpush_lo_{1}({b}, {a})"),
)

_AIE2: _Rows = (
    (
        r"(vsub_lt|vsub_ge|vmax_lt|vmin_ge|vmaxdiff_lt)\.(s|d)(8|16|32)",
        "npu_{1}_{3}({a}, {b}, {vadd_sign}, &{second})",
    ),
    (r"(vabs_gtz|vbneg_ltz)\.(s|d)(8|16|32)", "npu_{1}_{3}({a}, {vadd_sign}, &{second})"),
    (r"vneg_gtz(8|16|32)", "npu_vneg_gtz_{1}({a}, 1, &{second})"),
    (r"(vlt|vge)\.(s|d)(8|16|32)", "npu_{1}_{3}({a}, {b}, {vadd_sign})"),
    (r"vshuffle", "npu_vshuffle({a}, {b}, {c})"),
    (r"vshift\.align", "npu_vshift_align({a}, {b}, {c}, {d})"),
    (r"vbcstshfl\.(8|16|32|64)", "npu_vbcstshfl_{1}({a}, {r29})"),
    (r"vextract\.(s|d)(8|16|32|64)", "npu_vextract_{2}({a}, {b}, {vadd_sign})"),
    (r"vinsert\.(8|16|32|64)", "npu_vinsert_{1}({a}, {r29}, {b})"),
    (r"vclr", "npu_vclr_{size}()"),
    (
        r"vups\.s(32|64)\.(s|d)(8|16|32)",
        "npu_vups_s{1}_{3}_{kind}({vector}, {shft}, {ups_sign}, {ctl}, {st})",
    ),
    (
        r"vsrsm?\.(s|d)(8|16|32)\.s(32|64)",
        "npu_vsrs_{2}_s{3}_{kind}({a}, {shft}, {srs_sign}, {ctl}, {st})",
    ),
    (r"vpack\.(s|d)(4|8)\.[sd](8|16)", "npu_vpack_{2}_{3}({a}, {pack_sign}, {ctl}, {st})"),
    (r"vunpack\.(s|d)(8|16)\.[sd](4|8)", "npu_vunpack_{2}_{3}({vector}, {unpack_sign})"),
    (r"vconv\.fp32\.bf16", "npu_vconv_fp32_bf16({vector})"),
    (r"vconv\.bf16\.fp32", "npu_vconv_bf16_fp32({a}, {ctl}, {st})"),
    (r"vfloor\.s32\.bf16", "npu_vfloor_s32_bf16({a}, {b}, {st})"),
    (r"(v(?:neg)?mul)(\.f)?", "npu_{1}{float}({wide:a}, {pair:b}, {c}, {st})"),
    (r"(v(?:neg)?(?:mac|msc))(\.f)?", "npu_{1}{float}({a}, {wide:b}, {pair:c}, {d}, {st})"),
    (r"(v(?:add|sub)(?:mac|msc))(\.f)?", "npu_{1}{float}({a}, {b}, {wide:c}, {pair:d}, {e}, {st})"),
    (r"(vadd|vsub|vnegadd|vnegsub)", "npu_{1}({a}, {b}, {c})"),
    (r"(vadd|vsub|vnegadd|vnegsub)\.f", "npu_{1}_f({a}, {b}, {c}, {st})"),
    (r"vneg", "npu_vneg({a}, npu_vclr_y(), {b})"),
    (r"vneg\.f", "npu_vneg_f({a}, npu_vclr_x(), {b}, {st})"),
)

_AIE2P: _Rows = (
    (r"mac", "{a} + {b} * {c}"),
    (r"msc", "{a} - {b} * {c}"),
    (r"popcount", "(uint32_t)__builtin_popcount({a})"),
    (r"vclr", "npu_vclr_y()"),
    (
        r"(vsub_lt|vsub_ge|vmax_lt|vmin_ge|vmaxdiff_lt)" + _LANES,
        "npu_{1}_{2}({a}, {b}, {sign}, &{second})",
    ),
    (r"vabs_gtz" + _LANES, "npu_vabs_gtz_{1}({a}, {sign}, &{second})"),
    (r"(vneg_gtz|vbneg_ltz)\.s?(8|16|32)", "npu_{1}_{2}({a}, 1, &{second})"),
    (r"(vlt|vge)" + _LANES, "npu_{1}_{2}({a}, {b}, {sign})"),
    (r"vextract\.(8|16|32|64)", "npu_vextract_{1}({a}, {b}, {sign})"),
    (r"vinsert\.(8|16|32|64)", "npu_vinsert_{1}({a}, {index}, {b})"),
    (r"vshuffle", "npu_vshuffle_aie2p({a}, {b}, npu_shuffled(s, {c}, @here))"),
    (
        r"vbcstshfl\.(8|16|32|64)",
        "npu_vshuffle_aie2p(npu_vbcst_{1}({a}), npu_vclr_x(), npu_shuffled(s, {r29}, @here))",
    ),
    (r"vextbcst\.128", "npu_vextbcst_128({a}, {b})"),
    (
        r"vextbcstshfl\.(16|32|64|128)",
        "npu_vshuffle_aie2p(npu_vextbcst_{1}({a}, {b}), npu_vclr_x(),"
        " npu_shuffled(s, {r29}, @here))",
    ),
    (r"vshift\.align", "npu_vshift_align({a}, {b}, {c}, {r30})"),
    (
        r"vups\.2x",
        "({crUPSMode} & 1 ? npu_vups_s64_32_{kind} : npu_vups_s32_16_{kind})"
        "({vector}, {su}, {sign}, {ctl}, {st})",
    ),
    (
        r"vups\.4x",
        "({crUPSMode} & 1 ? npu_vups_s64_16_c : npu_vups_s32_8_c)"
        "({vector}, {su}, {sign}, {ctl}, {st})",
    ),
    (
        r"vsrs\.2x",
        "({crSRSMode} & 1 ? npu_vsrs_32_s64_{kind} : npu_vsrs_16_s32_{kind})"
        "({a}, {su}, {sign}, {ctl}, {st})",
    ),
    (
        r"vsrs\.4x",
        "({crSRSMode} & 1 ? npu_vsrs_16_s64_c : npu_vsrs_8_s32_c)({a}, {su}, {sign}, {ctl}, {st})",
    ),
    (
        r"vpack",
        "({crPackSize} & 1 ? npu_vpack_8_16 : npu_vpack_4_8)({a}, {sign}, {ctl}, {st})",
    ),
    (r"vunpack", "({crUnpackSize} & 1 ? npu_vunpack_16_8 : npu_vunpack_8_4)({vector}, {sign})"),
    (r"vconv\.fp32\.bf16", "npu_vconv_fp32_bf16_{kind}({vector})"),
    (r"vconv\.bf16\.fp32", "npu_vconv_bf16_fp32_{kind}({a}, {ctl}, {st})"),
    (
        r"(v(?:neg)?mul)",
        "npu_{1}({rows:a}, {b}, npu_no_mask(), npu_products_of(s, {c}, @here), {st})",
    ),
    (
        r"(v(?:neg)?(?:mac|msc))",
        "npu_{1}({a}, {rows:b}, {c}, npu_no_mask(), npu_products_of(s, {d}, @here), {st})",
    ),
    (
        r"(v(?:add|sub)(?:mac|msc))",
        "npu_{1}({a}, {b}, {rows:c}, {d}, npu_no_mask(), npu_products_of(s, {e}, @here), {st})",
    ),
    (r"vconv\.bfp16ebs8\.fp32", "npu_vconv_bfp16ebs8({pair:a}, {ctl}, &@exponents)"),
    (
        r"v(?:neg)?mul\.f:blocks",
        "npu_onto_blocks(npu_vclr_y(), npu_products_of_blocks({pair:a}, {pair:b}, {half}),"
        " 1 | npu_blocks_of(s, {c}, {exponents:a}, {exponents:b}, @here), {inverted}, {st})",
    ),
    (
        r"v(?:mac|msc)\.f:blocks",
        "npu_onto_blocks({a}, npu_products_of_blocks({pair:b}, {pair:c}, {half}),"
        " npu_blocks_of(s, {d}, {exponents:b}, {exponents:c}, @here), {inverted}, {st})",
    ),
    (
        r"(vmul|vnegmul)\.f",
        "npu_{1}_lanes({lanes:a}, {lanes:b}, npu_lanes_of(s, {c}, @here), {st})",
    ),
    (
        r"(vmac|vmsc)\.f",
        "npu_{1}_lanes({a}, {lanes:b}, {lanes:c}, npu_lanes_of(s, {d}, @here), {st})",
    ),
    (
        r"(v(?:add|sub)(?:mac|msc))\.f",
        "npu_{1}_lanes({a}, {b}, {lanes:c}, {lanes:d}, npu_lanes_of(s, {e}, @here), {st})",
    ),
    (
        r"(vadd|vsub|vnegadd|vnegsub)\.f",
        "npu_{1}_floats({a}, {b}, npu_floats_of(s, {c}, @here), {st})",
    ),
    (r"vfloor\.s32\.bf16", "npu_vfloor_s32_bf16({a}, {b}, {st})"),
    (r"(vadd|vsub|vnegadd|vnegsub)", "npu_{1}({a}, {b}, npu_sums_of(s, {c}, @here))"),
    (r"vneg", "npu_vneg({a}, npu_vclr_y(), npu_sums_of(s, {b}, @here))"),
)

_COMPILED = {
    name: tuple((re.compile(pattern), expression) for pattern, expression in rows)
    for name, rows in ((AIE2, _SHARED + _AIE2), (AIE2P, _SHARED + _AIE2P))
}

_ADDRESSED = {
    AIE2: re.compile(".*"),
    AIE2P: re.compile(
        r"(v?ld[ab]|v?st)(\.[23]d)?(\.[su](8|16))?|v(ld[ab]|st)(\.[23]d)?\.128|padd.*"
        r"|vldb\.4x(16|32|64)\.(lo|hi)"
        r"|(vlda(\.[23]d)?\.ups|vst(\.[23]d)?\.srs)\.[24]x"
        r"|vldb(\.[23]d)?\.unpack|vst(\.[23]d)?\.pack"
        r"|vlda(\.[23]d)?\.conv\.fp32\.bf16|vst(\.[23]d)?\.conv\.bf16\.fp32"
    ),
}
"""What loads, stores and moves pointers without a row. A load of 128 bits clears the vector's other
half, as a Phoenix does for AIE2: of AIE2P no source tells, and llvm-aie's code looks at it nowhere.
Of the tile's registers no source tells where they are, of FIFO loads what a FIFO holds between."""

_CONVERTED = re.compile(r"\.(flt2fx|fx2flt)|\$src\[")
"""An operand that is converted on its way, or half a one (AIE2P): not modelled."""

_FUSED = re.compile(r"(?:v?lda|v?ldb|v?st)\.(?:[23]d\.)?(ups|srs|pack|unpack|conv)(?:\.|$)")
"""A conversion on the way from or to memory: the operation is that without a memory."""

SIGNS = {
    "vadd_sign": "crVaddSign",
    "ups_sign": "crUPSSign",
    "srs_sign": "crSRSSign",
    "pack_sign": "crPackSign",
    "unpack_sign": "crUnpackSign",
}


def check_addressed(generation: str, opcode: Opcode) -> None:
    """NotExecutedError for an access to memory of which nobody has written down what it does."""
    if not _ADDRESSED[generation].fullmatch(opcode.mnemonic):
        raise NotExecutedError(opcode.mnemonic)


@cache
def operation(generation: str, opcode: Opcode) -> tuple[str, re.Match[str]]:
    """The expression of an instruction and the match of its mnemonic's pattern.

    Raises:
        NotExecutedError: what nobody has written down yet.
    """
    mnemonic = opcode.mnemonic
    if _CONVERTED.search(opcode.syntax):
        raise NotExecutedError(mnemonic)
    fused = _FUSED.match(mnemonic)
    plain = f"v{fused[1]}.{mnemonic[fused.end() :]}".rstrip(".") if fused else mnemonic
    plain += ":blocks" if _in_blocks(opcode) else ""
    for pattern, expression in _COMPILED[generation]:
        match = pattern.fullmatch(plain)
        if match:
            return expression, match
    raise NotExecutedError(mnemonic)


def _in_blocks(opcode: Opcode) -> bool:
    """Whether both operands of a product are blocks of floating point."""
    types = [one.type for one in opcode.operands]
    return sum(isinstance(one, RegisterClass) and one.name == "mEX" for one in types) == 2


def is_fused(opcode: Opcode) -> bool:
    """Whether it computes on its way from or to memory."""
    return _FUSED.match(opcode.mnemonic) is not None
