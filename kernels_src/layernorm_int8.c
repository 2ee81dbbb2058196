// Layer normalisation of one row of N int8 numbers, which brings its own gamma and beta: the three
// come one behind the other, as one object.

#include "layernorm_int8.h"

void layernorm(const int8_t *restrict x_gamma_beta, int8_t *restrict y) {
    normalise(x_gamma_beta, x_gamma_beta + N, x_gamma_beta + 2 * N, y);
}
