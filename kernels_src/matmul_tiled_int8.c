// A tile of C = clip8((A B) >> 7), int8, out of as many tiles of A and B as come by.
//
// A's tile is ROWS x DEPTH, row by row. B's tile, DEPTH x COLUMNS, arrives in panels of PANEL
// columns, each panel row by row, as the memory tile's DMA lays them out: what the inner loops
// read lies in one run. The sums, ROWS x COLUMNS, stay in the core between calls.

#include <stdint.h>

#include "clip8.h"

void matmul_clear(int32_t *restrict sums) {
    for (int i = 0; i < ROWS * COLUMNS; i++)
        sums[i] = 0;
}

void matmul_accumulate(const int8_t *restrict a, const int8_t *restrict b, int32_t *restrict sums) {
    for (int row = 0; row < ROWS; row++) {
        const int8_t *panel = b;
        for (int first = 0; first < COLUMNS; first += PANEL) {
            int32_t partial[PANEL] = {0};
            for (int k = 0; k < DEPTH; k++) {
                const int32_t factor = a[row * DEPTH + k];
                for (int i = 0; i < PANEL; i++)
                    partial[i] += factor * *panel++;
            }
            for (int i = 0; i < PANEL; i++)
                sums[row * COLUMNS + first + i] += partial[i];
        }
    }
}

void matmul_finish(const int32_t *restrict sums, int8_t *restrict c) {
    for (int i = 0; i < ROWS * COLUMNS; i++)
        c[i] = clip8(sums[i] >> 7);
}
