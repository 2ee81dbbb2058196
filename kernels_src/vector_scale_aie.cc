// Multiplies one line of integers by a constant, 16 of them at a time. Overflow wraps, as in numpy's
// int32: the accumulator's lanes have 64 bits, of which saturation mode `none` keeps the lower half.

#include <aie_api/aie.hpp>
#include <stdint.h>

#define WIDTH 16

static_assert(LINE % WIDTH == 0, "LINE must be a multiple of WIDTH");

extern "C" void vector_scale(const int32_t *__restrict in, int32_t *__restrict out) {
    aie::set_saturation(aie::saturation_mode::none);
    for (int i = 0; i < LINE; i += WIDTH) {
        aie::accum<acc64, WIDTH> product = aie::mul(aie::load_v<WIDTH>(in + i), int32_t(FACTOR));
        aie::store_v(out + i, product.to_vector<int32_t>());
    }
}
