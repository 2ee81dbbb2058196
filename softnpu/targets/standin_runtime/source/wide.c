/* What the compiler calls where RV32IMAFD has no instruction: 64-bit division, conversions
 * between 64-bit integers and floating point, half and bfloat16. Names as in compiler-rt.
 * Conversions to an integer saturate, as RISC-V's own do; NaN becomes the largest value. */
#include <stdint.h>

typedef union {
  float value;
  uint32_t bits;
} single;

typedef union {
  double value;
  uint64_t bits;
} wide;

/* Division */

static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
  if (((dividend | divisor) >> 32) == 0) {
    uint32_t n = (uint32_t)dividend, d = (uint32_t)divisor;
    *remainder = n % d;
    return n / d;
  }
  uint64_t quotient = 0;
  if (divisor > dividend) {
    *remainder = dividend;
    return 0;
  }
  int shift = divisor ? __builtin_clzll(divisor) - __builtin_clzll(dividend) : 63;
  for (divisor <<= shift; shift >= 0; shift--, divisor >>= 1) {
    quotient <<= 1;
    if (dividend >= divisor) {
      dividend -= divisor;
      quotient |= 1;
    }
  }
  *remainder = dividend;
  return quotient;
}

static uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  return divide(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  divide(dividend, divisor, &remainder);
  return remainder;
}

int64_t __divdi3(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  uint64_t quotient = divide(magnitude(dividend), magnitude(divisor), &remainder);
  return (int64_t)((dividend ^ divisor) < 0 ? 0 - quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  divide(magnitude(dividend), magnitude(divisor), &remainder);
  return (int64_t)(dividend < 0 ? 0 - remainder : remainder);
}

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
  return divide(dividend, divisor, remainder);
}

/* 64-bit integers to floating point */

#define TWO_POW_32 4294967296.0

double __floatundidf(uint64_t value) {
  return (double)(uint32_t)(value >> 32) * TWO_POW_32 + (double)(uint32_t)value;
}

double __floatdidf(int64_t value) {
  return (double)(int32_t)(value >> 32) * TWO_POW_32 + (double)(uint32_t)value;
}

/* By way of a double that holds the value exactly but for a sticky last bit: the only rounding
 * that can be seen is the one to float. */
float __floatundisf(uint64_t value) {
  if (value >> 53 == 0)
    return (float)__floatundidf(value);
  uint64_t sticky = (value & 0x7FF) != 0;
  return (float)(__floatundidf((value >> 11) | sticky) * 2048.0);
}

float __floatdisf(int64_t value) {
  float result = __floatundisf(magnitude(value));
  return value < 0 ? -result : result;
}

/* Floating point to 64-bit integers */

uint64_t __fixunsdfdi(double value) {
  if (value != value || value >= 0x1p64)
    return UINT64_MAX;
  if (value < 1.0)
    return 0;
  uint32_t high = (uint32_t)(value * (1.0 / TWO_POW_32));
  uint32_t low = (uint32_t)(value - (double)high * TWO_POW_32);
  return (uint64_t)high << 32 | low;
}

int64_t __fixdfdi(double value) {
  if (value != value || value >= 0x1p63)
    return INT64_MAX;
  if (value <= -0x1p63)
    return INT64_MIN;
  return value < 0 ? -(int64_t)__fixunsdfdi(-value) : (int64_t)__fixunsdfdi(value);
}

uint64_t __fixunssfdi(float value) { return __fixunsdfdi(value); }
int64_t __fixsfdi(float value) { return __fixdfdi(value); }

/* bfloat16 and half, each held as its 16 bits; rounding to nearest, ties to even */

static __bf16 bf16_of_bits(uint32_t bits) {
  uint16_t half = (uint16_t)bits;
  return __builtin_bit_cast(__bf16, half);
}

__bf16 __truncsfbf2(float value) {
  uint32_t bits = ((single){value}).bits;
  if (value != value)
    return bf16_of_bits(bits >> 16 | 0x40);
  return bf16_of_bits((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* Rounds to odd: a second rounding, to a format two bits or more narrower, is then exact. */
static float truncate_to_odd(double value) {
  float result = (float)value;
  single bits = {result};
  if (value != value || (double)result == value)
    return result;
  if ((bits.bits & 1) == 0) {
    double back = result;
    int away = value < 0 ? back < value : back > value;
    bits.bits += away ? -1u : 1u;
  }
  return bits.value;
}

__bf16 __truncdfbf2(double value) { return __truncsfbf2(truncate_to_odd(value)); }

#define HALF_BITS_OF_ONE_ULP 13
#define SMALLEST_NORMAL_HALF 0x38800000u /* 2^-14 */
#define FIRST_INFINITE_HALF 0x477FF000u  /* 65520 */

_Float16 __truncsfhf2(float value) {
  uint32_t bits = ((single){value}).bits;
  uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7FFFFFFF;
  uint32_t half;
  if (size > 0x7F800000)
    half = 0x7E00 | (size >> HALF_BITS_OF_ONE_ULP & 0x1FF);
  else if (size >= FIRST_INFINITE_HALF)
    half = 0x7C00;
  else if (size >= SMALLEST_NORMAL_HALF)
    half = (size + 0xFFF + (size >> HALF_BITS_OF_ONE_ULP & 1) - 0x38000000) >>
           HALF_BITS_OF_ONE_ULP;
  else /* adding 2^-1 leaves the subnormal's 2^-24 steps in the last bits, rounded */
    half = ((single){((single){.bits = size}).value + 0.5f}).bits - 0x3F000000;
  uint16_t result = (uint16_t)(sign | half);
  return __builtin_bit_cast(_Float16, result);
}

_Float16 __truncdfhf2(double value) { return __truncsfhf2(truncate_to_odd(value)); }

float __extendhfsf2(_Float16 value) {
  uint32_t half = __builtin_bit_cast(uint16_t, value);
  uint32_t sign = (half & 0x8000) << 16, size = half & 0x7FFF;
  if (size >= 0x7C00)
    return ((single){.bits = sign | 0x7F800000 | (size & 0x3FF) << HALF_BITS_OF_ONE_ULP |
                             (size > 0x7C00 ? 0x400000u : 0u)})
        .value;
  if (size < 0x400) {
    float small = (float)size * 0x1p-24f;
    return sign ? -small : small;
  }
  return ((single){.bits = sign | ((size << HALF_BITS_OF_ONE_ULP) + 0x38000000)}).value;
}
