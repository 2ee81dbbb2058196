/* What a block of RV32 code accesses, as functions of the registers before it: made once a block,
 * from its instructions. */
#ifndef NPU_PLAN_H
#define NPU_PLAN_H

#include "check.h"
#include "rv32.h"

enum {
    NPU_REGISTERS = 32,
    NPU_MOST_VALUES = 224,  /* computed in a block; what uses more is a block of its own */
    NPU_MOST_ACCESSES = 256,
    NPU_WIDEST_GROUP = 1 << NPU_WINDOW_SHIFT,
};

#define NPU_NOWHERE UINT32_MAX

/* A value: that of an integer register before the block, or a computed one, and a constant. */
typedef struct {
    uint16_t base; /* a register, or NPU_REGISTERS and the number of the computed one */
    int32_t plus;
} npu_term;

typedef struct {
    uint8_t kind;            /* NPU_RV_UNKNOWN to NPU_RV_LOAD */
    uint8_t size, is_signed; /* of a load, whose address is `a` */
    uint16_t before;         /* of a load: accesses before it, if a store among them may change it */
    npu_term a, b;
} npu_value;

typedef struct {
    npu_term at;
    uint16_t pc; /* from the block's begin on */
    uint8_t size, writes;
} npu_access;

/* A constant, and a register that the block leaves as it is, or 0. */
typedef struct {
    uint32_t plus, by;
} npu_step;

/* Accesses from one base that are near each other: all are right if these bytes are. */
typedef struct {
    npu_term at;
    uint32_t size;
    uint32_t aligned, residue; /* (base + residue) & aligned is 0 where each access is aligned */
    npu_step step;             /* by which they move from one execution of the block to the next */
} npu_group;

typedef struct {
    uint32_t end;   /* of the block */
    uint32_t split; /* what comes from here on is to be looked at from there, or NPU_NOWHERE */
    uint16_t values, accesses, groups;
    uint8_t is_steady; /* executed in a row, it moves all of its groups by their steps */
    uint8_t repeats;   /* and it was */
    uint32_t registers; /* that it goes by, a bit each */
} npu_plan; /* then its values, accesses and groups */

static inline const npu_value *npu_values(const npu_plan *p)
{
    return (const npu_value *)(p + 1);
}

static inline const npu_access *npu_accesses(const npu_plan *p)
{
    return (const npu_access *)(npu_values(p) + p->values);
}

typedef struct {
    npu_plan head;
    uint8_t needed[NPU_MOST_VALUES];
    npu_value value[NPU_MOST_VALUES];
    npu_access access[NPU_MOST_ACCESSES];
    npu_group group[NPU_MOST_ACCESSES];
    npu_term now[NPU_REGISTERS];
} npu_draft;

static inline uint32_t npu_scalar(uint32_t size)
{
    return (size < 4 ? size : 4) - 1;
}

/* The first of all values, which is not known. */
static const npu_term npu_unknown = {NPU_REGISTERS, 0};

static npu_term npu_computed(npu_draft *d, npu_value value)
{
    if (d->head.values == NPU_MOST_VALUES)
        return npu_unknown;
    d->value[d->head.values++] = value;
    return (npu_term){(uint16_t)(NPU_REGISTERS + d->head.values - 1), 0};
}

static npu_term npu_result(npu_draft *d, const npu_rv *i)
{
    npu_term a = d->now[i->rs1], b = i->has_imm ? (npu_term){0, i->imm} : d->now[i->rs2];
    if (i->kind == NPU_RV_ADD && (!a.base || !b.base))
        return (npu_term){a.base ? a.base : b.base, (int32_t)((uint32_t)a.plus + (uint32_t)b.plus)};
    if (a.base == npu_unknown.base || b.base == npu_unknown.base)
        return npu_unknown;
    return npu_computed(d, (npu_value){.kind = i->kind, .a = a, .b = b});
}

static void npu_join(npu_draft *d, const npu_access *a)
{
    uint32_t scalar = npu_scalar(a->size), plus = (uint32_t)a->at.plus;
    for (uint32_t n = 0; n < d->head.groups; n++) {
        npu_group *g = &d->group[n];
        uint32_t common = g->aligned < scalar ? g->aligned : scalar;
        if (g->at.base != a->at.base || (g->residue ^ plus) & common)
            continue;
        if (!a->at.base && ((uint32_t)g->at.plus ^ plus) >> NPU_TAG_SHIFT)
            continue;
        int64_t first = g->at.plus < a->at.plus ? g->at.plus : a->at.plus;
        int64_t end = (int64_t)g->at.plus + g->size, last = (int64_t)a->at.plus + a->size;
        int64_t size = (end > last ? end : last) - first;
        if (size > NPU_WIDEST_GROUP)
            continue;
        g->at.plus = (int32_t)first;
        g->size = (uint32_t)size;
        if (scalar > g->aligned) {
            g->aligned = scalar;
            g->residue = plus & scalar;
        }
        return;
    }
    d->group[d->head.groups++] = (npu_group){a->at, a->size, scalar, plus & scalar, {0, 0}};
}

/* Whether there is room for another access, and its address is known. */
static int npu_accessed(npu_draft *d, const npu_rv *i, uint32_t pc)
{
    npu_term at = d->now[i->rs1];
    at.plus = (int32_t)((uint32_t)at.plus + (uint32_t)i->imm);
    if (at.base == npu_unknown.base || d->head.accesses + 2 > NPU_MOST_ACCESSES)
        return 0;
    for (int writes = 0; writes < 2; writes++)
        if (writes ? i->writes : i->reads) {
            npu_access *a = &d->access[d->head.accesses++];
            *a = (npu_access){at, (uint16_t)pc, i->size, (uint8_t)writes};
            npu_join(d, a);
        }
    return 1;
}

/* What the load that was accessed last gives. */
static npu_term npu_loaded(npu_draft *d, const npu_rv *i)
{
    uint32_t before = d->head.accesses - 1u;
    const npu_access *a = &d->access[before];
    npu_value v = {.kind = NPU_RV_LOAD, .size = i->size, .is_signed = i->is_signed, .a = a->at};
    for (uint32_t n = 0; n < before; n++) {
        const npu_access *s = &d->access[n];
        int64_t apart = (int64_t)s->at.plus - a->at.plus;
        int elsewhere = s->at.base == a->at.base && (apart >= a->size || -apart >= s->size);
        if (s->writes && !elsewhere)
            v.before = (uint16_t)before;
    }
    return npu_computed(d, v);
}

/* Keeps the values that an address needs, and numbers them anew. */
static void npu_keep_needed(npu_draft *d)
{
    uint16_t number[NPU_MOST_VALUES];
    npu_plan *h = &d->head;
    for (uint32_t n = 0; n < h->values; n++)
        d->needed[n] = 0;
#define NPU_NEEDS(term) \
    if ((term).base >= NPU_REGISTERS) \
        d->needed[(term).base - NPU_REGISTERS] = 1; \
    else \
        h->registers |= 1u << (term).base
#define NPU_RENUMBER(term) \
    if ((term).base >= NPU_REGISTERS) \
        (term).base = number[(term).base - NPU_REGISTERS]
    for (uint32_t n = 0; n < h->accesses; n++)
        NPU_NEEDS(d->access[n].at);
    for (uint32_t n = h->values; n-- > 0;)
        if (d->needed[n]) {
            NPU_NEEDS(d->value[n].a);
            NPU_NEEDS(d->value[n].b);
        }
    uint16_t kept = 0;
    for (uint32_t n = 0; n < h->values; n++)
        if (d->needed[n]) {
            NPU_RENUMBER(d->value[n].a);
            NPU_RENUMBER(d->value[n].b);
            number[n] = (uint16_t)(NPU_REGISTERS + kept);
            d->value[kept++] = d->value[n];
        }
    h->values = kept;
    for (uint32_t n = 0; n < h->accesses; n++)
        NPU_RENUMBER(d->access[n].at);
    for (uint32_t n = 0; n < h->groups; n++)
        NPU_RENUMBER(d->group[n].at);
#undef NPU_NEEDS
#undef NPU_RENUMBER
}

/* By how much a value grows if its operands do by `a` and `b`; whether that is always the same. */
static int npu_grows(const npu_value *v, npu_step a, npu_step b, npu_step *step)
{
    int is_constant = !a.plus && !a.by && !b.plus && !b.by;
    *step = (npu_step){0, 0};
    if (v->kind == NPU_RV_LOAD || v->kind == NPU_RV_UNKNOWN)
        return 0;
    if (v->kind == NPU_RV_ADD && !(a.by && b.by))
        *step = (npu_step){a.plus + b.plus, a.by | b.by};
    else if (v->kind == NPU_RV_SUB && !b.by)
        *step = (npu_step){a.plus - b.plus, a.by};
    else if (v->kind == NPU_RV_SLL && !v->b.base && !a.by)
        step->plus = a.plus << (v->b.plus & 31);
    else
        return is_constant;
    return 1;
}

/* What a block does to a register: adds a constant, or that and another that it leaves alone. */
static int npu_register_grows(const npu_draft *d, uint32_t n, npu_step *step)
{
    npu_term now = d->now[n];
    *step = (npu_step){(uint32_t)now.plus, 0};
    if (now.base < NPU_REGISTERS)
        return now.base == n;
    const npu_value *v = &d->value[now.base - NPU_REGISTERS];
    npu_term a = v->a.base == n ? v->a : v->b, b = v->a.base == n ? v->b : v->a;
    if (v->kind != NPU_RV_ADD || a.base != n || b.base >= NPU_REGISTERS || b.base == n)
        return 0;
    step->plus += (uint32_t)a.plus + (uint32_t)b.plus;
    step->by = b.base;
    return d->now[b.base].base == b.base && !d->now[b.base].plus;
}

/* Sees what a block that was read to its end does to its own addresses. */
static void npu_find_steps(npu_draft *d, const npu_step *of_register, const uint8_t *grows)
{
    npu_plan *h = &d->head;
    npu_step step[NPU_REGISTERS + NPU_MOST_VALUES];
    uint8_t steady[NPU_REGISTERS + NPU_MOST_VALUES];
    __builtin_memcpy(step, of_register, NPU_REGISTERS * sizeof *step);
    __builtin_memcpy(steady, grows, NPU_REGISTERS);
    for (uint32_t n = 0; n < h->values; n++) {
        const npu_value *v = &d->value[n];
        uint32_t a = v->a.base, b = v->b.base, to = NPU_REGISTERS + n;
        steady[to] = (uint8_t)(npu_grows(v, step[a], step[b], &step[to]) && steady[a] && steady[b]);
    }
    h->is_steady = h->accesses != 0;
    for (npu_group *g = d->group; g < d->group + h->groups; g++) {
        g->step = step[g->at.base];
        h->is_steady &= steady[g->at.base];
        h->registers |= 1u << g->step.by;
    }
}

/* The plan of the code from `begin` up to `end`, or up to an address of `splits` behind `first`. */
static void npu_draw_up(npu_draft *d, const uint8_t *code, const uint8_t *splits, uint32_t begin,
                        uint32_t first, uint32_t end)
{
    d->head = (npu_plan){.end = end, .split = NPU_NOWHERE, .values = 1};
    d->value[0] = (npu_value){.kind = NPU_RV_UNKNOWN};
    for (uint32_t n = 0; n < NPU_REGISTERS; n++)
        d->now[n] = (npu_term){(uint16_t)n, 0};
    uint32_t pc = begin;
    while (pc < end) {
        int is_cut_off = pc + 2 == end && (code[pc] & 3) == 3;
        if (is_cut_off || (pc >= first && splits[pc >> 1]))
            break;
        npu_rv i = npu_rv_decode(code + pc);
        if (i.kind >= NPU_RV_LOAD && !npu_accessed(d, &i, pc - begin)) {
            d->head.split = pc;
            break;
        }
        npu_term result = {0, 0};
        if (i.kind == NPU_RV_PC)
            result.plus = (int32_t)pc + i.imm;
        else if (i.kind == NPU_RV_LOAD && i.rd)
            result = npu_loaded(d, &i);
        else if (i.kind == NPU_RV_UNKNOWN || i.kind == NPU_RV_ATOMIC)
            result = npu_unknown;
        else if (i.kind != NPU_RV_OTHER && i.rd)
            result = npu_result(d, &i);
        if (i.rd)
            d->now[i.rd] = result;
        pc += i.bytes;
    }
    npu_step step[NPU_REGISTERS];
    uint8_t grows[NPU_REGISTERS];
    for (uint32_t n = 0; n < NPU_REGISTERS; n++)
        grows[n] = (uint8_t)npu_register_grows(d, n, &step[n]);
    npu_keep_needed(d);
    if (pc == end)
        npu_find_steps(d, step, grows);
}

#endif
