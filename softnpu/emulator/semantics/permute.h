/* Vector operations that move lanes: shuffles, shifts, broadcasts, single elements. */
#ifndef NPU_SEMANTICS_PERMUTE_H
#define NPU_SEMANTICS_PERMUTE_H

#include "control.h"

/* A shuffle transposes matrices: an element has 2^element bytes, a matrix 2^rows by 2^columns of
 * them, and as many matrices follow each other as there is room for. Modes that span both
 * operands (`wide`) deliver the lower or the upper half of the result. A mode that flips turns the
 * order of each 2^columns elements round.
 * Modes and their order: xdna-emu, which swept them on a Phoenix; NPU. From 48 on: AIE2P's, by the
 * names that llvm-aie gives them (aie2p_enums.h: T32_8x2, T16_8x8_lo, T8_1x4_flip), which are those
 * of the others, and as the AIE API uses them (aie2/transpose.hpp, aie2p/reverse.hpp). */
typedef struct {
    uint8_t element, rows, columns, part;
} npu_shuffle_mode;

#define NPU_SHUFFLE_BOTH(element, rows, columns)                                                  \
    {element, rows, columns, 0}, {element, rows, columns, 1}
enum { NPU_SHUFFLE_LOWER, NPU_SHUFFLE_UPPER, NPU_SHUFFLE_FLIPPED }; /* part */
#define NPU_SHUFFLE_MODES 48
#define NPU_SHUFFLE_MODES_AIE2P 56

static const npu_shuffle_mode npu_shuffle_modes[NPU_SHUFFLE_MODES_AIE2P] = {
    NPU_SHUFFLE_BOTH(0, 6, 1), /* 0: 8 bits, 64 by 2, lower half; 1: upper half */
    NPU_SHUFFLE_BOTH(1, 5, 1), /* 2, 3: 16 bits, 32 by 2 */
    NPU_SHUFFLE_BOTH(2, 4, 1), /* 4, 5: 32 bits, 16 by 2 */
    NPU_SHUFFLE_BOTH(3, 3, 1), /* 6, 7: 64 bits, 8 by 2 */
    NPU_SHUFFLE_BOTH(4, 2, 1), /* 8, 9: 128 bits, 4 by 2 */
    NPU_SHUFFLE_BOTH(5, 1, 1), /* 10, 11: 256 bits, 2 by 2 */
    NPU_SHUFFLE_BOTH(4, 1, 2), /* 12, 13: 128 bits, 2 by 4 */
    NPU_SHUFFLE_BOTH(3, 1, 3), /* 14, 15: 64 bits, 2 by 8 */
    NPU_SHUFFLE_BOTH(2, 1, 4), /* 16, 17: 32 bits, 2 by 16 */
    NPU_SHUFFLE_BOTH(1, 1, 5), /* 18, 19: 16 bits, 2 by 32 */
    NPU_SHUFFLE_BOTH(0, 1, 6), /* 20, 21: 8 bits, 2 by 64 */
    NPU_SHUFFLE_BOTH(6, 0, 1), /* 22, 23: one operand as it is */
    NPU_SHUFFLE_BOTH(1, 4, 2), /* 24, 25: 16 bits, 16 by 4 */
    NPU_SHUFFLE_BOTH(1, 2, 4), /* 26, 27: 16 bits, 4 by 16 */
    {1, 3, 2, 0},              /* 28: 16 bits, 8 by 4 */
    {1, 2, 3, 0},              /* 29: 16 bits, 4 by 8 */
    NPU_SHUFFLE_BOTH(2, 3, 2), /* 30, 31: 32 bits, 8 by 4 */
    NPU_SHUFFLE_BOTH(2, 2, 3), /* 32, 33: 32 bits, 4 by 8 */
    {2, 2, 2, 0},              /* 34: 32 bits, 4 by 4 */
    {0, 3, 3, 0},              /* 35: 8 bits, 8 by 8 */
    {0, 4, 2, 0},              /* 36: 8 bits, 16 by 4 */
    {0, 2, 4, 0},              /* 37: 8 bits, 4 by 16 */
    {1, 0, 1, NPU_SHUFFLE_FLIPPED}, /* 38: neighbouring 16 bits change places */
    {1, 2, 2, 0},              /* 39: 16 bits, 4 by 4 */
    {1, 2, 1, 0},              /* 40: 16 bits, 4 by 2 */
    {1, 1, 2, 0},              /* 41: 16 bits, 2 by 4 */
    {1, 3, 1, 0},              /* 42: 16 bits, 8 by 2 */
    {1, 1, 3, 0},              /* 43: 16 bits, 2 by 8 */
    {1, 4, 1, 0},              /* 44: 16 bits, 16 by 2 */
    {1, 1, 4, 0},              /* 45: 16 bits, 2 by 16 */
    {0, 3, 2, 0},              /* 46: 8 bits, 8 by 4 */
    {0, 2, 3, 0},              /* 47: 8 bits, 4 by 8 */
    {2, 3, 1, 0},              /* 48: 32 bits, 8 by 2 */
    {2, 1, 3, 0},              /* 49: 32 bits, 2 by 8 */
    {3, 2, 1, 0},              /* 50: 64 bits, 4 by 2 */
    {3, 1, 2, 0},              /* 51: 64 bits, 2 by 4 */
    NPU_SHUFFLE_BOTH(1, 3, 3), /* 52, 53: 16 bits, 8 by 8 */
    {2, 0, 4, NPU_SHUFFLE_FLIPPED}, /* 54: 16 times 32 bits, the last first */
    {0, 0, 2, NPU_SHUFFLE_FLIPPED}, /* 55: 4 times 8 bits, the last first */
};

NPU_OP npu_x npu_shuffle(npu_x a, npu_x b, uint32_t mode, uint32_t modes)
{
    npu_x out = npu_vclr_x();
    npu_y in;
    uint8_t route[64];
    mode &= 63;
    if (mode >= modes) {
        out.u8[0] = a.u8[0]; /* no route is selected (xdna-emu) */
        return out;
    }
    in.x[0] = a;
    in.x[1] = b;
    npu_shuffle_mode m = npu_shuffle_modes[mode];
    uint32_t within = (1u << m.rows << m.columns) - 1;
    for (uint32_t byte = 0; byte < 64; byte++) {
        uint32_t to = (byte | (m.part == NPU_SHUFFLE_UPPER ? 64u : 0u)) >> m.element, at = to & within;
        uint32_t from = (to & ~within) | (at << m.columns & within) | at >> m.rows;
        if (m.part == NPU_SHUFFLE_FLIPPED)
            from = to ^ within;
        route[byte] = (uint8_t)(from << m.element | (byte & ((1u << m.element) - 1)));
    }
    for (int byte = 0; byte < 64; byte++)
        out.u8[byte] = in.u8[route[byte]];
    return out;
}

NPU_LARGE_OP npu_x npu_vshuffle(npu_x a, npu_x b, uint32_t mode)
{
    return npu_shuffle(a, b, mode, NPU_SHUFFLE_MODES);
}

NPU_LARGE_OP npu_x npu_vshuffle_aie2p(npu_x a, npu_x b, uint32_t mode)
{
    return npu_shuffle(a, b, mode, NPU_SHUFFLE_MODES_AIE2P);
}

/* 512 bits of the concatenation of a and b, from byte `amount` on. From 64 on nothing of a is
 * left, and of b only what the stages of the NPU's shifter pass: bytes from amount - 64 on,
 * rotated by the amount's low bits; from 128 on nothing (xdna-emu, NPU). */
NPU_LARGE_OP npu_x npu_vshift(npu_x a, npu_x b, uint32_t amount)
{
    npu_x out = npu_vclr_x();
    uint8_t both[128];
    __builtin_memcpy(both, a.u8, 64);
    __builtin_memcpy(both + 64, b.u8, 64);
    if (amount < 64)
        __builtin_memcpy(out.u8, both + amount, 64);
    for (uint32_t at = amount - 64; amount >= 64 && at < 64; at++)
        out.u8[(at - amount) & 63] = b.u8[at];
    return out;
}

/* As vshift, but the lower part is a moved down by 4, 8, 16 or 32 bytes (step 1 to 4). */
NPU_LARGE_OP npu_x npu_vshift_align(npu_x a, uint32_t step, npu_x b, uint32_t amount)
{
    npu_x ahead = npu_vclr_x();
    step &= 7;
    if (step < 1 || step > 4)
        return npu_vshift(a, b, amount);
    uint32_t skip = 2u << step;
    npu_x out = npu_vshift(ahead, b, amount);
    __builtin_memcpy(&ahead, a.u8 + skip, 64 - skip);
    for (uint32_t i = 0; amount < 64 && i < 64 - amount; i++)
        out.u8[i] |= ahead.u8[i];
    return out;
}

/* For each width: one value in every lane, a lane's value in every lane, a lane read or
 * replaced, and a value pushed in at one end. An index counts modulo the number of lanes. */
#define NPU_ELEMENT_OPS(bits, n)                                                                  \
    NPU_OP npu_x npu_vbcst_##bits(uint64_t value)                                                 \
    {                                                                                             \
        npu_x out;                                                                                \
        for (int i = 0; i < n; i++)                                                               \
            out.u##bits[i] = (uint##bits##_t)value;                                               \
        return out;                                                                               \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_vbcstshfl_##bits(uint64_t value, uint32_t mode)                        \
    {                                                                                             \
        return npu_vshuffle(npu_vbcst_##bits(value), npu_vclr_x(), mode);                         \
    }                                                                                             \
    NPU_OP npu_x npu_vextbcst_##bits(npu_x a, uint32_t index)                                     \
    {                                                                                             \
        return npu_vbcst_##bits(a.u##bits[index & (n - 1)]);                                      \
    }                                                                                             \
    NPU_OP uint64_t npu_vextract_##bits(npu_x a, uint32_t index, int is_signed)                   \
    {                                                                                             \
        index &= n - 1;                                                                           \
        return is_signed ? (uint64_t)(int64_t)a.s##bits[index] : a.u##bits[index];                \
    }                                                                                             \
    NPU_OP npu_x npu_vinsert_##bits(npu_x a, uint32_t index, uint64_t value)                      \
    {                                                                                             \
        a.u##bits[index & (n - 1)] = (uint##bits##_t)value;                                       \
        return a;                                                                                 \
    }                                                                                             \
    NPU_OP npu_x npu_vpush_hi_##bits(npu_x a, uint64_t value)                                     \
    {                                                                                             \
        __builtin_memmove(a.u8, a.u8 + bits / 8, 64 - bits / 8);                                  \
        a.u##bits[n - 1] = (uint##bits##_t)value;                                                 \
        return a;                                                                                 \
    }                                                                                             \
    NPU_OP npu_x npu_vpush_lo_##bits(npu_x a, uint64_t value)                                     \
    {                                                                                             \
        __builtin_memmove(a.u8 + bits / 8, a.u8, 64 - bits / 8);                                  \
        a.u##bits[0] = (uint##bits##_t)value;                                                     \
        return a;                                                                                 \
    }

NPU_ELEMENT_OPS(8, 64)
NPU_ELEMENT_OPS(16, 32)
NPU_ELEMENT_OPS(32, 16)
NPU_ELEMENT_OPS(64, 8)

#endif
