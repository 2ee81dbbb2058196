// Multiplies a line of integers and adds: both numbers are arguments, known when the core runs.
// Overflow wraps, as in numpy's int32.

#include <stdint.h>

void vector_affine(const int32_t *restrict in, int32_t *restrict out, int32_t factor,
                   int32_t offset) {
    for (int i = 0; i < LINE; i++)
        out[i] = (int32_t)((uint32_t)in[i] * (uint32_t)factor + (uint32_t)offset);
}
