/* Functions of floats.
 *
 * AIE-ML has no instruction for them: the API computes 1/x and 1/sqrt(x) of vectors in a few
 * multiplications from a first guess (aie_api), which is done here step by step, so that bits
 * agree. The others are instructions of AIE-ML v2 alone, whose tables nobody has published: they
 * are rounded to the nearest here.
 */
#ifndef NPU_VECTOR_UNIT_FUNCTIONS_H
#define NPU_VECTOR_UNIT_FUNCTIONS_H

#include "lanewise.h"
#include "products.h"

/* first +- a * b in 16 lanes, of bfloat16 or of fp32 numbers. */
static npu_x npu_fma(npu_vector_unit *unit, npu_x first, npu_x a, npu_x b, int negate, int wide)
{
    uint16_t pa[3][NPU_MAX_LANES], pb[3][NPU_MAX_LANES];
    npu_places lanes = {.size_a = 16, .size_b = 16};
    npu_x sum = npu_vclr_x(), none = npu_vclr_x();
    for (uint32_t i = 0; i < 16; i++)
        lanes.a[i] = lanes.b[i] = i;
    npu_split_float(a.u32, 16, wide ? 3 : 1, pa);
    npu_split_float(b.u32, 16, wide ? 3 : 1, pb);
    for (int i = wide ? 0 : 8; i < 9; i++)
        sum = npu_float_step(&lanes, 0, 16, 0, 1, pa[npu_float_parts[i][0]],
                             pb[npu_float_parts[i][1]], i == 8 ? first : none, 0, sum, negate, 0,
                             &unit->status.fp);
    return sum;
}

/* What a step leaves in a vector: bfloat16 rounds. */
static npu_x npu_kept(npu_vector_unit *unit, npu_x a, int wide)
{
    for (int i = 0; i < 16 && !wide; i++)
        a.u32[i] = (uint32_t)npu_bf16_of_fp32(a.u32[i], unit->control, &unit->status) << 16;
    return a;
}

static npu_x npu_all(float value)
{
    npu_x out;
    for (int i = 0; i < 16; i++)
        out.u32[i] = npu_bits_of(value);
    return out;
}

/* A constant as bfloat16, which C++ rounds to the nearest. */
static npu_x npu_constant(float value, int wide)
{
    uint32_t bits = npu_bits_of(value);
    npu_x out;
    for (int i = 0; i < 16; i++)
        out.u32[i] = wide ? bits : (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    return out;
}

static npu_x npu_reciprocal(npu_vector_unit *unit, npu_x v, int wide)
{
    npu_x y, none = npu_vclr_x(), step;
    for (int i = 0; i < 16; i++)
        y.u32[i] = wide ? 0x7eb53567u - v.u32[i] : (0x7eb50000u - v.u32[i]) & 0xffff0000u;
    step = npu_fma(unit, none, v, y, 1, wide);
    step = npu_kept(unit, npu_float_add(step, npu_all(1.436142f), 0, &unit->status), wide);
    step = npu_kept(unit, npu_fma(unit, none, step, y, 0, wide), wide);
    y = npu_kept(unit, npu_fma(unit, none, step, npu_constant(1.9395974f, wide), 1, wide), wide);
    step = npu_kept(unit, npu_fma(unit, npu_all(2.0f), y, v, 0, wide), wide);
    return npu_kept(unit, npu_fma(unit, none, y, step, 1, wide), wide);
}

static npu_x npu_reciprocal_root(npu_vector_unit *unit, npu_x v, int wide)
{
    const float half = 0.703952253f, third = 2.38924456f;
    npu_x none = npu_vclr_x(), y, squared;
    npu_x scaled = npu_kept(unit, npu_fma(unit, none, v, npu_constant(half, wide), 0, wide), wide);
    for (int i = 0; i < 16; i++) {
        uint8_t unseen = 0;
        int64_t halved = npu_srs_lane(v.s32[i], 1, 32, 1, unit->control, &unseen);
        y.u32[i] = 0x5f1ffff9u - (uint32_t)halved;
    }
    y = npu_kept(unit, y, wide);
    squared = npu_kept(unit, npu_fma(unit, none, y, y, 0, wide), wide);
    scaled = npu_kept(unit, npu_fma(unit, npu_all(half * third), scaled, squared, 1, wide), wide);
    return npu_kept(unit, npu_fma(unit, none, y, scaled, 0, wide), wide);
}

static double npu_exp2(double x)
{
    if (x != x)
        return x;
    if (x > 1100 || x < -1100)
        return x > 0 ? npu_power_of_two(1024) : 0;
    int64_t whole = npu_round_to_even(x);
    double power = (x - (double)whole) * 0.69314718055994530942, term = 1, sum = 1;
    for (int i = 1; i < 18; i++) {
        term *= power / i;
        sum += term;
    }
    return sum * npu_power_of_two((int)whole / 2) * npu_power_of_two((int)whole - (int)whole / 2);
}

static double npu_tanh(double x)
{
    double power = npu_exp2((x < 0 ? -x : x) * -2.88539008177792681472), value;
    if (x > -0.01 && x < 0.01)
        return x - x * x * x / 3 + 2 * x * x * x * x * x / 15;
    value = (1 - power) / (1 + power);
    return x < 0 ? -value : value;
}

/* The sine of x quarters of a turn further on. */
static double npu_sine(double x, int quarters)
{
    int64_t turns = npu_round_to_even(x * 0.63661977236758134308);
    double rest = x - (double)turns * 1.57079632679489661923;
    rest -= (double)turns * 6.123233995736766e-17;
    double term = (turns + quarters) & 1 ? 1 : rest, sum = term;
    for (int i = (turns + quarters) & 1 ? 2 : 3; i < 24; i += 2) {
        term *= -rest * rest / (i * (i - 1));
        sum += term;
    }
    return (turns + quarters) & 2 ? -sum : sum;
}

static double npu_log2(double x)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    if (!(x > 0) || bits >> 52 == 0x7ff)
        return x == 0 ? -npu_power_of_two(1024) : x > 0 ? x : (x - x) / 0.0;
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000);
    __builtin_memcpy(&x, &bits, 8);
    double ratio = (x - 1) / (x + 1), power = ratio, sum = 0;
    for (int i = 1; i < 60; i += 2, power *= ratio * ratio)
        sum += power / i;
    return exponent + sum * 2.88539008177792681472;
}

static void npu_function(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint32_t a[NPU_MAX_LANES], out[NPU_MAX_LANES];
    int operation = c->operation & 255, wide = npu_a_type(c) == NPU_F32;
    npu_read_floats(unit, (int)npu_a_type(c), c->a, c->lanes, 0, a);
    if ((operation == NPU_V_INV || operation == NPU_V_INVSQRT) && !c->x) {
        for (uint32_t at = 0; at < c->lanes; at += 16) {
            npu_x v;
            __builtin_memcpy(&v, a + at, sizeof v);
            v = operation == NPU_V_INV ? npu_reciprocal(unit, v, wide)
                                     : npu_reciprocal_root(unit, v, wide);
            __builtin_memcpy(out + at, &v, sizeof v);
        }
    } else {
        for (uint32_t i = 0; i < c->lanes; i++) {
            double x = npu_float_of(a[i]), value;
            switch (operation) {
            case NPU_V_INV: value = 1 / x; break;
            case NPU_V_INVSQRT: value = 1 / __builtin_sqrt(x); break;
            case NPU_V_SQRT: value = __builtin_sqrt(x); break;
            case NPU_V_EXP2: value = npu_exp2(x); break;
            case NPU_V_TANH: value = npu_tanh(x); break;
            case NPU_V_SIN: value = npu_sine(x, 0); break;
            case NPU_V_COS: value = npu_sine(x, 1); break;
            default: value = npu_log2(x);
            }
            out[i] = npu_bits_of((float)value);
        }
    }
    npu_control control = unit->control;
    if (c->x) /* an instruction of its own rounds by itself */
        unit->control.rnd = NPU_CONV_EVEN;
    npu_write_floats(unit, (int)npu_out_type(c), c->out, c->lanes, out);
    unit->control = control;
}

#endif
