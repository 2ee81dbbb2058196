/* Stand-in code's accesses: what Unicorn calls at every block of it, and the vector unit at every
 * operand.
 *
 * A block's accesses are looked at before it is executed, by the registers that Unicorn has then
 * (plan.h). Most need no more than that they lie within what the core may use as it likes. Else
 * each is judged by itself, in its order. What cannot be known there, or must not be, is looked at
 * once more where it is accessed: Unicorn calls there as well, and what is told is the state of
 * that moment. */
#include "block.h"
#include "plan.h"

#define NPU_OWN 8
#define NPU_PAGES 32 /* of 64 KB, beginning at 0 */
#define NPU_FULL (NPU_NOWHERE - 1) /* no room for another plan */
#define NPU_DEVICES (NPU_FIRST + NPU_SEEN) /* softnpu.arch.standin, BUS_START to VECTOR_MEMORY */
#define NPU_DEVICES_END 0x110000u
#define NPU_TAGGED_END (1u << 31)
#define NPU_PLAIN ((1u << NPU_TAG_SHIFT) - 1)

typedef struct {
    npu_check *check;
    npu_meter *meter;
    npu_block *recording;      /* 0 where nothing is recorded */
    const uint32_t *registers; /* Unicorn's own; 0 where they must be asked for */
    uint32_t first_register;   /* what Unicorn calls the first of them */
    const uint8_t *code;
    uint8_t *splits;         /* by halfword: 1 where Unicorn calls within a block */
    uint32_t *plans[2];      /* by halfword, of blocks and of what begins at a split: in `kept` */
    uint8_t *kept;
    uint32_t used, room;
    uint32_t block_end;      /* of the one that is executed */
    uint32_t split;          /* where it should call as well, NPU_FULL or NPU_NOWHERE */
    uint32_t within;         /* whether it was stopped within a block, not before it */
    uint32_t last;           /* the block that was looked at last */
    uint32_t rounds;         /* so often in a row it needs no other look */
    uint32_t accesses;       /* in each */
    uint32_t own_ranges;
    npu_range own[NPU_OWN];  /* the stack and the program's data */
    uint64_t page[NPU_PAGES]; /* memory as the code sees it, for values that addresses come from */
    uint32_t page_size[NPU_PAGES];
} npu_blocks;

/* Whether an access may be: it is counted, and what is wrong about it is noted. */
static int npu_permitted(npu_check *c, uint32_t address, uint32_t size, int writes)
{
    if (address >= NPU_TAGGED_END)
        return 1;
    c->checked++;
    uint32_t tag = address >> NPU_TAG_SHIFT;
    if (address >= c->usable[tag].begin && address + size <= c->usable[tag].end)
        return 1;
    int kind = npu_judge(c, tag, address & NPU_PLAIN, size, writes);
    if (kind)
        npu_note(c, kind, address, size, writes);
    else if (tag)
        npu_look_ahead(c, tag);
    return !kind;
}

/* Whether it has looked at as much as it was to: the code is stopped before its next block. */
static int npu_is_over(const npu_check *c)
{
    return c->limit && c->checked >= c->limit;
}

void npu_at_operand(npu_blocks *b, uint32_t address, uint32_t bytes, int writes)
{
    npu_check *c = b->check;
    if (c->kind || !bytes || npu_is_over(c))
        return;
    if (npu_permitted(c, address, bytes, writes))
        return;
    c->read_register(c->core, c->pc_register, &c->pc);
    c->stop(c->core);
}

/* Whether an access is to what does something: registers of the tile, the vector unit. */
static int npu_is_device(uint32_t at)
{
    return at >= NPU_DEVICES && at < NPU_DEVICES_END;
}

/* Whether these bytes, of an address without a tag, are all in one of the ranges that the code has
 * for itself, or where the machine itself knows what it has. */
static int npu_is_own(const npu_blocks *b, uint32_t at, uint32_t size)
{
    for (uint32_t n = 0; n < b->own_ranges; n++)
        if (at >= b->own[n].begin && at + size <= b->own[n].end) {
            b->check->usable[0] = b->own[n]; /* most often it is the same again */
            return 1;
        }
    return at + size <= NPU_FIRST || (at >= NPU_DEVICES_END && at + size <= NPU_PLAIN);
}

static int npu_groups_are_fine(const npu_blocks *b, const npu_plan *p, const uint32_t *value)
{
    const npu_check *c = b->check;
    const npu_access *last = npu_accesses(p) + p->accesses - 1;
    const npu_group *g = (const npu_group *)(last + 1), *end = g + p->groups;
    for (; g < end; g++) {
        uint32_t base = value[g->at.base], at = base + (uint32_t)g->at.plus;
        uint32_t tag = at >> NPU_TAG_SHIFT;
        if ((base + g->residue) & g->aligned || tag >= NPU_TAGS)
            return 0;
        if (at >= c->usable[tag].begin && at + g->size <= c->usable[tag].end)
            continue;
        int ends_with = g->size == last->size && at == value[last->at.base] + (uint32_t)last->at.plus;
        if (tag || !(npu_is_own(b, at, g->size) || (npu_is_device(at) && ends_with)))
            return 0;
    }
    return 1;
}

/* The range of what may be used without further ado that these bytes lie in; 0 if in none. */
static const npu_range *npu_range_of(const npu_blocks *b, uint32_t at, uint32_t size)
{
    const npu_range *usable = &b->check->usable[at >> NPU_TAG_SHIFT];
    for (uint32_t n = 0; n < b->own_ranges; n++) {
        if (at >= usable->begin && at + size <= usable->end)
            return usable;
        usable = &b->own[n];
    }
    return 0;
}

/* How often in a row a block that was found fine may be executed again without leaving the ranges
 * that its accesses lie in. Nothing changes meanwhile: locks are taken in other blocks. */
static uint32_t npu_rounds(const npu_blocks *b, const npu_plan *p, const uint32_t *value)
{
    const npu_check *c = b->check;
    const npu_group *g = (const npu_group *)(npu_accesses(p) + p->accesses), *end = g + p->groups;
    uint64_t rounds = c->limit ? (c->limit - c->checked) / p->accesses : UINT32_MAX;
    for (; g < end && rounds; g++) {
        uint32_t step = g->step.plus + (g->step.by ? value[g->step.by] : 0);
        if (!step)
            continue;
        uint32_t at = value[g->at.base] + (uint32_t)g->at.plus;
        const npu_range *range = npu_range_of(b, at, g->size);
        if (!range || step & g->aligned)
            return 0;
        int falls = step >> 31;
        uint32_t room = falls ? at - range->begin : range->end - (at + g->size);
        uint32_t most = room / (falls ? 0u - step : step);
        rounds = most < rounds ? most : rounds;
    }
    return (uint32_t)rounds;
}

/* Loads a value that an address comes from; whether it is what the block will load. */
static int npu_fetched(const npu_blocks *b, const npu_value *v, const npu_access *stores,
                       uint32_t *value, uint32_t *result)
{
    uint32_t at = value[v->a.base] + (uint32_t)v->a.plus;
    if (at >= NPU_TAGGED_END)
        return 0;
    at &= NPU_PLAIN;
    uint32_t page = at >> NPU_WINDOW_SHIFT, inside = at & ((1u << NPU_WINDOW_SHIFT) - 1);
    if (page >= NPU_PAGES || inside + v->size > b->page_size[page])
        return 0;
    for (uint32_t n = 0; n < v->before; n++) {
        uint32_t to = (value[stores[n].at.base] + (uint32_t)stores[n].at.plus) & NPU_PLAIN;
        if (stores[n].writes && to < at + v->size && at < to + stores[n].size)
            return 0;
    }
    const uint8_t *memory = (const uint8_t *)(uintptr_t)b->page[page] + inside;
    uint32_t loaded = 0;
    for (uint32_t n = 0; n < v->size; n++)
        loaded |= (uint32_t)memory[n] << 8 * n;
    int bits = 8 * v->size;
    *result = v->is_signed ? (uint32_t)npu_extended(loaded, bits) : loaded;
    return 1;
}

/* Computes a plan's values behind the registers; up to which number, if one is not to be known. */
static uint32_t npu_compute(const npu_blocks *b, const npu_plan *p, uint32_t *value)
{
    const npu_value *v = npu_values(p);
    const npu_access *stores = npu_accesses(p);
    uint32_t *result = value + NPU_REGISTERS;
    for (const npu_value *end = v + p->values; v < end; v++, result++) {
        if (v->kind == NPU_RV_LOAD) {
            if (!npu_fetched(b, v, stores, value, result))
                break;
            continue;
        }
        *result = npu_rv_compute(v->kind, value[v->a.base] + (uint32_t)v->a.plus,
                                 value[v->b.base] + (uint32_t)v->b.plus);
    }
    return (uint32_t)(result - value);
}

/* Reads the registers of a set, a bit each: words, as the code wrote them last. */
static void npu_read_registers(const npu_blocks *b, uint32_t set, uint32_t *value)
{
    npu_check *c = b->check;
    for (; set; set &= set - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(set);
        if (b->registers)
            value[n] = b->registers[n];
        else
            c->read_register(c->core, (int)(b->first_register + n), &value[n]);
    }
}

/* Has Unicorn call at an instruction of this block, and begins with the block once more. */
static int npu_ask(npu_blocks *b, uint32_t pc, uint64_t checked)
{
    b->split = pc;
    b->check->checked = checked;
    return 1;
}

/* Judges each access of a plan by itself; whether the code is to be stopped. What comes behind one
 * to a device is looked at when that has done its work. */
static int npu_each(npu_blocks *b, const npu_plan *p, uint32_t begin, const uint32_t *value,
                    uint32_t values)
{
    npu_check *c = b->check;
    uint64_t before = c->checked;
    const npu_access *a = npu_accesses(p);
    for (const npu_access *end = a + p->accesses; a < end; a++) {
        if (a->at.base >= values)
            return npu_ask(b, begin + a->pc, before);
        uint32_t address = value[a->at.base] + (uint32_t)a->at.plus;
        if (address & npu_scalar(a->size))
            npu_note(c, NPU_MISALIGNED, address, a->size, a->writes);
        else if (npu_permitted(c, address, a->size, a->writes)) {
            if (npu_is_device(address) && a + 1 < end && a[1].pc > a->pc)
                return npu_ask(b, begin + a[1].pc, before);
            continue;
        }
        c->pc = begin;
        if (!a->pc)
            return 1;
        c->kind = NPU_FINE; /* it will be found again, there */
        return npu_ask(b, begin + a->pc, before);
    }
    return 0;
}

static npu_plan *npu_plan_of(npu_blocks *b, uint32_t begin, uint32_t end, int at_split)
{
    uint32_t *known = &b->plans[at_split][begin >> 1];
    npu_plan *kept = (npu_plan *)(b->kept + *known);
    if (*known && kept->end == end)
        return kept;
    npu_draft draft;
    npu_draw_up(&draft, b->code, b->splits, begin, begin + (uint32_t)at_split, end);
    const npu_plan *head = &draft.head;
    uint32_t values = head->values * sizeof(npu_value);
    uint32_t accesses = head->accesses * sizeof(npu_access);
    uint32_t groups = head->groups * sizeof(npu_group);
    uint32_t size = sizeof(npu_plan) + values + accesses + groups;
    if (b->used + size > b->room)
        return 0;
    uint8_t *to = b->kept + b->used;
    __builtin_memcpy(to, head, sizeof(npu_plan));
    __builtin_memcpy(to + sizeof(npu_plan), draft.value, values);
    __builtin_memcpy(to + sizeof(npu_plan) + values, draft.access, accesses);
    __builtin_memcpy(to + sizeof(npu_plan) + values + accesses, draft.group, groups);
    *known = b->used;
    b->used += size;
    return (npu_plan *)to;
}

/* Looks at the code from `begin` on, of a block that ends at `end`; whether it is to be stopped. */
static int npu_stops(npu_blocks *b, uint32_t begin, uint32_t end, int at_split)
{
    npu_check *c = b->check;
    if (c->kind)
        return 0;
    if (npu_is_over(c))
        return !at_split;
    npu_plan *p = npu_plan_of(b, begin, end, at_split);
    if (!p)
        return npu_ask(b, NPU_FULL, c->checked);
    if (p->split != NPU_NOWHERE)
        return npu_ask(b, p->split, c->checked);
    if (!p->accesses)
        return 0;
    uint32_t own[NPU_REGISTERS + NPU_MOST_VALUES], values = NPU_REGISTERS;
    const uint32_t *value = b->registers;
    if (!value || p->values) {
        npu_read_registers(b, p->registers, own);
        value = own;
    }
    if (p->values)
        values = npu_compute(b, p, own);
    if (values == NPU_REGISTERS + p->values && npu_groups_are_fine(b, p, value)) {
        c->checked += p->accesses;
        if (p->is_steady && !at_split && (p->repeats || begin == b->last)) {
            p->repeats = 1;
            b->rounds = npu_rounds(b, p, value);
            b->accesses = p->accesses;
        }
    } else if (npu_each(b, p, begin, value, values))
        return 1;
    return !at_split && npu_is_over(c);
}

static void npu_count(void *core, uint64_t address, uint32_t size, npu_blocks *b)
{
    if (b->recording)
        npu_at_block(core, address, size, b->recording);
    else
        npu_metered(b->meter, address, size);
}

void npu_at_checked_block(void *core, uint64_t address, uint32_t size, npu_blocks *b)
{
    npu_meter *m = b->meter;
    uint32_t begin = (uint32_t)address;
    b->block_end = begin + size;
    b->within = 0;
    if (m->retired > m->limit) {
        b->rounds = 0;
        m->stop(core);
        return;
    }
    if (b->rounds && begin == b->last) {
        b->rounds--;
        b->check->checked += b->accesses;
        npu_count(core, address, size, b);
        return;
    }
    b->rounds = 0;
    if (npu_stops(b, begin, b->block_end, 0))
        m->stop(core);
    else
        npu_count(core, address, size, b);
    b->last = begin;
}

void npu_at_split(void *core, uint64_t address, uint32_t size, npu_blocks *b)
{
    (void)size;
    b->within = 1;
    if (npu_stops(b, (uint32_t)address, b->block_end, 1))
        b->check->stop(core);
}
