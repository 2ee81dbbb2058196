/* Commands that move elements. */
#ifndef NPU_VECTOR_UNIT_MOVES_H
#define NPU_VECTOR_UNIT_MOVES_H

#include "elements.h"
#include "permute.h"

/* Which element of a and b together, `n` each, goes to place i. */
static uint32_t npu_source(int operation, uint32_t i, uint32_t n, uint32_t y)
{
    switch (operation) {
    case NPU_V_EVEN: return i / y * 2 * y + i % y;
    case NPU_V_ODD: return i / y * 2 * y + i % y + y;
    case NPU_V_ZIP: return i / y % 2 * n + i / (2 * y) * y + i % y;
    case NPU_V_UNZIP: return (i % n) / y * 2 * y + (i % n) % y + i / n * y;
    case NPU_V_REVERSE: return n - 1 - i;
    case NPU_V_TRANSPOSE: return i % y * (n / y) + i / y;
    case NPU_V_DOWN: return i + y;
    case NPU_V_UP: return i < y ? n + n + i - y : i - y;
    default: return (i + y) % n;
    }
}

static void npu_move(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint8_t in[16 * NPU_MAX_LANES], out[16 * NPU_MAX_LANES];
    uint8_t nibbles[2][2 * NPU_MAX_LANES];
    int operation = c->operation & 255, halves = operation == NPU_V_EVEN || operation == NPU_V_ODD;
    int both = operation == NPU_V_ZIP || operation == NPU_V_UNZIP;
    uint32_t n = c->lanes, bytes = c->x ? (uint32_t)c->x : 1, y = (uint32_t)c->y;
    uint32_t each = c->x ? n * bytes : n / 2, results = both ? 2 * n : n;
    if (16 * NPU_MAX_LANES < 2 * n * bytes || (operation != NPU_V_DOWN && operation != NPU_V_UP &&
                                               operation != NPU_V_REVERSE && y == 0 &&
                                               operation != NPU_V_ROTATE)) {
        npu_fail(unit, NPU_NO_OPERATION, c->operation);
        return;
    }
    uint32_t taken = halves ? 2 * each : each;
    __builtin_memset(in, 0, 2 * n * bytes);
    __builtin_memcpy(in, npu_memory(unit, c->a, taken), taken);
    if (c->b)
        __builtin_memcpy(in + each, npu_memory(unit, c->b, each), each);
    if (!c->x) { /* elements of four bits: one a byte for a while */
        for (uint32_t i = 0; i < 2 * n; i++)
            nibbles[0][i] = in[i / 2] >> i % 2 * 4 & 15;
        __builtin_memcpy(in, nibbles[0], 2 * n);
    }
    for (uint32_t i = 0; i < results; i++) {
        uint32_t from = npu_source(operation, i, n, y);
        if (from < 2 * n)
            __builtin_memcpy(out + i * bytes, in + from * bytes, bytes);
        else
            __builtin_memset(out + i * bytes, 0, bytes);
    }
    if (!c->x)
        for (uint32_t i = 0; i < results; i += 2)
            out[i / 2] = (uint8_t)(out[i] | out[i + 1] << 4);
    uint32_t made = c->x ? results * bytes : results / 2;
    __builtin_memcpy(npu_output(unit, c->out, made), out, made);
}

static void npu_gather(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint8_t out[16 * NPU_MAX_LANES];
    int64_t offsets[NPU_MAX_LANES];
    uint32_t bytes = (uint32_t)c->x;
    npu_read(unit, NPU_S32, c->b, c->lanes, offsets);
    for (uint32_t i = 0; i < c->lanes; i++)
        __builtin_memcpy(out + i * bytes, npu_memory(unit, c->a + (uint32_t)offsets[i], bytes),
                         bytes);
    __builtin_memcpy(npu_output(unit, c->out, c->lanes * bytes), out, c->lanes * bytes);
}

/* The NPU's own shuffles and shifts of 512 bits. */
static void npu_registers(npu_vector_unit *unit, const npu_vector_command *c)
{
    npu_x a, b = npu_vclr_x();
    __builtin_memcpy(&a, npu_memory(unit, c->a, 64), 64);
    if (c->b)
        __builtin_memcpy(&b, npu_memory(unit, c->b, 64), 64);
    a = (c->operation & 255) == NPU_V_SHUFFLE ? npu_vshuffle(a, b, (uint32_t)c->x)
                                            : npu_vshift_align(a, (uint32_t)c->y, b, (uint32_t)c->x);
    __builtin_memcpy(npu_output(unit, c->out, 64), &a, 64);
}

#endif
