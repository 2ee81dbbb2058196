// C = A B for square bfloat16 matrices of N rows, summed in float.
//
// The matrices come in blocks, as the DMA lays them out: A in blocks of 4 x 8, B of 8 x 4, C of
// 4 x 4; blocks and what is in them go row by row. An AIE2 core multiplies two such blocks in one
// instruction, 128 products. Without it a core computes floats in software, 250 times slower, so
// there is nothing to choose: an AIE2 core takes the first branch, and no AIE core the last one.

#include "bf16.h"

#if defined(__AIENGINE__) && __AIEARCH__ == 20

using Sums = v16accfloat;

static inline v32bfloat16 load(const bf16_t *block) {
    return *reinterpret_cast<const v32bfloat16 *>(block);
}

static inline Sums multiply(const bf16_t *a, const bf16_t *b) {
    return mul_4x8_8x4(load(a), load(b));
}

static inline Sums multiply_add(const bf16_t *a, const bf16_t *b, Sums sums) {
    return mac_4x8_8x4(load(a), load(b), sums);
}

static inline void store(Sums sums, bf16_t *block) {
    *reinterpret_cast<v16bfloat16 *>(block) = to_v16bfloat16(sums);
}

static inline void round_to_nearest_even() {
    set_rnd(rnd_conv_even);
}

#elif defined(__AIENGINE__)
#error "this product has a branch for the vector unit of AIE2 cores only"
#else

struct Sums {
    float at[4][4];
};

static inline Sums multiply_add(const bf16_t *a, const bf16_t *b, Sums sums) {
    for (int row = 0; row < 4; row++)
        for (int k = 0; k < 8; k++)
            for (int column = 0; column < 4; column++)
                sums.at[row][column] += widen(a[row * 8 + k]) * widen(b[k * 4 + column]);
    return sums;
}

static inline Sums multiply(const bf16_t *a, const bf16_t *b) {
    return multiply_add(a, b, Sums{});
}

static inline void store(Sums sums, bf16_t *block) {
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 4; column++)
            block[row * 4 + column] = narrow(sums.at[row][column]);
}

static inline void round_to_nearest_even() {}

#endif

extern "C" void matmul(
    const bf16_t *__restrict a, const bf16_t *__restrict b, bf16_t *__restrict c) {
    round_to_nearest_even();
    for (int row = 0; row < N / 4; row++) {
        for (int column = 0; column < N / 4; column++) {
            const bf16_t *left = a + row * 4 * N;
            const bf16_t *right = b + column * 8 * 4;
            Sums sums = multiply(left, right);
            for (int k = 1; k < N / 8; k++)
                sums = multiply_add(left + k * 4 * 8, right + k * 8 * N, sums);
            store(sums, c);
            c += 4 * 4;
        }
    }
}
