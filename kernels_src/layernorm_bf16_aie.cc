// Layer normalisation of N bfloat16 numbers, as in layernorm_bf16.c: 16 at a time, in float.

#include "floats_aie.h"

#define EPSILON 1e-5f

static_assert(N % WIDTH == 0, "N must be a multiple of WIDTH");

extern "C" void layernorm(const bfloat16 *__restrict x, bfloat16 *__restrict y) {
    aie::set_rounding(aie::rounding_mode::conv_even);
    Sums sum = aie::zeros<accfloat, WIDTH>();
    for (int i = 0; i < N; i += WIDTH)
        sum = aie::add(sum, aie::load_v<WIDTH>(x + i));
    const float mean = aie::reduce_add(sum.to_vector<float>()) * (1.0f / N);
    const Floats means = aie::broadcast<float, WIDTH>(mean);

    Sums squares = aie::zeros<accfloat, WIDTH>();
    for (int i = 0; i < N; i += WIDTH) {
        const Floats d = aie::sub(load(x + i), means);
        squares = aie::mac(squares, d, d);
    }
    const float variance = aie::reduce_add(squares.to_vector<float>()) * (1.0f / N);
    const float scale = aie::invsqrt(variance + EPSILON);
    for (int i = 0; i < N; i += WIDTH)
        store(y + i, times(aie::sub(load(x + i), means), scale));
}
