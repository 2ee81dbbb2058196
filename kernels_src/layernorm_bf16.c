// Layer normalisation of N bfloat16 numbers: (x - mean) / sqrt(variance + 1e-5).

#include "bf16.h"

#define EPSILON 1e-5f

// 1 / sqrt(x) for a normal positive float. Peano's libm has no sqrtf, and no core divides in
// hardware. Halving and negating the exponent gives a first guess within 4 %; each step of
// Newton's squares the error, so three reach a float's precision.
static float reciprocal_sqrt(float x) {
    float y = float_of_bits(0x5f3759df - (bits_of_float(x) >> 1));
    for (int step = 0; step < 3; step++)
        y *= 1.5f - 0.5f * x * y * y;
    return y;
}

void layernorm(const bf16_t *restrict x, bf16_t *restrict y) {
    float sum = 0.0f;
    for (int i = 0; i < N; i++)
        sum += widen(x[i]);
    const float mean = sum * (1.0f / N);

    // A second pass: sum(x^2) - N mean^2 would lose all digits where the mean is large.
    float squares = 0.0f;
    for (int i = 0; i < N; i++) {
        const float d = widen(x[i]) - mean;
        squares += d * d;
    }
    const float scale = reciprocal_sqrt(squares * (1.0f / N) + EPSILON);

    for (int i = 0; i < N; i++)
        y[i] = narrow((widen(x[i]) - mean) * scale);
}
