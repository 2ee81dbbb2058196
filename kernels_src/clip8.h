// A 32-bit integer -> the nearest one that int8 holds. A plain cast would wrap 128 to -128.

#ifndef CLIP8_H
#define CLIP8_H

#include <stdint.h>

static inline int8_t clip8(int32_t x) {
    return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
}

#endif
