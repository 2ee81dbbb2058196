// One call of the AIE API after another; test_aie_api.py computes the same by the library that
// executes AIE2 machine code. Results follow each other in `out`, 128 bytes each.

#include <aie_api/aie.hpp>

struct Results {
    uint8_t *at;
    template <class T, unsigned Count> void operator()(const aie::vector<T, Count> &v) {
        aie::store_v(reinterpret_cast<typename aie::vector<T, Count>::value_type *>(at), v);
        at += 128;
    }
    template <class Tag, unsigned Count> void operator()(const aie::accum<Tag, Count> &a) {
        __builtin_memcpy(at, a.lanes, sizeof a.lanes);
        at += 128;
    }
};

extern "C" void integers(const int8_t *x, const int8_t *y, const int32_t *acc, uint8_t *out) {
    Results put{out};
    const auto a8 = aie::load_v<32>(x);
    const auto b8 = aie::load_v<64>(y);
    const aie::accum<acc32, 32> first(aie::load_v<32>(acc));

    aie::mmul<4, 8, 8, int8, int8> product(first);
    product.mac(a8, b8);
    put(product.to_accum());
    aie::mmul<4, 2, 8, int16, int16> words;
    words.mul(a8.cast_to<int16>().extract<8>(0), b8.cast_to<int16>().extract<16>(0));
    put(words.to_accum());
    const auto a16 = b8.cast_to<int16>();
    put(aie::msc(first, a16, aie::reverse(a16)));
    put(mul_elem_16_2(a16, aie::shuffle_down_rotate(a16, 3)));

    const aie::rounding_mode modes[] = {
        aie::rounding_mode::floor,          aie::rounding_mode::ceil,
        aie::rounding_mode::symmetric_floor, aie::rounding_mode::symmetric_ceil,
        aie::rounding_mode::negative_inf,   aie::rounding_mode::positive_inf,
        aie::rounding_mode::symmetric_zero, aie::rounding_mode::symmetric_inf,
        aie::rounding_mode::conv_even,      aie::rounding_mode::conv_odd};
    const aie::saturation_mode saturations[] = {aie::saturation_mode::none,
                                                aie::saturation_mode::saturate,
                                                aie::saturation_mode::symmetric};
    for (auto saturation : saturations) {
        const aie::scoped_saturation kept(saturation);
        for (auto mode : modes) {
            aie::set_rounding(mode);
            put(first.to_vector<int8>(5));
            put(first.to_vector<uint8>(5));
        }
        put(a16.pack());
        put(aie::accum<acc32, 32>(a16, 20));
    }
    put(b8.extract<32>(1).unpack());

    const auto c16 = aie::reverse(a16);
    put(aie::add(a16, c16));
    put(aie::max(a16, c16));
    put(aie::select(a16, c16, aie::lt(a16, c16)));
    put(aie::abs(b8));
    put(::shuffle(a16, c16, T16_32x2_lo));
    put(::shuffle(a16, c16, T16_8x4));
    put(::shift_bytes(a16, c16, 10));
}

extern "C" void floats(const bfloat16 *x, const bfloat16 *y, const float *acc, uint8_t *out) {
    Results put{out};
    const auto a = aie::load_v<32>(x), b = aie::load_v<32>(y);
    const aie::accum<accfloat, 16> first(aie::load_v<16>(acc));
    put(mac_4x8_8x4(a, b, first));
    put(msc_elem_16_2(a, b, first));
    put(aie::mul(a.extract<16>(0), b.extract<16>(0)));
    put(aie::sub(first, a.extract<16>(1)));
    aie::set_rounding(aie::rounding_mode::conv_even);
    put(first.to_vector<bfloat16>());
    put(aie::max(a, b));
    put(aie::min(a, b));
    put(aie::to_fixed_floor<int32>(a.extract<16>(0), 4));
}
