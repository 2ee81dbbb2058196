/* What the configuration word of a multiplication names: which elements meet, and where they lie.
 * multiply.h tells the word's fields.
 */
#ifndef NPU_SEMANTICS_MODES_H
#define NPU_SEMANTICS_MODES_H

#include "control.h"


/* What meets: out[row][column][channel] += a[row][k][channel] * b[k][column][channel]. */
typedef struct {
    uint8_t a_bits, b_bits, lane_bits; /* 0: bfloat16 into fp32 */
    uint8_t rows, inner, columns, channels;
    uint8_t kind;
} npu_mac_mode;

enum npu_mac_kind {
    NPU_MATRIX,
    NPU_CONVOLUTION, /* a[row + k][channel] */
    NPU_COMPLEX,     /* neighbouring channels are real and imaginary parts */
    NPU_SPARSE       /* of every four elements of b down a column, two are there */
};

#define NPU_MAC_MODES 26
static const npu_mac_mode npu_mac_modes[NPU_MAC_MODES] = {
    {8, 4, 32, 4, 16, 8, 1, NPU_MATRIX},       /* 0 */
    {8, 8, 32, 4, 8, 8, 1, NPU_MATRIX},        /* 1 */
    {16, 8, 32, 4, 4, 8, 1, NPU_MATRIX},       /* 2 */
    {16, 16, 32, 4, 2, 8, 1, NPU_MATRIX},      /* 3 */
    {16, 8, 64, 2, 8, 8, 1, NPU_MATRIX},       /* 4 */
    {16, 8, 64, 4, 8, 4, 1, NPU_MATRIX},       /* 5 */
    {16, 16, 64, 2, 4, 8, 1, NPU_MATRIX},      /* 6 */
    {16, 16, 64, 4, 4, 4, 1, NPU_MATRIX},      /* 7 */
    {16, 16, 0, 4, 8, 4, 1, NPU_MATRIX},       /* 8 */
    {16, 8, 32, 4, 4, 4, 2, NPU_MATRIX},       /* 9 */
    {8, 8, 32, 1, 2, 1, 32, NPU_MATRIX},       /* 10 */
    {16, 16, 32, 1, 1, 1, 32, NPU_MATRIX},     /* 11 */
    {16, 16, 64, 1, 2, 1, 16, NPU_MATRIX},     /* 12 */
    {8, 8, 32, 4, 4, 1, 8, NPU_CONVOLUTION},   /* 13 */
    {8, 8, 32, 8, 8, 1, 4, NPU_CONVOLUTION},   /* 14 */
    {8, 8, 32, 32, 8, 1, 1, NPU_CONVOLUTION},  /* 15 */
    {16, 16, 64, 16, 4, 1, 1, NPU_CONVOLUTION}, /* 16 */
    {16, 16, 0, 1, 2, 1, 16, NPU_MATRIX},      /* 17 */
    {32, 16, 64, 4, 2, 4, 1, NPU_MATRIX},      /* 18 */
    {32, 16, 64, 1, 2, 1, 16, NPU_COMPLEX},    /* 19 */
    {16, 16, 64, 1, 4, 1, 16, NPU_COMPLEX},    /* 20 */
    {8, 4, 32, 4, 16, 8, 1, NPU_SPARSE},       /* 21 */
    {8, 8, 32, 4, 8, 8, 1, NPU_SPARSE},        /* 22 */
    {16, 8, 64, 2, 8, 8, 1, NPU_SPARSE},       /* 23 */
    {16, 16, 64, 2, 4, 8, 1, NPU_SPARSE},      /* 24 */
    {16, 16, 0, 4, 8, 4, 1, NPU_SPARSE},       /* 25 */
};

/* The mode of each variant, by amode and bmode; -1: none (xdna-emu, NPU). */
static const int8_t npu_mac_variants[8][8] = {
    {0, 21, -1, -1, -1, -1, -1, -1},  /* 32 bits: 8 by 4 */
    {1, 10, 13, 14, 15, 22, -1, -1},  /* 8 by 8 */
    {2, 9, -1, -1, -1, -1, -1, -1},   /* 16 by 8 */
    {3, 11, -1, -1, -1, -1, -1, -1},  /* 16 by 16 */
    {18, 19, -1, -1, -1, -1, -1, -1}, /* 64 bits: 32 by 16 */
    {6, 7, 12, 16, 20, 24, -1, -1},   /* 16 by 16 again */
    {4, 5, 23, -1, -1, -1, -1, -1},   /* 16 by 8 */
    {6, 7, 12, 16, 20, 24, -1, -1},   /* 16 by 16 */
};
static const int8_t npu_mac_float_variants[8] = {8, 17, 25, -1, -1, -1, -1, -1};

NPU_OP int npu_mac_is_float(uint32_t conf) { return conf >> 2 & 1; }

NPU_OP int npu_mac_mode_of(uint32_t conf)
{
    uint32_t variant = conf >> 5 & 7;
    uint32_t widths = (conf >> 1 & 1) << 2 | (conf >> 3 & 3);
    return npu_mac_is_float(conf) ? npu_mac_float_variants[variant]
                                  : npu_mac_variants[widths][variant];
}

NPU_OP int64_t npu_mac_element(const uint8_t *bytes, int bits, int index, int is_signed)
{
    uint32_t word = 0;
    if (bits == 4)
        return npu_narrow(bytes[index / 2] >> index % 2 * 4, 4, is_signed);
    __builtin_memcpy(&word, bytes + index * (bits / 8), (unsigned)bits / 8);
    return npu_narrow(word, bits, is_signed);
}

/* Which element of a meets the k-th of b; -1: none, a sparse place that is empty. */
NPU_OP int npu_mac_place_of_a(npu_mac_mode m, int row, int k, int channel)
{
    switch (m.kind) {
    case NPU_CONVOLUTION: return (row + k) * m.channels + channel;
    case NPU_COMPLEX: return k / 2 * m.channels + (channel & ~1) + k % 2;
    default: return (row * m.inner + k) * m.channels + channel;
    }
}

NPU_OP int npu_mac_place_of_b(npu_mac_mode m, int k, int column, int channel)
{
    if (m.kind == NPU_COMPLEX)
        return k / 2 * m.channels + (channel & ~1) + ((k ^ channel) & 1);
    return (k * m.columns + column) * m.channels + channel;
}

/* Which of four places the k-th element down a column has, from the operand's mask; -1: none.
 * The mask has a bit for each byte of what the operand stands for, or for two 4-bit elements
 * beside each other, column after column. */
NPU_OP int npu_mac_sparse_place(npu_mac_mode m, npu_q mask, int k, int column)
{
    int group = m.b_bits == 4 ? column / 2 : column, at = group * m.inner / 2 + k / 2;
    uint32_t four = mask.u8[at / 2] >> at % 2 * 4 & 15;
    if (m.b_bits == 16) {
        uint32_t pairs = mask.u8[at] | mask.u8[at] >> 1;
        four = (pairs & 1) | (pairs >> 1 & 2) | (pairs >> 2 & 4) | (pairs >> 3 & 8);
    }
    int kept = __builtin_popcount(four);
    if (kept > 2)
        return -1;
    /* The first element has one of the places 0 to 2, the second one of 1 to 3. A single one is
     * the first at places 0 and 1, the second at 2 and 3. */
    int low = four ? __builtin_ctz(four) : 4, high = four ? 31 - __builtin_clz(four) : -1;
    if (kept == 1)
        return low < 2 ? (k % 2 ? -1 : low) : (k % 2 ? low : -1);
    return kept == 0 ? -1 : k % 2 ? high : low;
}

/* Which element of a meets the k-th of b, in every mode. */
NPU_OP int npu_mac_place(npu_mac_mode m, npu_q mask, int row, int k, int column, int channel)
{
    if (m.kind != NPU_SPARSE)
        return npu_mac_place_of_a(m, row, k, channel);
    int of_four = npu_mac_sparse_place(m, mask, k, column);
    return of_four < 0 ? -1 : row * m.inner * 2 + k / 2 * 4 + of_four;
}

/* Which of bits 16 to 23 subtracts a product (the wiring of multipliers to sums; xdna-emu). */
NPU_OP int npu_mac_sign_bit(int mode, npu_mac_mode m, int out, int k)
{
    if (mode == 10)
        k = 0;
    if (m.lane_bits == 0)
        return (out & 1) << 2 | (k & 3); /* as in npu_mac_float */
    if (m.b_bits == 4)
        return (out & 1) << 2 | (k & 2) | k >> 3;
    if (m.a_bits == 8)
        return (out & 1) << 2 | (k & 1) << 1 | k >> 2;
    if (m.lane_bits == 32)
        return (out & 3) << 1 | (m.b_bits == 8 ? k >> 1 : k);
    return (out & 1) << 2 | (m.a_bits == 16 && m.b_bits == 8 ? k >> 1 : k);
}

#endif
