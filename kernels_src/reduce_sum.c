// The sum of a line of integers. It wraps, as numpy's of int32 does.

#include <stdint.h>

void reduce_sum(const int32_t *restrict line, int32_t *restrict sum) {
    uint32_t total = 0;
    for (int i = 0; i < LINE; i++)
        total += (uint32_t)line[i];
    *sum = (int32_t)total;
}
