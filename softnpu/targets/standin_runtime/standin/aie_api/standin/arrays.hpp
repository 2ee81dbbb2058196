// Several vectors or accumulators together, as arrays and tuples.
#pragma once

#include "sliding.hpp"

namespace standin {

// A std::array without <array>, which takes longer to read than everything here.
template <class T, size_t Size> struct array {
  using value_type = T;
  T items[Size];
  constexpr T &operator[](size_t i) { return items[i]; }
  constexpr const T &operator[](size_t i) const { return items[i]; }
  static constexpr size_t size() { return Size; }
  constexpr T *data() { return items; }
  constexpr T *begin() { return items; }
  constexpr T *end() { return items + Size; }
  constexpr const T *begin() const { return items; }
  constexpr const T *end() const { return items + Size; }
  template <size_t I> constexpr T get() const { return items[I]; }
  template <template <class, size_t> class Other> constexpr operator Other<T, Size>() const {
    Other<T, Size> out;
    for (size_t i = 0; i < Size; i++)
      out[i] = items[i];
    return out;
  }
};

} // namespace standin

namespace std {
template <class T, size_t Size>
struct tuple_size<standin::array<T, Size>> : integral_constant<size_t, Size> {};
template <size_t I, class T, size_t Size> struct tuple_element<I, standin::array<T, Size>> {
  using type = T;
};
template <size_t I, class T, size_t Size> constexpr T &get(standin::array<T, Size> &array) {
  return array.items[I];
}
template <size_t I, class T, size_t Size>
constexpr const T &get(const standin::array<T, Size> &array) {
  return array.items[I];
}
template <size_t I, class T, size_t Size> constexpr T get(standin::array<T, Size> &&array) {
  return array.items[I];
}
} // namespace std

namespace aie {

template <class T, unsigned N> template <unsigned M> auto vector<T, N>::split() const {
  standin::array<vector<T, M>, N / M> out;
  for (unsigned i = 0; i < N / M; i++)
    out[i] = extract<M>(i);
  return out;
}
template <class Tag, unsigned N> template <unsigned M> auto accum<Tag, N>::split() const {
  standin::array<accum<Tag, M>, N / M> out;
  for (unsigned i = 0; i < N / M; i++)
    out[i] = extract<M>(i);
  return out;
}

template <class Tuple> concept TupleLike = requires { std::tuple_size<Tuple>::value; };

template <TupleLike Tuple> auto concat(const Tuple &parts) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return concat(std::get<I>(parts)...);
  }(std::make_index_sequence<std::tuple_size<Tuple>::value>());
}

template <unsigned Lanes, class Tag = accauto, class C, unsigned M, TupleLike Data>
auto accumulate(const vector<C, M> &coefficients, unsigned start, const Data &data) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return accumulate<Lanes, Tag>(coefficients, start, std::get<I>(data)...);
  }(std::make_index_sequence<std::tuple_size<Data>::value>());
}
template <unsigned Lanes, class A, class C, unsigned M, TupleLike Data>
auto accumulate(const A &onto, const vector<C, M> &coefficients, unsigned start,
                const Data &data) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return accumulate<Lanes>(onto, coefficients, start, std::get<I>(data)...);
  }(std::make_index_sequence<std::tuple_size<Data>::value>());
}

} // namespace aie
