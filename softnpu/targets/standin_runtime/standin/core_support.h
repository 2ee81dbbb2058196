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
  CORE_INLINE int##N##_t divs##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return b == -1 ? (int##N##_t)-a : (int##N##_t)(a / b);                                         \
  }                                                                                                \
  CORE_INLINE int##N##_t rems##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return b == -1 ? 0 : (int##N##_t)(a % b);                                                      \
  }                                                                                                \
  CORE_INLINE int##N##_t divu##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return (int##N##_t)((uint##N##_t)a / (uint##N##_t)b);                                          \
  }                                                                                                \
  CORE_INLINE int##N##_t remu##N(int##N##_t a, int##N##_t b) {                                     \
    if (b == 0)                                                                                    \
      __builtin_trap();                                                                            \
    return (int##N##_t)((uint##N##_t)a % (uint##N##_t)b);                                          \
  }                                                                                                \
  CORE_INLINE int##N##_t floordivs##N(int##N##_t a, int##N##_t b) {                                \
    return (int##N##_t)(divs##N(a, b) - (rems##N(a, b) != 0 && (a < 0) != (b < 0)));               \
  }                                                                                                \
  CORE_INLINE int##N##_t ceildivs##N(int##N##_t a, int##N##_t b) {                                 \
    return (int##N##_t)(divs##N(a, b) + (rems##N(a, b) != 0 && (a < 0) == (b < 0)));               \
  }                                                                                                \
  CORE_INLINE int##N##_t ceildivu##N(int##N##_t a, int##N##_t b) {                                 \
    return (int##N##_t)(divu##N(a, b) + (remu##N(a, b) != 0));                                     \
  }                                                                                                \
  CORE_INLINE int##N##_t shl##N(int##N##_t a, int##N##_t n) {                                      \
    return (uint##N##_t)n < N ? (int##N##_t)((uint##N##_t)a << n) : 0;                             \
  }                                                                                                \
  CORE_INLINE int##N##_t shrs##N(int##N##_t a, int##N##_t n) {                                     \
    return (uint##N##_t)n < N ? (int##N##_t)(a >> n) : 0;                                          \
  }                                                                                                \
  CORE_INLINE int##N##_t shru##N(int##N##_t a, int##N##_t n) {                                     \
    return (uint##N##_t)n < N ? (int##N##_t)((uint##N##_t)a >> n) : 0;                             \
  }                                                                                                \
  CORE_INLINE int##N##_t mins##N(int##N##_t a, int##N##_t b) { return a < b ? a : b; }             \
  CORE_INLINE int##N##_t maxs##N(int##N##_t a, int##N##_t b) { return a > b ? a : b; }             \
  CORE_INLINE int##N##_t minu##N(int##N##_t a, int##N##_t b) {                                     \
    return (uint##N##_t)a < (uint##N##_t)b ? a : b;                                                \
  }                                                                                                \
  CORE_INLINE int##N##_t maxu##N(int##N##_t a, int##N##_t b) {                                     \
    return (uint##N##_t)a > (uint##N##_t)b ? a : b;                                                \
  }                                                                                                \
  CORE_INLINE int##N##_t abs##N(int##N##_t a) { return a < 0 ? (int##N##_t)-a : a; }               \
  CORE_INLINE int##N##_t ctlz##N(int##N##_t a) {                                                   \
    return a ? (int##N##_t)(__builtin_clzll((uint##N##_t)a) - (64 - N)) : N;                       \
  }                                                                                                \
  CORE_INLINE int##N##_t cttz##N(int##N##_t a) {                                                   \
    return a ? (int##N##_t)__builtin_ctzll((uint##N##_t)a) : N;                                    \
  }                                                                                                \
  CORE_INLINE int##N##_t ctpop##N(int##N##_t a) {                                                  \
    return (int##N##_t)__builtin_popcountll((uint##N##_t)a);                                       \
  }                                                                                                \
  CORE_INLINE int##N##_t powi##N(int##N##_t a, int##N##_t n) {                                     \
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
  CORE_INLINE type maxnum_##name(type a, type b) {                                                 \
    if (a != a || b != b)                                                                          \
      return a != a ? b : a;                                                                       \
    return a > b || (a == b && !__builtin_signbit(a)) ? a : b;                                     \
  }                                                                                                \
  CORE_INLINE type minnum_##name(type a, type b) {                                                 \
    if (a != a || b != b)                                                                          \
      return a != a ? b : a;                                                                       \
    return a < b || (a == b && __builtin_signbit(a)) ? a : b;                                      \
  }                                                                                                \
  CORE_INLINE type maximum_##name(type a, type b) {                                                \
    return a != a ? a : b != b ? b : maxnum_##name(a, b);                                          \
  }                                                                                                \
  CORE_INLINE type minimum_##name(type a, type b) {                                                \
    return a != a ? a : b != b ? b : minnum_##name(a, b);                                          \
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
double math_trunc(double x), math_floor(double x), math_ceil(double x), math_round(double x);
double math_roundeven(double x), math_fmod(double x, double y);
double math_exp(double x), math_exp2(double x), math_expm1(double x);
double math_log(double x), math_log2(double x), math_log10(double x), math_log1p(double x);
double math_pow(double x, double y), math_powi(double x, int64_t n);
double math_sqrt(double x), math_rsqrt(double x), math_cbrt(double x);
double math_sin(double x), math_cos(double x), math_tan(double x);
double math_asin(double x), math_acos(double x), math_atan(double x);
double math_atan2(double y, double x);
double math_sinh(double x), math_cosh(double x), math_tanh(double x);
double math_asinh(double x), math_acosh(double x), math_atanh(double x), math_erf(double x);

#endif
