// Attention over a long sequence, int8: BLOCK rows of Q against all N rows of K and V, which do
// not fit into a core's memory and come by in tiles of TILE rows: first all of K, then all of V.
//
// A weight of 7 bits, as attention.c has them, would be 0 for nearly every one of 1500 rows. Here a
// weight has 10 bits and is not divided by the sum of its row; the weighted sum of values is.

#include <stdint.h>

#include "attention.h"

// Tile number `tile` of K: its columns of the scores. scores is BLOCK x N.
void attention_scores(const int8_t *restrict q, const int8_t *restrict k, int32_t *restrict scores,
                      int32_t tile) {
    for (int row = 0; row < BLOCK; row++)
        for (int i = 0; i < TILE; i++)
            scores[row * N + tile * TILE + i] = score(q + row * DIM, k + i * DIM);
}

// Every score -> its weight, 0 to 1024, in place; clears the sums of values, BLOCK x DIM.
void attention_weights(int32_t *restrict scores, int32_t *restrict sums) {
    for (int row = 0; row < BLOCK; row++) {
        int32_t *s = scores + row * N;
        int32_t largest = s[0];
        for (int i = 1; i < N; i++)
            largest = s[i] > largest ? s[i] : largest;
        for (int i = 0; i < N; i++)
            s[i] = exponential(s[i], largest) >> 10;
    }
    for (int i = 0; i < BLOCK * DIM; i++)
        sums[i] = 0;
}

// Tile number `tile` of V: adds its rows to the sums, each times its weight.
void attention_values(const int8_t *restrict v, const int32_t *restrict weights,
                      int32_t *restrict sums, int32_t tile) {
    for (int row = 0; row < BLOCK; row++) {
        const int32_t *w = weights + row * N + tile * TILE;
        for (int column = 0; column < DIM; column++) {
            int32_t sum = sums[row * DIM + column];
#pragma clang loop unroll_count(10)
            for (int i = 0; i < TILE; i++)
                sum += w[i] * v[i * DIM + column];
            sums[row * DIM + column] = sum;
        }
    }
}

// Sums divided by their row's weight, rounded: a mean of int8 values is an int8 value.
void attention_means(const int32_t *restrict weights, const int32_t *restrict sums,
                     int8_t *restrict out) {
    for (int row = 0; row < BLOCK; row++) {
        int32_t total = 0;
        for (int i = 0; i < N; i++)
            total += weights[row * N + i];
        for (int column = 0; column < DIM; column++) {
            const int32_t sum = sums[row * DIM + column];
            out[row * DIM + column] =
                (int8_t)((sum + (sum < 0 ? -(total / 2) : total / 2)) / total);
        }
    }
}
