// A 3 x 3 convolution of an int8 image with CHANNELS channels, to as many: clip8(sum >> 7).
//
// A pixel's channels lie beside each other. The image comes with a border of one pixel; weights are
// ordered [row][column][from][to].

#include <stdint.h>

#include "clip8.h"

#define STRIDE ((COLUMNS + 2) * CHANNELS)

void conv2d(const int8_t *restrict image, const int8_t *restrict weights, int8_t *restrict out) {
    for (int pixel = 0; pixel < ROWS * COLUMNS; pixel++) {
        const int8_t *corner = image + pixel / COLUMNS * STRIDE + pixel % COLUMNS * CHANNELS;
        for (int to = 0; to < CHANNELS; to++) {
            int32_t sum = 0;
            for (int tap = 0; tap < 9; tap++) {
                const int8_t *at = corner + tap / 3 * STRIDE + tap % 3 * CHANNELS;
                const int8_t *w = weights + tap * CHANNELS * CHANNELS + to;
                for (int from = 0; from < CHANNELS; from++)
                    sum += at[from] * w[from * CHANNELS];
            }
            out[pixel * CHANNELS + to] = clip8(sum >> 7);
        }
    }
}
