// Softmax over N bfloat16 numbers: exp(x - largest) / their sum.
//
// Without subtracting the largest, exp overflows beyond 88; with it, no exponential exceeds 1.

#include "bf16.h"

// Static, since 4 * N bytes are more than a core's whole stack by default. In float, so that the
// result is rounded only once.
static float exponentials[N];

// exp(x) for x <= 0, within 0.9 %: 2^y with y = x / ln 2 = i + f, f from -1/2 to 1/2. 2^i is
// written into a float's exponent, 2^f is a parabola. Below 2^-126 it is 0.
static float exponential(float x) {
    const float y = x * 1.442695f;
    if (y < -126.0f)
        return 0.0f;
    const int32_t i = (int32_t)(y - 0.5f);  // a cast cuts off towards 0: to the nearest, for y <= 0
    const float f = y - (float)i;
    return float_of_bits((uint32_t)(i + 127) << 23) * (1.0f + f * (0.693147f + f * 0.240160f));
}

void softmax(const bf16_t *restrict x, bf16_t *restrict y) {
    float largest = widen(x[0]);
    for (int i = 1; i < N; i++) {
        const float candidate = widen(x[i]);
        largest = candidate > largest ? candidate : largest;
    }

    float sum = 0.0f;
    for (int i = 0; i < N; i++) {
        exponentials[i] = exponential(widen(x[i]) - largest);
        sum += exponentials[i];
    }

    const float scale = 1.0f / sum;  // one division, not N: an AIE core divides in software
    for (int i = 0; i < N; i++)
        y[i] = narrow(exponentials[i] * scale);
}
