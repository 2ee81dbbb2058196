// GELU of N bfloat16 numbers, in its tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).

#include "bf16.h"

// tanh as a quotient of polynomials, (7, 6) in Pade's table: within 1e-4 as long as it is below 1.
// It passes 1 near 4.97 and goes on like u / 28, where tanh stays at 1; hence the limit.
// The short form u (27 + u^2) / (27 + 9 u^2), which passes 1 at u = 3, is off by 2 % before that.
static float tanh_pade(float u) {
    if (u > 4.97f)
        return 1.0f;
    if (u < -4.97f)
        return -1.0f;
    const float s = u * u;
    const float above = u * (135135.0f + s * (17325.0f + s * (378.0f + s)));
    const float below = 135135.0f + s * (62370.0f + s * (3150.0f + s * 28.0f));
    return above / below;
}

void gelu(const bf16_t *restrict x, bf16_t *restrict y) {
    for (int i = 0; i < N; i++) {
        const float v = widen(x[i]);
        const float u = 0.79788456f * (v + 0.044715f * v * v * v);
        y[i] = narrow(0.5f * v * (1.0f + tanh_pade(u)));
    }
}
