/* What translated programs stand on: a core's registers, its windows on data memory, its requests.
 *
 * NPU_REGISTERS is defined before: the fields of all registers, made from the instruction set's
 * table, so that what a register consists of lies side by side.
 */
#ifndef NPU_RUNTIME_H
#define NPU_RUNTIME_H

/* Defined where all programs' large operations are: here they are only called. */
#define NPU_LARGE_OP extern inline __attribute__((gnu_inline, noinline))

#include "accumulate.h"
#include "control.h"
#include "decompress.h"
#include "floats.h"
#include "lanes.h"
#include "multiply.h"
#include "permute.h"
#include "recorder.h"
#include "scalar.h"

typedef union {
    npu_y y;
    npu_x x;
    npu_w w;
    npu_q q;
    uint64_t l;
    uint32_t r;
} npu_slot;

enum {
    NPU_ADDRESS = 0xfffff, /* addresses, pointers and modifiers have 20 bits */
    NPU_WINDOWS = 16,      /* of 64 KB each in these addresses */
    NPU_DATA = 0x40000,    /* where the four begin that are data memory, and their bytes */
    NPU_QUEUE = 512        /* six instructions a bundle, eleven cycles, some values each */
};

/* Why the code came back. */
enum npu_request {
    NPU_GOES_ON,   /* its time is up */
    NPU_RETURNED,  /* it jumped to the address that it was called from */
    NPU_FAULT,     /* see fault, fault_pc, fault_at */
    NPU_UNKNOWN,   /* it went where nothing is translated: see pc and flight */
    NPU_ACQUIRE,   /* argument[0]: lock, [1]: value */
    NPU_RELEASE,
    NPU_STREAM_IN,  /* argument[1]: does it go on without a word? Then srSS0 */
    NPU_STREAM_OUT, /* argument[0]: word, [1]: 1 if it is the last, 2 if it goes on without room.
                       Then argument[0]: srMS0 */
    NPU_CASCADE_IN,
    NPU_CASCADE_OUT,
    NPU_DONE,
    NPU_EVENT,
    NPU_PACKET_HEADER, /* as NPU_STREAM_OUT, but argument[0]: id, [1] >> 2: packet type */
    NPU_TILE_LOAD,     /* argument[0]: address */
    NPU_TILE_STORE     /* argument[1]: word */
};

enum npu_fault {
    NPU_FAULT_LOAD = 1,  /* of fault_at, where there is no memory */
    NPU_FAULT_STORE,
    NPU_FAULT_TWICE,     /* two writes land in one register in one cycle */
    NPU_FAULT_BRANCH,    /* a branch in the delay slots of another */
    NPU_FAULT_BUNDLE,    /* bits that are no bundle */
    NPU_FAULT_OPERATION, /* an instruction that is not executed here */
    NPU_FAULT_LOOP,      /* a loop's end, fault_at, that no instruction names */
    NPU_FAULT_UNFILLED,  /* compressed data, up to fault_at, that was not filled */
    NPU_FAULT_FORBIDDEN  /* what the memory check says, see `check` */
};

typedef struct npu_core npu_core;

/* A region runs, and tells the one that comes next; -1 for none, see the request. */
typedef int32_t npu_region(npu_core *s);

/* A region as the recorder sees it: its addresses, the bundle that calls at its end. */
typedef struct {
    uint32_t begin, end, call;
    enum { NPU_CALLS = 1, NPU_RETURNS } kind;
} npu_shape;

/* What is translated of a program, by the numbers of regions. `find` tells the region at an address
 * with what is in flight there; -1, and a request, for one that is not translated. */
typedef struct {
    npu_region *const *regions;
    const npu_shape *shapes;
    int32_t (*find)(npu_core *s, uint32_t target, uint32_t flight);
} npu_code;

struct npu_core {
    NPU_REGISTERS
    npu_control control;
    npu_status status;
    const npu_code *code;
    uint64_t cycles, limit, stalled; /* of the cycles, those that memory banks took */
    uint8_t *windows[NPU_WINDOWS];
    uint32_t request, argument[2];
    int32_t resume;
    uint32_t pc, flight;
    uint32_t fault, fault_pc, fault_at;
    uint32_t stack_low, stack_high; /* where the stack pointer has been */
    uint32_t filled;        /* the address behind what compressed loads have filled */
    npu_recorder *recorder; /* what sees it run, or 0 */
    struct npu_check *check; /* what its accesses are held against, or 0 (memcheck/check.h) */
    npu_slot result;        /* what a request is answered with */
    npu_slot queue[NPU_QUEUE]; /* what is on its way where regions meet */
};

#define NPU_EXPORT __attribute__((visibility("default")))

/* A fault where a loop's end is no address that regions end at. */
void npu_loop_ends(npu_core *s, uint32_t pc);

#define NPU_GET(type)                                                                             \
    NPU_OP type type##_get(const void *from)                                                      \
    {                                                                                             \
        type value;                                                                               \
        __builtin_memcpy(&value, from, sizeof value);                                             \
        return value;                                                                             \
    }                                                                                             \
    NPU_OP void type##_set(void *to, type value) { __builtin_memcpy(to, &value, sizeof value); }
NPU_GET(npu_q)
NPU_GET(npu_w)
NPU_GET(npu_x)
NPU_GET(npu_y)
NPU_GET(uint64_t)

NPU_OP npu_y npu_widen(npu_x low)
{
    npu_y value = npu_vclr_y();
    value.x[0] = low;
    return value;
}

NPU_OP void npu_fail(npu_core *s, uint32_t what, uint32_t pc, uint32_t at)
{
    if (s->fault)
        return;
    s->fault = what;
    s->fault_pc = pc;
    s->fault_at = at;
}

/* Data memory is eight banks of one port, 16 bytes wide, in each tile's 64 KB: two by two they take
 * turns every 16 bytes (AM020, chapter 2; which bits these are, and that a core's loads and stores
 * get into each other's way, xdna-emu saw on a Phoenix). Of several accesses to a bank in a cycle
 * one is done, the others hold up the core for a cycle. */
enum { NPU_PAIR = 0xfc000, NPU_SIDE = 0x10 };

NPU_OP void npu_stall(npu_core *s, uint32_t cycles, uint32_t pc)
{
    s->cycles += cycles;
    s->stalled += cycles;
    if (s->recorder)
        npu_held_up(s->recorder, pc, cycles);
}

/* Two accesses: they meet in a bank where all bits of `same` are equal. */
NPU_OP void npu_meet(npu_core *s, uint32_t a, uint32_t b, uint32_t same, uint32_t pc)
{
    if (!((a ^ b) & same))
        npu_stall(s, 1, pc);
}

/* More than two: the bank that most of them want. `wide` has a bit for each that takes both sides. */
NPU_OP void npu_crowd(npu_core *s, const uint32_t *at, uint32_t count, uint32_t wide, uint32_t pc)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t side = 0; side <= NPU_SIDE; side += NPU_SIDE) {
            uint32_t here = 0;
            for (uint32_t j = 0; j < count; j++)
                here += !((at[i] ^ at[j]) & NPU_PAIR) && (wide >> j & 1 || (at[j] & NPU_SIDE) == side);
            most = here > most ? here : most;
        }
    if (most > 1)
        npu_stall(s, most - 1, pc);
}

#ifdef NPU_WATCHED
#include "watch.h"
#else
#define npu_forbidden(s, address, size, writes) 0
#define npu_watch(s, address, size, pc) (void)0
#define npu_watch_nothing(s, address, pc) (void)0
#endif

NPU_OP void npu_stack(npu_core *s)
{
    if (s->sp < s->stack_low)
        s->stack_low = s->sp;
    if (s->sp > s->stack_high)
        s->stack_high = s->sp;
}

/* A program reaches nothing but its windows, through one of these two. An access is aligned to its
 * size: the lowest bits of its address are not looked at. Where no memory is, `npu_at` is 0. */
NPU_OP uint8_t *npu_at(npu_core *s, uint32_t address, uint32_t size)
{
    uint8_t *window = s->windows[address >> 16 & (NPU_WINDOWS - 1)];
    return window ? window + (address & (0x10000 - size)) : 0;
}

#define NPU_ACCESS(to, from, size, address, pc, done, fault)                                      \
    do {                                                                                          \
        uint8_t *window = s->windows[address >> 16 & (NPU_WINDOWS - 1)];                          \
        int forbidden = window && npu_forbidden(s, address, size, (fault) == NPU_FAULT_STORE);    \
        if (!window || forbidden) {                                                               \
            uint32_t what = forbidden ? NPU_FAULT_FORBIDDEN : fault;                              \
            place = (uint64_t)(pc) << 32 | (done) << 16 | (size) << 8 | what;                     \
            where = address;                                                                      \
            goto nowhere;                                                                         \
        }                                                                                         \
        __builtin_memcpy(to, from, size);                                                         \
    } while (0)
#define NPU_PLACE(address, size) (window + (address & (0x10000 - size)))
#define NPU_LOAD(variable, size, address, pc, done)                                               \
    NPU_ACCESS(&variable, NPU_PLACE(address, size), size, address, pc, done, NPU_FAULT_LOAD)
#define NPU_STORE(variable, size, address, pc, done)                                              \
    NPU_ACCESS(NPU_PLACE(address, size), &variable, size, address, pc, done, NPU_FAULT_STORE)

/* An access where no memory is ends its region, and the core: registers are left as they are. Each
 * region has one label for all its accesses, `nowhere`; `place` tells which it was: the fault in the
 * lowest byte, the access's size in the next, the bundles before it in the third and fourth, its own
 * address above. */
static __attribute__((noinline, cold)) int32_t npu_nowhere(npu_core *s, uint64_t place, uint32_t where)
{
    npu_fail(s, place & 0xff, place >> 32, where & ~((place >> 8 & 0xff) - 1));
    s->cycles += place >> 16 & 0xffff;
    return -1;
}

/* vldb.4x: four entries of two elements each, from tables that hold every 128 bits twice, so that
 * even and odd entries come from different banks (UG1583, Load 4x Operations; UG1603, Lookup Tables).
 * So an address steps by entries of twice their size: of its five lowest bits half is the place in
 * 128 bits, from which 64 bits are taken. Behind the 128 bits zeros come in (NPU: 41 results whose
 * last bytes are 0 or not as this says). Bits 16 and 17 choose one of the four windows, those above
 * are not looked at (NPU: of 120 looked up at random, all 29 in the western tile are other than 0,
 * and none of 64 in the northern tile or its own). Where there is no memory all is 0 here, and a
 * fault while accesses are checked: an NPU gives what its load port read six loads before (NPU: the
 * 27 that it looked up to the south of row 2; see docs/operations.md). */
#define NPU_LOOK_UP(bits, half, first)                                                            \
    NPU_OP npu_w npu_load_4x##bits##_##half(npu_core *s, npu_w at, uint32_t pc)                   \
    {                                                                                             \
        npu_w value;                                                                              \
        for (int i = 0; i < 4; i++) {                                                             \
            uint8_t line[32] = {0};                                                               \
            uint32_t address = at.u32[first + i] % NPU_DATA + NPU_DATA;                           \
            uint32_t place = address & 31u & ~(bits / 4u - 1);                                    \
            address = (address & ~31u) | (i & 1 ? 16u : 0u);                                      \
            uint8_t *from = npu_at(s, address, 16);                                               \
            if (from) {                                                                           \
                npu_watch(s, address, 16, pc);                                                    \
                __builtin_memcpy(line, from, 16);                                                 \
            } else {                                                                              \
                npu_watch_nothing(s, address, pc);                                                \
            }                                                                                     \
            __builtin_memcpy(&value.u64[i], line + place / 2, 8);                                 \
        }                                                                                         \
        return value;                                                                             \
    }
NPU_LOOK_UP(16, lo, 0)
NPU_LOOK_UP(16, hi, 4)
NPU_LOOK_UP(32, lo, 0)
NPU_LOOK_UP(32, hi, 4)
NPU_LOOK_UP(64, lo, 0)
NPU_LOOK_UP(64, hi, 4)

/* Compressed loads (UG1583, Compressed Load Operations): each fills a buffer with 256 bits; `dp`
 * points at what is to be taken next, a mask of 32 bits (sparse: 64) and as many bytes as it has
 * bits, up to the next word. What the buffer holds is what the memory holds: a program that
 * writes there in between is not modelled. How much it holds at most is not published. */
NPU_OP uint32_t npu_load_reset(npu_core *s, uint32_t address, uint32_t pc)
{
    if (!npu_at(s, address, 32))
        npu_fail(s, NPU_FAULT_LOAD, pc, address & ~31u);
    return s->filled = (address & ~31u) + 32;
}

NPU_OP uint32_t npu_load_fill(npu_core *s, uint32_t address)
{
    /* fills run ahead of the data's end: there may be no memory */
    return s->filled = (address & ~31u) + 32;
}

NPU_OP uint32_t npu_take_word(npu_core *s, uint32_t address, uint32_t pc)
{
    uint32_t word = 0;
    const uint8_t *from = npu_at(s, address, sizeof word);
    if (from) {
        npu_watch(s, address, sizeof word, pc);
        __builtin_memcpy(&word, from, sizeof word);
    } else
        npu_fail(s, NPU_FAULT_LOAD, pc, address & NPU_ADDRESS & ~3u);
    return word;
}

NPU_OP void npu_take(npu_core *s, uint32_t dp, uint32_t *left, uint32_t pc, uint32_t *words,
                     uint32_t masks)
{
    uint32_t bytes = 0, count;
    for (uint32_t i = 0; i < masks; i++) {
        words[i] = npu_take_word(s, dp + 4 * i, pc);
        bytes += (uint32_t)__builtin_popcount(words[i]);
    }
    count = masks + (bytes + 3) / 4;
    for (uint32_t i = masks; i < count; i++)
        words[i] = npu_take_word(s, dp + 4 * i, pc);
    *left = (dp & ~3u) + 4 * count;
    if (*left > s->filled)
        npu_fail(s, NPU_FAULT_UNFILLED, pc, *left);
}

NPU_OP npu_w npu_take_compr(npu_core *s, uint32_t dp, uint32_t *left, uint32_t pc)
{
    uint32_t words[9] = {0};
    npu_take(s, dp, left, pc, words, 1);
    return npu_decompress(words[0], (const uint8_t *)&words[1]);
}

NPU_OP npu_w npu_take_sparse(npu_core *s, uint32_t dp, uint32_t *left, uint32_t pc, int bits,
                             uint64_t *mask, npu_status *status)
{
    uint32_t words[18] = {0};
    npu_take(s, dp, left, pc, words, 2);
    *mask = words[0] | (uint64_t)words[1] << 32;
    return npu_decompress_sparse(*mask, (const uint8_t *)&words[2], bits, status);
}

/* mov.cph: the header of a control packet, of odd parity (AM020, chapter 2). */
NPU_OP uint32_t npu_control_header(uint32_t address, uint32_t words, uint32_t operation,
                                   uint32_t id)
{
    uint32_t header = (address & NPU_ADDRESS) | (words & 3) << 20 | (operation & 3) << 22 |
                      (id & 127) << 24;
    return header | (uint32_t)(~__builtin_popcount(header) & 1) << 31;
}

NPU_OP npu_w npu_low(npu_q low)
{
    npu_w value;
    __builtin_memset(&value, 0, sizeof value);
    __builtin_memcpy(&value, &low, sizeof low);
    return value;
}

NPU_OP npu_q npu_lowest(npu_w value) { return npu_q_get(&value); }

/* 2D and 3D addresses: a counter below its size counts on and steps by the jump of its dimension,
 * one at its size starts over and hands on to the next; the last goes on by the modifier. */
NPU_OP uint32_t npu_step(uint32_t *count, uint32_t size, uint32_t jump, uint32_t rest)
{
    if (*count != size) {
        *count = (*count + 1) & NPU_ADDRESS;
        return jump;
    }
    *count = 0;
    return rest;
}

#include "aie2p.h"

#endif
