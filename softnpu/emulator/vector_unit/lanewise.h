/* Commands that stay within a lane. */
#ifndef NPU_VECTOR_UNIT_LANEWISE_H
#define NPU_VECTOR_UNIT_LANEWISE_H

#include "elements.h"
#include "lanes.h"

#define NPU_EACH(expression) for (uint32_t i = 0; i < n; i++) out[i] = (int64_t)(expression); break

static int64_t npu_fit(int64_t value, npu_element_kind kind)
{
    uint8_t unseen = 0;
    return npu_saturate(value, kind.bits, kind.is_signed, 1, &unseen);
}

static void npu_integer_lanes(npu_vector_unit *unit, const npu_vector_command *c)
{
    int64_t a[NPU_MAX_LANES], b[NPU_MAX_LANES], out[NPU_MAX_LANES];
    int operation = c->operation & 255, type = (int)npu_a_type(c);
    npu_element_kind kind = npu_elements[type];
    uint32_t n = c->lanes;
    npu_operand(unit, type, c->a, n, (c->operation & NPU_SCALAR_A) != 0, a);
    if (c->b)
        npu_operand(unit, (int)npu_b_type(c), c->b, n, (c->operation & NPU_SCALAR_B) != 0, b);
    switch (operation) {
    case NPU_V_ADD: NPU_EACH((uint64_t)a[i] + (uint64_t)b[i]);
    case NPU_V_SUB: NPU_EACH((uint64_t)a[i] - (uint64_t)b[i]);
    case NPU_V_MIN: NPU_EACH(a[i] < b[i] ? a[i] : b[i]);
    case NPU_V_MAX: NPU_EACH(a[i] > b[i] ? a[i] : b[i]);
    case NPU_V_MAXDIFF: NPU_EACH(a[i] > b[i] ? a[i] - b[i] : 0);
    case NPU_V_AND: NPU_EACH(a[i] & b[i]);
    case NPU_V_OR: NPU_EACH(a[i] | b[i]);
    case NPU_V_XOR: NPU_EACH(a[i] ^ b[i]);
    case NPU_V_ADD_SAT: NPU_EACH(npu_fit(a[i] + b[i], kind));
    case NPU_V_SUB_SAT: NPU_EACH(npu_fit(a[i] - b[i], kind));
    case NPU_V_NEG: NPU_EACH(0 - (uint64_t)a[i]);
    case NPU_V_ABS: NPU_EACH(a[i] < 0 ? 0 - (uint64_t)a[i] : (uint64_t)a[i]);
    case NPU_V_NOT: NPU_EACH(~a[i]);
    case NPU_V_SHL: NPU_EACH(c->x > 63 ? 0 : (uint64_t)a[i] << c->x);
    case NPU_V_SHR: NPU_EACH(a[i] >> (c->x > 63 ? 63 : c->x));
    case NPU_V_LSHR:
        NPU_EACH(c->x >= kind.bits ? 0 : (uint64_t)npu_narrow(a[i], kind.bits, 0) >> c->x);
    case NPU_V_CONJ: NPU_EACH(i & 1 ? 0 - (uint64_t)a[i] : (uint64_t)a[i]);
    }
    npu_write(unit, (int)npu_out_type(c), c->out, n, out);
}

/* 16 sums of two floats, the second one negated or not. */
static npu_x npu_float_add(npu_x a, npu_x b, int negate, npu_status *status)
{
    npu_sums sums;
    npu_sums_clear(&sums, 0);
    npu_sums_add_fp32(&sums, a, 0);
    npu_sums_add_fp32(&sums, b, negate);
    return npu_sums_round(&sums, &status->fp);
}

/* Floats are ordered by sign and magnitude; nothing holds of what is no number (semantics, lanes). */
static int npu_float_less(uint32_t a, uint32_t b)
{
    int32_t x = a >> 31 ? -(int32_t)(a & 0x7fffffff) - 1 : (int32_t)a;
    int32_t y = b >> 31 ? -(int32_t)(b & 0x7fffffff) - 1 : (int32_t)b;
    return (a & 0x7fffffff) <= 0x7f800000 && (b & 0x7fffffff) <= 0x7f800000 && x < y;
}

static int npu_float_at_least(uint32_t a, uint32_t b)
{
    return (a & 0x7fffffff) <= 0x7f800000 && (b & 0x7fffffff) <= 0x7f800000 &&
           !npu_float_less(a, b);
}

static void npu_float_sums(npu_vector_unit *unit, const uint32_t *a, const uint32_t *b,
                           uint32_t n, int negate, uint32_t *out)
{
    for (uint32_t at = 0; at < n; at += 16) {
        npu_x x, y;
        __builtin_memcpy(&x, a + at, sizeof x);
        __builtin_memcpy(&y, b + at, sizeof y);
        x = npu_float_add(x, y, negate, &unit->status);
        __builtin_memcpy(out + at, &x, sizeof x);
    }
}

/* Which lanes of a are less than those of b, and which are at least as large. Of fp32 AIE-ML has no
 * comparison: the difference, as bfloat16, is compared with zero (llvm-aie, v16float). */
static void npu_float_order(npu_vector_unit *unit, int type, const uint32_t *a, const uint32_t *b,
                            uint32_t n, uint8_t *less, uint8_t *least)
{
    uint32_t difference[NPU_MAX_LANES + 16];
    if (type == NPU_F32)
        npu_float_sums(unit, a, b, n, 1, difference);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t x = a[i], y = b[i];
        if (type == NPU_F32) {
            x = (uint32_t)npu_bf16_of_fp32(difference[i], unit->control, &unit->status) << 16;
            x = x == 0x80000000u ? 0 : x;
            y = 0;
        }
        less[i] = (uint8_t)npu_float_less(x, y);
        least[i] = (uint8_t)npu_float_at_least(x, y);
    }
}

static void npu_float_lanes(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint32_t a[NPU_MAX_LANES], b[NPU_MAX_LANES], out[NPU_MAX_LANES];
    uint8_t less[NPU_MAX_LANES], least[NPU_MAX_LANES];
    uint32_t n = c->lanes;
    npu_read_floats(unit, (int)npu_a_type(c), c->a, n, (c->operation & NPU_SCALAR_A) != 0, a);
    if (c->b) {
        npu_read_floats(unit, (int)npu_b_type(c), c->b, n, (c->operation & NPU_SCALAR_B) != 0, b);
        npu_float_order(unit, (int)npu_a_type(c), a, b, n, less, least);
    }
    switch (c->operation & 255) {
    case NPU_V_ADD: npu_float_sums(unit, a, b, n, 0, out); break;
    case NPU_V_SUB: npu_float_sums(unit, a, b, n, 1, out); break;
    case NPU_V_MIN: NPU_EACH(least[i] ? b[i] : a[i]);
    case NPU_V_MAX: NPU_EACH(less[i] ? b[i] : a[i]);
    case NPU_V_MAXDIFF:
        npu_float_order(unit, (int)npu_a_type(c), b, a, n, less, least);
        npu_float_sums(unit, a, b, n, 1, out);
        for (uint32_t i = 0; i < n; i++)
            out[i] = less[i] ? out[i] : 0;
        break;
    case NPU_V_NEG: NPU_EACH(a[i] ^ 0x80000000u);
    case NPU_V_ABS: NPU_EACH(a[i] & 0x7fffffffu);
    case NPU_V_CONJ: NPU_EACH(i & 1 ? a[i] ^ 0x80000000u : a[i]);
    default: npu_fail(unit, NPU_NO_OPERATION, c->operation); return;
    }
    npu_write_floats(unit, (int)npu_out_type(c), c->out, n, out);
}

/* One element of all: the upper half with the lower one, until one is left. */
static void npu_reduce(npu_vector_unit *unit, const npu_vector_command *c)
{
    int64_t a[NPU_MAX_LANES];
    int type = (int)npu_a_type(c);
    npu_read(unit, type, c->a, c->lanes, a);
    for (uint32_t half = c->lanes / 2; half; half /= 2)
        for (uint32_t i = 0; i < half; i++) {
            int64_t x = a[i], y = a[i + half];
            int less = npu_elements[type].is_float
                           ? npu_float_less((uint32_t)x << (type == NPU_BF16 ? 16 : 0),
                                            (uint32_t)y << (type == NPU_BF16 ? 16 : 0))
                           : x < y;
            a[i] = c->x == NPU_V_ADD    ? (int64_t)((uint64_t)x + (uint64_t)y)
                   : c->x == NPU_V_MAX ? (less ? y : x)
                                       : (less ? x : y);
        }
    npu_write(unit, type, c->out, 1, a);
}

/* A comparison's mask: words, the last one's unused bits zero. The API's comparisons of bfloat16
 * first send the first operand through an accumulator, where denormal numbers and -0 become 0. */
static void npu_compare(npu_vector_unit *unit, const npu_vector_command *c)
{
    int64_t a[NPU_MAX_LANES], b[NPU_MAX_LANES];
    uint32_t x[NPU_MAX_LANES], y[NPU_MAX_LANES];
    uint8_t float_less[NPU_MAX_LANES], float_least[NPU_MAX_LANES];
    uint32_t words[NPU_MAX_LANES / 32] = {0}, bytes = (c->lanes + 31) / 32 * 4;
    npu_element_kind kind = npu_elements[npu_a_type(c)];
    int operation = c->operation & 255, type = kind.part;
    uint32_t n = c->lanes << kind.is_complex;
    int one_a = (c->operation & NPU_SCALAR_A) != 0, one_b = (c->operation & NPU_SCALAR_B) != 0;
    int is_float = kind.is_float;
    if (is_float) {
        npu_read_floats(unit, type, c->a, n, one_a, x);
        npu_read_floats(unit, type, c->b, n, one_b, y);
        for (uint32_t i = 0; i < n && type == NPU_BF16; i++)
            x[i] = x[i] & 0x7f800000 ? x[i] : 0;
        npu_float_order(unit, type, x, y, n, float_less, float_least);
    } else {
        npu_operand(unit, type, c->a, n, one_a, a);
        npu_operand(unit, type, c->b, n, one_b, b);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t less = is_float ? float_less[i] : a[i] < b[i];
        uint32_t least = is_float ? float_least[i] : a[i] >= b[i];
        uint32_t more = is_float ? x[i] != y[i] : a[i] > b[i];
        uint32_t holds = operation == NPU_V_LT ? less : operation == NPU_V_GE ? least : least & !more;
        uint32_t lane = i >> kind.is_complex;
        if (kind.is_complex && i % 2 && !holds) /* equal in the real part alone */
            words[lane / 32] &= ~(1u << lane % 32);
        else if (!kind.is_complex || i % 2 == 0)
            words[lane / 32] |= holds << lane % 32;
    }
    __builtin_memcpy(npu_output(unit, c->out, bytes), words, bytes);
}

static void npu_select(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint8_t out[16 * NPU_MAX_LANES];
    uint32_t bytes = (uint32_t)c->x, n = c->lanes;
    int one_a = (c->operation & NPU_SCALAR_A) != 0, one_b = (c->operation & NPU_SCALAR_B) != 0;
    const uint8_t *a = npu_memory(unit, c->a, one_a ? bytes : n * bytes);
    const uint8_t *b = npu_memory(unit, c->b, one_b ? bytes : n * bytes);
    const uint8_t *mask = npu_memory(unit, c->c, (n + 31) / 32 * 4);
    for (uint32_t i = 0; i < n; i++) {
        int second = mask[i / 8] >> i % 8 & 1;
        const uint8_t *from = second ? b + (one_b ? 0 : i * bytes) : a + (one_a ? 0 : i * bytes);
        __builtin_memcpy(out + i * bytes, from, bytes);
    }
    __builtin_memcpy(npu_output(unit, c->out, n * bytes), out, n * bytes);
}

static void npu_fill(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint8_t value[16];
    uint32_t bytes = (uint32_t)c->x & 15 ? (uint32_t)c->x & 15 : 16;
    uint8_t *to = npu_output(unit, c->out, c->lanes * bytes);
    __builtin_memcpy(value, npu_memory(unit, c->a, bytes), bytes);
    for (uint32_t i = 0; i < c->lanes; i++)
        __builtin_memcpy(to + i * bytes, value, bytes);
}

#endif
