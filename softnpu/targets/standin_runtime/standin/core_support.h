/* What the C that softnpu generates from a core's body leans on. Compiled with -fwrapv: signed
 * arithmetic wraps as MLIR's does. Where MLIR leaves a result open (poison) it is made one value
 * and the same each time; where it forbids the operation (division by zero) the core traps. */
#ifndef STANDIN_CORE_SUPPORT_H
#define STANDIN_CORE_SUPPORT_H

#include <npu_core.h>
#include <stdbool.h>
#include <stdint.h>

#define CORE_INLINE static inline __attribute__((always_inline, unused))

#define CORE_INTEGER(N)                                                                            \
  CORE_INLINE int##N##_t core_divs##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return b == -1 ? (int##N##_t)-a : (int##N##_t)(a / b);                                         \
  }                                                                                                \
  CORE_INLINE int##N##_t core_rems##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return b == -1 ? 0 : (int##N##_t)(a % b);                                                      \
  }                                                                                                \
  CORE_INLINE int##N##_t core_divu##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return (int##N##_t)((uint##N##_t)a / (uint##N##_t)b);                                          \
  }                                                                                                \
  CORE_INLINE int##N##_t core_remu##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return (int##N##_t)((uint##N##_t)a % (uint##N##_t)b);                                          \
  }                                                                                                \
  CORE_INLINE int##N##_t core_floordivs##N(int##N##_t a, int##N##_t b) {                                \
    return (int##N##_t)(core_divs##N(a, b) - (core_rems##N(a, b) != 0 && (a < 0) != (b < 0)));               \
  }                                                                                                \
  CORE_INLINE int##N##_t core_ceildivs##N(int##N##_t a, int##N##_t b) {                                 \
    return (int##N##_t)(core_divs##N(a, b) + (core_rems##N(a, b) != 0 && (a < 0) == (b < 0)));               \
  }                                                                                                \
  CORE_INLINE int##N##_t core_ceildivu##N(int##N##_t a, int##N##_t b) {                                 \
    return (int##N##_t)(core_divu##N(a, b) + (core_remu##N(a, b) != 0));                                     \
  }                                                                                                \
  CORE_INLINE int##N##_t core_shl##N(int##N##_t a, int##N##_t n) {                                      \
    return (uint##N##_t)n < N ? (int##N##_t)((uint##N##_t)a << n) : 0;                             \
  }                                                                                                \
  CORE_INLINE int##N##_t core_shrs##N(int##N##_t a, int##N##_t n) {                                     \
    return (uint##N##_t)n < N ? (int##N##_t)(a >> n) : 0;                                          \
  }                                                                                                \
  CORE_INLINE int##N##_t core_shru##N(int##N##_t a, int##N##_t n) {                                     \
    return (uint##N##_t)n < N ? (int##N##_t)((uint##N##_t)a >> n) : 0;                             \
  }                                                                                                \
  CORE_INLINE int##N##_t core_mins##N(int##N##_t a, int##N##_t b) { return a < b ? a : b; }             \
  CORE_INLINE int##N##_t core_maxs##N(int##N##_t a, int##N##_t b) { return a > b ? a : b; }             \
  CORE_INLINE int##N##_t core_minu##N(int##N##_t a, int##N##_t b) {                                     \
    return (uint##N##_t)a < (uint##N##_t)b ? a : b;                                                \
  }                                                                                                \
  CORE_INLINE int##N##_t core_maxu##N(int##N##_t a, int##N##_t b) {                                     \
    return (uint##N##_t)a > (uint##N##_t)b ? a : b;                                                \
  }                                                                                                \
  CORE_INLINE int##N##_t core_abs##N(int##N##_t a) { return a < 0 ? (int##N##_t)-a : a; }               \
  CORE_INLINE int##N##_t core_ctlz##N(int##N##_t a) {                                                   \
    return a ? (int##N##_t)(__builtin_clzll((uint##N##_t)a) - (64 - N)) : N;                       \
  }                                                                                                \
  CORE_INLINE int##N##_t core_cttz##N(int##N##_t a) {                                                   \
    return a ? (int##N##_t)__builtin_ctzll((uint##N##_t)a) : N;                                    \
  }                                                                                                \
  CORE_INLINE int##N##_t core_ctpop##N(int##N##_t a) {                                                  \
    return (int##N##_t)__builtin_popcountll((uint##N##_t)a);                                       \
  }                                                                                                \
  CORE_INLINE int##N##_t core_powi##N(int##N##_t a, int##N##_t n) {                                     \
    int##N##_t result = 1;                                                                         \
    if (n < 0)                                                                                     \
      return a == 1 ? 1 : a == -1 ? (n & 1 ? -1 : 1) : 0;                                          \
    for (; n; n >>= 1, a = (int##N##_t)(a * a))                                                    \
      if (n & 1)                                                                                   \
        result = (int##N##_t)(result * a);                                                         \
    return result;                                                                                 \
  }
CORE_INTEGER(8)
CORE_INTEGER(16)
CORE_INTEGER(32)
CORE_INTEGER(64)

/* An integer of `bits` bits, as any of its representations, brought to the sign-extended one. */
#define core_wrap(type, bits, value)                                                               \
  ((type)((type)((type)(value) << (8 * sizeof(type) - (bits))) >> (8 * sizeof(type) - (bits))))
/* Its value read as unsigned, in the unsigned type given. */
#define core_unsigned(type, bits, value)                                                           \
  ((type)((type)((type)(value) << (8 * sizeof(type) - (bits))) >> (8 * sizeof(type) - (bits))))

/* maximum and minimum hand on a NaN; maxnum and minnum prefer the number. All order -0 < +0. */
#define CORE_FLOAT(name, type)                                                                     \
  CORE_INLINE type core_maxnum_##name(type a, type b) {                                                 \
    if (a != a || b != b)                                                                          \
      return a != a ? b : a;                                                                       \
    return a > b || (a == b && !__builtin_signbit(a)) ? a : b;                                     \
  }                                                                                                \
  CORE_INLINE type core_minnum_##name(type a, type b) {                                                 \
    if (a != a || b != b)                                                                          \
      return a != a ? b : a;                                                                       \
    return a < b || (a == b && __builtin_signbit(a)) ? a : b;                                      \
  }                                                                                                \
  CORE_INLINE type core_maximum_##name(type a, type b) {                                                \
    return a != a ? a : b != b ? b : core_maxnum_##name(a, b);                                          \
  }                                                                                                \
  CORE_INLINE type core_minimum_##name(type a, type b) {                                                \
    return a != a ? a : b != b ? b : core_minnum_##name(a, b);                                          \
  }
CORE_FLOAT(f32, float)
CORE_FLOAT(f64, double)

/* Vectors: an element at a time where clang has no operator. A mask's elements are 0 and -1. */
#define core_map(type, function, a)                                                                \
  ({                                                                                               \
    type core_a = (a), core_result;                                                                \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(type); core_i++)                   \
      core_result[core_i] = function(core_a[core_i]);                                              \
    core_result;                                                                                   \
  })
#define core_map2(type, function, a, b)                                                            \
  ({                                                                                               \
    type core_a = (a), core_b = (b), core_result;                                                  \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(type); core_i++)                   \
      core_result[core_i] = function(core_a[core_i], core_b[core_i]);                              \
    core_result;                                                                                   \
  })
#define core_map3(type, function, a, b, c)                                                         \
  ({                                                                                               \
    type core_a = (a), core_b = (b), core_c = (c), core_result;                                    \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(type); core_i++)                   \
      core_result[core_i] = function(core_a[core_i], core_b[core_i], core_c[core_i]);              \
    core_result;                                                                                   \
  })
#define core_select(type, mask, a, b)                                                              \
  ({                                                                                               \
    __typeof__(mask) core_mask = (mask);                                                           \
    type core_a = (a), core_b = (b);                                                               \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(type); core_i++)                   \
      if (!core_mask[core_i])                                                                      \
        core_a[core_i] = core_b[core_i];                                                           \
    core_a;                                                                                        \
  })
#define core_part(type, whole, start)                                                              \
  ({                                                                                               \
    __typeof__(whole) core_whole = (whole);                                                        \
    type core_result;                                                                              \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(type); core_i++)                   \
      core_result[core_i] = core_whole[(start) + core_i];                                          \
    core_result;                                                                                   \
  })
/* Memory need only be aligned as its elements are. */
#define core_load(type, address)                                                                   \
  ({                                                                                               \
    type core_result;                                                                              \
    __typeof__(&*(address)) core_from = (address);                                                 \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(type); core_i++)                   \
      core_result[core_i] = core_from[core_i];                                                     \
    core_result;                                                                                   \
  })
#define core_store(address, value)                                                                 \
  ({                                                                                               \
    __typeof__(value) core_value = (value);                                                        \
    __typeof__(&*(address)) core_to = (address);                                                   \
    for (uint32_t core_i = 0; core_i < __builtin_vectorelements(core_value); core_i++)             \
      core_to[core_i] = core_value[core_i];                                                        \
  })

CORE_INLINE float core_fmaf(float a, float b, float c) { return __builtin_elementwise_fma(a, b, c); }
CORE_INLINE double core_fma(double a, double b, double c) {
  return __builtin_elementwise_fma(a, b, c);
}

/* mathematics.c */
double core_trunc(double x), core_floor(double x), core_ceil(double x), core_round(double x);
double core_roundeven(double x), core_fmod(double x, double y);
double core_exp(double x), core_exp2(double x), core_expm1(double x);
double core_log(double x), core_log2(double x), core_log10(double x), core_log1p(double x);
double core_pow(double x, double y), core_powi(double x, int64_t n);
double core_sqrt(double x), core_rsqrt(double x), core_cbrt(double x);
double core_sin(double x), core_cos(double x), core_tan(double x);
double core_asin(double x), core_acos(double x), core_atan(double x);
double core_atan2(double y, double x);
double core_sinh(double x), core_cosh(double x), core_tanh(double x);
double core_asinh(double x), core_acosh(double x), core_atanh(double x), core_erf(double x);

#endif
