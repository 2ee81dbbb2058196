// GELU of N bfloat16 numbers, in its tanh form, as in gelu_bf16.c: 16 at a time, in float.

#include "floats_aie.h"

#define LIMIT 4.97f

static_assert(N % WIDTH == 0, "N must be a multiple of WIDTH");

// tanh as a quotient of polynomials; beyond the limit it is 1 or -1.
static inline Floats tanh_pade(const Floats &u) {
    const Floats s = times(u, u);
    const Floats s378 = aie::add(s, 378.0f);
    const Floats above = times(u, linear(s, linear(s, s378, 17325.0f), 135135.0f));
    const Floats s3150 = linear(s, aie::broadcast<float, WIDTH>(28.0f), 3150.0f);
    const Floats below = linear(s, linear(s, s3150, 62370.0f), 135135.0f);
    const Floats quotient = times(above, aie::inv(below));
    const Floats upper = aie::select(quotient, 1.0f, aie::gt(u, LIMIT));
    return aie::select(upper, -1.0f, aie::lt(u, -LIMIT));
}

extern "C" void gelu(const bfloat16 *__restrict x, bfloat16 *__restrict y) {
    aie::set_rounding(aie::rounding_mode::conv_even);
    for (int i = 0; i < N; i += WIDTH) {
        const Floats v = load(x + i);
        const Floats u = times(times(v, linear(times(v, v), aie::broadcast<float, WIDTH>(0.044715f),
                                               1.0f)),
                               0.79788456f);
        const Floats t = aie::add(tanh_pade(aie::clamp(u, -2 * LIMIT, 2 * LIMIT)), 1.0f);
        store(y + i, times(times(v, t), 0.5f));
    }
}
