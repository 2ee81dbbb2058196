// Blurs a line of an image by itself and its neighbours: 1 2 1, 2 4 2, 1 2 1, in sixteenths.
// Beyond the left and right edge counts what lies on it. What stands above the first line and below
// the last is the caller's choice: it may pass one line twice, so the three are not `restrict`.

#include <stdint.h>

static int column(const uint8_t *above, const uint8_t *line, const uint8_t *below, int i) {
    return above[i] + 2 * line[i] + below[i];
}

void blur(const uint8_t *above, const uint8_t *line, const uint8_t *below, uint8_t *restrict out) {
    int left = column(above, line, below, 0), middle = left;
    for (int i = 0; i < WIDTH; i++) {
        int right = i + 1 < WIDTH ? column(above, line, below, i + 1) : middle;
        out[i] = (uint8_t)((left + 2 * middle + right + 8) >> 4);
        left = middle;
        middle = right;
    }
}
