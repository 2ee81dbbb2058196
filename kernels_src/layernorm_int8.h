// Layer normalisation of a row of N int8 numbers: (x - mean) / deviation * gamma + beta.
//
// gamma is Q7: 127 is almost 1. One deviation from the mean comes out as gamma, so gamma also says
// how many deviations the result's range holds: 127 / gamma of them; the rest is clipped.

#ifndef LAYERNORM_INT8_H
#define LAYERNORM_INT8_H

#include <stdint.h>

#include "clip8.h"

// The largest integer whose square is not above x, for x below 2^31: bit by bit from the top.
static inline int32_t integer_sqrt(int32_t x) {
    int32_t root = 0;
    for (int32_t bit = 1 << 15; bit; bit >>= 1) {
        const uint32_t candidate = (uint32_t)(root | bit);
        if (candidate * candidate <= (uint32_t)x)
            root |= bit;
    }
    return root;
}

static inline void normalise(const int8_t *x, const int8_t *gamma, const int8_t *beta, int8_t *y) {
    int32_t sum = 0;
    for (int i = 0; i < N; i++)
        sum += x[i];
    const int32_t mean = sum / N;  // cut off towards 0

    int32_t squares = 0;
    for (int i = 0; i < N; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    const int32_t variance = squares / N + 1;  // never 0

    const int32_t inverse = 32768 / integer_sqrt(variance);  // Q15
    for (int i = 0; i < N; i++) {
        const int32_t normal = ((x[i] - mean) * inverse) >> 8;  // Q7
        y[i] = clip8(((gamma[i] * normal) >> 7) + beta[i]);
    }
}

#endif
