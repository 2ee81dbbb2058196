/* Between vectors and accumulators: ups, srs; between widths of vectors: pack, unpack.
 *
 * Accumulator lanes are 32 or 64 bits wide. The forms .s* are signed, the forms .d* as crUPSSign,
 * crSRSSign, crPackSign and crUnpackSign say: `is_signed`. Narrowing reads crSat and crRnd.
 */
#ifndef NPU_SEMANTICS_ACCUMULATE_H
#define NPU_SEMANTICS_ACCUMULATE_H

#include "control.h"

/* Is a number rounded up? `lsb` is the lowest bit that stays, `half` the highest that goes,
 * `rest` whether any below that is set; `negative` the sign. The number is in two's complement,
 * so what goes is positive (AM020; the ten modes: xdna-emu on a Phoenix). */
NPU_OP int npu_round_up(int mode, int negative, int lsb, int half, int rest)
{
    switch (mode) {
    case NPU_FLOOR: return 0;
    case NPU_CEIL: return half | rest;
    case NPU_SYM_FLOOR: return negative & (half | rest);
    case NPU_SYM_CEIL: return (half | rest) & !negative;
    case NPU_NEG_INF: return half & rest;
    case NPU_POS_INF: return half;
    case NPU_SYM_ZERO: return half & (rest | negative);
    case NPU_SYM_INF: return half & (rest | !negative);
    case NPU_CONV_EVEN: return half & (rest | lsb);
    case NPU_CONV_ODD: return half & (rest | !lsb);
    default: return 0;
    }
}

/* The same where the number is a sign and a magnitude, which is rounded up: directions change. */
NPU_OP int npu_round_magnitude(int mode, int negative, int lsb, int half, int rest)
{
    return npu_round_up(mode < NPU_CONV_EVEN ? mode ^ 2 : mode, negative, lsb, half, rest);
}

/* One lane of srs. The shift is -4 to 59 in six bits (UG1583, Shift-Round-Saturate; a lookup table
 * of mlir-aie's shifts by -2). */
NPU_OP int64_t npu_srs_lane(int64_t value, uint32_t shift, int bits, int is_signed, npu_control c,
                            uint8_t *overflow)
{
    shift &= 63;
    if (shift >= 60) {
        int up = 64 - (int)shift;
        int64_t shifted = (int64_t)((uint64_t)value << up);
        if (shifted >> up != value) {
            *overflow = 1;
            shifted = !(c.sat & 1) ? shifted : value < 0 ? INT64_MIN : INT64_MAX;
        }
        value = shifted;
    } else if (shift > 0) {
        int64_t twice = value >> (shift - 1), kept = twice >> 1;
        int rest = ((uint64_t)value & ((UINT64_C(1) << (shift - 1)) - 1)) != 0;
        value = kept + npu_round_up(c.rnd, value < 0, kept & 1, twice & 1, rest);
    }
    return npu_saturate(value, bits, is_signed, c.sat, overflow);
}

/* One lane of ups. */
NPU_OP int64_t npu_ups_lane(int64_t value, uint32_t shift, int bits, npu_control c,
                            uint8_t *overflow)
{
    int64_t high = bits == 64 ? INT64_MAX : INT32_MAX;
    if (shift >= (uint32_t)bits ? value != 0
                                : value > high >> shift || value < ~high >> shift) {
        *overflow = 1;
        if (c.sat & 1)
            return value < 0 ? ~high + (c.sat >> 1) : high;
    }
    return shift > 63 ? 0 : npu_narrow((int64_t)((uint64_t)value << shift), bits, 1);
}

/* vups.s<to>.<from>: `n` lanes of a vector into an accumulator. */
#define NPU_UPS(name, vector, from, accumulator, to, n)                                           \
    NPU_LARGE_OP accumulator npu_vups_##name(vector a, uint32_t shift, int is_signed,             \
                                             npu_control c, npu_status *status)                   \
    {                                                                                             \
        accumulator out;                                                                          \
        for (int i = 0; i < n; i++)                                                               \
            out.s##to[i] = (int##to##_t)npu_ups_lane(                                             \
                is_signed ? (int64_t)a.s##from[i] : (int64_t)a.u##from[i], shift, to, c,          \
                &status->ups_of);                                                                 \
        return out;                                                                               \
    }

NPU_UPS(s32_8_c, npu_w, 8, npu_y, 32, 32)
NPU_UPS(s32_16_b, npu_w, 16, npu_x, 32, 16)
NPU_UPS(s32_16_c, npu_x, 16, npu_y, 32, 32)
NPU_UPS(s64_16_c, npu_w, 16, npu_y, 64, 16)
NPU_UPS(s64_32_b, npu_w, 32, npu_x, 64, 8)
NPU_UPS(s64_32_c, npu_x, 32, npu_y, 64, 16)

/* vsrs.<to>.s<from>, and vsrsm: `n` lanes of an accumulator into a vector. */
#define NPU_SRS(name, accumulator, from, vector, to, n)                                           \
    NPU_LARGE_OP vector npu_vsrs_##name(accumulator a, uint32_t shift, int is_signed,             \
                                        npu_control c, npu_status *status)                        \
    {                                                                                             \
        vector out;                                                                               \
        for (int i = 0; i < n; i++)                                                               \
            out.s##to[i] = (int##to##_t)npu_srs_lane(a.s##from[i], shift, to, is_signed, c,       \
                                                     &status->srs_of);                            \
        return out;                                                                               \
    }

NPU_SRS(8_s32_c, npu_y, 32, npu_w, 8, 32)
NPU_SRS(16_s32_b, npu_x, 32, npu_w, 16, 16)
NPU_SRS(16_s32_c, npu_y, 32, npu_x, 16, 32)
NPU_SRS(16_s64_c, npu_y, 64, npu_w, 16, 16)
NPU_SRS(32_s64_b, npu_x, 64, npu_w, 32, 8)
NPU_SRS(32_s64_c, npu_y, 64, npu_x, 32, 16)

/* Two lanes of 16 bits become 8, or of 8 bits 4, as crSat says (xdna-emu saw it on a Phoenix).
 * That a lane did not fit sets no flag (llvm-aie). */
NPU_LARGE_OP npu_w npu_vpack_8_16(npu_x a, int is_signed, npu_control c, npu_status *status)
{
    npu_w out;
    uint8_t unseen = 0;
    (void)status;
    for (int i = 0; i < 32; i++)
        out.u8[i] = (uint8_t)npu_saturate(is_signed ? a.s16[i] : a.u16[i], 8, is_signed, c.sat,
                                          &unseen);
    return out;
}

NPU_LARGE_OP npu_w npu_vpack_4_8(npu_x a, int is_signed, npu_control c, npu_status *status)
{
    npu_w out;
    uint8_t unseen = 0;
    (void)status;
    for (int i = 0; i < 32; i++) {
        int64_t low = is_signed ? a.s8[2 * i] : a.u8[2 * i];
        int64_t high = is_signed ? a.s8[2 * i + 1] : a.u8[2 * i + 1];
        low = npu_saturate(low, 4, is_signed, c.sat, &unseen) & 15;
        out.u8[i] = (uint8_t)(low | npu_saturate(high, 4, is_signed, c.sat, &unseen) * 16);
    }
    return out;
}

NPU_OP npu_x npu_vunpack_16_8(npu_w a, int is_signed)
{
    npu_x out;
    for (int i = 0; i < 32; i++)
        out.u16[i] = (uint16_t)(is_signed ? a.s8[i] : a.u8[i]);
    return out;
}

NPU_OP npu_x npu_vunpack_8_4(npu_w a, int is_signed)
{
    npu_x out;
    for (int i = 0; i < 64; i++)
        out.u8[i] = (uint8_t)npu_narrow(a.u8[i / 2] >> i % 2 * 4, 4, is_signed);
    return out;
}

#endif
