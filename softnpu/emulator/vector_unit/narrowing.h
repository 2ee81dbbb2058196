/* Commands between widths and kinds of numbers. */
#ifndef NPU_VECTOR_UNIT_NARROWING_H
#define NPU_VECTOR_UNIT_NARROWING_H

#include "elements.h"

/* Lanes as many as a complex element has parts. */
static uint32_t npu_parts(const npu_vector_command *c, int type)
{
    return c->lanes << npu_elements[type].is_complex;
}

static void npu_narrow_lanes(npu_vector_unit *unit, const npu_vector_command *c)
{
    int64_t lanes[NPU_MAX_LANES];
    int from = npu_elements[npu_a_type(c)].part, to = npu_elements[npu_out_type(c)].part;
    npu_element_kind kind = npu_elements[to];
    uint32_t n = npu_parts(c, (int)npu_a_type(c)), shift = (uint32_t)c->x;
    npu_control control = unit->control;
    uint8_t unseen = 0;
    npu_read(unit, from, c->a, n, lanes);
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = lanes[i];
        switch (c->operation & 255) {
        case NPU_V_UPS:
            lanes[i] = npu_ups_lane(value, shift, kind.bits, control, &unit->status.ups_of);
            break;
        case NPU_V_SRS:
            lanes[i] = npu_srs_lane(value, shift, kind.bits, kind.is_signed, control,
                                    &unit->status.srs_of);
            break;
        default:
            lanes[i] = npu_saturate(value, kind.bits, kind.is_signed, control.sat, &unseen);
        }
    }
    npu_write(unit, to, c->out, n, lanes);
}

/* 2^exponent, exactly; 0 and infinity beyond. */
static double npu_power_of_two(int exponent)
{
    uint64_t bits = exponent < -1022   ? 0
                    : exponent > 1023 ? UINT64_C(0x7ff0000000000000)
                                      : (uint64_t)(exponent + 1023) << 52;
    double power;
    __builtin_memcpy(&power, &bits, 8);
    return power;
}

static float npu_float_of(uint32_t bits)
{
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

static uint32_t npu_bits_of(float value)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    return bits;
}

static int64_t npu_round_to_even(double value)
{
    const double far = 6755399441055744.0; /* 1.5 * 2^52: its neighbours are integers */
    if (value != value || value > 4503599627370495.0 || value < -4503599627370495.0)
        return value > 0 || value != value ? INT64_MAX : INT64_MIN;
    volatile double sum = value + far;
    return (int64_t)(sum - far);
}

static void npu_convert(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint32_t floats[NPU_MAX_LANES];
    int64_t lanes[NPU_MAX_LANES];
    int from = npu_elements[npu_a_type(c)].part, to = npu_elements[npu_out_type(c)].part;
    npu_element_kind kind = npu_elements[to];
    uint32_t n = npu_parts(c, (int)npu_a_type(c));
    if (npu_elements[from].is_float)
        npu_read_floats(unit, from, c->a, n, 0, floats);
    else
        npu_read(unit, from, c->a, n, lanes);
    switch (c->operation & 255) {
    case NPU_V_FLOOR:
        for (uint32_t i = 0; i < n; i++)
            lanes[i] = npu_floor_bf16((uint16_t)(floats[i] >> 16), (uint32_t)c->x, &unit->status);
        break;
    case NPU_V_ROUND: /* to the nearest, halves to even, as adding a large number does */
        for (uint32_t i = 0; i < n; i++)
            lanes[i] = npu_saturate(
                npu_round_to_even((double)npu_float_of(floats[i]) * npu_power_of_two(c->x)),
                kind.bits, kind.is_signed, 1, &unit->status.srs_of);
        break;
    default:
        if (!npu_elements[from].is_float && kind.is_float)
            for (uint32_t i = 0; i < n; i++)
                floats[i] = npu_bits_of((float)((double)lanes[i] * npu_power_of_two(-c->x)));
    }
    if (kind.is_float)
        npu_write_floats(unit, to, c->out, n, floats);
    else
        npu_write(unit, to, c->out, n, lanes);
}

#endif
