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

#endif
