// Softmax over N bfloat16 numbers, as in softmax_bf16.c: 16 at a time, in float.

#include "floats_aie.h"

#define MOST_NEGATIVE -126.0f

static_assert(N % 32 == 0, "N must be a multiple of 32");

alignas(aie::vector_decl_align) static float exponentials[N];

// exp(x) for x <= 0: 2^y with y = x / ln 2 = i + f, f from -1/2 to 1/2.
static inline Floats exponential(const Floats &x) {
    const Floats y = aie::max(times(x, 1.442695f), MOST_NEGATIVE);
    const aie::vector<int32, WIDTH> i = aie::to_fixed<int32>(y, 0);
    const Floats f = aie::sub(y, aie::to_float<float>(i, 0));
    const Floats slope = linear(f, aie::broadcast<float, WIDTH>(0.240160f), 0.693147f);
    const Floats power = aie::upshift(aie::add(i, 127), 23).cast_to<float>();
    return times(linear(f, slope, 1.0f), power);
}

extern "C" void softmax(const bfloat16 *__restrict x, bfloat16 *__restrict y) {
    aie::set_rounding(aie::rounding_mode::conv_even);
    aie::vector<bfloat16, 32> highest = aie::load_v<32>(x);
    for (int i = 32; i < N; i += 32)
        highest = aie::max(highest, aie::load_v<32>(x + i));
    const Floats largest = aie::broadcast<float, WIDTH>(float(aie::reduce_max(highest)));

    Sums sum = aie::zeros<accfloat, WIDTH>();
    for (int i = 0; i < N; i += WIDTH) {
        const Floats e = exponential(aie::sub(load(x + i), largest));
        aie::store_v(exponentials + i, e);
        sum = aie::add(sum, e);
    }
    const float scale = aie::inv(aie::reduce_add(sum.to_vector<float>()));
    for (int i = 0; i < N; i += WIDTH)
        store(y + i, times(aie::load_v<WIDTH>(exponentials + i), scale));
}
