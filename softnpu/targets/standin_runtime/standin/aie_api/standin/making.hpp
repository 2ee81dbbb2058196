// Making vectors, loads and stores.
#pragma once

#include "accum.hpp"

namespace aie {

template <class T> using scalar_of = typename standin::same<T>::type;

namespace detail {
template <class T> inline constexpr unsigned fewest_lanes = 128 / standin::element<T>::bits;
// What is said of two vectors that do not go together.
template <class T, unsigned N, class U, unsigned M>
concept unlike = N != M || !__is_same(T, U);
template <class Result, class T, unsigned N, class U, unsigned M> Result refuse_unlike() {
  static_assert(__is_same(T, U), "the two vectors have elements of different types");
  static_assert(N == M, "the two vectors have different numbers of elements");
  return {};
}
template <class T, unsigned N> T first_of(const vector<T, N> &v) { return v.get(0); }
template <unsigned N> bool first_of(const mask<N> &m) { return m.test(0); }
template <class T> inline constexpr unsigned register_lanes = 512 / standin::element<T>::bits;
}

template <class T, unsigned N = detail::register_lanes<T>> vector<T, N> broadcast(scalar_of<T> value) {
  vector<T, N> out;
  if constexpr (standin::element<T>::bits == 4) {
    uint8_t two = uint8_t((int(value) & 15) * 17);
    __builtin_memset(out.elements, two, sizeof out.elements);
  } else {
    standin::command(NPU_V_FILL, N, out.elements, &value, nullptr, nullptr, sizeof(T));
  }
  return out;
}
// A part of a vector, `Part` elements, over and over.
template <unsigned Part, class T, unsigned N = detail::register_lanes<T>, unsigned M>
vector<T, N> broadcast_vector(const vector<T, M> &v, unsigned at) {
  return v.template extract<Part>(at).template grow_replicate<N>();
}
template <unsigned N, class T>
  requires(standin::element<__remove_cvref(T)>::known)
auto broadcast(T value) {
  return broadcast<__remove_cvref(T), N>(value);
}
template <class T, unsigned N = 512 / standin::element<T>::bits>
  requires(standin::element<T>::known)
vector<T, N> zeros() {
  vector<T, N> out;
  __builtin_memset(out.elements, 0, sizeof out.elements);
  return out;
}
template <class Tag, unsigned N = 512 / standin::lane<Tag>::bits>
  requires(!standin::element<Tag>::known)
accum<Tag, N> zeros() {
  accum<Tag, N> out;
  __builtin_memset(out.lanes, 0, sizeof out.lanes);
  return out;
}
template <Vector V> V zeros() { return zeros<typename V::value_type, V::size()>(); }

template <class T, unsigned N, class... Rest>
auto concat(const vector<T, N> &first, const Rest &...rest) {
  vector<T, N *(1 + sizeof...(Rest))> out;
  return out.upd_all(first, rest...);
}
template <class Tag, unsigned N, class... Rest>
auto concat(const accum<Tag, N> &first, const Rest &...rest) {
  accum<Tag, N *(1 + sizeof...(Rest))> out;
  return out.upd_all(first, rest...);
}

// How an address must be aligned for a load or store without `unaligned` in its name, in bytes.
template <class T, unsigned N>
inline constexpr unsigned vector_ldst_align_v = standin::element<T>::bits * N == 128 ? 16
                                                : standin::element<T>::bits * N == 256
                                                    ? 32
                                                    : vector_ldst_align;

#define STANDIN_LOAD(name, ...)                                                                    \
  template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>                          \
  vector<__remove_cv(T), N> name(T *from __VA_ARGS__) {                                            \
    vector<__remove_cv(T), N> out;                                                                 \
    out.load(from);                                                                                \
    return out;                                                                                    \
  }                                                                                                \
  template <aie_dm_resource = aie_dm_resource::none, class T> auto name(T *from __VA_ARGS__) {     \
    return load_v<detail::register_lanes<__remove_cv(T)>>(from);                                   \
  }
STANDIN_LOAD(load_v)
STANDIN_LOAD(load_unaligned_v, , unsigned = 1)
namespace detail {
// The last address up to `at` that is a multiple of `bytes`.
template <class T> T *floor_address(T *at, unsigned bytes) {
  return reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(at) / bytes * bytes);
}
} // namespace detail
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
auto load_floor_bytes_v(T *from, unsigned bytes) {
  return load_v<N>(detail::floor_address(from, bytes));
}
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>
auto load_floor_v(T *from, unsigned aligned = N) {
  return load_floor_bytes_v<N>(from, aligned * standin::element<__remove_cv(T)>::bits / 8);
}
template <aie_dm_resource = aie_dm_resource::none, class P, class T, unsigned N>
P *store_v(P *to, const vector<T, N> &v) {
  static_assert(sizeof(P) == sizeof(typename standin::element<T>::stored),
                "store_v: the vector's elements are of another type than the memory's");
  __builtin_memcpy(to, v.elements, sizeof v.elements);
  return to;
}
template <aie_dm_resource = aie_dm_resource::none, class P, class Tag, unsigned N>
P *store_v(P *to, const accum<Tag, N> &) {
  static_assert(N == 0, "store_v: an accumulator is stored as a vector: sums.to_vector<int16>(shift)");
  return to;
}
template <aie_dm_resource = aie_dm_resource::none, class P, class T, unsigned N>
P *store_unaligned_v(P *to, const vector<T, N> &v, unsigned = 1) {
  return store_v(to, v);
}

template <aie_dm_resource = aie_dm_resource::none, class P, class T, unsigned N>
P *store_floor_bytes_v(P *to, const vector<T, N> &v, unsigned bytes) {
  return store_v(detail::floor_address(to, bytes), v);
}
template <aie_dm_resource = aie_dm_resource::none, class P, class T, unsigned N>
P *store_floor_v(P *to, const vector<T, N> &v, unsigned aligned = N) {
  return store_floor_bytes_v(to, v, aligned * standin::element<T>::bits / 8);
}

// The same bits as another kind of vector or accumulator.
template <class To, class From>
  requires(is_vector_v<From> || is_accum_v<From>)
auto vector_cast(const From &from) {
  if constexpr (standin::element<To>::known) {
    vector<To, From::bits() / standin::element<To>::bits> out;
    __builtin_memcpy(out.elements, &from, sizeof out.elements);
    return out;
  } else {
    accum<To, From::bits() / standin::lane<To>::bits> out;
    __builtin_memcpy(out.lanes, &from, sizeof out.lanes);
    return out;
  }
}
template <class Tag, class T, unsigned N> auto from_vector(const vector<T, N> &v, int shift = 0) {
  return accum<Tag, N>(v, shift);
}
template <class T, class Tag, unsigned N> auto to_vector(const accum<Tag, N> &a, int shift = 0) {
  return a.template to_vector<T>(shift);
}
template <class Tag, class From, unsigned N> auto accum_cast(const accum<From, N> &a) {
  return a.template cast_to<Tag>();
}

} // namespace aie
