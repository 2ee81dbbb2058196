// The intrinsics that stay within a lane.
#pragma once

#include "lanes.hpp"

// Lanes, under the API's names, for `::add(a, b)` as well.
using aie::abs;
using aie::add;
using aie::concat;
using aie::eq;
using aie::ge;
using aie::gt;
using aie::le;
using aie::lt;
using aie::max;
using aie::maxdiff;
using aie::min;
using aie::neg;
using aie::sub;
template <class T, unsigned N> auto band(const aie::vector<T, N> &a, const aie::vector<T, N> &b) {
  return aie::bit_and(a, b);
}
template <class T, unsigned N> auto bor(const aie::vector<T, N> &a, const aie::vector<T, N> &b) {
  return aie::bit_or(a, b);
}
template <class T, unsigned N> auto bxor(const aie::vector<T, N> &a, const aie::vector<T, N> &b) {
  return aie::bit_xor(a, b);
}
template <class T, unsigned N> auto bneg(const aie::vector<T, N> &a) { return aie::bit_not(a); }
template <class T, unsigned N>
auto sel(const aie::vector<T, N> &a, const aie::vector<T, N> &b, unsigned mask)
  requires(N <= 32)
{
  return aie::select(a, b, aie::mask<N>::from_uint32(mask));
}
template <class T>
auto sel(const aie::vector<T, 64> &a, const aie::vector<T, 64> &b, uint64_t mask) {
  return aie::select(a, b, aie::mask<64>::from_uint64(mask));
}
template <class T, unsigned N> auto ne(const aie::vector<T, N> &a, const aie::vector<T, N> &b) {
  return aie::neq(a, b);
}
template <class T, unsigned N> auto eqz(const aie::vector<T, N> &a) { return aie::eq(a, T(0)); }
template <class T, unsigned N> auto gtz(const aie::vector<T, N> &a) { return aie::gt(a, T(0)); }
template <class T, unsigned N> auto ltz(const aie::vector<T, N> &a) { return aie::lt(a, T(0)); }

// A result and the mask of a comparison with it.
#define STANDIN_TOLD(name, value, comparison)                                                      \
  template <class T, unsigned N, class Mask>                                                       \
  aie::vector<T, N> name(const aie::vector<T, N> &a, const aie::vector<T, N> &b, Mask &told) {     \
    told = comparison;                                                                             \
    return value;                                                                                  \
  }
STANDIN_TOLD(sub_lt, aie::sub(a, b), aie::lt(a, b))
STANDIN_TOLD(sub_ge, aie::sub(a, b), aie::ge(a, b))
STANDIN_TOLD(max_lt, aie::max(a, b), aie::lt(a, b))
STANDIN_TOLD(min_ge, aie::min(a, b), aie::ge(a, b))
STANDIN_TOLD(maxdiff_lt, aie::maxdiff(a, b), aie::lt(a, b))
#define STANDIN_TOLD_OF_ONE(name, value, comparison)                                               \
  template <class T, unsigned N, class Mask>                                                       \
  aie::vector<T, N> name(const aie::vector<T, N> &a, Mask &told) {                                 \
    told = comparison;                                                                             \
    return value;                                                                                  \
  }
STANDIN_TOLD_OF_ONE(abs_gtz, aie::abs(a), gtz(a))
STANDIN_TOLD_OF_ONE(neg_gtz, aie::neg(a), gtz(a))
STANDIN_TOLD_OF_ONE(bneg_ltz, aie::bit_not(a), ltz(a))

// A set bit of the mask subtracts the lane.
template <class T, unsigned N>
auto addsub(const aie::vector<T, N> &a, const aie::vector<T, N> &b, uint64_t subtracted) {
  return aie::select(aie::add(a, b), aie::sub(a, b), aie::mask<N>::from_uint64(subtracted));
}
