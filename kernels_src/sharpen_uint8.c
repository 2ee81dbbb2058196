// Adds to a line what a blur took from it: out = line + (line - blurred), between 0 and 255.

#include <stdint.h>

void sharpen(const uint8_t *restrict line, const uint8_t *restrict blurred, uint8_t *restrict out) {
    for (int i = 0; i < WIDTH; i++) {
        int sum = 2 * line[i] - blurred[i];
        out[i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}
