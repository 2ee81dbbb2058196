/* What a core executes, as it executes it: how often each address, on which path of calls, and the
 * cycles that it is held up there. Both kinds of code call it (observing/block.h, aie2/program.py).
 */
#ifndef NPU_RECORDER_H
#define NPU_RECORDER_H

#include <stdint.h>

enum { NPU_PATHS = 256 }; /* recorder.py, PATHS */

/* Functions that call each other: what called at `site`, and where it went. */
typedef struct {
    uint32_t parent, site, entry;
} npu_path;

typedef struct {
    uint32_t halfwords;   /* addresses / 2 of the program */
    uint32_t path, paths; /* the one that is executed; how many there are */
    uint32_t deeper;      /* calls behind it, for which there is no room */
    npu_path known[NPU_PATHS];
    int64_t *runs;   /* by path and halfword: how often a run began there, less how often one ended */
    int64_t *stalls; /* by path and halfword: cycles */
    uint64_t *steps; /* in their order, for a trace: what ran (begin, end), what was held up */
    uint32_t room, taken; /* for how many; how many there are */
} npu_recorder;

enum { NPU_HELD_UP = 1u << 31 }; /* recorder.py, HELD_UP */

static inline void npu_log(npu_recorder *r, uint32_t first, uint32_t second)
{
    if (r->taken < r->room)
        r->steps[r->taken++] = (uint64_t)first << 32 | second;
}

static inline int64_t *npu_row(npu_recorder *r, int64_t *of)
{
    return of + (uint64_t)r->path * (r->halfwords + 1);
}

/* Everything from `begin` up to `end` is executed once. */
static inline void npu_ran(npu_recorder *r, uint32_t begin, uint32_t end)
{
    if (begin < end && end >> 1 <= r->halfwords) {
        npu_row(r, r->runs)[begin >> 1]++;
        npu_row(r, r->runs)[end >> 1]--;
        npu_log(r, begin, end);
    }
}

static inline void npu_held_up(npu_recorder *r, uint32_t pc, uint32_t cycles)
{
    if (pc >> 1 < r->halfwords)
        npu_row(r, r->stalls)[pc >> 1] += cycles;
    npu_log(r, pc | NPU_HELD_UP, cycles);
}

static inline void npu_called(npu_recorder *r, uint32_t site, uint32_t entry)
{
    uint32_t path = 1;
    while (path < r->paths && (r->known[path].parent != r->path || r->known[path].site != site ||
                               r->known[path].entry != entry))
        path++;
    if (r->deeper || path == NPU_PATHS) {
        r->deeper++;
        return;
    }
    if (path == r->paths)
        r->known[r->paths++] = (npu_path){r->path, site, entry};
    r->path = path;
}

static inline void npu_returned(npu_recorder *r)
{
    if (r->deeper)
        r->deeper--;
    else
        r->path = r->known[r->path].parent;
}

#endif
