/* The registers that AIE2's operations work on, and the state that steers them.
 *
 * One function an operation, named npu_<mnemonic>. Registers are values, and nothing is global:
 * control registers come in through `npu_control`, status flags go out through `npu_status`.
 * C11 and C++, nothing of a libc: memcpy, memmove and memset are the compiler's own.
 * `-DNPU_OP=` makes functions with linkage of them, which is how the tests call them.
 *
 * Sources named in these headers:
 *   AM020/AM025   AMD's architecture manual and register reference of AIE-ML
 *   llvm-aie      the instruction tables of AMD's LLVM (AIE2*.td)
 *   xdna-emu      the public project FIM43-Redeye/xdna-emu (MIT): its model, and what it saw
 *   NPU           what a Phoenix NPU computed: tests/data/aie2_points.jsonl
 */
#ifndef NPU_SEMANTICS_CONTROL_H
#define NPU_SEMANTICS_CONTROL_H

#include <stdint.h>

#ifndef NPU_OP
#define NPU_OP static inline
#endif

/* An operation beside which a call does not count: compiled once, for all programs that call it. */
#ifndef NPU_LARGE_OP
#define NPU_LARGE_OP NPU_OP
#endif

/* Before a loop around a loop over lanes, of which the inner one is to become vector operations. */
#ifdef __clang__
#define NPU_STEP_BY_STEP _Pragma("clang loop vectorize(disable) unroll(disable)")
#define NPU_NOT_UNROLLED _Pragma("clang loop unroll(disable)")
#else
#define NPU_STEP_BY_STEP
#define NPU_NOT_UNROLLED
#endif

#define NPU_LANES(bytes)                                                                          \
    uint8_t u8[bytes];                                                                            \
    int8_t s8[bytes];                                                                             \
    uint16_t u16[(bytes) / 2];                                                                    \
    int16_t s16[(bytes) / 2];                                                                     \
    uint32_t u32[(bytes) / 4];                                                                    \
    int32_t s32[(bytes) / 4];                                                                     \
    uint64_t u64[(bytes) / 8];                                                                    \
    int64_t s64[(bytes) / 8]

/* 128 bits: q0 to q3, the masks of sparse operands. */
typedef union {
    NPU_LANES(16);
} npu_q;

/* 256 bits: wl and wh; a quarter of an accumulator (am). */
typedef uint64_t npu_whole __attribute__((vector_size(32), aligned(8)));
typedef union {
    npu_whole whole; /* first, so that compilers move it as a vector, not as memory: half the time */
    NPU_LANES(32);
} npu_w;

/* 512 bits: x; half an accumulator (bml, bmh). A lane is at the same byte in both (NPU). */
typedef union {
    NPU_LANES(64);
    npu_w w[2];
} npu_x;

/* 1024 bits: y, two neighbouring x; a whole accumulator (cm). */
typedef union {
    NPU_LANES(128);
    npu_w w[4];
    npu_x x[2];
} npu_y;

/* What a program sets. Fields of Core_CR (AM025); LLVM's names: crSat, crRnd, ... */
typedef struct {
    uint8_t sat;         /* crSat: 0 wraps, 1 saturates, 3 saturates symmetrically */
    uint8_t rnd;         /* crRnd: enum npu_rounding */
    uint8_t srs_sign;    /* crSRSSign: is the output of vsrs.d* signed? */
    uint8_t ups_sign;    /* crUPSSign: is the input of vups.*.d* signed? */
    uint8_t pack_sign;   /* crPackSign: is the output of vpack.d* signed? */
    uint8_t unpack_sign; /* crUnpackSign: is the input of vunpack.d* signed? */
    uint8_t vadd_sign;   /* crVaddSign: do v*.d* compare signed lanes? */
    uint8_t fp_mask;     /* crFPMask, crF2IMask, crF2FMask: which flags raise an event */
    uint8_t f2i_mask;
    uint8_t f2f_mask;
} npu_control;

/* What operations leave behind. Fields of Core_SR (AM025); all but the carry are latching. */
typedef struct {
    uint8_t carry;     /* srCarry */
    uint8_t srs_of;    /* srSRS_of: a lane of vsrs did not fit */
    uint8_t ups_of;    /* srUPS_of: a lane of vups did not fit */
    uint8_t sparse_of; /* srSparse_of: a sparse load met a mask that keeps more than two of four */
    uint8_t fp;        /* srFPFlags, srF2IFlags, srF2FFlags: enum npu_float_flag */
    uint8_t f2i;
    uint8_t f2f;
} npu_status;

/* Bits of the three groups of float flags, lowest first (AM025, Core_SR). */
enum npu_float_flag {
    NPU_FLAG_ZERO = 1,     /* the output is zero */
    NPU_FLAG_INFINITY = 2, /* the output is infinite */
    NPU_FLAG_INVALID = 4,  /* an input is no number, or the operation has no result */
    NPU_FLAG_TINY = 8,     /* the output would be denormal: it is zero */
    NPU_FLAG_HUGE = 16     /* the output is beyond the format */
};

/* crRnd (AM020; indices as xdna-emu saw them). 4 to 7 are reserved. */
enum npu_rounding {
    NPU_FLOOR = 0,     /* towards minus infinity */
    NPU_CEIL = 1,      /* towards plus infinity */
    NPU_SYM_FLOOR = 2, /* towards zero */
    NPU_SYM_CEIL = 3,  /* away from zero */
    NPU_NEG_INF = 8,   /* to the nearest; halves towards minus infinity */
    NPU_POS_INF = 9,   /* ... towards plus infinity */
    NPU_SYM_ZERO = 10, /* ... towards zero */
    NPU_SYM_INF = 11,  /* ... away from zero */
    NPU_CONV_EVEN = 12, /* ... to the even neighbour */
    NPU_CONV_ODD = 13  /* ... to the odd neighbour */
};

/* Core_CR as one word, as a program or the host reads and writes it (AM025). */
NPU_OP npu_control npu_control_unpack(uint32_t word)
{
    npu_control c;
    c.sat = word & 3;
    c.rnd = (word >> 2) & 15;
    c.fp_mask = (word >> 6) & 31;
    c.vadd_sign = (word >> 13) & 1;
    c.unpack_sign = (word >> 14) & 1;
    c.pack_sign = (word >> 15) & 1;
    c.ups_sign = (word >> 16) & 1;
    c.srs_sign = (word >> 17) & 1;
    c.f2i_mask = (word >> 18) & 31;
    c.f2f_mask = (word >> 23) & 31;
    return c;
}

/* Registers of zeros: vclr. */
NPU_OP npu_x npu_vclr_x(void)
{
    npu_x out;
    __builtin_memset(&out, 0, sizeof out);
    return out;
}

NPU_OP npu_y npu_vclr_y(void)
{
    npu_y out;
    __builtin_memset(&out, 0, sizeof out);
    return out;
}

/* An x register where a y register can be, and the mask of an operand that has none. */
NPU_OP npu_y npu_y_of_x(npu_x a)
{
    npu_y out = npu_vclr_y();
    out.x[0] = a;
    return out;
}

NPU_OP npu_q npu_no_mask(void)
{
    npu_q out;
    __builtin_memset(&out, 0, sizeof out);
    return out;
}

/* `bits` lowest bits of a value, sign-extended or not. */
NPU_OP int64_t npu_narrow(int64_t value, int bits, int is_signed)
{
    int unused = 64 - bits;
    return is_signed ? (int64_t)((uint64_t)value << unused) >> unused
                     : (int64_t)((uint64_t)value << unused >> unused);
}

/* A value in the range of `bits` bits, as crSat says; `*overflow` becomes 1 if it did not fit. */
NPU_OP int64_t npu_saturate(int64_t value, int bits, int is_signed, int sat, uint8_t *overflow)
{
    int64_t high = is_signed ? (INT64_C(1) << (bits - 1)) - 1 : (INT64_C(1) << bits) - 1;
    int64_t low = !is_signed ? 0 : (sat & 2) ? -high : -high - 1;
    if (value >= low && value <= high)
        return value;
    *overflow = 1;
    if (sat & 1)
        return value < low ? low : high;
    return npu_narrow(value, bits, is_signed);
}

#endif
