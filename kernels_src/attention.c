// Attention over one tile, int8: softmax(Q K^T / sqrt(DIM)) V, for ROWS rows of DIM elements.
//
// Row by row, so that only one row of scores is there at a time: 4 * ROWS bytes of stack, where
// the whole matrix would take 4 * ROWS * ROWS.

#include <stdint.h>

#include "attention.h"

// A sum of weighted values -> int8: divided by 128, where the weights add up to 127 at the most.
static int8_t requantised(int32_t sum) {
    const int32_t x = (sum + (sum < 0 ? -64 : 64)) >> 7;
    return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
}

// qkv: Q, K and V, each ROWS rows of DIM, one behind the other: one object, so one DMA channel of
// the tile's two brings all three.
void attention(const int8_t *restrict qkv, int8_t *restrict out) {
    const int8_t *q = qkv, *k = q + ROWS * DIM, *v = k + ROWS * DIM;
    int32_t scores[ROWS];
    int8_t weights[ROWS];
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < ROWS; i++)
            scores[i] = score(q + row * DIM, k + i * DIM);
        softmax(scores, weights, ROWS);
        for (int column = 0; column < DIM; column++) {
            int32_t sum = 0;
#pragma clang loop unroll_count(16)
            for (int i = 0; i < ROWS; i++)
                sum += weights[i] * v[i * DIM + column];
            out[row * DIM + column] = requantised(sum);
        }
    }
}
