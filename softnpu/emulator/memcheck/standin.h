/* Stand-in code's accesses: what Unicorn calls at every load and store, and the vector unit at every
 * operand. */
#include "check.h"

#define NPU_WIDEST_SCALAR 4

enum { NPU_READ_TYPE = 16, NPU_WRITE_TYPE = 17 }; /* UC_MEM_READ, UC_MEM_WRITE */

static void npu_found(npu_check *c, int kind, uint64_t address, uint32_t size, int writes)
{
    npu_note(c, kind, (uint32_t)address, size, writes);
    c->read_register(c->core, c->pc_register, &c->pc);
    c->stop(c->core);
}

static void npu_check_access(npu_check *c, uint64_t address, uint32_t size, int writes)
{
    if (c->kind || !size || address >> 31)
        return;
    if (++c->checked == c->limit)
        c->stop(c->core);
    uint32_t at = address & ((1u << NPU_TAG_SHIFT) - 1);
    int kind = npu_judge(c, (uint32_t)(address >> NPU_TAG_SHIFT), at, size, writes);
    if (kind)
        npu_found(c, kind, address, size, writes);
}

void npu_at_access(void *core, int type, uint64_t address, int size, int64_t value, npu_check *c)
{
    (void)core;
    (void)value;
    int writes = type == NPU_WRITE_TYPE;
    uint32_t scalar = size < NPU_WIDEST_SCALAR ? (uint32_t)size : NPU_WIDEST_SCALAR;
    if (address & (scalar - 1)) {
        if (!c->kind)
            npu_found(c, NPU_MISALIGNED, address, (uint32_t)size, writes);
        return;
    }
    npu_check_access(c, address, (uint32_t)size, writes);
}

void npu_at_operand(npu_check *c, uint32_t address, uint32_t bytes, int writes)
{
    npu_check_access(c, address, bytes, writes);
}
