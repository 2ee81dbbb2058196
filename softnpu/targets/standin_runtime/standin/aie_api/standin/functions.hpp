// Functions of floats, and tables.
#pragma once

#include "fft.hpp"

namespace aie {
namespace detail {

// AIE-ML computes vectors' reciprocals in steps; everything else is rounded to the nearest.
inline constexpr int exact = 1, in_steps = __AIE_ARCH__ == 21 ? exact : 0;

template <unsigned Operation, class R, class T, unsigned N>
vector<R, N> function(const vector<T, N> &v, int how = exact) {
  vector<R, N> out;
  standin::command(NPU_OPERATION(Operation, standin::element<R>::code, standin::element<T>::code, 0),
                   N, out.elements, v.elements, nullptr, nullptr, how);
  return out;
}
template <unsigned Operation, class T> T function(T value) {
  T out;
  standin::command(NPU_OPERATION(Operation, standin::element<T>::code, standin::element<T>::code, 0),
                   1, &out, &value, nullptr, nullptr, exact);
  return out;
}
template <class T> concept floating = __is_same(T, float) || __is_same(T, __bf16);

} // namespace detail

#define STANDIN_FUNCTION(name, operation, how)                                                     \
  template <class T, unsigned N>                                                                   \
    requires(detail::floating<T>)                                                                  \
  vector<T, N> name(const vector<T, N> &v) {                                                       \
    return detail::function<operation, T>(v, how);                                                 \
  }                                                                                                \
  template <class T>                                                                               \
    requires(detail::floating<T>)                                                                  \
  T name(T value) {                                                                                \
    return detail::function<operation>(value);                                                     \
  }
STANDIN_FUNCTION(inv, NPU_V_INV, detail::in_steps)
STANDIN_FUNCTION(invsqrt, NPU_V_INVSQRT, detail::in_steps)
STANDIN_FUNCTION(sqrt, NPU_V_SQRT, detail::exact)
STANDIN_FUNCTION(sin, NPU_V_SIN, detail::exact)
STANDIN_FUNCTION(cos, NPU_V_COS, detail::exact)

template <class T> std::pair<T, T> sincos(const T &value) { return {sin(value), cos(value)}; }

// Instructions of AIE-ML v2; the operand may be an accumulator.
#define STANDIN_V2_FUNCTION(name, operation)                                                       \
  template <class R = __bf16, class T, unsigned N> vector<R, N> name(const vector<T, N> &v) {      \
    static_assert(__AIE_ARCH__ == 21, "aie::" #name " is an instruction of AIE-ML v2 (npu2) only"); \
    return detail::function<operation, R>(v);                                                      \
  }                                                                                                \
  template <class R = __bf16, unsigned N> vector<R, N> name(const accum<accfloat, N> &a) {         \
    return name<R>(a.template to_vector<float>());                                                 \
  }
STANDIN_V2_FUNCTION(exp2, NPU_V_EXP2)
STANDIN_V2_FUNCTION(tanh, NPU_V_TANH)

template <class T, unsigned N> auto div(const vector<T, N> &a, const vector<T, N> &b) {
  return mul(a, inv(b));
}
template <class T, unsigned N> auto div(const vector<T, N> &a, scalar_of<T> b) {
  return mul(a, inv(b));
}

inline float div(float a, float b) { return a / b; }

// A table that is read at four places at once: twice in memory, each time with every sixteen bytes
// repeated, so that no two reads meet in a bank.
template <unsigned ParallelAccesses, class OffsetType, class SlopeType = OffsetType> struct lut {
  static_assert(ParallelAccesses == 4, "aie::lut: the device reads at four places at once");
  const uint8_t *ab, *cd;
  unsigned elements;

  template <class A, class C>
  lut(unsigned elements, const A *ab, const C *cd)
      : ab(reinterpret_cast<const uint8_t *>(ab)), cd(reinterpret_cast<const uint8_t *>(cd)),
        elements(elements) {}
  template <class A> lut(unsigned elements, const A *ab) : lut(elements, ab, ab) {}
};

enum class lut_oor_policy { saturate, truncate };

namespace detail {

// Where byte `at` of a table lies.
inline int32_t in_table(int32_t at) { return (at & ~15) * 2 | (at & 15); }

template <class T, unsigned N>
vector<T, N> gather(const uint8_t *table, const vector<int32_t, N> &offsets) {
  vector<T, N> out;
  standin::command(NPU_V_GATHER, N, out.elements, table, offsets.elements, nullptr, sizeof(T));
  return out;
}

} // namespace detail

template <class T, class Table, lut_oor_policy Policy = lut_oor_policy::saturate>
struct parallel_lookup;

// Keys whose bits above `step_bits` are the index, with `bias` added.
template <class T, class OffsetType, lut_oor_policy Policy>
struct parallel_lookup<T, lut<4, OffsetType, OffsetType>, Policy> {
  lut<4, OffsetType, OffsetType> table;
  unsigned step_bits, bias;

  parallel_lookup(const lut<4, OffsetType, OffsetType> &table, unsigned step_bits = 0,
                  unsigned bias = 0)
      : table(table), step_bits(step_bits), bias(bias) {}

  // Of the first `First` keys, or of all.
  template <unsigned First = 0, unsigned M> auto fetch(const vector<T, M> &keys) const {
    constexpr unsigned N = First ? First : M;
    // Elements of one byte take two (aie_api: they are packed afterwards).
    constexpr int size = sizeof(OffsetType) < 2 ? 2 : sizeof(OffsetType);
    vector<int32_t, N> offsets;
    const int last = int(table.elements) - 1;
    for (unsigned i = 0; i < N; i++) {
      int index = (int(keys.get(i)) >> step_bits) + int(bias);
      if constexpr (Policy == lut_oor_policy::truncate)
        index &= last;
      else
        index = index < 0 ? 0 : index > last ? last : index;
      offsets.set(detail::in_table(index * size), i);
    }
    return detail::gather<OffsetType>(table.ab, offsets);
  }
};

template <class T, class Table> struct linear_approx;

namespace detail {
template <class OffsetType, class SlopeType> struct approximation {
  const uint8_t *table;
  int elements, step_bits, bias;
  // A pair of slope and offset, the slope first.
  template <unsigned N>
  void read(const vector<int32_t, N> &index, vector<SlopeType, N> &slope,
            vector<OffsetType, N> &offset) const {
    constexpr int size = sizeof(OffsetType);
    vector<int32_t, N> at;
    for (unsigned i = 0; i < N; i++) {
      int entry = index.get(i) + bias;
      entry = entry < 0 ? 0 : entry >= elements ? elements - 1 : entry;
      at.set(in_table(entry * 2 * size), i);
    }
    slope = gather<SlopeType>(table + size - sizeof(SlopeType), at);
    offset = gather<OffsetType>(table + size, at);
  }
};
} // namespace detail

// slope * x + offset of the segment that x is in.
template <> struct linear_approx<__bf16, lut<4, float, __bf16>> {
  detail::approximation<float, __bf16> segments;

  linear_approx(const lut<4, float, __bf16> &table, int step_bits, int bias = 0, int = 0)
      : segments{table.ab, int(table.elements), step_bits, bias} {}

  template <unsigned N> accum<accfloat, N> compute(const vector<__bf16, N> &x) const {
    vector<__bf16, N> slope;
    vector<float, N> offset;
    segments.read(to_fixed_floor<int32_t>(x, -segments.step_bits), slope, offset);
    return mac(accum<accfloat, N>(offset), slope, x);
  }
};
// Integers: the slope meets what the index leaves of x.
template <class T, class OffsetType>
  requires(!standin::element<T>::is_float)
struct linear_approx<T, lut<4, OffsetType, OffsetType>> {
  detail::approximation<OffsetType, OffsetType> segments;
  int shift_offset;

  linear_approx(const lut<4, OffsetType, OffsetType> &table, unsigned step_bits, int bias = 0,
                int shift_offset = 0)
      : segments{table.ab, int(table.elements), int(step_bits), bias}, shift_offset(shift_offset) {}

  template <unsigned N> auto compute(const vector<T, N> &x) const {
    vector<int32_t, N> index;
    vector<OffsetType, N> slope, offset;
    vector<T, N> rest;
    for (unsigned i = 0; i < N; i++) {
      index.set(x.get(i) >> segments.step_bits, i);
      rest.set(T(x.get(i) & ((1 << segments.step_bits) - 1)), i);
    }
    segments.read(index, slope, offset);
    using tag = standin::either<sizeof(T) == 1, acc32, acc64>;
    return mac(accum<tag, N>(offset, shift_offset), slope, rest);
  }
};

} // namespace aie
