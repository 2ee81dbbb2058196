/* Lanes of a command's operands as numbers, and back. */
#ifndef NPU_VECTOR_UNIT_ELEMENTS_H
#define NPU_VECTOR_UNIT_ELEMENTS_H

#include "floats.h"
#include "vector_unit.h"

#define NPU_MAX_LANES 1024
#define NPU_WINDOWS 32
#define NPU_UNTAGGED 0x3fffffu

typedef struct {
    uint64_t address[NPU_WINDOWS]; /* of the memory that is seen from index << 16 on; 0: none */
    uint32_t size[NPU_WINDOWS];
    uint64_t stop;  /* void (*)(void *core): ends the run */
    uint64_t core;
    uint64_t check;      /* void (*)(void *checked_by, uint32_t address, uint32_t bytes, int writes) */
    uint64_t checked_by;
    uint32_t fault; /* what a command did wrong: enum npu_fault */
    uint32_t where; /* the address, or the command's operation */
    npu_control control;
    npu_status status;
} npu_vector_unit;

enum npu_fault { NPU_NO_FAULT, NPU_NO_MEMORY, NPU_NO_OPERATION };

typedef struct {
    int bits, is_signed, is_float, is_complex;
    int part; /* what a complex number's parts are, else itself */
} npu_element_kind;

static const npu_element_kind npu_elements[16] = {
    [NPU_S4] = {4, 1, 0, 0, NPU_S4},       [NPU_U4] = {4, 0, 0, 0, NPU_U4},
    [NPU_S8] = {8, 1, 0, 0, NPU_S8},       [NPU_U8] = {8, 0, 0, 0, NPU_U8},
    [NPU_S16] = {16, 1, 0, 0, NPU_S16},    [NPU_U16] = {16, 0, 0, 0, NPU_U16},
    [NPU_S32] = {32, 1, 0, 0, NPU_S32},    [NPU_U32] = {32, 0, 0, 0, NPU_U32},
    [NPU_S64] = {64, 1, 0, 0, NPU_S64},    [NPU_BF16] = {16, 1, 1, 0, NPU_BF16},
    [NPU_F32] = {32, 1, 1, 0, NPU_F32},    [NPU_C16] = {32, 1, 0, 1, NPU_S16},
    [NPU_C32] = {64, 1, 0, 1, NPU_S32},    [NPU_C64] = {128, 1, 0, 1, NPU_S64},
    [NPU_CF32] = {64, 1, 1, 1, NPU_F32},
};

static uint8_t npu_nowhere[16 * NPU_MAX_LANES];
/* Where operands lie that have no memory. */

static void npu_fail(npu_vector_unit *unit, uint32_t fault, uint32_t where)
{
    if (unit->fault == NPU_NO_FAULT) {
        unit->fault = fault;
        unit->where = where;
    }
    ((void (*)(void *))(uintptr_t)unit->stop)((void *)(uintptr_t)unit->core);
}

/* `bytes` of memory as the core sees it; its addresses may have tags (memcheck/check.h). */
static uint8_t *npu_operand_memory(npu_vector_unit *unit, uint32_t address, uint32_t bytes,
                                   int writes)
{
    if (unit->check)
        ((void (*)(void *, uint32_t, uint32_t, int))(uintptr_t)unit->check)(
            (void *)(uintptr_t)unit->checked_by, address, bytes, writes);
    uint32_t window = (address & NPU_UNTAGGED) >> 16, at = address & 0xffff;
    if (bytes <= sizeof npu_nowhere && window < NPU_WINDOWS && unit->address[window] &&
        at + bytes <= unit->size[window])
        return (uint8_t *)(uintptr_t)unit->address[window] + at;
    npu_fail(unit, NPU_NO_MEMORY, address);
    return npu_nowhere;
}

static uint8_t *npu_memory(npu_vector_unit *unit, uint32_t address, uint32_t bytes)
{
    return npu_operand_memory(unit, address, bytes, 0);
}

static uint8_t *npu_output(npu_vector_unit *unit, uint32_t address, uint32_t bytes)
{
    return npu_operand_memory(unit, address, bytes, 1);
}

static uint32_t npu_bytes_of(int element, uint32_t lanes)
{
    return (lanes * (uint32_t)npu_elements[element].bits + 7) / 8;
}

static uint32_t npu_out_type(const npu_vector_command *c) { return c->operation >> 8 & 15; }
static uint32_t npu_a_type(const npu_vector_command *c) { return c->operation >> 12 & 15; }
static uint32_t npu_b_type(const npu_vector_command *c) { return c->operation >> 16 & 15; }

#define NPU_READ(field) for (uint32_t i = 0; i < n; i++) out[i] = field; break

/* Integers (complex ones as two each) as signed numbers of 64 bits. */
static void npu_read(npu_vector_unit *unit, int element, uint32_t address, uint32_t n,
                     int64_t *out)
{
    const uint8_t *from = npu_memory(unit, address, npu_bytes_of(element, n));
    switch (element) {
    case NPU_S4: NPU_READ((int64_t)npu_narrow(from[i / 2] >> i % 2 * 4, 4, 1));
    case NPU_U4: NPU_READ(from[i / 2] >> i % 2 * 4 & 15);
    case NPU_S8: NPU_READ(((const int8_t *)from)[i]);
    case NPU_U8: NPU_READ(from[i]);
    case NPU_S16:
    case NPU_BF16: NPU_READ(((const int16_t *)from)[i]);
    case NPU_U16: NPU_READ(((const uint16_t *)from)[i]);
    case NPU_S32:
    case NPU_F32: NPU_READ(((const int32_t *)from)[i]);
    case NPU_U32: NPU_READ(((const uint32_t *)from)[i]);
    default: NPU_READ(((const int64_t *)from)[i]);
    }
}

/* The lowest bits of numbers. */
static void npu_write(npu_vector_unit *unit, int element, uint32_t address, uint32_t n,
                      const int64_t *in)
{
    uint8_t *to = npu_output(unit, address, npu_bytes_of(element, n));
    uint32_t i;
    switch (npu_elements[element].bits) {
    case 4:
        for (i = 0; i + 1 < n; i += 2)
            to[i / 2] = (uint8_t)((in[i] & 15) | (in[i + 1] & 15) << 4);
        break;
    case 8:
        for (i = 0; i < n; i++)
            to[i] = (uint8_t)in[i];
        break;
    case 16:
        for (i = 0; i < n; i++)
            ((uint16_t *)to)[i] = (uint16_t)in[i];
        break;
    case 32:
        for (i = 0; i < n; i++)
            ((uint32_t *)to)[i] = (uint32_t)in[i];
        break;
    default:
        for (i = 0; i < n; i++)
            ((int64_t *)to)[i] = in[i];
    }
}

/* An operand of which the first `repeated` elements may be all, over and over. */
static void npu_operand(npu_vector_unit *unit, int element, uint32_t address, uint32_t n,
                        uint32_t repeated, int64_t *out)
{
    npu_read(unit, element, address, repeated ? repeated : n, out);
    for (uint32_t i = repeated; repeated && i < n; i++)
        out[i] = out[i - repeated];
}

/* Floats as the bits of fp32, which every bfloat16 is. */
static void npu_read_floats(npu_vector_unit *unit, int element, uint32_t address, uint32_t n,
                            uint32_t repeated, uint32_t *out)
{
    uint32_t count = repeated ? repeated : n;
    const uint8_t *from = npu_memory(unit, address, npu_bytes_of(element, count));
    for (uint32_t i = 0; i < count; i++)
        out[i] = element == NPU_BF16 ? (uint32_t)((const uint16_t *)from)[i] << 16
                                     : ((const uint32_t *)from)[i];
    for (uint32_t i = count; i < n; i++)
        out[i] = out[i - count];
}

static void npu_write_floats(npu_vector_unit *unit, int element, uint32_t address, uint32_t n,
                             const uint32_t *in)
{
    uint8_t *to = npu_output(unit, address, npu_bytes_of(element, n));
    for (uint32_t i = 0; i < n; i++) {
        if (element == NPU_BF16)
            ((uint16_t *)to)[i] = npu_bf16_of_fp32(in[i], unit->control, &unit->status);
        else
            ((uint32_t *)to)[i] = in[i];
    }
}

#endif
