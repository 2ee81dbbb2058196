/* Multiplications into accumulators, and additions of accumulators, as a configuration word says.
 *
 * The word (llvm-aie, aiev2_compute_control; what its fields do: NPU):
 *   bit 0        the first accumulator counts as zero
 *   bits 1, 2    amode: 0 accumulates in 32 bits, 1 in 64, 2 and 3 in fp32
 *   bits 3, 4    bmode: which widths are multiplied
 *   bits 5 to 7  variant: which elements meet, and whether one operand is sparse
 *   bits 8, 9    the second, the first operand is signed
 *   bit 10       the first accumulator is shifted up by 16 bits
 *   bits 11 to 13  the products, the first, the second accumulator are subtracted
 *   bits 16 to 23  single products are subtracted (complex numbers)
 * A combination that names no mode multiplies nothing: accumulators pass (NPU).
 */
#ifndef NPU_SEMANTICS_MULTIPLY_H
#define NPU_SEMANTICS_MULTIPLY_H

#include "floats.h"
#include "modes.h"

/* What an instruction's name subtracts, before the configuration word's bits 11 to 13. */
enum npu_mac_signs { NPU_SUBTRACT_PRODUCTS = 1, NPU_SUBTRACT_FIRST = 2, NPU_SUBTRACT_SECOND = 4 };

/* The sums of products as integers. A bfloat16 mode multiplies the low bytes, unsigned, keeps 14
 * bits of each product, and fills the lower half of the accumulator (NPU). */
NPU_OP npu_y npu_mac_products(int mode, npu_y a, npu_x b, npu_q mask, uint32_t conf, int negate)
{
    npu_mac_mode m = npu_mac_modes[mode];
    npu_y out = npu_vclr_y();
    int a_signed = conf >> 9 & 1, b_signed = conf >> 8 & 1;
    for (int o = 0; o < m.rows * m.columns * m.channels; o++) {
        int channel = o % m.channels, column = o / m.channels % m.columns;
        int row = o / m.channels / m.columns;
        uint64_t sum = 0;
        for (int k = 0; k < m.inner; k++) {
            int place = npu_mac_place(m, mask, row, k, column, channel);
            if (place < 0)
                continue;
            int64_t x = npu_mac_element(a.u8, m.a_bits, place, a_signed);
            int64_t y = npu_mac_element(b.u8, m.b_bits, npu_mac_place_of_b(m, k, column, channel),
                                        b_signed);
            uint32_t signs = conf >> (16 + npu_mac_sign_bit(mode, m, o, k));
            if (m.a_bits == 32) { /* in two halves, each with its sign */
                int64_t low = (x & 0xffff) * y, high = (x >> 16) * y;
                sum += (uint64_t)((signs ^ (uint32_t)negate) & 1 ? -low : low);
                sum += (uint64_t)((signs >> 2 ^ (uint32_t)negate) & 1 ? -high : high) << 16;
            } else {
                int64_t product = m.lane_bits ? x * y : (x & 255) * (y & 255);
                product = (signs ^ (uint32_t)negate) & 1 ? -product : product;
                sum += (uint64_t)(m.lane_bits ? product : npu_narrow(product, 14, 1));
            }
        }
        if (m.lane_bits == 64)
            out.u64[o] = sum;
        else
            out.u32[o] = (uint32_t)sum;
    }
    return out;
}

/* The first accumulator as it counts: its lanes are 64 bits wide in amode 1, else 32. */
NPU_OP npu_y npu_mac_first(npu_y first, uint32_t conf)
{
    if (conf & 1)
        first = npu_vclr_y();
    for (int i = 0; conf >> 10 & 1 && i < 16; i++)
        first.u64[i] = (conf >> 1 & 3) == 1
                           ? first.u64[i] << 16
                           : (first.u64[i] << 16 & ~UINT64_C(0xffff00000000));
    return first;
}

/* Accumulators and products together. */
NPU_OP __attribute__((always_inline)) npu_y npu_mac_sum(npu_y first, npu_y second, npu_y products,
                                                        uint32_t conf, int signs)
{
    npu_y out;
    uint32_t subtract = (conf >> 11 & 7) ^ (uint32_t)signs;
    first = npu_mac_first(first, conf);
    if ((conf >> 1 & 3) == 1) {
        for (int i = 0; i < 16; i++) {
            uint64_t x = first.u64[i], y = second.u64[i];
            out.u64[i] = products.u64[i] + (subtract & 2 ? 0 - x : x) + (subtract & 4 ? 0 - y : y);
        }
    } else {
        for (int i = 0; i < 32; i++) {
            uint32_t x = first.u32[i], y = second.u32[i];
            out.u32[i] = products.u32[i] + (subtract & 2 ? 0 - x : x) + (subtract & 4 ? 0 - y : y);
        }
    }
    return out;
}

/* Float lanes that are asked for an integer mode do not see its products, but what is left of
 * them: the multipliers' partial products, a byte by a nibble and two of them together, are
 * shifted out to 0 or -1, which then counts with its weight, and rounding adds 1 without one (NPU).
 */
NPU_OP int64_t npu_mac_leftover(int mode, npu_y a, npu_x b, npu_q mask, uint32_t conf, int o)
{
    npu_mac_mode m = npu_mac_modes[mode];
    int channel = o % m.channels, column = o / m.channels % m.columns;
    int row = o / m.channels / m.columns, bytes = m.a_bits / 8, nibbles = m.b_bits / 4;
    int apart = m.a_bits * m.b_bits < 256 ? 256 / (m.a_bits * m.b_bits) : 1;
    int64_t sum = 0;
    for (int k = 0; k < m.inner; k++) {
        int64_t x[2] = {0, 0}, y[2] = {0, 0};
        if (k & apart)
            continue;
        for (int each = 0, at = k; each < 2 && at < m.inner; each++, at += apart) {
            int place = npu_mac_place(m, mask, row, at, column, channel);
            int other = npu_mac_place_of_b(m, at, column, channel);
            if (place >= 0) {
                x[each] = npu_mac_element(a.u8, m.a_bits, place, conf >> 9 & 1);
                y[each] = npu_mac_element(b.u8, m.b_bits, other, conf >> 8 & 1);
            }
        }
        for (int i = 0; i < bytes; i++)
            for (int j = 0; j < nibbles; j++) {
                int64_t whole = 0;
                for (int each = 0; each < 2; each++) {
                    int64_t part = x[each] >> 8 * i, by = y[each] >> 4 * j;
                    whole += (i < bytes - 1 ? part & 255 : part) * (j < nibbles - 1 ? by & 15 : by);
                }
                sum += whole < 0 ? 1 - (INT64_C(1) << (8 * i + 4 * j)) : 0;
            }
    }
    return sum;
}

/* The k-th operands of the 16 sums of a bfloat16 mode. */
NPU_OP void npu_mac_float_operands(int mode, int k, const npu_y *a, const npu_x *b,
                                   const npu_q *mask, npu_w *x, npu_w *y)
{
    if (mode == 17) {
        *x = a->w[k];
        *y = b->w[k];
    }
    for (int row = 0; mode == 8 && row < 4; row++) {
        x->u64[row] = a->u16[row * 8 + k] * UINT64_C(0x0001000100010001);
        y->u64[row] = b->u64[k];
    }
    for (int o = 0; mode == 25 && o < 16; o++) {
        int place = npu_mac_sparse_place(npu_mac_modes[25], *mask, k, o % 4);
        x->u16[o] = place < 0 ? 0 : a->u16[o / 4 * 16 + k / 2 * 4 + place];
        y->u16[o] = place < 0 ? 0 : b->u16[k * 4 + o % 4];
    }
}

/* The fp32 lanes of half an accumulator. */
NPU_OP npu_x npu_mac_float(npu_x first, npu_x second, npu_y a, npu_x b, npu_q mask, uint32_t conf,
                           int signs, npu_status *status)
{
    npu_y wide;
    npu_sums sums;
    int mode = npu_mac_mode_of(conf), is_float = npu_mac_is_float(conf);
    int inner = is_float && mode >= 0 ? npu_mac_modes[mode].inner : 0;
    int pairs = (conf >> 1 & 3) == 1;
    uint32_t subtract = (conf >> 11 & 7) ^ (uint32_t)signs;
    wide.x[0] = wide.x[1] = first;
    npu_sums_clear(&sums, pairs);
    npu_sums_add_fp32(&sums, npu_mac_first(wide, conf).x[0], subtract >> 1 & 1);
    npu_sums_add_fp32(&sums, second, subtract >> 2 & 1);
    NPU_STEP_BY_STEP
    for (int k = 0; k < inner; k++) {
        npu_w x, y;
        npu_x negate;
        uint64_t even = conf >> (16 + (k & 3)) ^ subtract, odd = conf >> (20 + (k & 3)) ^ subtract;
        npu_mac_float_operands(mode, k, &a, &b, &mask, &x, &y);
        for (int i = 0; i < 8; i++)
            negate.u64[i] = (even & 1) | (odd & 1) << 32;
        npu_sums_add_products(&sums, x, y, negate);
    }
    for (int o = 0; !is_float && mode >= 0 && o < 16 >> pairs; o++)
        sums.extra[o << pairs] = (int32_t)npu_mac_leftover(mode, a, b, mask, conf, o);
    return npu_sums_round(&sums, &status->fp);
}

/* The same sums where no single product is subtracted: matrices, as loops that a compiler makes
 * vector operations of, the faster the narrower the numbers are that it multiplies. */
#define NPU_MAC_WIDEN(number)                                                                     \
    NPU_OP __attribute__((always_inline)) void npu_mac_widen_##number(                            \
        int##number##_t *out, const npu_y *a, int bits, int n, int is_signed)                     \
    {                                                                                             \
        int unused = number - bits;                                                               \
        NPU_NOT_UNROLLED                                                                          \
        for (int i = 0; i < n; i++)                                                               \
            out[i] = (int##number##_t)(bits == 4    ? a->u8[i / 2] >> i % 2 * 4 & 15              \
                                       : bits == 8  ? a->u8[i]                                    \
                                       : bits == 16 ? a->u16[i]                                   \
                                                    : a->u32[i]);                                 \
        NPU_NOT_UNROLLED                                                                          \
        for (int i = 0; is_signed && i < n; i++)                                                  \
            out[i] = (int##number##_t)((int##number##_t)((uint##number##_t)out[i] << unused) >>   \
                                       unused);                                                   \
    }

#define NPU_MAC_MATRIX(number, lane)                                                              \
    NPU_OP __attribute__((always_inline)) npu_y npu_mac_matrix_##number##_##lane(                 \
        npu_mac_mode m, npu_y a, npu_x b, uint32_t conf, int negate)                              \
    {                                                                                             \
        npu_y sums = npu_vclr_y(), second = npu_y_of_x(b);                                        \
        int##number##_t x[64], y[128];                                                            \
        int wide = m.columns * m.channels;                                                        \
        npu_mac_widen_##number(x, &a, m.a_bits, m.rows * m.inner * m.channels, conf >> 9 & 1);    \
        npu_mac_widen_##number(y, &second, m.b_bits, m.inner * wide, conf >> 8 & 1);              \
        for (int row = 0; row < m.rows; row++) {                                                  \
            uint##lane##_t sum[32] = {0};                                                         \
            NPU_STEP_BY_STEP                                                                      \
            for (int k = 0; k < m.inner; k++)                                                     \
                for (int j = 0; j < wide; j++)                                                    \
                    sum[j] += (uint##lane##_t)x[(row * m.inner + k) * m.channels +                \
                                                j % m.channels] *                                 \
                              (uint##lane##_t)y[k * wide + j];                                    \
            __builtin_memcpy(&sums.u##lane[row * wide], sum, (unsigned)wide * lane / 8);          \
        }                                                                                         \
        for (int i = 0; negate && i < 1024 / lane; i++)                                           \
            sums.u##lane[i] = 0 - sums.u##lane[i];                                                \
        return sums;                                                                              \
    }

NPU_MAC_WIDEN(16)
NPU_MAC_WIDEN(32)
NPU_MAC_WIDEN(64)
NPU_MAC_MATRIX(16, 32)
NPU_MAC_MATRIX(32, 32)
NPU_MAC_MATRIX(32, 64)
NPU_MAC_MATRIX(64, 64)

#ifdef __AVX2__
/* 4 x 8 times 8 x 8 bytes, the shape that matrix kernels live in: rows of b in pairs, which a
 * processor with AVX2 multiplies and adds in one instruction. */
NPU_OP npu_y npu_mac_bytes(const npu_y *a, const npu_x *b, int a_signed, int b_signed)
{
    typedef uint8_t bytes __attribute__((vector_size(16)));
    typedef int8_t signed_bytes __attribute__((vector_size(16)));
    typedef int16_t numbers __attribute__((vector_size(32)));
    typedef int32_t sums __attribute__((vector_size(32)));
    int16_t x[32];
    sums total[4] = {{0}};
    for (int i = 0; i < 32; i++)
        x[i] = a_signed ? a->s8[i] : a->u8[i];
    for (int k = 0; k < 8; k += 2) {
        bytes rows;
        __builtin_memcpy(&rows, &b->u8[k * 8], sizeof rows);
        rows = __builtin_shufflevector(rows, rows, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7,
                                       15);
        numbers pairs = b_signed ? __builtin_convertvector((signed_bytes)rows, numbers)
                                 : __builtin_convertvector(rows, numbers);
        for (int row = 0; row < 4; row++) {
            int32_t pair;
            __builtin_memcpy(&pair, &x[row * 8 + k], sizeof pair);
            sums same = pair - (sums){0};
            total[row] += (sums)__builtin_ia32_pmaddwd256((numbers)same, pairs);
        }
    }
    npu_y out;
    __builtin_memcpy(&out, total, sizeof out);
    return out;
}
#endif

NPU_OP npu_y npu_mac_of_mode(const npu_y *a, const npu_x *b, const npu_q *mask, uint32_t conf,
                             int negate)
{
    int mode = npu_mac_mode_of(conf);
#define NPU_MAC_CASE(mode, number, lane)                                                          \
    case mode: return npu_mac_matrix_##number##_##lane(npu_mac_modes[mode], *a, *b, conf, negate);
    switch (conf >> 16 & 255 ? -1 : mode) {
        NPU_MAC_CASE(0, 16, 32) NPU_MAC_CASE(1, 16, 32) NPU_MAC_CASE(10, 16, 32)
        NPU_MAC_CASE(2, 32, 32) NPU_MAC_CASE(3, 32, 32) NPU_MAC_CASE(9, 32, 32)
        NPU_MAC_CASE(11, 32, 32)
        NPU_MAC_CASE(4, 32, 64) NPU_MAC_CASE(5, 32, 64) NPU_MAC_CASE(6, 32, 64)
        NPU_MAC_CASE(7, 32, 64) NPU_MAC_CASE(12, 32, 64)
        NPU_MAC_CASE(18, 64, 64)
    }
    if (mode >= 0)
        return npu_mac_products(mode, *a, *b, *mask, conf, negate);
    return npu_vclr_y();
}

NPU_OP __attribute__((always_inline)) npu_y npu_mac_integer(const npu_y *a, const npu_x *b,
                                                            const npu_q *mask, uint32_t conf,
                                                            int negate)
{
#ifdef __AVX2__ /* mode 1: 4 x 8 x 8 bytes */
    if ((conf & 0xff00fe) == 1 << 3 && !negate)
        return npu_mac_bytes(a, b, conf >> 9 & 1, conf >> 8 & 1);
#endif
    return npu_mac_of_mode(a, b, mask, conf, negate);
}

/* What the instructions have in common; an accumulator that one does not have is 0. */
NPU_OP __attribute__((always_inline)) npu_y npu_mac_whole(const npu_y *first, const npu_y *second,
                                                          const npu_y *a, const npu_x *b,
                                                          const npu_q *mask, uint32_t conf,
                                                          int signs)
{
    npu_y products = npu_mac_integer(a, b, mask, conf, (int)(conf >> 11 ^ (uint32_t)signs) & 1);
    return npu_mac_sum(first ? *first : npu_vclr_y(), second ? *second : npu_vclr_y(), products,
                       conf, signs);
}

NPU_OP npu_x npu_mac_half(const npu_x *first, const npu_x *second, const npu_y *a, const npu_x *b,
                          const npu_q *mask, uint32_t conf, int signs, npu_status *status)
{
    return npu_mac_float(first ? *first : npu_vclr_x(), second ? *second : npu_vclr_x(), *a, *b,
                         *mask, conf, signs, status);
}

/* The instructions. `a` is an x register, its upper half zero, or a y register; `b` an x register
 * or the x of a qx, `mask` the q of that. Integers work on a whole accumulator and set no flag,
 * floats (_f) work on half of one. */
#define NPU_PASTE(...) __VA_ARGS__
#define NPU_MULTIPLY(name, signs, one, two, y_parameters, x_parameters)                           \
    NPU_LARGE_OP npu_y npu_v##name(NPU_PASTE y_parameters npu_y a, npu_x b, npu_q mask,           \
                                   uint32_t conf, npu_status *status)                             \
    {                                                                                             \
        (void)status;                                                                             \
        return npu_mac_whole(one, two, &a, &b, &mask, conf, signs);                               \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_v##name##_f(NPU_PASTE x_parameters npu_y a, npu_x b, npu_q mask,       \
                                       uint32_t conf, npu_status *status)                         \
    {                                                                                             \
        return npu_mac_half(one, two, &a, &b, &mask, conf, signs, status);                        \
    }
#define NPU_MULTIPLY_ALONE(name, signs) NPU_MULTIPLY(name, signs, 0, 0, (), ())
#define NPU_MULTIPLY_ONTO(name, signs)                                                            \
    NPU_MULTIPLY(name, signs, &first, 0, (npu_y first, ), (npu_x first, ))
#define NPU_MULTIPLY_TWO(name, signs)                                                             \
    NPU_MULTIPLY(name, signs, &first, &second, (npu_y first, npu_y second, ),                     \
                 (npu_x first, npu_x second, ))

NPU_MULTIPLY_ALONE(mul, 0)
NPU_MULTIPLY_ALONE(negmul, NPU_SUBTRACT_PRODUCTS)
NPU_MULTIPLY_ONTO(mac, 0)
NPU_MULTIPLY_ONTO(msc, NPU_SUBTRACT_PRODUCTS)
NPU_MULTIPLY_ONTO(negmac, NPU_SUBTRACT_PRODUCTS | NPU_SUBTRACT_FIRST)
NPU_MULTIPLY_ONTO(negmsc, NPU_SUBTRACT_FIRST)
NPU_MULTIPLY_TWO(addmac, 0)
NPU_MULTIPLY_TWO(addmsc, NPU_SUBTRACT_PRODUCTS)
NPU_MULTIPLY_TWO(submac, NPU_SUBTRACT_SECOND)
NPU_MULTIPLY_TWO(submsc, NPU_SUBTRACT_PRODUCTS | NPU_SUBTRACT_SECOND)

/* Additions of accumulators read the same word, but multiply nothing. */
#define NPU_ACCUMULATORS(name, signs)                                                             \
    NPU_LARGE_OP npu_y npu_v##name(npu_y first, npu_y second, uint32_t conf)                      \
    {                                                                                             \
        return npu_mac_sum(first, second, npu_vclr_y(), conf, signs);                             \
    }                                                                                             \
    NPU_LARGE_OP npu_x npu_v##name##_f(npu_x first, npu_x second, uint32_t conf,                  \
                                       npu_status *status)                                        \
    {                                                                                             \
        return npu_mac_float(first, second, npu_vclr_y(), npu_vclr_x(), npu_no_mask(),            \
                             conf | 7 << 5, signs, status);                                       \
    }

NPU_ACCUMULATORS(add, 0)
NPU_ACCUMULATORS(sub, NPU_SUBTRACT_SECOND)
NPU_ACCUMULATORS(negadd, NPU_SUBTRACT_FIRST | NPU_SUBTRACT_SECOND)
NPU_ACCUMULATORS(negsub, NPU_SUBTRACT_FIRST)
NPU_ACCUMULATORS(neg, NPU_SUBTRACT_FIRST)

#endif
