/* What Unicorn calls at each block of RV32 code that is profiled: the meter, and the recorder. */
#ifndef NPU_BLOCK_H
#define NPU_BLOCK_H

#include "recorder.h"

typedef struct {
    uint64_t retired, limit;
    void (*stop)(void *);
    const uint32_t *counts;
} npu_meter; /* cores/meter.py */

static inline void npu_metered(npu_meter *m, uint64_t address, uint32_t size)
{
    m->retired += m->counts[(address + size) >> 1] - m->counts[address >> 1];
}

typedef struct {
    npu_meter *meter;
    npu_recorder *recorder;
    const uint8_t *ends; /* by halfword: 1 if a call ends there, 2 if a return does */
    uint64_t last;       /* where the block before ended */
} npu_block;

void npu_at_block(void *core, uint64_t address, uint32_t size, npu_block *b)
{
    npu_meter *m = b->meter;
    if (m->retired > m->limit) {
        m->stop(core);
        return;
    }
    npu_metered(m, address, size);
    uint8_t end = b->ends[b->last >> 1];
    if (end == 1)
        npu_called(b->recorder, b->last - 2, address);
    else if (end == 2)
        npu_returned(b->recorder);
    npu_ran(b->recorder, address, address + size);
    b->last = address + size;
}

#endif
