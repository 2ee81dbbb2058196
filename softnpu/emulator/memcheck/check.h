/* Holds each access of a core's code against what it may touch. */
#ifndef NPU_CHECK_H
#define NPU_CHECK_H

#include <stdint.h>

#define NPU_TAGS 512     /* addresses have nine bits above those of what a core sees */
#define NPU_TAG_SHIFT 22
#define NPU_FIRST 0x40000u /* the core's four windows of 64 KB */
#define NPU_SEEN 0x40000u
#define NPU_WINDOW_SHIFT 16
#define NPU_WINDOWS_SEEN 4

enum { NPU_FINE, NPU_OUTSIDE, NPU_STRAY, NPU_NOT_HELD, NPU_UNWRITTEN, NPU_MISALIGNED, NPU_OVERFLOW };
enum { NPU_NEVER_HELD, NPU_HELD, NPU_RELEASED };

typedef struct {
    uint32_t begin, end;
} npu_range;

typedef struct npu_check {
    void *core; /* Unicorn's */
    void (*stop)(void *core);
    int (*read_register)(void *core, int which, void *value);
    int pc_register;
    uint32_t kind, writes, address, size, pc; /* the first fault */
    uint64_t checked, limit;
    const uint8_t *closed; /* by byte from NPU_FIRST on: neither stack nor the program's data */
    const uint16_t *owner; /* by byte from NPU_FIRST on: the tag of the buffer there; of AIE2 code */
    uint32_t stack_end;    /* where AIE2 code's stack ends, which grows upwards; 0 if nobody knows */
    uint32_t highest_stack; /* the highest stack pointer of AIE2 code whose stack has not outgrown it */
    uint8_t *written[NPU_WINDOWS_SEEN]; /* by byte of each window; 0 where nobody keeps account */
    uint32_t begin[NPU_TAGS], end[NPU_TAGS];
    uint8_t held[NPU_TAGS];
    uint32_t known[NPU_TAGS];   /* so many bytes from a buffer's begin on were written */
    npu_range usable[NPU_TAGS]; /* what may be accessed without further ado, as addresses with tags:
                                   buffers that are held and written, or nothing */
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

/* Sees whether all of a buffer that is held was written by now; each byte is looked at once. */
static void npu_look_ahead(npu_check *c, uint32_t tag)
{
    uint32_t begin = c->begin[tag], size = c->end[tag] - begin, known = c->known[tag];
    const uint8_t *written = c->written[(begin - NPU_FIRST) >> NPU_WINDOW_SHIFT];
    if (written) {
        written += begin & ((1u << NPU_WINDOW_SHIFT) - 1);
        while (known < size && written[known])
            known++;
        c->known[tag] = known;
        if (known < size)
            return;
    }
    begin |= tag << NPU_TAG_SHIFT;
    c->usable[tag] = (npu_range){begin, begin + size};
}

/* The first fault is kept. */
static void npu_note(npu_check *c, int kind, uint32_t address, uint32_t size, int writes)
{
    c->kind = (uint32_t)kind;
    c->writes = (uint32_t)writes;
    c->address = address;
    c->size = size;
}

#endif
