/* <math.h>: what it makes of constants is computed here, as Peano's optimiser computes it. Other
 * calls stay calls of a libm, which AIE cores do not have. */
#ifndef STANDIN_MATH_H
#define STANDIN_MATH_H

#include_next <math.h>

#ifdef __cplusplus
#define STANDIN_CONSTANT(name, type, parameters, holds, value)                                     \
  inline __attribute__((always_inline)) type name parameters                                       \
      __attribute__((enable_if(holds, "constants"))) {                                             \
    return value;                                                                                  \
  }
#define STANDIN_OVERLOAD(...) STANDIN_CONSTANT(__VA_ARGS__)
#else
#define STANDIN_CONSTANT(name, type, parameters, holds, value)                                     \
  static inline __attribute__((always_inline, overloadable, unused)) type name parameters          \
      __attribute__((enable_if(holds, "constants"))) {                                             \
    return value;                                                                                  \
  }
#define STANDIN_OVERLOAD(...)
#endif
#define STANDIN_OF_ONE(name)                                                                       \
  STANDIN_CONSTANT(name, double, (double x), x == x, __builtin_##name(x))                          \
  STANDIN_CONSTANT(name##f, float, (float x), x == x, __builtin_##name##f(x))             \
  STANDIN_OVERLOAD(name, float, (float x), x == x, __builtin_##name##f(x))
#define STANDIN_OF_TWO(name)                                                                       \
  STANDIN_CONSTANT(name, double, (double x, double y), x == x && y == y, __builtin_##name(x, y))   \
  STANDIN_CONSTANT(name##f, float, (float x, float y), x == x && y == y, __builtin_##name##f(x, y)) \
  STANDIN_OVERLOAD(name, float, (float x, float y), x == x && y == y, __builtin_##name##f(x, y))

/* Without errno, which would ask for the call. Of the others clang makes a call at any rate. */
#pragma float_control(push)
#pragma float_control(precise, off)
STANDIN_OF_ONE(atan)
STANDIN_OF_ONE(ceil)
STANDIN_OF_ONE(cos)
STANDIN_OF_ONE(cosh)
STANDIN_OF_ONE(exp)
STANDIN_OF_ONE(exp2)
STANDIN_OF_ONE(floor)
STANDIN_OF_ONE(log)
STANDIN_OF_ONE(log10)
STANDIN_OF_ONE(log2)
STANDIN_OF_ONE(rint)
STANDIN_OF_ONE(round)
STANDIN_OF_ONE(sin)
STANDIN_OF_ONE(sinh)
STANDIN_OF_ONE(sqrt)
STANDIN_OF_ONE(trunc)
STANDIN_OF_TWO(fmax)
STANDIN_OF_TWO(fmin)
STANDIN_OF_TWO(fmod)
STANDIN_OF_TWO(pow)
#pragma float_control(pop)

/* Those that clang leaves calls of (mathematics.c). */
#define STANDIN_COMPUTED(name, parameters, holds, ...)                                             \
  STANDIN_CONSTANT(name, double, (STANDIN_##parameters(double)), holds, core_##name(__VA_ARGS__))  \
  STANDIN_CONSTANT(name##f, float, (STANDIN_##parameters(float)), holds,                           \
                   (float)core_##name(__VA_ARGS__))                                                \
  STANDIN_OVERLOAD(name, float, (STANDIN_##parameters(float)), holds,                              \
                   (float)core_##name(__VA_ARGS__))
#define STANDIN_ONE(type) type x
#define STANDIN_TWO(type) type x, type y
#ifdef __cplusplus
extern "C" {
#endif
double core_acos(double x), core_asin(double x), core_atan2(double y, double x);
double core_erf(double x), core_log1p(double x), core_tan(double x), core_tanh(double x);
#ifdef __cplusplus
}
#endif
STANDIN_COMPUTED(acos, ONE, x == x, x)
STANDIN_COMPUTED(asin, ONE, x == x, x)
STANDIN_COMPUTED(atan2, TWO, x == x && y == y, x, y)
STANDIN_COMPUTED(erf, ONE, x == x, x)
STANDIN_COMPUTED(log1p, ONE, x == x, x)
STANDIN_COMPUTED(tan, ONE, x == x, x)
STANDIN_COMPUTED(tanh, ONE, x == x, x)

/* A sign is a matter of bits, whatever the numbers. */
STANDIN_CONSTANT(copysign, double, (double x, double y), 1, __builtin_copysign(x, y))
STANDIN_CONSTANT(copysignf, float, (float x, float y), 1, __builtin_copysignf(x, y))
STANDIN_OVERLOAD(copysign, float, (float x, float y), 1, __builtin_copysignf(x, y))

/* What ISO C leaves out of it. */
#ifndef M_PI
#define M_E 2.7182818284590452354
#define M_LOG2E 1.4426950408889634074
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_1_PI 0.31830988618379067154
#define M_2_PI 0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#endif

#endif
