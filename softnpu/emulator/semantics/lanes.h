/* Vector operations that stay within a lane: arithmetic, comparisons, selection, bits.
 *
 * Lanes are 8, 16 or 32 bits wide; a mask has a bit a lane, lane 0 lowest (64, 32 or 16 of them:
 * vectors of 8-bit lanes need a pair of scalar registers). The forms .s8 to .s32 are signed, the
 * forms .d8 to .d32 are so if crVaddSign is set: `is_signed` says which.
 *
 * Arithmetic wraps. The second half of a name such as vsub_lt tells what its mask says; the
 * vector does not depend on it (NPU).
 */
#ifndef NPU_SEMANTICS_LANES_H
#define NPU_SEMANTICS_LANES_H

#include "control.h"

NPU_OP npu_x npu_vband(npu_x a, npu_x b)
{
    for (int i = 0; i < 8; i++)
        a.u64[i] &= b.u64[i];
    return a;
}

NPU_OP npu_x npu_vbor(npu_x a, npu_x b)
{
    for (int i = 0; i < 8; i++)
        a.u64[i] |= b.u64[i];
    return a;
}

/* A mask of `n` flags, bytes of 0 or 1, and the flags of a mask, eight at a time. */
NPU_OP uint64_t npu_mask_of_flags(const uint8_t *flags, int n)
{
    uint64_t mask = 0;
    for (int i = 0; i < n; i += 8) {
        uint64_t eight;
        __builtin_memcpy(&eight, flags + i, 8);
        mask |= eight * UINT64_C(0x0102040810204080) >> 56 << i;
    }
    return mask;
}

NPU_OP void npu_flags_of_mask(uint8_t *flags, uint64_t mask, int n)
{
    for (int i = 0; i < n; i += 8) {
        uint64_t eight = (mask >> i & 255) * UINT64_C(0x8040201008040201);
        eight = eight >> 7 & UINT64_C(0x0101010101010101);
        eight = __builtin_bswap64(eight);
        __builtin_memcpy(flags + i, &eight, 8);
    }
}

/* For each width, lanes as unsigned and signed numbers (`u`, `s`), `n` of them. The ternaries are
 * such that a compiler makes vector operations of them. */
#define NPU_LANES_OF(bits, n, expression)                                                         \
    for (int i = 0; i < n; i++)                                                                   \
        a.u##bits[i] = (uint##bits##_t)(expression);                                              \
    return a

#define NPU_COMPARISON(bits, n, operator)                                                         \
    uint8_t flags[64];                                                                            \
    if (is_signed)                                                                                \
        for (int i = 0; i < n; i++)                                                               \
            flags[i] = a.s##bits[i] operator b.s##bits[i];                                        \
    else                                                                                          \
        for (int i = 0; i < n; i++)                                                               \
            flags[i] = a.u##bits[i] operator b.u##bits[i];                                        \
    return npu_mask_of_flags(flags, n)

#define NPU_LANE_OPS(bits, n)                                                                     \
    NPU_OP npu_x npu_vadd_##bits(npu_x a, npu_x b)                                                \
    {                                                                                             \
        NPU_LANES_OF(bits, n, a.u##bits[i] + b.u##bits[i]);                                       \
    }                                                                                             \
    NPU_OP npu_x npu_vsub_##bits(npu_x a, npu_x b)                                                \
    {                                                                                             \
        NPU_LANES_OF(bits, n, a.u##bits[i] - b.u##bits[i]);                                       \
    }                                                                                             \
    /* A set bit of the mask subtracts the lane. */                                               \
    NPU_LARGE_OP npu_x npu_vaddsub_##bits(npu_x a, npu_x b, uint64_t mask)                        \
    {                                                                                             \
        uint8_t flags[64];                                                                        \
        npu_flags_of_mask(flags, mask, n);                                                        \
        NPU_LANES_OF(bits, n, a.u##bits[i] + (flags[i] ? 0u - b.u##bits[i] : b.u##bits[i]));      \
    }                                                                                             \
    /* A set bit of the mask takes the lane of b. */                                              \
    NPU_LARGE_OP npu_x npu_vsel_##bits(npu_x a, npu_x b, uint64_t mask)                           \
    {                                                                                             \
        uint8_t flags[64];                                                                        \
        npu_flags_of_mask(flags, mask, n);                                                        \
        NPU_LANES_OF(bits, n, flags[i] ? b.u##bits[i] : a.u##bits[i]);                            \
    }                                                                                             \
    NPU_LARGE_OP uint64_t npu_veqz_##bits(npu_x a)                                                \
    {                                                                                             \
        uint8_t flags[64];                                                                        \
        for (int i = 0; i < n; i++)                                                               \
            flags[i] = a.u##bits[i] == 0;                                                         \
        return npu_mask_of_flags(flags, n);                                                       \
    }                                                                                             \
    NPU_LARGE_OP uint64_t npu_vlt_##bits(npu_x a, npu_x b, int is_signed)                         \
    {                                                                                             \
        NPU_COMPARISON(bits, n, <);                                                               \
    }                                                                                             \
    NPU_LARGE_OP uint64_t npu_vge_##bits(npu_x a, npu_x b, int is_signed)                         \
    {                                                                                             \
        NPU_COMPARISON(bits, n, >=);                                                              \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_vsub_lt_##bits(npu_x a, npu_x b, int is_signed, uint64_t *mask)        \
    {                                                                                             \
        *mask = npu_vlt_##bits(a, b, is_signed);                                                  \
        return npu_vsub_##bits(a, b);                                                             \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_vsub_ge_##bits(npu_x a, npu_x b, int is_signed, uint64_t *mask)        \
    {                                                                                             \
        *mask = npu_vge_##bits(a, b, is_signed);                                                  \
        return npu_vsub_##bits(a, b);                                                             \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_vmax_lt_##bits(npu_x a, npu_x b, int is_signed, uint64_t *mask)        \
    {                                                                                             \
        *mask = npu_vlt_##bits(a, b, is_signed);                                                  \
        return npu_vsel_##bits(a, b, *mask);                                                      \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_vmin_ge_##bits(npu_x a, npu_x b, int is_signed, uint64_t *mask)        \
    {                                                                                             \
        *mask = npu_vge_##bits(a, b, is_signed);                                                  \
        return npu_vsel_##bits(a, b, *mask);                                                      \
    }                                                                                             \
    /* a - b where that is positive, else 0. */                                                   \
    NPU_LARGE_OP npu_x npu_vmaxdiff_lt_##bits(npu_x a, npu_x b, int is_signed, uint64_t *mask)    \
    {                                                                                             \
        *mask = npu_vlt_##bits(a, b, is_signed);                                                  \
        return npu_vsel_##bits(npu_vsub_##bits(a, b), npu_vclr_x(), *mask);                       \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_vneg_gtz_##bits(npu_x a, int is_signed, uint64_t *mask)                \
    {                                                                                             \
        *mask = npu_vlt_##bits(npu_vclr_x(), a, is_signed);                                       \
        return npu_vsub_##bits(npu_vclr_x(), a);                                                  \
    }                                                                                             \
    /* The absolute value; the mask tells which lanes are above zero. */                          \
    NPU_LARGE_OP npu_x npu_vabs_gtz_##bits(npu_x a, int is_signed, uint64_t *mask)                \
    {                                                                                             \
        npu_x negated = npu_vneg_gtz_##bits(a, is_signed, mask);                                  \
        return is_signed ? npu_vsel_##bits(negated, a, *mask) : a;                                \
    }                                                                                             \
    /* All bits inverted; the mask tells which lanes are below zero. */                           \
    NPU_LARGE_OP npu_x npu_vbneg_ltz_##bits(npu_x a, int is_signed, uint64_t *mask)               \
    {                                                                                             \
        *mask = npu_vlt_##bits(a, npu_vclr_x(), is_signed);                                       \
        NPU_LANES_OF(bits, n, ~a.u##bits[i]);                                                     \
    }

NPU_LANE_OPS(8, 64)
NPU_LANE_OPS(16, 32)
NPU_LANE_OPS(32, 16)

/* bfloat16 lanes are ordered by sign and magnitude, so -0 is below +0; a comparison with what is
 * no number is false both ways (xdna-emu, NPU). */
NPU_OP int32_t npu_bf16_order(uint16_t a)
{
    return a >> 15 ? -(int32_t)(a & 0x7fff) - 1 : (int32_t)a;
}

NPU_OP int npu_bf16_is_nan(uint16_t a) { return (a & 0x7fff) > 0x7f80; }

NPU_LARGE_OP uint64_t npu_vlt_bf16(npu_x a, npu_x b)
{
    uint64_t mask = 0;
    for (int i = 0; i < 32; i++)
        mask |= (uint64_t)(!npu_bf16_is_nan(a.u16[i]) && !npu_bf16_is_nan(b.u16[i]) &&
                           npu_bf16_order(a.u16[i]) < npu_bf16_order(b.u16[i]))
                << i;
    return mask;
}

NPU_LARGE_OP uint64_t npu_vge_bf16(npu_x a, npu_x b)
{
    uint64_t mask = 0;
    for (int i = 0; i < 32; i++)
        mask |= (uint64_t)(!npu_bf16_is_nan(a.u16[i]) && !npu_bf16_is_nan(b.u16[i]) &&
                           npu_bf16_order(a.u16[i]) >= npu_bf16_order(b.u16[i]))
                << i;
    return mask;
}

NPU_LARGE_OP npu_x npu_vmax_lt_bf16(npu_x a, npu_x b, uint64_t *mask)
{
    *mask = npu_vlt_bf16(a, b);
    return npu_vsel_16(a, b, *mask);
}

NPU_LARGE_OP npu_x npu_vmin_ge_bf16(npu_x a, npu_x b, uint64_t *mask)
{
    *mask = npu_vge_bf16(a, b);
    return npu_vsel_16(a, b, *mask);
}

#endif
