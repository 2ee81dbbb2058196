/* What the ops of MLIR's math dialect become in a stand-in core. An AIE core has none of these:
 * Peano's libm holds only fabs, fabsf and fabsl (llvm-aie, libc/config/baremetal/aie2), so a
 * kernel's own call of expf is refused by the linker here as there. All are computed in double;
 * rounded to float they are right to the last place but for rare ties. */
#include "core_support.h"

#define LN2_HIGH 0x1.62e42fefa0000p-1
#define LN2_LOW 0x1.cf79abc9e3b3ap-40
#define LN2 0x1.62e42fefa39efp-1
#define LOG2_E 0x1.71547652b82fep+0
#define LOG10_E 0x1.bcb7b1526e50ep-2
#define HALF_PI_1 0x1.921fb54442d18p+0 /* pi/2 in three pieces */
#define HALF_PI_2 0x1.1a62633145c07p-54
#define HALF_PI_3 -0x1.f1976b7ed8fbcp-110
#define PI 0x1.921fb54442d18p+1
#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define TWO_OVER_SQRT_PI 0x1.20dd750429b6dp+0

static uint64_t bits_of(double x) { return __builtin_bit_cast(uint64_t, x); }
static double of_bits(uint64_t bits) { return __builtin_bit_cast(double, bits); }
static int is_nan(double x) { return x != x; }
static double square_root(double x) { return __builtin_elementwise_sqrt(x); }

/* Rounding: a double of 2^52 or more has no fraction. */

#define NO_FRACTION 0x1p52

double core_trunc(double x) {
  if (!(__builtin_fabs(x) < NO_FRACTION))
    return x;
  return __builtin_copysign((double)(int64_t)x, x);
}
double core_floor(double x) {
  double whole = core_trunc(x);
  return whole > x ? whole - 1.0 : whole;
}
double core_ceil(double x) {
  double whole = core_trunc(x);
  return whole < x ? __builtin_copysign(whole + 1.0, x) : whole;
}
double core_round(double x) {
  double whole = core_trunc(x);
  return __builtin_fabs(x - whole) >= 0.5 ? whole + __builtin_copysign(1.0, x) : whole;
}
double core_roundeven(double x) {
  if (!(__builtin_fabs(x) < NO_FRACTION))
    return x;
  double shift = __builtin_copysign(NO_FRACTION, x);
  return __builtin_copysign((x + shift) - shift, x);
}
double core_fmod(double x, double y) {
  double left = __builtin_fabs(x), divisor = __builtin_fabs(y);
  if (is_nan(x) || is_nan(y) || left == __builtin_inf() || divisor == 0.0)
    return __builtin_nan("");
  while (left >= divisor) {
    int64_t gap = (int64_t)(bits_of(left) >> 52) - (int64_t)(bits_of(divisor) >> 52);
    double part = divisor;
    for (; gap > 0; gap--)
      part *= 2.0;
    if (part > left)
      part *= 0.5;
    left -= part;
  }
  return __builtin_copysign(left, x);
}

/* Exponentials and logarithms */

static double scale(double x, int exponent) {
  while (exponent > 1000)
    x *= 0x1p1000, exponent -= 1000;
  while (exponent < -1000)
    x *= 0x1p-1000, exponent += 1000;
  return x * of_bits((uint64_t)(exponent + 1023) << 52);
}

/* The Taylor series of e^x without its first term, |x| <= 0.35. */
static double exp_minus_1_series(double x) {
  double sum = 0.0;
  for (int n = 18; n >= 1; n--)
    sum = (sum + 1.0) * x / n;
  return sum;
}

double core_exp(double x) {
  if (is_nan(x))
    return x;
  if (x > 710.0)
    return __builtin_inf();
  if (x < -746.0)
    return 0.0;
  double k = core_roundeven(x * LOG2_E);
  double rest = (x - k * LN2_HIGH) - k * LN2_LOW;
  return scale(1.0 + exp_minus_1_series(rest), (int)k);
}
double core_exp2(double x) {
  if (is_nan(x))
    return x;
  if (x > 1024.0)
    return __builtin_inf();
  if (x < -1076.0)
    return 0.0;
  double k = core_roundeven(x);
  return scale(1.0 + exp_minus_1_series((x - k) * LN2), (int)k);
}
double core_expm1(double x) {
  return __builtin_fabs(x) < 0.35 ? exp_minus_1_series(x) : core_exp(x) - 1.0;
}

/* x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)). */
static double split(double x, int *exponent) {
  int adjust = 0;
  if (x < 0x1p-1022)
    x *= 0x1p54, adjust = -54;
  uint64_t bits = bits_of(x);
  int power = (int)(bits >> 52) - 1023;
  double mantissa = of_bits((bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (mantissa > 1.4142135623730951)
    mantissa *= 0.5, power++;
  *exponent = power + adjust;
  return mantissa;
}
static double log_of_mantissa(double m) {
  double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 0.0;
  for (int n = 25; n >= 1; n -= 2)
    sum = sum * square + 1.0 / n;
  return 2.0 * s * sum;
}
static double log_to_base(double x, double high, double low, double of_e) {
  if (is_nan(x) || x < 0.0)
    return __builtin_nan("");
  if (x == 0.0)
    return -__builtin_inf();
  if (x == __builtin_inf())
    return x;
  int exponent;
  double m = split(x, &exponent);
  return exponent * high + (log_of_mantissa(m) * of_e + exponent * low);
}
double core_log(double x) { return log_to_base(x, LN2_HIGH, LN2_LOW, 1.0); }
double core_log2(double x) { return log_to_base(x, 1.0, 0.0, LOG2_E); }
double core_log10(double x) { return log_to_base(x, LN2_HIGH * LOG10_E, LN2_LOW * LOG10_E, LOG10_E); }
double core_log1p(double x) {
  double u = 1.0 + x;
  return u == 1.0 || u == __builtin_inf() ? x : core_log(u) * (x / (u - 1.0));
}

/* Powers */

double core_pow(double x, double y) {
  if (y == 0.0 || x == 1.0)
    return 1.0;
  if (is_nan(x) || is_nan(y))
    return __builtin_nan("");
  double size = __builtin_fabs(x);
  int whole = core_trunc(y) == y;
  int odd = whole && __builtin_fabs(y) < 0x1p53 && core_fmod(y, 2.0) != 0.0;
  if (x < 0.0 && !whole && size != __builtin_inf())
    return __builtin_nan("");
  double result;
  if (size == 1.0)
    result = 1.0;
  else if (size == 0.0 || size == __builtin_inf() || __builtin_fabs(y) == __builtin_inf())
    result = (size > 1.0) == (y > 0.0) ? __builtin_inf() : 0.0;
  else
    result = core_exp(y * core_log(size));
  return odd && __builtin_copysign(1.0, x) < 0.0 ? -result : result;
}
double core_powi(double x, int64_t n) {
  uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  double result = 1.0;
  for (; left; left >>= 1, x *= x)
    if (left & 1)
      result *= x;
  return n < 0 ? 1.0 / result : result;
}
double core_sqrt(double x) { return square_root(x); }
double core_rsqrt(double x) { return 1.0 / square_root(x); }
double core_cbrt(double x) {
  double size = __builtin_fabs(x);
  if (size == 0.0 || !(size < __builtin_inf()))
    return x;
  double root = core_exp(core_log(size) / 3.0);
  root -= (root - size / (root * root)) / 3.0;
  return __builtin_copysign(root, x);
}

/* Circular functions */

/* x less the nearest multiple of pi/2; the multiple modulo 4 in `quadrant`. */
static double reduce(double x, int *quadrant) {
  double k = core_roundeven(x * TWO_OVER_PI);
  *quadrant = (int)core_fmod(k, 4.0) & 3;
  double rest = __builtin_elementwise_fma(-k, HALF_PI_1, x);
  rest = __builtin_elementwise_fma(-k, HALF_PI_2, rest);
  return __builtin_elementwise_fma(-k, HALF_PI_3, rest);
}
static double sine_series(double x) {
  double sum = 1.0;
  for (int n = 20; n >= 2; n -= 2)
    sum = 1.0 - sum * (x * x) / (n * (n + 1));
  return x * sum;
}
static double cosine_series(double x) {
  double sum = 1.0;
  for (int n = 19; n >= 1; n -= 2)
    sum = 1.0 - sum * (x * x) / (n * (n + 1));
  return sum;
}
static double circular(double x, int shift) {
  if (!(__builtin_fabs(x) < __builtin_inf()))
    return __builtin_nan("");
  int quadrant;
  double rest = reduce(x, &quadrant);
  quadrant += shift;
  double result = quadrant & 1 ? cosine_series(rest) : sine_series(rest);
  return quadrant & 2 ? -result : result;
}
double core_sin(double x) { return x == 0.0 ? x : circular(x, 0); }
double core_cos(double x) { return circular(x, 1); }
double core_tan(double x) { return x == 0.0 ? x : core_sin(x) / core_cos(x); }

double core_atan(double x) {
  if (is_nan(x) || x == 0.0)
    return x;
  double size = __builtin_fabs(x);
  double y = size > 1.0 ? 1.0 / size : size;
  y = y / (1.0 + square_root(1.0 + y * y)); /* twice half the angle */
  y = y / (1.0 + square_root(1.0 + y * y));
  double square = y * y, sum = 0.0;
  for (int n = 29; n >= 1; n -= 2)
    sum = 1.0 / n - sum * square;
  double angle = 4.0 * y * sum;
  return __builtin_copysign(size > 1.0 ? HALF_PI_1 - angle : angle, x);
}
double core_atan2(double y, double x) {
  if (is_nan(x) || is_nan(y))
    return __builtin_nan("");
  double height = __builtin_fabs(y), width = __builtin_fabs(x), angle;
  if (height == 0.0)
    angle = 0.0;
  else if (height == width)
    angle = HALF_PI_1 / 2;
  else
    angle = width == 0.0 ? HALF_PI_1 : core_atan(height / width);
  if (__builtin_copysign(1.0, x) < 0.0)
    angle = PI - angle;
  return __builtin_copysign(angle, y);
}
double core_asin(double x) { return x == 0.0 ? x : core_atan2(x, square_root((1.0 - x) * (1.0 + x))); }
double core_acos(double x) { return 2.0 * core_atan2(square_root(1.0 - x), square_root(1.0 + x)); }

/* Hyperbolic functions, each odd one from its value at |x| */

double core_sinh(double x) {
  double size = __builtin_fabs(x), e = core_expm1(size);
  if (size > 20.0)
    return __builtin_copysign(core_exp(size - LN2), x);
  return x == 0.0 ? x : __builtin_copysign((e + e / (e + 1.0)) / 2.0, x);
}
double core_cosh(double x) {
  double size = __builtin_fabs(x), e = core_exp(size);
  return size > 20.0 ? core_exp(size - LN2) : (e + 1.0 / e) / 2.0;
}
double core_tanh(double x) {
  double size = __builtin_fabs(x), e = core_expm1(2.0 * size);
  if (is_nan(x) || x == 0.0)
    return x;
  return __builtin_copysign(size > 20.0 ? 1.0 : e / (e + 2.0), x);
}
double core_asinh(double x) {
  double size = __builtin_fabs(x);
  if (size == 0.0 || !(size < __builtin_inf()))
    return x;
  double result = size > 0x1p30 ? core_log(size) + LN2
                                : core_log1p(size + size * size / (1.0 + square_root(size * size + 1.0)));
  return __builtin_copysign(result, x);
}
double core_acosh(double x) {
  double t = x - 1.0;
  return x > 0x1p30 ? core_log(x) + LN2 : core_log1p(t + square_root(2.0 * t + t * t));
}
double core_atanh(double x) { return x == 0.0 ? x : 0.5 * core_log1p(2.0 * x / (1.0 - x)); }

/* A series of positive terms near 0, a continued fraction for the complement further out. */
double core_erf(double x) {
  double size = __builtin_fabs(x), result;
  if (is_nan(x) || x == 0.0)
    return x;
  if (size > 6.0) {
    result = 1.0;
  } else if (size < 3.0) {
    double term = size, sum = size;
    for (int n = 1; term > sum * 0x1p-60; n++) {
      term *= 2.0 * size * size / (2 * n + 1);
      sum += term;
    }
    result = TWO_OVER_SQRT_PI * core_exp(-size * size) * sum;
  } else {
    double fraction = 0.0;
    for (int n = 60; n >= 1; n--)
      fraction = (n / 2.0) / (size + fraction);
    result = 1.0 - TWO_OVER_SQRT_PI / 2.0 * core_exp(-size * size) / (size + fraction);
  }
  return __builtin_copysign(result, x);
}
