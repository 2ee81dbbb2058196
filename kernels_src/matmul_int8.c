// C = clip8((A B) >> 7) for square int8 matrices of N rows, row by row in memory.
//
// Q7 numbers: 127 is almost 1, and a product of two has 14 bits behind the point.
// WIDTH sums are there at a time, in registers. All of them at once would take 4 * N * N bytes of
// stack: 4 KB for N = 32, where a core has 1 KB unless its design asks for more.

#include <stdint.h>

#include "clip8.h"

#define WIDTH 4

_Static_assert(N % WIDTH == 0, "N must be a multiple of WIDTH");

void matmul(const int8_t *restrict a, const int8_t *restrict b, int8_t *restrict c) {
    for (int row = 0; row < N; row++) {
        for (int first = 0; first < N; first += WIDTH) {
            int32_t sums[WIDTH] = {0};
            for (int k = 0; k < N; k++) {
                const int32_t factor = a[row * N + k];
                for (int i = 0; i < WIDTH; i++)
                    sums[i] += factor * b[k * N + first + i];
            }
            for (int i = 0; i < WIDTH; i++)
                c[row * N + first + i] = clip8(sums[i] >> 7);
        }
    }
}
