/* The vector unit of a stand-in core, as its code and the emulator see it.
 *
 * RV32 has no vectors of 512 bits, so a stand-in core has a unit beside it that works on memory.
 * A store of a command's address to NPU_VECTOR_UNIT executes the command; when the store is done,
 * so is the command. Operands are read before results are written, so they may overlap.
 *
 * What the unit computes is what the NPU's vector instructions compute: softnpu/emulator/semantics.
 */
#ifndef NPU_ARCH_VECTOR_UNIT_H
#define NPU_ARCH_VECTOR_UNIT_H

#include <stdint.h>

/* Keep in step with softnpu.arch.standin. */
#define NPU_VECTOR_UNIT 0x100000u

typedef struct {
  uint32_t operation; /* NPU_OPERATION(...) and flags */
  uint32_t lanes;     /* how many elements the result has, unless an operation says otherwise */
  uint32_t out, a, b, c; /* addresses; 0: none */
  int32_t x, y;
} npu_vector_command;

/* Kinds of elements. Complex numbers are two neighbouring ones. */
enum npu_element {
  NPU_S4,
  NPU_U4,
  NPU_S8,
  NPU_U8,
  NPU_S16,
  NPU_U16,
  NPU_S32,
  NPU_U32,
  NPU_S64,
  NPU_BF16,
  NPU_F32,
  NPU_C16,
  NPU_C32,
  NPU_C64,
  NPU_CF32
};

#define NPU_OPERATION(operation, out, a, b)                                                        \
  ((uint32_t)(operation) | (uint32_t)(out) << 8 | (uint32_t)(a) << 12 | (uint32_t)(b) << 16)

#define NPU_SCALAR_A (1u << 20) /* one element, which every lane takes */
#define NPU_SCALAR_B (1u << 21)
#define NPU_NEGATE (1u << 22)         /* the products are subtracted */
#define NPU_NEGATE_C (1u << 23)       /* the accumulator is subtracted */
#define NPU_CONJUGATE_A (1u << 24)
#define NPU_CONJUGATE_B (1u << 25)
#define NPU_SECOND_C (1u << 26)        /* another accumulator follows the first at c, and is added */
#define NPU_NEGATE_SECOND (1u << 27)   /* ... or subtracted */
#define NPU_SHIFT_C (1u << 28)         /* the accumulator counts 16 bits up */
#define NPU_CONVOLUTION (1u << 29)     /* a[row + k][channel]: rows slide over a */
#define NPU_SPARSE (1u << 30)          /* zeros of b are not there: at most 8 of 16 are */

enum npu_vector_operation {
  /* out = a op b, lane by lane, wrapping; floats as the NPU's accumulators add */
  NPU_V_ADD = 1,
  NPU_V_SUB,
  NPU_V_MIN,
  NPU_V_MAX,
  NPU_V_MAXDIFF, /* a - b where that is positive, else 0 */
  NPU_V_AND,
  NPU_V_OR,
  NPU_V_XOR,
  NPU_V_ADD_SAT, /* saturating at the element's range */
  NPU_V_SUB_SAT,
  /* out = op a */
  NPU_V_NEG,
  NPU_V_ABS,
  NPU_V_NOT,
  NPU_V_SHL, /* by x */
  NPU_V_SHR, /* by x, arithmetic */
  NPU_V_LSHR, /* by x, logical */
  NPU_V_CONJ,
  /* out: words of a mask, lane 0 lowest */
  NPU_V_LT,
  NPU_V_GE,
  NPU_V_EQ,
  NPU_V_SELECT, /* out = c's bit ? b : a */
  NPU_V_REDUCE, /* out: one element, a's `lanes` brought together by operation x, half with half */
  NPU_V_FILL,   /* out: `lanes` times the x bytes at a */
  /* between widths */
  NPU_V_UPS,     /* vector to accumulator, x places up */
  NPU_V_SRS,     /* accumulator to vector, x places down, rounded and saturated */
  NPU_V_PACK,    /* saturated as crSat says */
  NPU_V_CONVERT, /* float to float, rounded; integer to float times 2^-x; widening */
  NPU_V_FLOOR,   /* bfloat16 to int32: floor(a * 2^x) */
  NPU_V_ROUND,   /* float to integer: round(a * 2^x), saturated */
  /* out = +-c +- sum of products.
   * NPU_V_MAC: out[row][column][channel], a[row][k][channel], b[k][column][channel];
   *          x = rows | inner << 16, y = columns | channels << 16 */
  NPU_V_MAC,
  /* NPU_V_SLIDE: out[lane] = sum over p of a[start_a + p * step_a] * b[start_b + p * step_x +
   *            lane * step_y], indices modulo the sizes; x: address of npu_slide */
  NPU_V_SLIDE,
  /* moves of elements of x bytes */
  NPU_V_EVEN,    /* y consecutive ones of each 2 y: the first ones; lanes: of the result */
  NPU_V_ODD,     /* ... the last ones */
  NPU_V_ZIP,     /* out: `lanes` each of a and b, in turns of y, lower and upper half together */
  NPU_V_UNZIP,   /* even ones, then odd ones, of a and b together */
  NPU_V_REVERSE,
  NPU_V_TRANSPOSE, /* of `y` rows */
  NPU_V_DOWN,      /* out[i] = (a and b together)[i + y] */
  NPU_V_UP,        /* out[i] = (b and a together)[lanes + i - y] */
  NPU_V_ROTATE,    /* out[i] = a[(i + y) mod lanes] */
  NPU_V_GATHER,    /* out[i] = the x bytes at a + (the int32 b[i]) */
  NPU_V_SHUFFLE,     /* of 512 bits, mode x */
  NPU_V_SHIFT_BYTES, /* of 512 bits, by x; y: how far a is ahead (permute.h, vshift.align) */
  /* functions of floats */
  NPU_V_INV,
  NPU_V_INVSQRT,
  NPU_V_SQRT,
  NPU_V_EXP2,
  NPU_V_TANH,
  NPU_V_SIN,
  NPU_V_COS,
  NPU_V_LOG2,
  /* the control register's field x, enum npu_control_field */
  NPU_V_SET_CONTROL, /* = y */
  NPU_V_GET_CONTROL  /* out: a word */
};

typedef struct {
  uint32_t points, start_a, step_a, size_a, start_b, step_x, step_y, size_b;
} npu_slide;

enum npu_control_field { NPU_FIELD_SAT, NPU_FIELD_RND };

#endif
