/* Commands that multiply into accumulators.
 *
 * Where products meet is told by places: out[row][column][channel] sums over k the products of
 * a[row][k][channel] and b[k][column][channel]. Element-wise products are those of many channels.
 */
#ifndef NPU_VECTOR_UNIT_PRODUCTS_H
#define NPU_VECTOR_UNIT_PRODUCTS_H

#include "narrowing.h"

#define NPU_FLOAT_TERMS 8 /* products that one instruction adds at once */

typedef struct {
    uint32_t rows, inner, columns, channels;
    uint32_t row; /* what lies between two rows of a, in elements */
    const npu_slide *slide; /* else 0 */
} npu_shape;

/* Where the operands of a result's first product lie; the next ones follow in steps. */
typedef struct {
    uint32_t a[NPU_MAX_LANES], b[NPU_MAX_LANES], step_a, step_b, size_a, size_b;
} npu_places;

static void npu_find_places(const npu_shape *s, npu_places *p)
{
    uint32_t o = 0;
    p->size_a = p->size_b = UINT32_MAX;
    p->step_a = s->channels;
    p->step_b = s->columns * s->channels;
    for (uint32_t row = 0; row < s->rows; row++)
        for (uint32_t j = 0; j < s->columns * s->channels; j++, o++) {
            p->a[o] = row * s->row + j % s->channels;
            p->b[o] = j;
        }
    if (!s->slide)
        return;
    p->size_a = s->slide->size_a;
    p->size_b = s->slide->size_b;
    p->step_a = s->slide->step_a;
    p->step_b = s->slide->step_x;
    for (o = 0; o < s->channels; o++) {
        p->a[o] = s->slide->start_a;
        p->b[o] = s->slide->start_b + o * s->slide->step_y;
    }
}

static npu_shape npu_shape_of(npu_vector_unit *unit, const npu_vector_command *c)
{
    npu_shape s = {0};
    if ((c->operation & 255) == NPU_V_SLIDE) {
        s.slide = (const npu_slide *)npu_memory(unit, (uint32_t)c->x, sizeof *s.slide);
        s.rows = s.columns = 1;
        s.channels = c->lanes;
        s.inner = s.slide->points;
        if (!s.slide->size_a || !s.slide->size_b)
            npu_fail(unit, NPU_NO_OPERATION, c->operation);
    } else {
        s.rows = (uint32_t)c->x & 0xffff;
        s.inner = (uint32_t)c->x >> 16;
        s.columns = (uint32_t)c->y & 0xffff;
        s.channels = (uint32_t)c->y >> 16;
    }
    s.row = s.channels * (c->operation & NPU_CONVOLUTION ? 1 : s.inner);
    return s;
}

static uint32_t npu_count_a(const npu_shape *s)
{
    return s->slide ? s->slide->size_a : (s->rows - 1) * s->row + s->inner * s->channels;
}

static uint32_t npu_count_b(const npu_shape *s)
{
    return s->slide ? s->slide->size_b : s->inner * s->columns * s->channels;
}

/* Matrices whose rows lie beside each other: loops that become vector operations. */
#define NPU_MATRIX_LOOPS(name, number)                                                            \
    static void npu_matrix_##name(const npu_shape *s, const int64_t *wide_a,                      \
                                  const int64_t *wide_b, int64_t *out)                            \
    {                                                                                             \
        number a[NPU_MAX_LANES], b[NPU_MAX_LANES];                                         \
        number sum[NPU_MAX_LANES / 4];                                                            \
        uint32_t wide = s->columns * s->channels;                                                 \
        for (uint32_t i = 0; i < npu_count_a(s); i++)                                             \
            a[i] = (number)wide_a[i];                                                             \
        for (uint32_t i = 0; i < npu_count_b(s); i++)                                             \
            b[i] = (number)wide_b[i];                                                             \
        for (uint32_t row = 0; row < s->rows; row++) {                                            \
            for (uint32_t j = 0; j < wide; j++)                                                   \
                sum[j] = 0;                                                                       \
            for (uint32_t k = 0; k < s->inner; k++) {                                             \
                const number *x = a + (row * s->inner + k) * s->channels, *y = b + k * wide;      \
                if (s->channels == 1)                                                             \
                    for (uint32_t j = 0; j < wide; j++)                                           \
                        sum[j] += x[0] * y[j];                                                    \
                else                                                                              \
                    for (uint32_t j = 0; j < wide; j++)                                           \
                        sum[j] += x[j % s->channels] * y[j];                                      \
            }                                                                                     \
            for (uint32_t j = 0; j < wide; j++)                                                   \
                out[row * wide + j] = (int64_t)sum[j];                                            \
        }                                                                                         \
    }

NPU_MATRIX_LOOPS(32, uint32_t)
NPU_MATRIX_LOOPS(64, uint64_t)

/* Of an operand that is one number: its parts; 0 of others. */
static uint32_t npu_scalar_parts(const npu_vector_command *c, uint32_t flag, npu_element_kind kind)
{
    return c->operation & flag ? 1u << kind.is_complex : 0;
}

/* Sums of integers, real or complex ones; they wrap at the accumulator's width. */
static void npu_integer_products(npu_vector_unit *unit, const npu_vector_command *c)
{
    int64_t a[2 * NPU_MAX_LANES], b[2 * NPU_MAX_LANES], acc[2 * NPU_MAX_LANES];
    int64_t out[2 * NPU_MAX_LANES];
    npu_places places;
    npu_shape s = npu_shape_of(unit, c);
    int ta = (int)npu_a_type(c), tb = (int)npu_b_type(c), to = (int)npu_out_type(c);
    npu_element_kind ka = npu_elements[ta], kb = npu_elements[tb], ko = npu_elements[to];
    uint32_t n = s.rows * s.columns * s.channels, na = npu_count_a(&s), nb = npu_count_b(&s);
    if (unit->fault || n > NPU_MAX_LANES || na > NPU_MAX_LANES || nb > NPU_MAX_LANES) {
        npu_fail(unit, NPU_NO_OPERATION, c->operation);
        return;
    }
    npu_operand(unit, ka.part, c->a, na << ka.is_complex, npu_scalar_parts(c, NPU_SCALAR_A, ka), a);
    npu_operand(unit, kb.part, c->b, nb << kb.is_complex, npu_scalar_parts(c, NPU_SCALAR_B, kb), b);
    int matrix = !ko.is_complex && !s.slide && !(c->operation & NPU_CONVOLUTION);
    if (matrix && ko.bits == 32) {
        npu_matrix_32(&s, a, b, out);
    } else if (matrix) {
        npu_matrix_64(&s, a, b, out);
    } else {
        npu_find_places(&s, &places);
        for (uint32_t o = 0; o < n; o++) {
            uint64_t real = 0, imaginary = 0;
            for (uint32_t k = 0; k < s.inner; k++) {
                uint32_t pa = (places.a[o] + k * places.step_a) % places.size_a;
                uint32_t pb = (places.b[o] + k * places.step_b) % places.size_b;
                uint64_t ar = (uint64_t)a[pa << ka.is_complex];
                uint64_t br = (uint64_t)b[pb << kb.is_complex];
                uint64_t ai = ka.is_complex ? (uint64_t)a[2 * pa + 1] : 0;
                uint64_t bi = kb.is_complex ? (uint64_t)b[2 * pb + 1] : 0;
                ai = c->operation & NPU_CONJUGATE_A ? 0 - ai : ai;
                bi = c->operation & NPU_CONJUGATE_B ? 0 - bi : bi;
                real += ar * br - ai * bi;
                imaginary += ar * bi + ai * br;
            }
            out[o << ko.is_complex] = (int64_t)real;
            if (ko.is_complex)
                out[2 * o + 1] = (int64_t)imaginary;
        }
    }
    n <<= ko.is_complex;
    int two = c->operation & NPU_SECOND_C ? 1 : 0;
    if (c->c)
        npu_read(unit, ko.part, c->c, n << two, acc);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t sum = (uint64_t)out[i], first = c->c ? (uint64_t)acc[i] : 0;
        uint64_t second = two ? (uint64_t)acc[n + i] : 0;
        first <<= c->operation & NPU_SHIFT_C ? 16 : 0;
        out[i] = (int64_t)((c->operation & NPU_NEGATE_C ? 0 - first : first) +
                           (c->operation & NPU_NEGATE_SECOND ? 0 - second : second) +
                           (c->operation & NPU_NEGATE ? 0 - sum : sum));
    }
    npu_write(unit, ko.part, c->out, n, out);
}

/* Where the products of 16 lanes are that a sparse operand has among 16; the others meet none. */
typedef struct {
    uint8_t at[16][NPU_FLOAT_TERMS], count[16];
} npu_there;

static npu_there npu_find_there(const npu_places *p, uint32_t o, uint32_t lanes, uint32_t k0,
                              uint32_t k1, const uint16_t *b)
{
    npu_there there = {0};
    for (uint32_t i = 0; i < lanes; i++)
        for (uint32_t k = k0; k < k1; k++)
            if (b[p->b[o + i] + k * p->step_b] & 0x7fff && there.count[i] < NPU_FLOAT_TERMS)
                there.at[i][there.count[i]++] = (uint8_t)(k - k0);
    return there;
}

/* One instruction's worth: 16 lanes from `o` on, the products k0 to k1, onto two accumulators. */
static npu_x npu_float_step(const npu_places *p, uint32_t o, uint32_t lanes, uint32_t k0,
                            uint32_t k1, const uint16_t *a, const uint16_t *b, npu_x first,
                            int negate_first, npu_x second, int negate, const npu_there *there,
                            uint8_t *flags)
{
    npu_sums sums;
    npu_x signs;
    for (int i = 0; i < 16; i++)
        signs.s32[i] = negate;
    npu_sums_clear(&sums, 0);
    npu_sums_add_fp32(&sums, first, negate_first);
    npu_sums_add_fp32(&sums, second, 0);
    for (uint32_t term = k0; term < k1 && !(there && term == k0 + NPU_FLOAT_TERMS); term++) {
        npu_w x = {{0}}, y = {{0}};
        for (uint32_t i = 0; i < lanes; i++) {
            uint32_t k = term;
            if (there && term - k0 >= there->count[i])
                continue;
            if (there)
                k = k0 + there->at[i][term - k0];
            uint32_t at_a = p->a[o + i] + k * p->step_a, at_b = p->b[o + i] + k * p->step_b;
            x.u16[i] = a[at_a < p->size_a ? at_a : at_a % p->size_a];
            y.u16[i] = b[at_b < p->size_b ? at_b : at_b % p->size_b];
        }
        npu_sums_add_products(&sums, x, y, signs);
    }
    return npu_sums_round(&sums, flags);
}

/* A float as bfloat16, cut off, and what that leaves as two more (llvm-aie: fp32 on AIE2). */
static void npu_split_float(const uint32_t *from, uint32_t n, int parts,
                            uint16_t (*out)[NPU_MAX_LANES])
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bits = from[i];
        for (int part = 0; part < parts; part++) {
            uint32_t high = bits & 0xffff0000u;
            out[part][i] = (uint16_t)(bits >> 16);
            if ((bits >> 23 & 255) == 255)
                continue; /* no number, or infinity, stays so in every part */
            bits = npu_bits_of(npu_float_of(bits) - npu_float_of(high));
            bits = bits & 0x7f800000 ? bits : 0;
        }
    }
}

/* Which parts meet, in the order of their sums; from an accuracy's start on (llvm-aie). */
static const uint8_t npu_float_parts[9][2] = {{2, 2}, {2, 1}, {1, 2}, {0, 2}, {1, 1},
                                              {2, 0}, {1, 0}, {0, 1}, {0, 0}};

/* out = +-out + second +- sums of products of real numbers, of fp32 ones where `wide`. */
static void npu_float_product_sums(npu_vector_unit *unit, const npu_shape *s, const uint32_t *a,
                                   const uint32_t *b, int wide, int negate, int negate_out,
                                   int sparse, const uint32_t *second, uint32_t *out)
{
    const uint32_t terms = sparse ? 2 * NPU_FLOAT_TERMS : NPU_FLOAT_TERMS;
    uint16_t pa[3][NPU_MAX_LANES], pb[3][NPU_MAX_LANES];
    npu_places places;
    uint32_t n = s->rows * s->columns * s->channels;
    npu_split_float(a, npu_count_a(s), wide ? 3 : 1, pa);
    npu_split_float(b, npu_count_b(s), wide ? 3 : 1, pb);
    npu_find_places(s, &places);
    for (uint32_t o = 0; o < n; o += 16) {
        npu_x acc, other, none = npu_vclr_x(), sum = none;
        uint32_t count = n - o < 16 ? n - o : 16;
        __builtin_memcpy(&acc, out + o, sizeof acc);
        __builtin_memcpy(&other, second + o, sizeof other);
        for (uint32_t k = 0; k < s->inner; k += terms, other = none) {
            uint32_t end = s->inner - k < terms ? s->inner : k + terms;
            int sign = negate_out && k == 0;
            if (!wide) {
                npu_there there = {0};
                if (sparse)
                    there = npu_find_there(&places, o, count, k, end, pb[0]);
                acc = npu_float_step(&places, o, count, k, end, pa[0], pb[0], acc, sign, other,
                                     negate, sparse ? &there : 0, &unit->status.fp);
                continue;
            }
            sum = other;
            for (int i = 0; i < 9; i++) /* the last sum takes the accumulator in */
                sum = npu_float_step(&places, o, count, k, end, pa[npu_float_parts[i][0]],
                                     pb[npu_float_parts[i][1]], i == 8 ? acc : none,
                                     i == 8 && sign, sum, negate, 0, &unit->status.fp);
            acc = sum;
        }
        __builtin_memcpy(out + o, &acc, count * 4);
    }
}

/* One part of complex numbers that lie in turns, as many as there are; else the real part. */
static const uint32_t *npu_part_of(const uint32_t *numbers, uint32_t n, int is_complex, int part,
                                   uint32_t *out)
{
    if (!is_complex)
        return numbers;
    for (uint32_t i = 0; i < n; i++)
        out[i] = numbers[2 * i + (uint32_t)part];
    return out;
}

static void npu_float_products(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint32_t a[2 * NPU_MAX_LANES], b[2 * NPU_MAX_LANES], sums[2 * NPU_MAX_LANES] = {0};
    uint32_t left[NPU_MAX_LANES], right[NPU_MAX_LANES], out[NPU_MAX_LANES + 16];
    uint32_t second[NPU_MAX_LANES + 16] = {0};
    npu_shape s = npu_shape_of(unit, c);
    int ta = (int)npu_a_type(c), tb = (int)npu_b_type(c), to = (int)npu_out_type(c);
    npu_element_kind ka = npu_elements[ta], kb = npu_elements[tb], ko = npu_elements[to];
    uint32_t n = s.rows * s.columns * s.channels, na = npu_count_a(&s), nb = npu_count_b(&s);
    int wide = ka.part == NPU_F32 || kb.part == NPU_F32, negate = (c->operation & NPU_NEGATE) != 0;
    if (unit->fault || n > NPU_MAX_LANES || na > NPU_MAX_LANES || nb > NPU_MAX_LANES) {
        npu_fail(unit, NPU_NO_OPERATION, c->operation);
        return;
    }
    npu_read_floats(unit, ka.part, c->a, na << ka.is_complex,
                    npu_scalar_parts(c, NPU_SCALAR_A, ka), a);
    npu_read_floats(unit, kb.part, c->b, nb << kb.is_complex,
                    npu_scalar_parts(c, NPU_SCALAR_B, kb), b);
    int two = c->operation & NPU_SECOND_C && !ko.is_complex;
    if (c->c)
        npu_read_floats(unit, NPU_F32, c->c, n << (ko.is_complex | two), 0, sums);
    for (uint32_t i = 0; two && i < n; i++)
        second[i] = sums[n + i] ^ (c->operation & NPU_NEGATE_SECOND ? 0x80000000u : 0);
    for (int part = 0; part <= ko.is_complex; part++) {
        int negate_c = (c->operation & NPU_NEGATE_C) != 0;
        for (uint32_t i = 0; i < n; i++)
            out[i] = sums[(i << ko.is_complex) + (uint32_t)part];
        /* the parts whose products make this one: real by real first, then what is left */
        for (int of_a = 0; of_a <= ka.is_complex; of_a++) {
            int of_b = of_a ^ part;
            if (of_b > kb.is_complex)
                continue;
            int turned = (of_a && of_b) ^ (of_a && c->operation & NPU_CONJUGATE_A) ^
                         (of_b && c->operation & NPU_CONJUGATE_B);
            npu_float_product_sums(unit, &s, npu_part_of(a, na, ka.is_complex, of_a, left),
                                   npu_part_of(b, nb, kb.is_complex, of_b, right), wide,
                                   negate ^ turned, negate_c,
                                   (c->operation & NPU_SPARSE) != 0, second, out);
            negate_c = 0;
        }
        for (uint32_t i = 0; i < n; i++)
            sums[(i << ko.is_complex) + (uint32_t)part] = out[i];
    }
    npu_write_floats(unit, ko.part, c->out, n << ko.is_complex, sums);
}

#endif
