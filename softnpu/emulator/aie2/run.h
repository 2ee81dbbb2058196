/* Runs a program's regions: s->code. */

NPU_EXPORT void npu_run(npu_core *s, int32_t region)
{
    s->request = NPU_GOES_ON;
    while (s->cycles < s->limit) {
        region = s->code->regions[region](s);
        if (region < 0 || s->fault) {
            if (s->fault)
                s->request = NPU_FAULT;
            return;
        }
    }
    s->resume = region;
}

/* The same, and s->recorder sees it. */
NPU_EXPORT void npu_run_recorded(npu_core *s, int32_t region)
{
    s->request = NPU_GOES_ON;
    while (s->cycles < s->limit) {
        const npu_shape *at = &s->code->shapes[region];
        npu_ran(s->recorder, at->begin, at->end);
        region = s->code->regions[region](s);
        if (at->kind == NPU_RETURNS)
            npu_returned(s->recorder);
        if (region < 0 || s->fault) {
            if (s->fault)
                s->request = NPU_FAULT;
            else if (at->kind == NPU_CALLS)
                npu_called(s->recorder, at->call, s->pc);
            return;
        }
        if (at->kind == NPU_CALLS)
            npu_called(s->recorder, at->call, s->code->shapes[region].begin);
    }
    s->resume = region;
}

NPU_EXPORT uint64_t npu_size(void) { return sizeof(npu_core); }
