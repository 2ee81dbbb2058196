/* Floating point: bfloat16 and fp32 lanes as the NPU computes with them.
 *
 * Every fp32 result is one sum: products and accumulators are aligned to the largest exponent
 * among them, rounded there to 24 bits (to the nearest, halves to even), added exactly, and
 * rounded once more. That is why a sum of many small terms differs from IEEE 754's, and why the
 * order of the terms does not matter. Denormal operands count with their value, a denormal
 * result becomes zero. A NaN takes part with its mantissa; what is left of that shows in the
 * result. (xdna-emu's model of the pipeline, which it compared with a Phoenix; NPU.)
 */
#ifndef NPU_SEMANTICS_FLOATS_H
#define NPU_SEMANTICS_FLOATS_H

#include "accumulate.h"

/* Sums of terms in 16 lanes, term after term. A term is mantissa * 2^(exponent - 23), its exponent
 * with a bias of 127 + 128 so that those of products are not negative; that of zero is 0. Ten
 * terms: two accumulators, eight products. */
typedef struct {
    int count;
    int32_t mantissa[10][16], exponent[10][16];
    int32_t nan[16], plus[16], minus[16]; /* is a term no number, or an infinity of either sign? */
    int32_t extra[16];                    /* added where the terms are aligned */
    int32_t inverts[16];                  /* negates by inverting, and does not round */
} npu_sums;

/* With `pairs`, neighbouring lanes are the halves of an integer of 64 bits, whose upper one leaves
 * negating and rounding to the lower one's carry; between floats there is no carry (NPU). */
NPU_OP void npu_sums_clear(npu_sums *s, int pairs)
{
    s->count = 0;
    for (int i = 0; i < 16; i++)
        s->inverts[i] = pairs & i;
    __builtin_memset(s->extra, 0, sizeof s->extra);
    __builtin_memset(s->nan, 0, sizeof s->nan);
    __builtin_memset(s->plus, 0, sizeof s->plus);
    __builtin_memset(s->minus, 0, sizeof s->minus);
}

/* One more term of each sum. */
typedef struct {
    int32_t mantissa[16], exponent[16], nan[16], infinite[16];
} npu_terms;

NPU_OP void npu_sums_add(npu_sums *s, npu_terms t)
{
    __builtin_memcpy(s->mantissa[s->count], t.mantissa, sizeof t.mantissa);
    __builtin_memcpy(s->exponent[s->count], t.exponent, sizeof t.exponent);
    s->count++;
    for (int i = 0; i < 16; i++) {
        s->nan[i] |= t.nan[i];
        s->plus[i] |= t.infinite[i] & (t.mantissa[i] > 0);
        s->minus[i] |= t.infinite[i] & (t.mantissa[i] < 0);
    }
}

NPU_OP void npu_sums_add_fp32(npu_sums *s, npu_x a, int negate)
{
    npu_terms t;
    for (int i = 0; i < 16; i++) {
        int32_t e = a.u32[i] >> 23 & 255, fraction = a.u32[i] & 0x7fffff;
        int32_t m = e ? fraction | 0x800000 : fraction;
        t.mantissa[i] = (int32_t)(a.u32[i] >> 31) ^ negate ? -m - s->inverts[i] : m;
        t.exponent[i] = m ? (e ? e : 1) + 128 : 0;
        t.nan[i] = (e == 255) & (fraction != 0);
        t.infinite[i] = (e == 255) & (fraction == 0);
    }
    npu_sums_add(s, t);
}

/* Products of bfloat16. Infinity times zero is no number; its exponent is that of zero. */
NPU_OP void npu_sums_add_products(npu_sums *s, npu_w a, npu_w b, npu_x negate)
{
    npu_terms t;
    for (int i = 0; i < 16; i++) {
        int32_t x = a.u16[i], y = b.u16[i], ex = x >> 7 & 255, ey = y >> 7 & 255;
        int32_t mx = ex ? (x & 0x7f) | 0x80 : x & 0x7f, my = ey ? (y & 0x7f) | 0x80 : y & 0x7f;
        int32_t m = mx * my << 9, infinite = (ex == 255) | (ey == 255);
        int32_t nan = ((ex == 255) & ((x & 0x7f) != 0)) | ((ey == 255) & ((y & 0x7f) != 0));
        t.mantissa[i] = ((x ^ y) >> 15 ^ negate.s32[i]) & 1 ? -m : m;
        t.exponent[i] = m ? (ex ? ex : 1) + (ey ? ey : 1) + 1 : 0;
        t.nan[i] = nan | (infinite & (m == 0));
        t.infinite[i] = infinite & !nan;
    }
    npu_sums_add(s, t);
}

/* One lane's sum, exact in units of 2^(largest - 23), as fp32. The host's conversion of integers
 * rounds as the NPU does: to the nearest, halves to even. Without branches, so that lanes become
 * vector operations. */
NPU_OP uint32_t npu_round_sum(int32_t sum, int32_t largest, int32_t nan, int32_t plus,
                              int32_t minus, int32_t *flags)
{
    float value = (float)sum;
    uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    uint32_t sign = bits & 0x80000000u, fraction = bits & 0x7fffff;
    int32_t exponent = (int32_t)(bits >> 23 & 255) + largest - (127 + 23 + 128);
    int32_t zero = sum == 0, tiny = !zero & (exponent <= 0), huge = !zero & (exponent >= 255);
    nan |= plus & minus;
    int32_t infinite = (plus | minus) & !nan, out_of_range = zero | tiny | huge;
    uint32_t number = huge ? 0x7f800000u : (uint32_t)exponent << 23 | fraction;
    number = zero | tiny ? 0 : number;
    number = nan ? 0x7f800001u | (out_of_range ? 0 : fraction) : number;
    int32_t other = nan ? NPU_FLAG_INVALID
                        : (zero | tiny ? NPU_FLAG_ZERO : 0) | (tiny ? NPU_FLAG_TINY : 0) |
                              (huge ? NPU_FLAG_HUGE | NPU_FLAG_INFINITY : 0);
    *flags |= infinite ? NPU_FLAG_INFINITY : other;
    return infinite ? (minus ? 0xff800000u : 0x7f800000u) : sign | number;
}

/* The sums as fp32. Flags: enum npu_float_flag, added to `*flags`. */
NPU_OP npu_x npu_sums_round(const npu_sums *s, uint8_t *flags)
{
    npu_x out;
    int32_t largest[16] = {0}, sum[16];
    __builtin_memcpy(sum, s->extra, sizeof sum);
    NPU_STEP_BY_STEP
    for (int t = 0; t < s->count; t++)
        for (int i = 0; i < 16; i++)
            largest[i] = s->exponent[t][i] > largest[i] ? s->exponent[t][i] : largest[i];
    NPU_STEP_BY_STEP
    for (int t = 0; t < s->count; t++)
        for (int i = 0; i < 16; i++) {
            /* Mantissas have 25 bits: 27 places down nothing is left, not even a half. */
            int32_t down = largest[i] - s->exponent[t][i], wide = s->mantissa[t][i] * 2;
            down = down > 27 ? 27 : down;
            int32_t kept = wide >> down, rest = (wide & ((1 << down) - 1)) != 0;
            sum[i] += (kept >> 1) + (kept & (kept >> 1 | rest) & ~s->inverts[i] & 1);
        }
    int32_t seen = 0;
    for (int i = 0; i < 16; i++)
        out.u32[i] = npu_round_sum(sum[i], largest[i], s->nan[i], s->plus[i], s->minus[i], &seen);
    *flags |= (uint8_t)seen;
    return out;
}

/* vconv.bf16.fp32: rounds as crRnd says; a NaN stays one. */
NPU_OP uint16_t npu_bf16_of_fp32(uint32_t a, npu_control c, npu_status *status)
{
    uint32_t exponent = a >> 23 & 255, kept = a >> 16;
    if (exponent == 255) {
        int nan = (a & 0x7fffff) != 0;
        status->f2f |= nan ? NPU_FLAG_INVALID : NPU_FLAG_INFINITY;
        return (uint16_t)(nan && !(kept & 0x7f) ? kept | 1 : kept);
    }
    kept += (uint32_t)npu_round_magnitude(c.rnd, (int)(a >> 31), kept & 1, a >> 15 & 1,
                                          (a & 0x7fff) != 0);
    if ((kept & 0x7fff) == 0)
        status->f2f |= a << 1 ? NPU_FLAG_ZERO | NPU_FLAG_TINY : NPU_FLAG_ZERO;
    if ((kept & 0x7fff) == 0x7f80)
        status->f2f |= NPU_FLAG_INFINITY | NPU_FLAG_HUGE;
    return (uint16_t)kept;
}

NPU_LARGE_OP npu_w npu_vconv_bf16_fp32(npu_x a, npu_control c, npu_status *status)
{
    npu_w out;
    for (int i = 0; i < 16; i++)
        out.u16[i] = npu_bf16_of_fp32(a.u32[i], c, status);
    return out;
}

NPU_OP npu_x npu_vconv_fp32_bf16(npu_w a)
{
    npu_x out;
    for (int i = 0; i < 16; i++)
        out.u32[i] = (uint32_t)a.u16[i] << 16;
    return out;
}

/* floor(a * 2^shift) as a signed 32-bit number, saturated; of a NaN the largest. The shift is
 * signed and has six bits (xdna-emu). */
NPU_OP int32_t npu_floor_bf16(uint16_t a, uint32_t shift, npu_status *status)
{
    int exponent = a >> 7 & 255, negative = a >> 15;
    int64_t mantissa = exponent ? (a & 0x7f) | 0x80 : a & 0x7f;
    int up = (exponent ? exponent : 1) - 127 - 7 + (int)npu_narrow(shift, 6, 1);
    if (exponent == 255 && (a & 0x7f)) {
        status->f2i |= NPU_FLAG_INVALID;
        return INT32_MAX;
    }
    if (exponent == 255 || (up > 24 && mantissa)) {
        status->f2i |= NPU_FLAG_HUGE;
        return negative ? INT32_MIN : INT32_MAX;
    }
    int64_t value = negative ? -mantissa : mantissa;
    if (up < 0)
        value >>= up < -62 ? 62 : -up;
    else if (mantissa)
        value *= INT64_C(1) << up;
    uint8_t huge = 0;
    value = npu_saturate(value, 32, 1, 1, &huge);
    status->f2i |= huge ? NPU_FLAG_HUGE : 0;
    if (value == 0)
        status->f2i |= mantissa ? NPU_FLAG_ZERO | NPU_FLAG_TINY : NPU_FLAG_ZERO;
    return (int32_t)value;
}

NPU_LARGE_OP npu_x npu_vfloor_s32_bf16(npu_w a, uint32_t shift, npu_status *status)
{
    npu_x out;
    for (int i = 0; i < 16; i++)
        out.s32[i] = npu_floor_bf16(a.u16[i], shift, status);
    return out;
}

#endif
