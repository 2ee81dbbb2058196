/* Where RV32 code is to be stopped: what Unicorn calls at every block, instruction and access of a
 * core that is debugged. */
#include <stdint.h>

#define NPU_WATCHES 16
#define NPU_NOWHERE UINT64_MAX
#define NPU_TAGS_END (1ull << 31) /* below it, what lies above NPU_PLAIN is a memory check's tag */
#define NPU_PLAIN ((1ull << 22) - 1)

enum { NPU_READ_TYPE = 16, NPU_WRITE_TYPE = 17 }; /* UC_MEM_READ, UC_MEM_WRITE */
enum { NPU_ON_READ = 1, NPU_ON_WRITE = 2 };
enum { NPU_HIT_NOTHING, NPU_HIT_PLACE, NPU_HIT_VALUE, NPU_HIT_ACCESS };

typedef struct {
    const uint8_t *memory, *before; /* what changes, and what it held: 0 for none */
    uint64_t size;
    uint64_t begin, end; /* what is accessed, as the core sees it */
    uint64_t on;
} npu_watch;

typedef struct {
    void (*stop)(void *core);
    const uint8_t *places; /* by halfword of the program: 1 where to stop */
    uint64_t program;      /* bytes of it */
    uint64_t everywhere;   /* stops at each instruction */
    uint64_t passing;      /* where it goes on: not stopped there once more */
    uint64_t block_end;    /* of the block that is executed */
    uint64_t executing;    /* the instruction that is executed, or was before a stop */
    uint64_t hit, which;
    uint64_t accessed; /* a watch whose access was seen: its number and one */
    uint64_t watches;
    npu_watch watch[NPU_WATCHES];
} npu_debug;

void npu_at_debugged_block(void *core, uint64_t address, uint32_t size, npu_debug *d)
{
    (void)core;
    d->block_end = address + size;
}

static int npu_changed(const npu_watch *w)
{
    for (uint64_t i = 0; w->memory && i < w->size; i++)
        if (w->memory[i] != w->before[i])
            return 1;
    return 0;
}

static void npu_hit(void *core, npu_debug *d, int hit, uint64_t which)
{
    d->hit = (uint64_t)hit;
    d->which = which;
    d->stop(core);
}

void npu_at_debugged_instruction(void *core, uint64_t address, uint32_t size, npu_debug *d)
{
    (void)size;
    uint64_t passing = d->passing;
    d->passing = NPU_NOWHERE;
    for (uint64_t i = 0; i < d->watches; i++)
        if (npu_changed(&d->watch[i])) {
            npu_hit(core, d, NPU_HIT_VALUE, i);
            return;
        }
    if (d->accessed) {
        npu_hit(core, d, NPU_HIT_ACCESS, d->accessed - 1);
        d->accessed = 0;
        return;
    }
    if (address != passing
        && (d->everywhere || (address < d->program && d->places[address >> 1]))) {
        npu_hit(core, d, NPU_HIT_PLACE, 0);
        return;
    }
    d->executing = address;
}

void npu_at_debugged_access(void *core, int type, uint64_t address, int size, int64_t value,
                            npu_debug *d)
{
    (void)core;
    (void)value;
    uint64_t at = address < NPU_TAGS_END ? address & NPU_PLAIN : address;
    uint64_t on = type == NPU_WRITE_TYPE ? NPU_ON_WRITE : NPU_ON_READ;
    for (uint64_t i = 0; i < d->watches; i++) {
        const npu_watch *w = &d->watch[i];
        if (w->on & on && at < w->end && w->begin < at + (uint64_t)size)
            d->accessed = i + 1;
    }
}
