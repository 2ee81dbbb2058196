// Attention over one tile, int8, as in attention.c: a score is one product of DIM lanes, and the
// weighted sum of all values grows DIM lanes at a time.

#include <aie_api/aie.hpp>
#include <stdint.h>

#define restrict __restrict
#define _Static_assert static_assert
#include "attention.h"

using Row = aie::vector<int8, DIM>;

// The row of Q against each row of K.
static inline void score_all(const Row &q, const int8_t *k, int32_t *scores) {
    for (int i = 0; i < ROWS; i++) {
        const aie::accum<acc32, DIM> products = aie::mul(q, aie::load_v<DIM>(k + i * DIM));
        scores[i] = aie::reduce_add(products.to_vector<int32>()) >> SHIFT;
    }
}

// Divided by 128, as in attention.c: a half away from zero is added, then the rest cut off.
static inline Row requantised(const aie::accum<acc32, DIM> &sums) {
    const aie::vector<int32, DIM> s = sums.to_vector<int32>();
    const aie::vector<int32, DIM> half = aie::select(int32(64), int32(-64), aie::lt(s, 0));
    return aie::add(sums, half).to_vector<int8>(7);
}

extern "C" void attention(const int8_t *restrict qkv, int8_t *restrict out) {
    const int8_t *q = qkv, *k = q + ROWS * DIM, *v = k + ROWS * DIM;
    int32_t scores[ROWS];
    int8_t weights[ROWS];
    aie::set_rounding(aie::rounding_mode::floor);
    aie::set_saturation(aie::saturation_mode::saturate);
    for (int row = 0; row < ROWS; row++) {
        score_all(aie::load_v<DIM>(q + row * DIM), k, scores);
        softmax(scores, weights, ROWS);
        aie::accum<acc32, DIM> sums = aie::zeros<acc32, DIM>();
        for (int i = 0; i < ROWS; i++)
            sums = aie::mac(sums, aie::load_v<DIM>(v + i * DIM), weights[i]);
        aie::store_v(out + row * DIM, requantised(sums));
    }
}
