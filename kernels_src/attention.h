// The steps that every int8 attention kernel here is made of.
//
// Q and K hold sixteenths: an int8 of 16 is 1.0. So a score, Q.K / sqrt(DIM), counts 256ths, and
// its whole part is what the table of exponentials takes. SHIFT is log2(sqrt(DIM)).

#ifndef ATTENTION_H
#define ATTENTION_H

#include <stdint.h>

#include "exp_table.h"

_Static_assert(DIM == 1 << (2 * SHIFT), "SHIFT must be log2(sqrt(DIM))");

// The score of one row of Q against one row of K. It stays 32 bits wide: clamped to int8, all
// large scores would be the same and the softmax of them flat.
static inline int32_t score(const int8_t *q, const int8_t *k) {
    int32_t sum = 0;
#pragma clang loop unroll_count(16)
    for (int i = 0; i < DIM; i++)
        sum += q[i] * k[i];
    return sum >> SHIFT;
}

// exp(score - largest) in Q20; beyond exp(-13) all are the 1 that keeps them from being nothing.
static inline int32_t exponential(int32_t score, int32_t largest) {
    const int32_t x = (score - largest) >> 8;
    return EXP[x < -127 ? 127 : -x];
}

// Scores -> weights from 0 to 127, n of them, that add up to 127 at the most.
static inline void softmax(const int32_t *scores, int8_t *weights, int n) {
    int32_t largest = scores[0];
    for (int i = 1; i < n; i++)
        largest = scores[i] > largest ? scores[i] : largest;

    int32_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += exponential(scores[i], largest);

    for (int i = 0; i < n; i++)
        weights[i] = (int8_t)((exponential(scores[i], largest) >> 10) * 127 / (sum >> 10));
}

#endif
