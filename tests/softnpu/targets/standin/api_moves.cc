// One call of the AIE API after another; test_aie_api_numpy.py says what each gives.
// Results follow each other in `out`, 128 bytes each.

#include <aie_api/aie.hpp>
#include <aie_api/utils.hpp>

struct Results {
    int16_t *at;
    template <class V> void operator()(const V &v) {
        aie::store_v(reinterpret_cast<typename V::value_type *>(at), v);
        at += 64;
    }
    template <class V> void both(const V &pair) {
        (*this)(pair.first);
        (*this)(pair.second);
    }
};

extern "C" void moves(const int16_t *x, int16_t *out) {
    Results put{out};
    const auto a = aie::load_v<32>(x), b = aie::load_v<32>(x + 32);
    put.both(aie::interleave_zip(a, b, 4));
    put.both(aie::interleave_unzip(a, b, 2));
    put(aie::filter_even(a, 4));
    put(aie::filter_odd(a, 1));
    put(aie::transpose(a, 4, 8));
    put(aie::shuffle_up(a, 3));
    put(aie::shuffle_down(a, 3));
    put(aie::shuffle_up_fill(a, b, 5));
    put(aie::shuffle_down_fill(a, b, 5));
    put(aie::shuffle_up_rotate(a, 5));
    put(aie::shuffle_up_replicate(a, 4));
    put(aie::shuffle_down_replicate(a, 4));
    auto pushed = a;
    put(pushed.push(99).push(98));
    auto circular = aie::begin_vector_circular<16, 32>(x);
    circular += 3;
    put(*circular);
    auto known_at_run = aie::cbegin_vector_random_circular<16>(x, 64);
    known_at_run -= 1;
    put(*known_at_run);
    auto [low, high] = b.split<16>();
    put(aie::concat(high, low));
    put(aie::load_floor_v<16>(x + 19));
    auto pattern = aie::begin_pattern<4>(x, 2, -1, 2, 1);
    aie::vector<int16, 16> picked;
    aie::unroll_times<16>([&](auto i) { picked[i] = *pattern++; });
    put(picked);

    // Two blocks of two vectors, each block twice; a block is a stream of its own.
    using aie::tensor_dim;
    auto blocks = aie::make_tensor_buffer_stream(
        x, aie::make_tensor_descriptor<int16, 8>(tensor_dim(2u, 4), tensor_dim(2u, 0),
                                                 tensor_dim(1u, 9), tensor_dim(2u, 3)));
    aie::pipelined_loop<4>(4, [&] {
        auto block = blocks.pop();
        aie::vector<int16, 8> first, second;
        block >> first >> second;
        put(aie::concat(first, second));
    });
}

extern "C" void products(const int16_t *x, int16_t *out) {
    Results put{out};
    const auto a = aie::load_v<32>(x), b = aie::load_v<32>(x + 32);
    put(aie::sliding_mul_ops<16, 4, 1, 1, 1, int16, int16>::mul(b, 2, a, 3).to_vector<int32>());
    const auto slid = aie::sliding_mul<8, 4, 2, 1, 2>(b, 1, a, 2);
    put(aie::sliding_mac<8, 4, 2, 1, 2>(slid, b, 1, a, 2).to_vector<int32>());
    put(aie::accumulate<32>(b, 2, a, b, a).to_vector<int16>(4));

    const auto first = a.cast_to<cint16>(), second = b.cast_to<cint16>();
    put(aie::mul(first, second).to_vector<cint32>());
    put(aie::mul(first, aie::op_conj(second)).to_vector<cint32>());
    aie::mmul<2, 4, 8, cint16, cint16> matrix;
    matrix.mul(first.extract<8>(0), aie::concat(first, second));
    put(matrix.to_vector<cint32>());

    aie::set_saturation(aie::saturation_mode::saturate);
    const auto bytes = a.cast_to<int8>();
    const auto nibbles = bytes.extract<64>(0).pack<int4>();
    aie::set_saturation(aie::saturation_mode::none);
    put(nibbles.unpack());
    aie::mmul<4, 16, 8, int8, int4> narrow;
    narrow.mul(bytes, aie::concat(nibbles, aie::reverse(nibbles)));
    put(narrow.to_vector<int32>());

    const auto wide = a.cast_to<int32>();
    put(aie::mac(aie::op_sub(aie::mul(wide, wide)), wide, int32_t(5)).to_vector<int32>(4));
    put(aie::select(a, int16_t(7), aie::ge(a, int16_t(0))));
    put(aie::saturating_add(aie::upshift(a, 8), aie::upshift(b, 8)));
    put(aie::logical_downshift(a, 3));
    put(aie::reduce_add_v(a, b, a, b));
    put(aie::vector<int32, 4>(aie::reduce_add(wide), aie::reduce_max(wide), aie::reduce_min(wide),
                              aie::lt(a, b).count()));

    put(aie::sliding_mul_ch<4, 8, 2>(bytes, 1, bytes, 2).to_vector<int32>());
    put(aie::mul(aie::op_sign(bytes.extract<32>(0).cast_to<uint8>(), true), bytes.extract<32>(1))
            .to_vector<int32>());
    put(aie::abs_square(first));
    put(a.pack<uint8>());
    aie::set_rounding(aie::rounding_mode::positive_inf);
    put(aie::downshift(a, 3));
    aie::set_rounding(aie::rounding_mode::floor);
    unsigned less;
    put(maxdiff_lt(a, b, less));
    put(aie::mask<32>::from_uint32(less).to_vector());
    const auto *samples = reinterpret_cast<const cint16 *>(x);
    alignas(64) cint16 turned[32];
    aie::fft_dit_r4_stage<1>(samples, samples, samples + 8, samples + 16, 32, 3, 2, true, turned);
    put(aie::load_v<32>(turned));
}
