// The vector intrinsics that kernels call beside the AIE API, under Peano's names
// (llvm-aie, clang/lib/Headers: aiev2intrin.h, aie2pintrin.h and what they include).
#pragma once

#include "mmul.hpp"

// Types of registers: those of the API by other names.
#define STANDIN_REGISTER(count, name, element) using v##count##name = aie::vector<element, count>;
#define STANDIN_REGISTERS(name, element, n128, n256, n512, n1024)                                  \
  STANDIN_REGISTER(n128, name, element)                                                            \
  STANDIN_REGISTER(n256, name, element)                                                            \
  STANDIN_REGISTER(n512, name, element)                                                            \
  STANDIN_REGISTER(n1024, name, element)
STANDIN_REGISTERS(int4, int4, 32, 64, 128, 256)
STANDIN_REGISTERS(uint4, uint4, 32, 64, 128, 256)
STANDIN_REGISTERS(int8, int8_t, 16, 32, 64, 128)
STANDIN_REGISTERS(uint8, uint8_t, 16, 32, 64, 128)
STANDIN_REGISTERS(int16, int16_t, 8, 16, 32, 64)
STANDIN_REGISTERS(uint16, uint16_t, 8, 16, 32, 64)
STANDIN_REGISTERS(int32, int32_t, 4, 8, 16, 32)
STANDIN_REGISTERS(uint32, uint32_t, 4, 8, 16, 32)
STANDIN_REGISTERS(bfloat16, __bf16, 8, 16, 32, 64)
STANDIN_REGISTERS(float, float, 4, 8, 16, 32)
STANDIN_REGISTERS(cint16, cint16, 4, 8, 16, 32)
STANDIN_REGISTERS(cint32, cint32, 2, 4, 8, 16)

#define STANDIN_ACCUMULATOR(count, name)                                                           \
  using v##count##name = aie::accum<name, count>;                                                  \
  inline v##count##name undef_v##count##name() { return {}; }                                      \
  inline v##count##name broadcast_zero_to_v##count##name() { return aie::zeros<name, count>(); }   \
  inline v##count##name get_scd_v##count##name(int = 1) {                                          \
    return standin_get_scd<v##count##name>();                                                      \
  }
STANDIN_ACCUMULATOR(8, acc32)
STANDIN_ACCUMULATOR(16, acc32)
STANDIN_ACCUMULATOR(32, acc32)
STANDIN_ACCUMULATOR(64, acc32)
STANDIN_ACCUMULATOR(4, acc64)
STANDIN_ACCUMULATOR(8, acc64)
STANDIN_ACCUMULATOR(16, acc64)
STANDIN_ACCUMULATOR(32, acc64)
STANDIN_ACCUMULATOR(8, accfloat)
STANDIN_ACCUMULATOR(16, accfloat)
STANDIN_ACCUMULATOR(32, accfloat)
STANDIN_ACCUMULATOR(64, accfloat)
STANDIN_ACCUMULATOR(2, cacc64)
STANDIN_ACCUMULATOR(4, cacc64)
STANDIN_ACCUMULATOR(8, cacc64)

// For each register: making one, parts of it, the cascade.
#define STANDIN_MAKE(count, name, element)                                                         \
  inline v##count##name undef_v##count##name() { return {}; }                                      \
  inline v##count##name broadcast_to_v##count##name(element value) {                               \
    return aie::broadcast<element, count>(value);                                                  \
  }                                                                                                \
  inline v##count##name broadcast_zero_to_v##count##name() {                                       \
    return aie::zeros<element, count>();                                                           \
  }                                                                                                \
  inline v##count##name broadcast_one_to_v##count##name() {                                        \
    return aie::broadcast<element, count>(element(1));                                             \
  }                                                                                                \
  inline v##count##name get_scd_v##count##name(int = 1) {                                          \
    return standin_get_scd<v##count##name>();                                                      \
  }                                                                                                \
  template <unsigned N> v##count##name extract_v##count##name(                                     \
      const aie::vector<element, N> &v, int index) {                                               \
    return v.template extract<count>(unsigned(index));                                             \
  }                                                                                                \
  template <class T, unsigned N>                                                                   \
  v##count##name extract_v##count##name##_broadcast(const aie::vector<T, N> &v, int index) {       \
    return aie::broadcast<element, count>(v.get(unsigned(index) % N));                             \
  }
#define STANDIN_SET(count, name, element, half)                                                    \
  inline v##count##name set_v##count##name(int index, const aie::vector<element, half> &part) {    \
    return aie::zeros<element, count>().insert(unsigned(index), part);                             \
  }
#define STANDIN_MAKE_ALL(name, element, n256, n512, n1024)                                         \
  STANDIN_MAKE(n256, name, element)                                                                \
  STANDIN_MAKE(n512, name, element)                                                                \
  STANDIN_MAKE(n1024, name, element)                                                               \
  STANDIN_SET(n512, name, element, n256)                                                           \
  STANDIN_SET(n1024, name, element, n512)                                                          \
  STANDIN_SET(n1024, name, element, n256)
STANDIN_MAKE_ALL(int8, int8_t, 32, 64, 128)
STANDIN_MAKE_ALL(uint8, uint8_t, 32, 64, 128)
STANDIN_MAKE_ALL(int16, int16_t, 16, 32, 64)
STANDIN_MAKE_ALL(uint16, uint16_t, 16, 32, 64)
STANDIN_MAKE_ALL(int32, int32_t, 8, 16, 32)
STANDIN_MAKE_ALL(uint32, uint32_t, 8, 16, 32)
STANDIN_MAKE_ALL(bfloat16, __bf16, 16, 32, 64)
STANDIN_MAKE_ALL(float, float, 8, 16, 32)
// The same by their elements' names, of 512 bits.
#define STANDIN_BROADCAST(name, element)                                                           \
  inline auto broadcast_##name(element value) { return aie::broadcast<element>(value); }           \
  inline auto broadcast_zero_##name() { return aie::zeros<element>(); }                            \
  inline auto broadcast_one_##name() { return aie::broadcast<element>(element(1)); }
STANDIN_BROADCAST(s8, int8_t)
STANDIN_BROADCAST(u8, uint8_t)
STANDIN_BROADCAST(s16, int16_t)
STANDIN_BROADCAST(u16, uint16_t)
STANDIN_BROADCAST(s32, int32_t)
STANDIN_BROADCAST(u32, uint32_t)
STANDIN_BROADCAST(bfloat16, __bf16)
STANDIN_BROADCAST(float, float)
template <class T, unsigned N> auto broadcast_elem(const aie::vector<T, N> &v, int index) {
  return aie::broadcast<T>(v.get(unsigned(index) % N));
}

#include "intrinsic_lanes.hpp"

// Elements and parts; an index counts modulo the number of lanes.
template <class T, unsigned N> T ext_elem(const aie::vector<T, N> &v, int index) {
  return v.get(unsigned(index) % N);
}
template <class T, unsigned N> T ext_elem(const aie::vector<T, N> &v, int index, int) {
  return ext_elem(v, index);
}
template <class T, unsigned N> T extract_elem(const aie::vector<T, N> &v, int index, int = 0) {
  return ext_elem(v, index);
}
template <class T, unsigned N, class U>
aie::vector<T, N> upd_elem(aie::vector<T, N> v, int index, U value) {
  return v.set(T(value), unsigned(index) % N);
}
template <class T, unsigned N, class U>
  requires(__is_convertible(U, T))
aie::vector<T, N> insert(aie::vector<T, N> v, int index, U value) {
  return upd_elem(v, index, value);
}
template <class T, unsigned N, unsigned M>
aie::vector<T, N> insert(aie::vector<T, N> v, int index, const aie::vector<T, M> &part) {
  return v.insert(unsigned(index), part);
}
template <class Tag, unsigned N, unsigned M>
aie::accum<Tag, N> insert(aie::accum<Tag, N> a, int index, const aie::accum<Tag, M> &part) {
  return a.insert(unsigned(index), part);
}
template <class T, unsigned N> aie::vector<T, N> shiftr_elem(const aie::vector<T, N> &v, T value) {
  return aie::shuffle_up_fill(v, aie::broadcast<T, N>(value), 1);
}
template <class T, unsigned N> aie::vector<T, N> shiftl_elem(const aie::vector<T, N> &v, T value) {
  return aie::shuffle_down_fill(v, aie::broadcast<T, N>(value), 1);
}

// Moves of 512 bits (semantics/permute.h has the modes).
#define STANDIN_SHUFFLES(name, number) name##_lo = number, name##_hi = number + 1
enum : unsigned {
  STANDIN_SHUFFLES(T8_64x2, 0), STANDIN_SHUFFLES(T16_32x2, 2), STANDIN_SHUFFLES(T32_16x2, 4),
  STANDIN_SHUFFLES(T64_8x2, 6), STANDIN_SHUFFLES(T128_4x2, 8), STANDIN_SHUFFLES(T256_2x2, 10),
  STANDIN_SHUFFLES(T128_2x4, 12), STANDIN_SHUFFLES(T64_2x8, 14), STANDIN_SHUFFLES(T32_2x16, 16),
  STANDIN_SHUFFLES(T16_2x32, 18), STANDIN_SHUFFLES(T8_2x64, 20), STANDIN_SHUFFLES(T512_1x2, 22),
  STANDIN_SHUFFLES(T16_16x4, 24), STANDIN_SHUFFLES(T16_4x16, 26), T16_8x4 = 28, T16_4x8 = 29,
  STANDIN_SHUFFLES(T32_8x4, 30), STANDIN_SHUFFLES(T32_4x8, 32), T32_4x4 = 34, T8_8x8 = 35,
  T8_16x4 = 36, T8_4x16 = 37, T16_1x2_flip = 38, T16_4x4 = 39, T16_4x2 = 40, T16_2x4 = 41,
  T16_8x2 = 42, T16_2x8 = 43, T16_16x2 = 44, T16_2x16 = 45, T8_8x4 = 46, T8_4x8 = 47,
  STANDIN_SHUFFLES(DINTLV_8o16, 0), STANDIN_SHUFFLES(INTLV_8o16, 20)
};
#define STANDIN_INTERLEAVES(names, apart, together)                                                \
  inline constexpr unsigned DINTLV_lo_##names = apart, DINTLV_hi_##names = apart + 1,              \
                            INTLV_lo_##names = together, INTLV_hi_##names = together + 1;
STANDIN_INTERLEAVES(8o16, 0, 20)
STANDIN_INTERLEAVES(16o32, 2, 18)
STANDIN_INTERLEAVES(32o64, 4, 16)
STANDIN_INTERLEAVES(64o128, 6, 14)
STANDIN_INTERLEAVES(128o256, 8, 12)
STANDIN_INTERLEAVES(256o512, 10, 10)

template <class V>
  requires(aie::is_vector_v<V>)
V standin_register_move(uint32_t operation, const V &a, const V *b, unsigned x) {
  static_assert(V::bits() == 512, "this intrinsic works on vectors of 512 bits");
  V out;
  standin::command(operation, V::size(), out.elements, a.elements, b ? b->elements : nullptr,
                   nullptr, int(x));
  return out;
}
template <aie::Vector V> V shuffle(const V &a, const V &b, unsigned mode) {
  return standin_register_move(NPU_V_SHUFFLE, a, &b, mode);
}
template <aie::Vector V> V shuffle(const V &a, unsigned mode) {
  return standin_register_move(NPU_V_SHUFFLE, a, static_cast<const V *>(nullptr), mode);
}
template <aie::Vector V> V shift_bytes(const V &a, const V &b, unsigned bytes) {
  return standin_register_move(NPU_V_SHIFT_BYTES, a, &b, bytes);
}
template <aie::Vector V> V shift(const V &a, const V &b, unsigned step) {
  return shift_bytes(a, b, step * unsigned(sizeof(typename V::value_type)));
}

// Between vectors and accumulators.
#define STANDIN_SRS(count, name, element)                                                          \
  template <class Tag>                                                                             \
  v##count##name srs_to_v##count##name(const aie::accum<Tag, count> &a, int shift,                 \
                                       int is_signed = v##count##name::is_signed()) {              \
    return a.template to_vector_sign<element>(is_signed, shift);                                   \
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
#define STANDIN_UPS(count, tag)                                                                    \
  template <class T>                                                                               \
  aie::accum<tag, count> ups_to_v##count##tag(const aie::vector<T, count> &v, int shift = 0,       \
                                              int is_signed = standin::element<T>::is_signed) {    \
    aie::accum<tag, count> out;                                                                    \
    out.from_vector_sign(v, is_signed, shift);                                                     \
    return out;                                                                                    \
  }
STANDIN_UPS(16, acc32)
STANDIN_UPS(32, acc32)
STANDIN_UPS(8, acc64)
STANDIN_UPS(16, acc64)
STANDIN_UPS(16, accfloat)
STANDIN_UPS(32, accfloat)
// To 32, 16 and 8 bits.
template <unsigned N> auto lsrs(const aie::accum<acc64, N> &a, int shift, int is_signed = 1) {
  return a.template to_vector_sign<int32_t>(is_signed, shift);
}
template <class Tag, unsigned N>
auto ssrs(const aie::accum<Tag, N> &a, int shift, int is_signed = 1) {
  using result = standin::either<standin::lane<Tag>::bits == 32, int8_t, int16_t>;
  return a.template to_vector_sign<result>(is_signed, shift);
}
template <class Tag, unsigned N>
auto bsrs(const aie::accum<Tag, N> &a, int shift, int is_signed = 1) {
  return a.template to_vector_sign<int8_t>(is_signed, shift);
}
inline v16accfloat ups(const v16bfloat16 &v) { return v16accfloat(v); }
inline v16bfloat16 to_v16bfloat16(const v16accfloat &a) { return a.to_vector<__bf16>(); }
inline v32bfloat16 to_v32bfloat16(const v32accfloat &a) { return a.to_vector<__bf16>(); }
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

// Products. mul_elem_16_2: 16 sums of two products each, the operands' halves beside each other;
// mul_4x8_8x4: a matrix of 4 x 8 times one of 8 x 4.
template <class Tag, unsigned Rows, unsigned Inner, unsigned Columns, unsigned Channels, class A,
          class B>
auto standin_products(const A &a, const B &b, aie::detail::addend c, uint32_t flags) {
  static_assert(A::size() >= Rows * Inner * Channels && B::size() >= Inner * Columns * Channels,
                "the operands have too few elements for this product");
  aie::accum<Tag, Rows * Columns * Channels> out;
  aie::detail::products(out, {Rows, Inner, Columns, Channels}, aie::detail::factor_of(a),
                        aie::detail::factor_of(b), c, flags);
  return out;
}
#define STANDIN_PRODUCT(name, tag, ...)                                                            \
  template <aie::Vector A, aie::Vector B> auto mul_##name(const A &a, const B &b) {                \
    return standin_products<tag, __VA_ARGS__>(a, b, {}, 0);                                        \
  }                                                                                                \
  template <aie::Vector A, aie::Vector B> auto negmul_##name(const A &a, const B &b) {             \
    return standin_products<tag, __VA_ARGS__>(a, b, {}, NPU_NEGATE);                               \
  }                                                                                                \
  template <aie::Vector A, aie::Vector B, aie::Accum C>                                            \
  auto mac_##name(const A &a, const B &b, const C &c) {                                            \
    return standin_products<tag, __VA_ARGS__>(a, b, aie::detail::addend_of(c), 0);                 \
  }                                                                                                \
  template <aie::Vector A, aie::Vector B, aie::Accum C>                                            \
  auto msc_##name(const A &a, const B &b, const C &c) {                                            \
    return standin_products<tag, __VA_ARGS__>(a, b, aie::detail::addend_of(c), NPU_NEGATE);        \
  }
template <class A, class B>
using standin_tag = standin::product_tag_t<accauto, typename A::value_type, typename B::value_type>;
template <class A, class B>
using standin_wide_tag =
    standin::either<standin::element<typename A::value_type>::is_float, accfloat, acc64>;
#define STANDIN_TAG standin_tag<A, B>
#define STANDIN_WIDE_TAG standin_wide_tag<A, B>
STANDIN_PRODUCT(elem_16, STANDIN_TAG, 1, 1, 1, 16)
STANDIN_PRODUCT(elem_16_accuracy_safe, STANDIN_TAG, 1, 1, 1, 16)
STANDIN_PRODUCT(elem_16_2, STANDIN_WIDE_TAG, 1, 2, 1, 16)
// Of words, whose halves lie in registers of their own.
template <aie::Vector V> auto mul_elem_16_2(const V &a0, const V &a1, const V &b0, const V &b1) {
  return mul_elem_16_2(aie::concat(a0, a1), aie::concat(b0, b1));
}
template <aie::Vector V, aie::Accum C>
auto mac_elem_16_2(const V &a0, const V &a1, const V &b0, const V &b1, const C &c) {
  return mac_elem_16_2(aie::concat(a0, a1), aie::concat(b0, b1), c);
}
STANDIN_PRODUCT(elem_32, STANDIN_TAG, 1, 1, 1, 32)
STANDIN_PRODUCT(elem_32_2, STANDIN_TAG, 1, 2, 1, 32)
STANDIN_PRODUCT(elem_64, STANDIN_TAG, 1, 1, 1, 64)
STANDIN_PRODUCT(4x16_16x8, STANDIN_TAG, 4, 16, 8, 1)
STANDIN_PRODUCT(4x8_8x8, STANDIN_TAG, 4, 8, 8, 1)
STANDIN_PRODUCT(8x8_8x8, STANDIN_TAG, 8, 8, 8, 1)
STANDIN_PRODUCT(4x8_8x4, STANDIN_WIDE_TAG, 4, 8, 4, 1)
STANDIN_PRODUCT(2x8_8x8, acc64, 2, 8, 8, 1)
STANDIN_PRODUCT(4x4_4x8, acc32, 4, 4, 8, 1)
STANDIN_PRODUCT(4x2_2x8, acc32, 4, 2, 8, 1)
STANDIN_PRODUCT(2x4_4x8, acc64, 2, 4, 8, 1)
STANDIN_PRODUCT(4x4_4x4, acc64, 4, 4, 4, 1)
STANDIN_PRODUCT(4x2_2x4, acc64, 4, 2, 4, 1)

// The control register.
enum : unsigned {
  rnd_floor = 0, rnd_ceil = 1, rnd_sym_floor = 2, rnd_sym_ceil = 3, rnd_neg_inf = 8,
  rnd_pos_inf = 9, rnd_sym_zero = 10, rnd_sym_inf = 11, rnd_conv_even = 12, rnd_conv_odd = 13
};
inline void set_rnd(unsigned mode) { aie::detail::set_control(NPU_FIELD_RND, mode); }
inline unsigned get_rnd() { return aie::detail::get_control(NPU_FIELD_RND); }
inline void set_sat() { aie::detail::set_control(NPU_FIELD_SAT, 1); }
inline void clr_sat() { aie::detail::set_control(NPU_FIELD_SAT, 0); }
inline void set_symsat() { aie::detail::set_control(NPU_FIELD_SAT, 3); }
inline void set_satmode(unsigned mode) { aie::detail::set_control(NPU_FIELD_SAT, mode); }
inline unsigned get_satmode() { return aie::detail::get_control(NPU_FIELD_SAT); }
inline bool get_sat() { return get_satmode() != 0; }
