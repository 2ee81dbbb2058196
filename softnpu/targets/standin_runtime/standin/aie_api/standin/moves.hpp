// What moves elements, and what brings all of a vector's together.
#pragma once

#include <tuple>
#include <utility>

#include "multiply.hpp"

namespace aie {

namespace detail {

template <unsigned Operation, class T, unsigned N, unsigned M>
void move(vector<T, M> &out, const vector<T, N> &a, const void *b, unsigned lanes, unsigned y) {
  constexpr int bytes = standin::element<T>::bits / 8; // 0: elements of four bits
  standin::command(Operation, lanes, out.elements, a.elements, b, nullptr, bytes, int(y));
}

} // namespace detail

#define STANDIN_FILTER(name, operation)                                                            \
  template <class T, unsigned N> vector<T, N / 2> name(const vector<T, N> &v, unsigned step = 1) { \
    vector<T, N / 2> out;                                                                          \
    detail::move<operation>(out, v, nullptr, N / 2, step);                                         \
    return out;                                                                                    \
  }
STANDIN_FILTER(filter_even, NPU_V_EVEN)
STANDIN_FILTER(filter_odd, NPU_V_ODD)

#define STANDIN_INTERLEAVE(name, operation)                                                        \
  template <class T, unsigned N, class U, unsigned M>                                              \
    requires(detail::unlike<T, N, U, M>)                                                           \
  std::pair<vector<T, N>, vector<T, N>> name(const vector<T, N> &, const vector<U, M> &,           \
                                             unsigned = 1) {                                       \
    return detail::refuse_unlike<std::pair<vector<T, N>, vector<T, N>>, T, N, U, M>();             \
  }                                                                                                \
  template <class T, unsigned N>                                                                   \
  std::pair<vector<T, N>, vector<T, N>> name(const vector<T, N> &a, const vector<T, N> &b,         \
                                             unsigned step = 1) {                                  \
    vector<T, 2 * N> both;                                                                         \
    detail::move<operation>(both, a, b.elements, N, step);                                         \
    return {both.template extract<N>(0), both.template extract<N>(1)};                             \
  }
STANDIN_INTERLEAVE(interleave_zip, NPU_V_ZIP)
STANDIN_INTERLEAVE(interleave_unzip, NPU_V_UNZIP)

// The parts of complex numbers.
namespace detail {
template <class T> struct part_of;
template <> struct part_of<cint16> {
  using type = int16_t;
};
template <> struct part_of<cint32> {
  using type = int32_t;
};
template <> struct part_of<cfloat> {
  using type = float;
};
} // namespace detail
template <class T, unsigned N> auto real(const vector<T, N> &v) {
  return filter_even(v.template cast_to<typename detail::part_of<T>::type>());
}
template <class T, unsigned N> auto imag(const vector<T, N> &v) {
  return filter_odd(v.template cast_to<typename detail::part_of<T>::type>());
}

template <class T>
  requires(standin::element<T>::is_complex)
auto real(T value) {
  return value.real;
}
template <class T>
  requires(standin::element<T>::is_complex)
auto imag(T value) {
  return value.imag;
}
template <class R, class T, unsigned N>
  requires(standin::element<T>::is_complex)
auto abs_square(const vector<T, N> &v, int shift) {
  using part = typename detail::part_of<T>::type;
  using result = standin::either<__is_same(R, void),
                                 standin::either<__is_same(part, float), float, int32_t>, R>;
  const auto re = real(v), im = imag(v);
  return mac(mul(re, re), im, im).template to_vector<result>(shift);
}

template <class T, unsigned N> vector<T, N> reverse(const vector<T, N> &v) {
  vector<T, N> out;
  detail::move<NPU_V_REVERSE>(out, v, nullptr, N, 0);
  return out;
}
// A matrix of `rows` by `columns`, row by row, as its transpose.
template <class T, unsigned N>
vector<T, N> transpose(const vector<T, N> &v, unsigned rows, unsigned) {
  vector<T, N> out;
  detail::move<NPU_V_TRANSPOSE>(out, v, nullptr, N, rows);
  return out;
}

template <class T, unsigned N>
vector<T, N> shuffle_down_fill(const vector<T, N> &v, const vector<T, N> &fill, unsigned by) {
  vector<T, N> out;
  detail::move<NPU_V_DOWN>(out, v, fill.elements, N, by);
  return out;
}
template <class T, unsigned N>
vector<T, N> shuffle_up_fill(const vector<T, N> &v, const vector<T, N> &fill, unsigned by) {
  vector<T, N> out;
  detail::move<NPU_V_UP>(out, v, fill.elements, N, by);
  return out;
}
template <class T, unsigned N> vector<T, N> shuffle_down(const vector<T, N> &v, unsigned by) {
  return shuffle_down_fill(v, zeros<T, N>(), by);
}
template <class T, unsigned N> vector<T, N> shuffle_up(const vector<T, N> &v, unsigned by) {
  return shuffle_up_fill(v, zeros<T, N>(), by);
}
template <class T, unsigned N>
vector<T, N> shuffle_down_replicate(const vector<T, N> &v, unsigned by) {
  return shuffle_down_fill(v, broadcast<T, N>(v.get(N - 1)), by);
}
template <class T, unsigned N>
vector<T, N> shuffle_up_replicate(const vector<T, N> &v, unsigned by) {
  return shuffle_up_fill(v, broadcast<T, N>(v.get(0)), by);
}
template <class T, unsigned N> vector<T, N> shuffle_down_rotate(const vector<T, N> &v, unsigned by) {
  vector<T, N> out;
  detail::move<NPU_V_ROTATE>(out, v, nullptr, N, by);
  return out;
}
template <class T, unsigned N> vector<T, N> shuffle_up_rotate(const vector<T, N> &v, unsigned by) {
  return shuffle_down_rotate(v, N - by % N);
}

// Patterns that are chosen before they are used.
template <class T, unsigned N> class filter_mode {
public:
  static filter_mode even(unsigned step = 1) { return {false, step}; }
  static filter_mode odd(unsigned step = 1) { return {true, step}; }
  bool is_odd;
  unsigned step;
};
template <class T, unsigned N> vector<T, N / 2> filter(const vector<T, N> &v, filter_mode<T, N> m) {
  return m.is_odd ? filter_odd(v, m.step) : filter_even(v, m.step);
}
#define STANDIN_INTERLEAVE_MODE(name)                                                              \
  template <class T, unsigned N> struct name##_mode {                                              \
    explicit name##_mode(unsigned step) : step(step) {}                                            \
    unsigned step;                                                                                 \
  };                                                                                               \
  template <class T, unsigned N>                                                                   \
  auto name(const vector<T, N> &a, const vector<T, N> &b, const name##_mode<T, N> &mode) {         \
    return name(a, b, mode.step);                                                                  \
  }
STANDIN_INTERLEAVE_MODE(interleave_zip)
STANDIN_INTERLEAVE_MODE(interleave_unzip)

// Reductions. Integers wrap; floats are added by halves in accumulators.

namespace detail {

template <class Tag, unsigned N> accum<Tag, 1> folded(const accum<Tag, N> &a) {
  if constexpr (N == 1)
    return a;
  else
    return folded(add(a.template extract<N / 2>(0), a.template extract<N / 2>(1)));
}

// On AIE-ML bfloat16 is added by a matrix of ones: four rows of eight, then rows in pairs.
template <unsigned N> __bf16 reduce_bfloat16(const vector<__bf16, N> &v) {
  accum<accfloat, 4> rows = zeros<accfloat, 4>();
  vector<__bf16, 8> ones = broadcast<__bf16, 8>(1.0f);
  constexpr unsigned count = N < 32 ? N / 8 : 4;
  for (unsigned at = 0; at < (N < 32 ? 1 : N / 32); at++) {
    factor<__bf16> part = {v.elements + at * 32, false, false};
    accum<accfloat, count> sums = rows.template extract<count>(0);
    products(sums, {count, 8, 1, 1}, part, factor_of(ones), addend_of(sums));
    rows.insert(0, sums);
  }
  if constexpr (N > 16)
    rows.insert(0, add(rows.template extract<2>(0), rows.template extract<2>(1)));
  if constexpr (N > 8)
    rows.insert(0, add(rows.template extract<1>(0), rows.template extract<1>(1)));
  __bf16 out;
  standin::command(NPU_OPERATION(NPU_V_CONVERT, NPU_BF16, NPU_F32, 0), 1, &out, rows.lanes);
  return out;
}

template <class T, unsigned N> T reduced(const vector<T, N> &v, unsigned operation) {
  static_assert(standin::element<T>::bits >= 8 && !standin::element<T>::is_complex,
                "a reduction needs real elements of 8 bits or more");
  T out;
  standin::command(NPU_OPERATION(NPU_V_REDUCE, 0, standin::element<T>::code, 0), N, &out, v.elements,
                   nullptr, nullptr, int(operation));
  return out;
}

} // namespace detail

template <class T, unsigned N> T reduce_add(const vector<T, N> &v) {
  if constexpr (standin::element<T>::code == NPU_BF16 && __AIE_ARCH__ == 20) {
    return detail::reduce_bfloat16(v);
  } else if constexpr (standin::element<T>::is_complex && !standin::element<T>::is_float) {
    return {reduce_add(real(v)), reduce_add(imag(v))};
  } else if constexpr (standin::element<T>::is_float) {
    using tag = standin::tag_of_t<T>;
    accum<tag, 1> sum = detail::folded(accum<tag, N>(v));
    T out;
    standin::command(NPU_OPERATION(NPU_V_CONVERT, standin::element<T>::code,
                                   standin::lane<tag>::code, 0),
                     1, &out, sum.lanes);
    return out;
  } else {
    return detail::reduced(v, NPU_V_ADD);
  }
}
template <unsigned N> float reduce_add(const accum<accfloat, N> &a) {
  return detail::folded(a).lanes[0];
}
template <class T, unsigned N> T reduce_min(const vector<T, N> &v) {
  return detail::reduced(v, NPU_V_MIN);
}
template <class T, unsigned N> T reduce_max(const vector<T, N> &v) {
  return detail::reduced(v, NPU_V_MAX);
}
template <class T, unsigned N> T reduce_min(const T &first, const vector<T, N> &v) {
  return min(first, reduce_min(v));
}
template <class T, unsigned N> T reduce_max(const T &first, const vector<T, N> &v) {
  return max(first, reduce_max(v));
}
template <class T, unsigned N> T reduce_add(const T &first, const vector<T, N> &v) {
  return add(first, reduce_add(v));
}
template <class T, unsigned N> T reduce_mul(const vector<T, N> &v) {
  T out = v.get(0);
  for (unsigned i = 1; i < N; i++)
    out = T(out * v.get(i));
  return out;
}
// Element i of the result: the sum of the i-th vector.
template <class T, unsigned N, class... Rest>
auto reduce_add_v(const vector<T, N> &first, const Rest &...rest) {
  vector<T, 128 / standin::element<T>::bits < 1 + sizeof...(Rest)
                ? 1 + sizeof...(Rest)
                : 128 / standin::element<T>::bits>
      out = {};
  unsigned at = 0;
  out.set(reduce_add(first), at++);
  (out.set(reduce_add(rest), at++), ...);
  return out;
}

} // namespace aie
