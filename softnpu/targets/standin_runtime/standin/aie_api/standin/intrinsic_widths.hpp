// Intrinsics between vectors and accumulators, and between widths of vectors.
#pragma once

#include "mmul.hpp"

// A vector's elements from an accumulator, with the modes that are set or with others.
template <class T, class Tag, unsigned N>
aie::vector<T, N> standin_srs(const aie::accum<Tag, N> &a, int shift,
                              int is_signed = standin::element<T>::is_signed) {
  return a.template to_vector_sign<T>(is_signed, shift);
}
template <class T, class Tag, unsigned N>
aie::vector<T, N> standin_srs(const aie::accum<Tag, N> &a, int shift, int is_signed,
                              unsigned saturation, unsigned rounding) {
  const aie::scoped_saturation kept(static_cast<aie::saturation_mode>(saturation));
  const aie::scoped_rounding kept_too(static_cast<aie::rounding_mode>(rounding));
  return standin_srs<T>(a, shift, is_signed);
}
template <class T, class Tag, unsigned N>
aie::vector<T, N> standin_srs(const aie::accum<Tag, N> &a, int shift, unsigned saturation,
                              unsigned rounding) {
  return standin_srs<T>(a, shift, standin::element<T>::is_signed, saturation, rounding);
}
// to_...: the older name.
#define STANDIN_SRS(count, name, element)                                                          \
  template <class Tag, class... Numbers>                                                           \
  auto srs_to_v##count##name(const aie::accum<Tag, count> &a, Numbers... numbers) {                \
    return standin_srs<element>(a, numbers...);                                                    \
  }                                                                                                \
  template <class Tag, class... Numbers>                                                           \
  auto srs_to_v##count##name##_conf(const aie::accum<Tag, count> &a, Numbers... numbers) {         \
    return standin_srs<element>(a, numbers...);                                                    \
  }                                                                                                \
  template <class Tag, class... Numbers>                                                           \
  auto to_v##count##name(const aie::accum<Tag, count> &a, Numbers... numbers) {                    \
    return standin_srs<element>(a, numbers...);                                                    \
  }
STANDIN_SRS(32, int8, int8_t)
STANDIN_SRS(32, uint8, uint8_t)
STANDIN_SRS(64, int8, int8_t)
STANDIN_SRS(64, uint8, uint8_t)
STANDIN_SRS(16, int16, int16_t)
STANDIN_SRS(16, uint16, uint16_t)
STANDIN_SRS(32, int16, int16_t)
STANDIN_SRS(32, uint16, uint16_t)
STANDIN_SRS(8, int32, int32_t)
STANDIN_SRS(8, uint32, uint32_t)
STANDIN_SRS(16, int32, int32_t)
STANDIN_SRS(16, uint32, uint32_t)
// To half the accumulator's width (l), to a quarter (s), to 8 bits (b); without a sign (u).
#define STANDIN_NARROW(name, of_32, of_64)                                                         \
  template <class Tag, unsigned N, class... Numbers>                                               \
  auto name(const aie::accum<Tag, N> &a, Numbers... numbers) {                                     \
    using result = standin::either<standin::lane<Tag>::bits == 32, of_32, of_64>;                  \
    return standin_srs<result>(a, numbers...);                                                     \
  }                                                                                                \
  template <class Tag, unsigned N, class... Numbers>                                               \
  auto name##_conf(const aie::accum<Tag, N> &a, Numbers... numbers) {                              \
    return name(a, numbers...);                                                                    \
  }
STANDIN_NARROW(lsrs, int16_t, int32_t)
STANDIN_NARROW(ssrs, int8_t, int16_t)
STANDIN_NARROW(bsrs, int8_t, int8_t)
STANDIN_NARROW(ulsrs, uint16_t, uint32_t)
STANDIN_NARROW(ussrs, uint8_t, uint16_t)

template <class Tag, class T, unsigned N>
aie::accum<Tag, N> standin_ups(const aie::vector<T, N> &v, int shift, int is_signed) {
  aie::accum<Tag, N> out;
  out.from_vector_sign(v, is_signed, shift);
  return out;
}
#define STANDIN_UPS(count, tag)                                                                    \
  template <class T>                                                                               \
  auto ups_to_v##count##tag(const aie::vector<T, count> &v, int shift = 0,                         \
                            int is_signed = standin::element<T>::is_signed) {                      \
    return standin_ups<tag>(v, shift, is_signed);                                                  \
  }
STANDIN_UPS(16, acc32)
STANDIN_UPS(32, acc32)
STANDIN_UPS(8, acc64)
STANDIN_UPS(16, acc64)
STANDIN_UPS(16, accfloat)
STANDIN_UPS(32, accfloat)
// To lanes of 32 bits (s), of 64 (l).
template <class T, unsigned N>
auto sups(const aie::vector<T, N> &v, int shift, int is_signed = standin::element<T>::is_signed) {
  return standin_ups<acc32>(v, shift, is_signed);
}
template <class T, unsigned N>
auto lups(const aie::vector<T, N> &v, int shift, int is_signed = standin::element<T>::is_signed) {
  return standin_ups<acc64>(v, shift, is_signed);
}

inline v16accfloat ups(const v16bfloat16 &v) { return v16accfloat(v); }
inline v16bfloat16 to_v16bfloat16(const v16accfloat &a) { return a.to_vector<__bf16>(); }
inline v32bfloat16 to_v32bfloat16(const v32accfloat &a) { return a.to_vector<__bf16>(); }
inline v16bfloat16 to_v16bfloat16(const v16float &v) { return to_v16bfloat16(v16accfloat(v)); }
inline v16int32 bfloat16_to_int(const v16bfloat16 &v, int shift) {
  return aie::to_fixed_floor<int32_t>(v, shift);
}
template <class T, unsigned N> auto pack(const aie::vector<T, N> &v) { return v.pack(); }
template <class T, unsigned N> auto pack(const aie::vector<T, N> &v, int is_signed) {
  return v.pack_sign(is_signed);
}
template <class T, unsigned N> auto unpack(const aie::vector<T, N> &v) { return v.unpack(); }
template <class T, unsigned N> auto unpack(const aie::vector<T, N> &v, int is_signed) {
  return v.unpack_sign(is_signed);
}
