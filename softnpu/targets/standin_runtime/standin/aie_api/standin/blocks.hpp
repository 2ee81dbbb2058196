// Block floating point and the streams that it is read and written by.
//
// A value is mantissa * 2^(exponent - 127 - 6). What becomes of floats is cut off, as mlir-aie's
// examples have it (programming_examples/ml/block_datatypes/helper.h).
#pragma once

#include "streams.hpp"

namespace aie {

template <class T, unsigned N> class block_vector {
  static_assert(__AIE_ARCH__ == 21, "aie::block_vector: AIE-ML v2 (npu2) only");
  static_assert(__is_same(T, bfp16ebs8), "aie::block_vector: of bfp16ebs8 only; how the device "
                                         "rounds to other kinds of blocks is not public");
  static_assert(N % 64 == 0, "aie::block_vector: 64 elements, or a multiple of that");

public:
  using value_type = T;
  using native_type = block_vector;
  using storage_type = block_vector;

  T blocks_[N / 8];

  static constexpr unsigned size() { return N; }
  static constexpr unsigned block_size() { return 8; }
  static constexpr unsigned blocks() { return N / 8; }
  static constexpr unsigned mantissa_bits() { return 8; }
  static constexpr unsigned exponent_bits() { return 8; }
  static constexpr unsigned bits() { return N * 9; }
  static constexpr unsigned bytes() { return bits() / 8; }
  static constexpr unsigned memory_bits() { return bits(); }
  static constexpr unsigned memory_bytes() { return bytes(); }

  block_vector() = default;
  explicit block_vector(const accum<accfloat, N> &a) {
    for (unsigned i = 0; i < blocks(); i++)
      cut(a.lanes + 8 * i, blocks_[i]);
  }
  block_vector to_native() const { return *this; }

  template <unsigned M> block_vector<T, M> extract(unsigned at) const {
    block_vector<T, M> out;
    __builtin_memcpy(out.blocks_, blocks_ + at * M / 8, sizeof out.blocks_);
    return out;
  }
  template <unsigned M> block_vector &insert(unsigned at, const block_vector<T, M> &part) {
    __builtin_memcpy(blocks_ + at * M / 8, part.blocks_, sizeof part.blocks_);
    return *this;
  }
  template <unsigned M> block_vector<T, M> grow(unsigned at = 0) const {
    block_vector<T, M> out = {};
    return out.insert(at, *this);
  }

  vector<float, N> to_floats() const {
    vector<float, N> out;
    for (unsigned i = 0; i < N; i++) {
      const unsigned exponent = blocks_[i / 8].exponent;
      const uint32_t unit = exponent > 6 ? (exponent - 6) << 23 : 0x10000u << exponent;
      out.elements[i] = float(blocks_[i / 8].mantissas[i % 8]) * __builtin_bit_cast(float, unit);
    }
    return out;
  }

private:
  static void cut(const float *from, T &to) {
    uint32_t exponent = 0;
    for (unsigned i = 0; i < 8; i++) {
      const uint32_t own = __builtin_bit_cast(uint32_t, from[i]) >> 23 & 255;
      exponent = own > exponent ? own : exponent;
    }
    to.exponent = uint8_t(exponent);
    for (unsigned i = 0; i < 8; i++) {
      const uint32_t bits = __builtin_bit_cast(uint32_t, from[i]), own = bits >> 23 & 255;
      int32_t mantissa = int32_t((bits & 0x7fffff) | (own ? 0x800000u : 0));
      const uint32_t down = 17 + exponent - own;
      mantissa = bits >> 31 ? -mantissa : mantissa;
      to.mantissas[i] = int8_t(mantissa >> (down < 31 ? down : 31));
    }
  }
};

#if __AIE_ARCH__ == 21
namespace detail {

// Every value of a block is a bfloat16. Of a matrix of 8 by 8, its rows or its columns.
inline vector<__bf16, 64> matrix_of(const block_vector<bfp16ebs8, 64> &v) {
  return accum<accfloat, 64>(v).to_vector<__bf16>();
}
inline vector<__bf16, 64> transposed_of(const block_vector<bfp16ebs8, 64> &v) {
  return aie::transpose(matrix_of(v), 8, 8);
}
// mlir-aie's example of a conversion calls the API's inside.
template <class T, unsigned N> struct transpose {
  static vector<T, N> run(const vector<T, N> &v, unsigned rows, unsigned columns) {
    return aie::transpose(v, rows, columns);
  }
};
inline vector<__bf16, 64> matrix_of(const vector<__bf16, 64> &v) {
  return matrix_of(block_vector<bfp16ebs8, 64>(accum<accfloat, 64>(v)));
}

} // namespace detail

// The second matrix lies transposed in memory, and is told so: m.mul(a, op_transpose(b)).
template <class TypeA, class Tag>
struct mmul<8, 8, 8, TypeA, bfp16ebs8, Tag> : mmul<8, 8, 8, __bf16, __bf16, Tag> {
  using base = mmul<8, 8, 8, __bf16, __bf16, Tag>;
  using base::base;
  template <class A> using transposed = operand_op<Operation::Transpose, A>;

  template <class A, class B> void mul(const A &a, const transposed<B> &b) {
    base::mul(detail::matrix_of(a), detail::transposed_of(b.value));
  }
  template <class A, class B> void mac(const A &a, const transposed<B> &b) {
    base::mac(detail::matrix_of(a), detail::transposed_of(b.value));
  }
};
#endif

template <class T, unsigned N> class block_vector_input_buffer_stream {
public:
  using value_type = block_vector<T, N>;
  explicit block_vector_input_buffer_stream(const T *at) : at(at) {}
  value_type pop() { return pop_seek(0); }
  value_type pop_seek(int further) {
    value_type v;
    __builtin_memcpy(v.blocks_, at, sizeof v.blocks_);
    seek(1 + further);
    return v;
  }
  void seek(int vectors) { at += vectors * int(N / 8); }
  block_vector_input_buffer_stream &operator>>(value_type &v) {
    v = pop();
    return *this;
  }

private:
  const T *at;
};
template <class T, unsigned N> class block_vector_output_buffer_stream {
public:
  using value_type = block_vector<T, N>;
  explicit block_vector_output_buffer_stream(T *at) : at(at) {}
  void push(const value_type &v) { push_seek(v, 0); }
  void push(const accum<accfloat, N> &a, int = 0) { push(value_type(a)); }
  void push_seek(const value_type &v, int further) {
    __builtin_memcpy(at, v.blocks_, sizeof v.blocks_);
    seek(1 + further);
  }
  void seek(int vectors) { at += vectors * int(N / 8); }
  template <class V> block_vector_output_buffer_stream &operator<<(const V &v) {
    push(v);
    return *this;
  }

private:
  T *at;
};
template <class T, unsigned N>
using block_vector_restrict_input_buffer_stream = block_vector_input_buffer_stream<T, N>;
template <class T, unsigned N>
using block_vector_restrict_output_buffer_stream = block_vector_output_buffer_stream<T, N>;

} // namespace aie

// Peano's names for the same.
using v64bfp16ebs8 = aie::block_vector<bfp16ebs8, 64>;
using v128bfp16ebs8 = aie::block_vector<bfp16ebs8, 128>;
#if __AIE_ARCH__ == 21
inline v64bfp16ebs8 to_v64bfp16ebs8(const aie::accum<accfloat, 64> &a) { return v64bfp16ebs8(a); }
#define STANDIN_BLOCK_PRODUCT(name, flags)                                                         \
  template <class T, unsigned N>                                                                   \
  auto name##_8x8_8x8T(const aie::block_vector<T, N> &a, const aie::block_vector<T, N> &b,         \
                       const aie::accum<accfloat, 64> &c) {                                        \
    aie::accum<accfloat, 64> out;                                                                  \
    const auto rows = aie::detail::matrix_of(a), columns = aie::detail::transposed_of(b);          \
    aie::detail::products(out, {8, 8, 8, 1}, aie::detail::factor_of(rows),                         \
                          aie::detail::factor_of(columns), aie::detail::addend_of(c), flags);      \
    return out;                                                                                    \
  }
STANDIN_BLOCK_PRODUCT(mac, 0)
STANDIN_BLOCK_PRODUCT(msc, NPU_NEGATE)
template <class T, unsigned N>
auto mul_8x8_8x8T(const aie::block_vector<T, N> &a, const aie::block_vector<T, N> &b) {
  return mac_8x8_8x8T(a, b, aie::zeros<accfloat, 64>());
}
#endif
