// Adds two lines of integers. Overflow wraps, as in numpy's int32.

#include <stdint.h>

void vector_add(const int32_t *restrict a, const int32_t *restrict b, int32_t *restrict sum) {
    for (int i = 0; i < LINE; i++)
        sum[i] = (int32_t)((uint32_t)a[i] + (uint32_t)b[i]);
}
