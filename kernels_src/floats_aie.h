// Vectors of floats, which the AIE API multiplies as three bfloat16 each and adds in accumulators.

#ifndef FLOATS_AIE_H
#define FLOATS_AIE_H

#include <aie_api/aie.hpp>

#define WIDTH 16

using Floats = aie::vector<float, WIDTH>;
using Sums = aie::accum<accfloat, WIDTH>;

static inline Floats load(const bfloat16 *x) {
    return Sums(aie::load_v<WIDTH>(x)).to_vector<float>();
}

static inline Floats times(const Floats &a, const Floats &b) {
    return aie::mul(a, b).to_vector<float>();
}

static inline Floats times(const Floats &a, float b) {
    return aie::mul(a, b).to_vector<float>();
}

// a b + c
static inline Floats linear(const Floats &a, const Floats &b, float c) {
    return aie::mac(Sums(aie::broadcast<float, WIDTH>(c)), a, b).to_vector<float>();
}

static inline void store(bfloat16 *y, const Floats &v) {
    aie::store_v(y, Sums(v).to_vector<bfloat16>());
}

#endif
