// Layer normalisation of ROWS rows of N int8 numbers, all with the same gamma and beta.

#include "layernorm_int8.h"

void layernorm_rows(
    const int8_t *restrict x, const int8_t *restrict gamma_beta, int8_t *restrict y) {
    for (int row = 0; row < ROWS; row++)
        normalise(x + row * N, gamma_beta, gamma_beta + N, y + row * N);
}
