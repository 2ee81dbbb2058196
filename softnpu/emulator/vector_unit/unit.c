/* Executes the commands of a stand-in core's vector unit (softnpu/arch/vector_unit.h). */
#include "functions.h"
#include "moves.h"

static void npu_control_command(npu_vector_unit *unit, const npu_vector_command *c)
{
    uint8_t *field = c->x == NPU_FIELD_SAT ? &unit->control.sat : &unit->control.rnd;
    if ((c->operation & 255) == NPU_V_SET_CONTROL) {
        *field = (uint8_t)c->y;
    } else {
        uint32_t value = *field;
        __builtin_memcpy(npu_output(unit, c->out, 4), &value, 4);
    }
}

static void npu_execute(npu_vector_unit *unit, npu_vector_command *c)
{
    uint32_t operation = c->operation & 255;
    int is_float = npu_elements[npu_a_type(c)].is_float;
    if (c->lanes > NPU_MAX_LANES) {
        npu_fail(unit, NPU_NO_OPERATION, c->operation);
        return;
    }
    switch (operation) {
    case NPU_V_LT: case NPU_V_GE: case NPU_V_EQ: npu_compare(unit, c); return;
    case NPU_V_SELECT: npu_select(unit, c); return;
    case NPU_V_REDUCE: npu_reduce(unit, c); return;
    case NPU_V_FILL: npu_fill(unit, c); return;
    case NPU_V_UPS: case NPU_V_SRS: case NPU_V_PACK: npu_narrow_lanes(unit, c); return;
    case NPU_V_CONVERT: case NPU_V_FLOOR: case NPU_V_ROUND: npu_convert(unit, c); return;
    case NPU_V_MAC: case NPU_V_SLIDE:
        if (is_float)
            npu_float_products(unit, c);
        else
            npu_integer_products(unit, c);
        return;
    case NPU_V_GATHER: npu_gather(unit, c); return;
    case NPU_V_SHUFFLE: case NPU_V_SHIFT_BYTES: npu_registers(unit, c); return;
    case NPU_V_SET_CONTROL: case NPU_V_GET_CONTROL: npu_control_command(unit, c); return;
    default: break;
    }
    if (operation >= NPU_V_ADD && operation <= NPU_V_CONJ) {
        if (is_float)
            npu_float_lanes(unit, c);
        else
            npu_integer_lanes(unit, c);
    } else if (operation >= NPU_V_EVEN && operation <= NPU_V_ROTATE) {
        npu_move(unit, c);
    } else if (operation >= NPU_V_INV && operation <= NPU_V_LOG2) {
        npu_function(unit, c);
    } else {
        npu_fail(unit, NPU_NO_OPERATION, c->operation);
    }
}

/* Unicorn's call for a store to the unit: `value` is the address of a command. */
void npu_vector_store(void *core, uint64_t offset, uint32_t size, uint64_t value, void *data)
{
    npu_vector_unit *unit = data;
    (void)core;
    (void)offset;
    (void)size;
    npu_vector_command command;
    __builtin_memcpy(&command, npu_memory(unit, (uint32_t)value, sizeof command), sizeof command);
    npu_execute(unit, &command);
}

uint64_t npu_vector_unit_size(void) { return sizeof(npu_vector_unit); }
