// aie::accum: what products are summed in, and the way there and back.
#pragma once

#include "mask.hpp"

namespace aie {

template <class Tag, unsigned N>
class [[gnu::may_alias]] alignas(standin::alignment(N * standin::lane<Tag>::bits)) accum {
  using kind = standin::lane<Tag>;

public:
  using value_type = Tag;
  using storage_t = accum;

  typename kind::stored lanes[N];

  static constexpr unsigned size() { return N; }
  static constexpr unsigned memory_bits() { return kind::bits; }
  static constexpr unsigned value_bits() { return kind::bits; }
  static constexpr unsigned accum_bits() { return kind::is_complex ? kind::bits / 2 : kind::bits; }
  static constexpr unsigned bits() { return N * kind::bits; }
  static constexpr bool is_complex() { return kind::is_complex; }
  static constexpr bool is_real() { return !kind::is_complex; }
  static constexpr bool is_integral() { return !kind::is_float; }
  static constexpr bool is_floating_point() { return kind::is_float; }

  accum() = default;
  template <class T> explicit accum(const vector<T, N> &v, int shift = 0) { from_vector(v, shift); }
  template <class T> explicit accum(const block_vector<T, N> &v, int = 0) {
    *this = accum(v.to_floats());
  }
  // Another tag for the same lanes.
  template <class Other>
    requires(!__is_same(Other, Tag) && standin::lane<Other>::code == kind::code)
  accum(const accum<Other, N> &other) {
    __builtin_memcpy(lanes, other.lanes, sizeof lanes);
  }
  // The same bits as another kind's, as a C cast between registers does.
  template <class Other, unsigned M>
    requires(standin::lane<Other>::code != kind::code && accum<Other, M>::bits() == bits())
  explicit accum(const accum<Other, M> &other) {
    __builtin_memcpy(lanes, other.lanes, sizeof lanes);
  }
  template <class T, unsigned M>
    requires(M != N && vector<T, M>::bits() == bits())
  explicit accum(const vector<T, M> &other) {
    __builtin_memcpy(lanes, other.elements, sizeof lanes);
  }

  accum &operator=(const accum &) = default;
  accum(const accum &) = default;
  template <class T> accum &operator=(const vector<T, N> &v) {
    from_vector(v);
    return *this;
  }
  accum to_native() const { return *this; }

  template <class T> void from_vector(const vector<T, N> &v, int shift = 0) {
    static_assert(alike<T>() || same_bits<T>(),
                  "aie::accum: the vector's elements are of another kind than the accumulator's");
    if constexpr (same_bits<T>())
      __builtin_memcpy(lanes, v.elements, sizeof lanes);
    else
      from_lanes(standin::element<T>::code, v.elements, shift);
  }
  template <class T> void from_vector_sign(const vector<T, N> &v, bool as_signed, int shift = 0) {
    constexpr unsigned code = standin::element<T>::code & ~1u;
    from_lanes(standin::element<T>::is_float ? standin::element<T>::code
                                             : code + unsigned(!as_signed),
               v.elements, shift);
  }

  template <class T>
    requires(__is_same(T, bfp16ebs8))
  block_vector<T, N> to_vector(int shift = 0) const {
    return block_vector<T, N>(*this);
  }
  template <class T>
    requires(!__is_same(T, bfp16ebs8))
  vector<T, N> to_vector(int shift = 0) const {
    static_assert(alike<T>() || same_bits<T>(),
                  "to_vector: the vector's elements are of another kind than the accumulator's");
    vector<T, N> out;
    if constexpr (same_bits<T>())
      __builtin_memcpy(out.elements, lanes, sizeof lanes);
    else
      to_lanes(standin::element<T>::code, out.elements, shift);
    return out;
  }
  template <class T> vector<T, N> to_vector_sign(bool as_signed, int shift = 0) const {
    vector<T, N> out;
    constexpr unsigned code = standin::element<T>::code & ~1u;
    to_lanes(kind::is_float ? standin::element<T>::code : code + unsigned(!as_signed), out.elements,
             shift);
    return out;
  }
  template <class T>
    requires(standin::element<T>::is_float && kind::is_float &&
             standin::element<T>::is_complex == kind::is_complex)
  operator vector<T, N>() const {
    return to_vector<T>();
  }

  template <class Other> accum<Other, bits() / standin::lane<Other>::bits> cast_to() const {
    accum<Other, bits() / standin::lane<Other>::bits> out;
    __builtin_memcpy(out.lanes, lanes, sizeof lanes);
    return out;
  }
  template <unsigned M> accum<Tag, M> extract(unsigned at) const {
    static_assert(M <= N, "extract: the part is larger than the accumulator");
    accum<Tag, M> out;
    __builtin_memcpy(out.lanes, lanes + at * M, sizeof out.lanes);
    return out;
  }
  template <class Other, unsigned M> accum &insert(unsigned at, const accum<Other, M> &part) {
    static_assert(M <= N, "insert: the part is larger than the accumulator");
    static_assert(standin::lane<Other>::code == kind::code, "insert: other lanes");
    __builtin_memcpy(lanes + at * M, part.lanes, sizeof part.lanes);
    return *this;
  }
  template <unsigned M> accum<Tag, M> grow(unsigned at = 0) const {
    accum<Tag, M> out = {};
    out.insert(at, *this);
    return out;
  }
  template <unsigned M> accum<Tag, M> grow_replicate() const {
    accum<Tag, M> out;
    for (unsigned at = 0; at < M / N; at++)
      out.insert(at, *this);
    return out;
  }
  template <unsigned M> accum<Tag, M> grow_extract(unsigned at) const {
    if constexpr (M <= N)
      return extract<M>(at);
    else
      return grow<M>();
  }
  template <unsigned M> auto split() const;
  template <class... Parts> accum &upd_all(const Parts &...parts) {
    unsigned at = 0;
    (insert(at++, parts), ...);
    return *this;
  }

private:
  template <class T> static constexpr bool alike() {
    return standin::element<T>::is_float == kind::is_float &&
           standin::element<T>::is_complex == kind::is_complex;
  }
  // Floats pass through an accumulator of integers as they are.
  template <class T> static constexpr bool same_bits() {
    return standin::element<T>::code == NPU_F32 && kind::code == NPU_S32;
  }
  void from_lanes(unsigned code, const void *from, int shift) {
    standin::command(NPU_OPERATION(kind::is_float ? NPU_V_CONVERT : NPU_V_UPS, kind::code, code, 0),
                     N, lanes, from, nullptr, nullptr, shift);
  }
  void to_lanes(unsigned code, void *to, int shift) const {
    standin::command(NPU_OPERATION(kind::is_float ? NPU_V_CONVERT : NPU_V_SRS, code, kind::code, 0),
                     N, to, lanes, nullptr, nullptr, shift);
  }
};

// Modes of rounding and saturation (AM025, Core_CR).
enum class rounding_mode : unsigned {
  floor = 0,
  ceil = 1,
  symmetric_floor = 2,
  symmetric_ceil = 3,
  negative_inf = 8,
  positive_inf = 9,
  symmetric_zero = 10,
  symmetric_inf = 11,
  conv_even = 12,
  conv_odd = 13
};
// `truncate` is an old name.
enum class saturation_mode : unsigned { none = 0, truncate = 1, saturate = 1, symmetric = 3 };

namespace detail {
inline void set_control(npu_control_field field, unsigned value) {
  standin::command(NPU_V_SET_CONTROL, 1, nullptr, nullptr, nullptr, nullptr, int(field), int(value));
}
inline unsigned get_control(npu_control_field field) {
  uint32_t value;
  standin::command(NPU_V_GET_CONTROL, 1, &value, nullptr, nullptr, nullptr, int(field));
  return value;
}
} // namespace detail

inline void set_rounding(rounding_mode mode) {
  detail::set_control(NPU_FIELD_RND, unsigned(mode));
}
inline void set_saturation(saturation_mode mode) {
  detail::set_control(NPU_FIELD_SAT, unsigned(mode));
}
inline rounding_mode get_rounding() { return rounding_mode(detail::get_control(NPU_FIELD_RND)); }
inline saturation_mode get_saturation() {
  return saturation_mode(detail::get_control(NPU_FIELD_SAT));
}
inline rounding_mode swap_rounding(rounding_mode mode) {
  rounding_mode before = get_rounding();
  set_rounding(mode);
  return before;
}
inline saturation_mode swap_saturation(saturation_mode mode) {
  saturation_mode before = get_saturation();
  set_saturation(mode);
  return before;
}

// A mode for the time that an object lives.
template <class Mode> class scoped_mode {
public:
  explicit scoped_mode(Mode mode) : before(swap(mode)) {}
  scoped_mode(const scoped_mode &) = delete;
  scoped_mode &operator=(const scoped_mode &) = delete;
  ~scoped_mode() { swap(before); }

private:
  static rounding_mode swap(rounding_mode mode) { return swap_rounding(mode); }
  static saturation_mode swap(saturation_mode mode) { return swap_saturation(mode); }
  Mode before;
};
using scoped_rounding = scoped_mode<rounding_mode>;
using scoped_saturation = scoped_mode<saturation_mode>;

} // namespace aie
