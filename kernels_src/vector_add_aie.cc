// Adds two lines of integers, 16 of them at a time. Overflow wraps, as in numpy's int32.

#include <aie_api/aie.hpp>
#include <stdint.h>

#define WIDTH 16

static_assert(LINE % WIDTH == 0, "LINE must be a multiple of WIDTH");

extern "C" void vector_add(
    const int32_t *__restrict a, const int32_t *__restrict b, int32_t *__restrict sum) {
    for (int i = 0; i < LINE; i += WIDTH)
        aie::store_v(sum + i, aie::add(aie::load_v<WIDTH>(a + i), aie::load_v<WIDTH>(b + i)));
}
