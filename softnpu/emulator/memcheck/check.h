/* Holds each access of RV32 code against what it may touch: what Unicorn calls at every load and
 * store, and the vector unit at every operand. */
#include <stdint.h>

#define NPU_TAGS 512     /* addresses have nine bits above those of what a core sees */
#define NPU_TAG_SHIFT 22
#define NPU_FIRST 0x40000u /* the core's four windows of 64 KB */
#define NPU_SEEN 0x40000u
#define NPU_WINDOW_SHIFT 16
#define NPU_WINDOWS_SEEN 4
#define NPU_WIDEST_SCALAR 4

enum { NPU_READ_TYPE = 16, NPU_WRITE_TYPE = 17 }; /* UC_MEM_READ, UC_MEM_WRITE */
enum { NPU_FINE, NPU_OUTSIDE, NPU_STRAY, NPU_NOT_HELD, NPU_UNWRITTEN, NPU_MISALIGNED };
enum { NPU_NEVER_HELD, NPU_HELD, NPU_RELEASED };

typedef struct {
    void *core; /* Unicorn's */
    void (*stop)(void *core);
    int (*read_register)(void *core, int which, void *value);
    int pc_register;
    uint32_t kind, writes, address, size, pc; /* the first fault */
    uint64_t checked, limit;
    const uint8_t *closed; /* by byte from NPU_FIRST on: neither stack nor the program's data */
    uint8_t *written[NPU_WINDOWS_SEEN]; /* by byte of each window; 0 where nobody keeps account */
    uint32_t begin[NPU_TAGS], end[NPU_TAGS];
    uint8_t held[NPU_TAGS];
} npu_check;

static int npu_judge(npu_check *c, uint32_t tag, uint32_t at, uint32_t size, int writes)
{
    if (tag && (at < c->begin[tag] || at + size > c->end[tag]))
        return NPU_OUTSIDE;
    uint32_t inside = at & ((1u << NPU_WINDOW_SHIFT) - 1);
    if (at - NPU_FIRST >= NPU_SEEN || inside + size > 1u << NPU_WINDOW_SHIFT)
        return NPU_FINE; /* the machine itself knows what it has there */
    if (!tag && (c->closed[at - NPU_FIRST] || c->closed[at + size - 1 - NPU_FIRST]))
        return NPU_STRAY;
    if (tag && c->held[tag] != NPU_HELD)
        return NPU_NOT_HELD;
    uint8_t *written = c->written[(at - NPU_FIRST) >> NPU_WINDOW_SHIFT];
    if (!written)
        return NPU_FINE;
    written += inside;
    uint8_t any = 0;
    for (uint32_t i = 0; i < size; i++)
        any |= written[i] |= (uint8_t)writes;
    return tag && !any ? NPU_UNWRITTEN : NPU_FINE;
}

static void npu_found(npu_check *c, int kind, uint64_t address, uint32_t size, int writes)
{
    c->kind = (uint32_t)kind;
    c->writes = (uint32_t)writes;
    c->address = (uint32_t)address;
    c->size = size;
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
