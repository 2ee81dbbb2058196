// bfloat16 in portable C: the upper half of a float, carried as a uint16_t.
//
// Arithmetic happens in float; a result is rounded once, when it is stored.

#ifndef BF16_H
#define BF16_H

#include <stdint.h>

typedef uint16_t bf16_t;

typedef union {
    float value;
    uint32_t bits;
} float_bits_t;

static inline float float_of_bits(uint32_t bits) {
    float_bits_t u;
    u.bits = bits;
    return u.value;
}

static inline uint32_t bits_of_float(float value) {
    float_bits_t u;
    u.value = value;
    return u.bits;
}

static inline float widen(bf16_t x) {
    return float_of_bits((uint32_t)x << 16);
}

// To the nearest bfloat16, halves to the even one. Cutting the lower half off instead would make
// every result too small by half a unit on average. A NaN must not be rounded up to infinity.
static inline bf16_t narrow(float x) {
    const uint32_t bits = bits_of_float(x);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (bf16_t)((bits >> 16) | 0x40);
    return (bf16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#endif
