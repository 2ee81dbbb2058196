/* AIE2 code's accesses, in translations that are compiled with NPU_WATCHED. */
#include "check.h"

/* Of an access beyond what may be used without further ado. */
static __attribute__((noinline, cold)) int npu_judge_watched(npu_core *s, npu_check *c, uint32_t at,
                                                             uint32_t size, int writes)
{
    if (c->kind)
        return 0;
    uint32_t tag = c->owner[at - NPU_FIRST];
    int beyond = c->stack_end && at >= c->stack_end && at < s->sp; /* a part of the stack */
    int kind = beyond ? NPU_OVERFLOW : npu_judge(c, tag, at, size, writes);
    if (kind)
        npu_note(c, kind, tag << NPU_TAG_SHIFT | at, size, writes);
    else if (tag)
        npu_look_ahead(c, tag);
    return kind;
}

/* Whether the code must not access that; then it is kept what it was. */
static __attribute__((noinline)) int npu_forbidden(npu_core *s, uint32_t address, uint32_t size,
                                                   int writes)
{
    npu_check *c = s->check;
    uint32_t at = address & NPU_ADDRESS & ~(size - 1);
    if (++c->checked == c->limit)
        s->limit = 0; /* its turn ends, and with it the check */
    if (at - NPU_FIRST >= NPU_SEEN)
        return 0;
    uint32_t tag = c->owner[at - NPU_FIRST], tagged = tag << NPU_TAG_SHIFT | at;
    const npu_range *usable = &c->usable[tag];
    if (tagged >= usable->begin && tagged + size <= usable->end && s->sp <= c->highest_stack)
        return 0;
    return npu_judge_watched(s, c, at, size, writes);
}

/* What no region can end at: four addresses of a look-up, words of compressed data. */
NPU_OP void npu_watch(npu_core *s, uint32_t address, uint32_t size, uint32_t pc)
{
    if (npu_forbidden(s, address, size, 0))
        npu_fail(s, NPU_FAULT_FORBIDDEN, pc, address);
}

/* One of the four where no memory is. */
NPU_OP void npu_watch_nothing(npu_core *s, uint32_t address, uint32_t pc)
{
    npu_fail(s, NPU_FAULT_LOAD, pc, address);
}
