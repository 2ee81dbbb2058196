/* RV32IMAFDC as far as it says what an instruction does to integer registers, and what it accesses
 * (RISC-V, unprivileged architecture, versions 2.2 of IMAFD and 2.0 of C). */
#ifndef NPU_RV32_H
#define NPU_RV32_H

#include <stdint.h>

enum {
    NPU_RV_OTHER,   /* sets no integer register */
    NPU_RV_UNKNOWN, /* sets rd to what integer registers and memory do not tell */
    NPU_RV_PC,      /* rd = its own address + imm */
    NPU_RV_ADD,     /* rd = rs1 + (rs2 or imm), and so on */
    NPU_RV_SUB,
    NPU_RV_SLL,
    NPU_RV_SLT,
    NPU_RV_SLTU,
    NPU_RV_XOR,
    NPU_RV_SRL,
    NPU_RV_SRA,
    NPU_RV_OR,
    NPU_RV_AND,
    NPU_RV_MUL,
    NPU_RV_MULH,
    NPU_RV_MULHSU,
    NPU_RV_MULHU,
    NPU_RV_DIV,
    NPU_RV_DIVU,
    NPU_RV_REM,
    NPU_RV_REMU,
    NPU_RV_LOAD,   /* rd, or none, from imm(rs1) */
    NPU_RV_STORE,  /* to imm(rs1) */
    NPU_RV_ATOMIC, /* rd from (rs1), and to it: `reads`, `writes` */
};

typedef struct {
    uint8_t kind, rd, rs1, rs2;
    uint8_t has_imm, is_signed; /* the second operand is imm; a load is sign-extended */
    uint8_t reads, writes;
    uint8_t size;  /* bytes that are accessed */
    uint8_t bytes; /* of the instruction */
    int32_t imm;
} npu_rv;

static inline uint32_t npu_bits(uint32_t word, int from, int count)
{
    return word >> from & ((1u << count) - 1);
}

/* `count` bits at `from`, put at `to`. */
static inline uint32_t npu_put(uint32_t word, int from, int count, int to)
{
    return npu_bits(word, from, count) << to;
}

static inline int32_t npu_extended(uint32_t value, int bits)
{
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

static void npu_rv_access(npu_rv *i, int writes, uint32_t size, uint32_t rd, uint32_t rs1,
                          int32_t imm)
{
    i->kind = writes ? NPU_RV_STORE : NPU_RV_LOAD;
    i->writes = (uint8_t)writes;
    i->reads = !writes;
    i->size = (uint8_t)size;
    i->rd = (uint8_t)rd;
    i->rs1 = (uint8_t)rs1;
    i->imm = imm;
    i->is_signed = 1;
}

static void npu_rv_with(npu_rv *i, int kind, uint32_t rd, uint32_t rs1, int32_t imm)
{
    i->kind = (uint8_t)kind;
    i->rd = (uint8_t)rd;
    i->rs1 = (uint8_t)rs1;
    i->imm = imm;
    i->has_imm = 1;
}

static void npu_rv_of(npu_rv *i, int kind, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    i->kind = (uint8_t)kind;
    i->rd = (uint8_t)rd;
    i->rs1 = (uint8_t)rs1;
    i->rs2 = (uint8_t)rs2;
}

/* Loads and stores of both quadrants of C: funct3 of 1 to 3 and 5 to 7 (1 and 5 of doubles). */
static void npu_rv_short_access(npu_rv *i, uint32_t funct3, uint32_t reg, uint32_t rs1, int32_t imm)
{
    uint32_t is_float = funct3 == 1 || funct3 == 3;
    npu_rv_access(i, funct3 > 4, funct3 % 4 == 1 ? 8 : 4, is_float ? 0 : reg, rs1, imm);
}

static void npu_rv_short(npu_rv *i, uint32_t h)
{
    static const uint8_t arithmetic[] = {NPU_RV_SUB, NPU_RV_XOR, NPU_RV_OR, NPU_RV_AND};
    uint32_t funct3 = h >> 13, rd = npu_bits(h, 7, 5), rs2 = npu_bits(h, 2, 5);
    uint32_t low = 8 + npu_bits(h, 2, 3), high = 8 + npu_bits(h, 7, 3);
    int32_t imm = npu_extended(npu_put(h, 12, 1, 5) | rs2, 6);
    int is_double = funct3 % 4 == 1;
    i->bytes = 2;
    switch ((h & 3) << 3 | funct3) {
    case 0 << 3 | 0:
        npu_rv_with(i, NPU_RV_ADD, low, 2,
                    (int32_t)(npu_put(h, 11, 2, 4) | npu_put(h, 7, 4, 6) | npu_put(h, 6, 1, 2)
                              | npu_put(h, 5, 1, 3)));
        return;
    case 0 << 3 | 1: case 0 << 3 | 2: case 0 << 3 | 3: case 0 << 3 | 5: case 0 << 3 | 6:
    case 0 << 3 | 7: {
        uint32_t last = is_double ? npu_put(h, 5, 2, 6) : npu_put(h, 6, 1, 2) | npu_put(h, 5, 1, 6);
        npu_rv_short_access(i, funct3, low, high, (int32_t)(npu_put(h, 10, 3, 3) | last));
        return;
    }
    case 1 << 3 | 0:
        npu_rv_with(i, NPU_RV_ADD, rd, rd, imm);
        return;
    case 1 << 3 | 1:
        npu_rv_with(i, NPU_RV_UNKNOWN, 1, 0, 0);
        return;
    case 1 << 3 | 2:
        npu_rv_with(i, NPU_RV_ADD, rd, 0, imm);
        return;
    case 1 << 3 | 3:
        if (rd == 2)
            npu_rv_with(i, NPU_RV_ADD, 2, 2,
                        npu_extended(npu_put(h, 12, 1, 9) | npu_put(h, 6, 1, 4)
                                         | npu_put(h, 5, 1, 6) | npu_put(h, 3, 2, 7)
                                         | npu_put(h, 2, 1, 5),
                                     10));
        else
            npu_rv_with(i, NPU_RV_ADD, rd, 0, (int32_t)((uint32_t)imm << 12));
        return;
    case 1 << 3 | 4:
        switch (npu_bits(h, 10, 2)) {
        case 0: npu_rv_with(i, NPU_RV_SRL, high, high, (int32_t)rs2); return;
        case 1: npu_rv_with(i, NPU_RV_SRA, high, high, (int32_t)rs2); return;
        case 2: npu_rv_with(i, NPU_RV_AND, high, high, imm); return;
        default: npu_rv_of(i, arithmetic[npu_bits(h, 5, 2)], high, high, low); return;
        }
    case 2 << 3 | 0:
        npu_rv_with(i, NPU_RV_SLL, rd, rd, (int32_t)rs2);
        return;
    case 2 << 3 | 1: case 2 << 3 | 2: case 2 << 3 | 3: {
        uint32_t last = is_double ? npu_put(h, 5, 2, 3) | npu_put(h, 2, 3, 6)
                                  : npu_put(h, 4, 3, 2) | npu_put(h, 2, 2, 6);
        npu_rv_short_access(i, funct3, rd, 2, (int32_t)(npu_put(h, 12, 1, 5) | last));
        return;
    }
    case 2 << 3 | 4:
        if (rs2)
            npu_rv_of(i, NPU_RV_ADD, rd, h >> 12 & 1 ? rd : 0, rs2);
        else if (h >> 12 & 1 && rd)
            npu_rv_with(i, NPU_RV_UNKNOWN, 1, 0, 0);
        return;
    case 2 << 3 | 5: case 2 << 3 | 6: case 2 << 3 | 7: {
        uint32_t last = is_double ? npu_put(h, 10, 3, 3) | npu_put(h, 7, 3, 6)
                                  : npu_put(h, 9, 4, 2) | npu_put(h, 7, 2, 6);
        npu_rv_short_access(i, funct3, 0, 2, (int32_t)last);
        return;
    }
    }
}

static int npu_rv_arithmetic(uint32_t funct3, uint32_t funct7, int has_imm)
{
    static const uint8_t plain[] = {NPU_RV_ADD, NPU_RV_SLL, NPU_RV_SLT, NPU_RV_SLTU,
                                    NPU_RV_XOR, NPU_RV_SRL, NPU_RV_OR,  NPU_RV_AND};
    if (!has_imm && funct7 == 1)
        return NPU_RV_MUL + (int)funct3;
    if (funct3 == 5)
        return funct7 == 0x20 ? NPU_RV_SRA : NPU_RV_SRL;
    if (has_imm)
        return plain[funct3];
    if (funct7 == 0x20 && funct3 == 0)
        return NPU_RV_SUB;
    return funct7 ? NPU_RV_UNKNOWN : plain[funct3];
}

/* Of the F and D extensions, whether the result is an integer: comparisons, conversions, moves. */
static int npu_rv_float_to_integer(uint32_t w)
{
    uint32_t operation = w >> 27;
    return operation == 0x14 || operation == 0x18 || operation == 0x1c;
}

static npu_rv npu_rv_decode(const uint8_t *at)
{
    npu_rv i = {0};
    uint32_t w = (uint32_t)at[0] | (uint32_t)at[1] << 8;
    if ((w & 3) != 3) {
        npu_rv_short(&i, w);
        return i;
    }
    w |= (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    uint32_t rd = npu_bits(w, 7, 5), funct3 = npu_bits(w, 12, 3), rs1 = npu_bits(w, 15, 5);
    int32_t imm = (int32_t)w >> 20;
    int32_t store_imm = npu_extended(npu_put(w, 25, 7, 5) | rd, 12);
    i.bytes = 4;
    switch (w & 0x7f) {
    case 0x03: /* LOAD */
        npu_rv_access(&i, 0, 1u << (funct3 & 3), rd, rs1, imm);
        i.is_signed = !(funct3 & 4);
        break;
    case 0x07: /* LOAD-FP */
        npu_rv_access(&i, 0, 1u << (funct3 & 3), 0, rs1, imm);
        break;
    case 0x23: case 0x27: /* STORE, STORE-FP */
        npu_rv_access(&i, 1, 1u << (funct3 & 3), 0, rs1, store_imm);
        break;
    case 0x2f: /* AMO: only lr does not write, only sc does not read */
        npu_rv_access(&i, 0, 4, rd, rs1, 0);
        i.kind = NPU_RV_ATOMIC;
        i.writes = w >> 27 != 2;
        i.reads = w >> 27 != 3;
        break;
    case 0x13: /* OP-IMM */
        npu_rv_with(&i, npu_rv_arithmetic(funct3, w >> 25, 1), rd, rs1,
                    funct3 % 4 == 1 ? imm & 31 : imm);
        break;
    case 0x33: /* OP */
        npu_rv_of(&i, npu_rv_arithmetic(funct3, w >> 25, 0), rd, rs1, npu_bits(w, 20, 5));
        break;
    case 0x17: /* AUIPC */
        npu_rv_with(&i, NPU_RV_PC, rd, 0, (int32_t)(w & 0xfffff000));
        break;
    case 0x37: /* LUI */
        npu_rv_with(&i, NPU_RV_ADD, rd, 0, (int32_t)(w & 0xfffff000));
        break;
    case 0x53: /* OP-FP */
        if (npu_rv_float_to_integer(w))
            npu_rv_with(&i, NPU_RV_UNKNOWN, rd, 0, 0);
        break;
    case 0x63: case 0x0f: case 0x43: case 0x47: case 0x4b: case 0x4f: /* no integer register */
        break;
    default: /* jumps, system instructions */
        npu_rv_with(&i, NPU_RV_UNKNOWN, rd, 0, 0);
    }
    return i;
}

static uint32_t npu_rv_compute(int kind, uint32_t a, uint32_t b)
{
    int32_t sa = (int32_t)a, sb = (int32_t)b;
    int overflows = a == 0x80000000u && sb == -1;
    switch (kind) {
    case NPU_RV_ADD: return a + b;
    case NPU_RV_SUB: return a - b;
    case NPU_RV_SLL: return a << (b & 31);
    case NPU_RV_SLT: return sa < sb;
    case NPU_RV_SLTU: return a < b;
    case NPU_RV_XOR: return a ^ b;
    case NPU_RV_SRL: return a >> (b & 31);
    case NPU_RV_SRA: return (uint32_t)(sa >> (b & 31));
    case NPU_RV_OR: return a | b;
    case NPU_RV_AND: return a & b;
    case NPU_RV_MUL: return a * b;
    case NPU_RV_MULH: return (uint32_t)((int64_t)sa * sb >> 32);
    case NPU_RV_MULHSU: return (uint32_t)((int64_t)sa * (int64_t)b >> 32);
    case NPU_RV_MULHU: return (uint32_t)((uint64_t)a * b >> 32);
    case NPU_RV_DIV: return !b ? UINT32_MAX : overflows ? a : (uint32_t)(sa / sb);
    case NPU_RV_DIVU: return !b ? UINT32_MAX : a / b;
    case NPU_RV_REM: return !b ? a : overflows ? 0 : (uint32_t)(sa % sb);
    default: return !b ? a : a % b; /* NPU_RV_REMU */
    }
}

#endif
