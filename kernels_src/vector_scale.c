// Multiplies one line of integers by a constant. Overflow wraps, as in numpy's int32.

#include <stdint.h>

void vector_scale(const int32_t *restrict in, int32_t *restrict out) {
    for (int i = 0; i < LINE; i++)
        out[i] = (int32_t)((uint32_t)in[i] * (uint32_t)FACTOR);
}
