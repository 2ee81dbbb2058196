// The sum of a line of integers, as in reduce_sum.c: 16 sums side by side, and theirs at the end.

#include <aie_api/aie.hpp>
#include <stdint.h>

#define WIDTH 16

static_assert(LINE % WIDTH == 0, "LINE must be a multiple of WIDTH");

extern "C" void reduce_sum(const int32_t *__restrict line, int32_t *__restrict sum) {
    aie::vector<int32, WIDTH> sums = aie::zeros<int32, WIDTH>();
    for (int i = 0; i < LINE; i += WIDTH)
        sums = aie::add(sums, aie::load_v<WIDTH>(line + i));
    *sum = aie::reduce_add(sums);
}
