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
STANDIN_REGISTERS(cfloat, cfloat, 2, 4, 8, 16)
// Of 64 bits, beside the wider ones.
STANDIN_REGISTER(8, int8, int8_t)
STANDIN_REGISTER(8, uint8, uint8_t)
STANDIN_REGISTER(4, int16, int16_t)
STANDIN_REGISTER(4, uint16, uint16_t)
STANDIN_REGISTER(2, int32, int32_t)
STANDIN_REGISTER(2, uint32, uint32_t)
STANDIN_REGISTER(4, bfloat16, __bf16)
STANDIN_REGISTER(2, float, float)
STANDIN_REGISTER(2, cint16, cint16)

#define STANDIN_ACCUMULATOR(count, name)                                                           \
  using v##count##name = aie::accum<name, count>;                                                  \
  inline v##count##name undef_v##count##name() { return {}; }                                      \
  inline v##count##name broadcast_zero_to_v##count##name() { return aie::zeros<name, count>(); }   \
  inline v##count##name get_scd_v##count##name(int = 1) {                                          \
    return standin_get_scd<v##count##name>();                                                      \
  }                                                                                                \
  template <unsigned N>                                                                            \
  v##count##name extract_v##count##name(const aie::accum<name, N> &a, int index) {                 \
    return a.template extract<count>(unsigned(index));                                             \
  }                                                                                                \
  template <unsigned N>                                                                            \
  v##count##name set_v##count##name(int index, const aie::accum<name, N> &part) {                  \
    return aie::zeros<name, count>().insert(unsigned(index), part);                                \
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
#define STANDIN_FLOATS(count)                                                                      \
  inline v##count##accfloat broadcast_to_v##count##accfloat(float value) {                         \
    return v##count##accfloat(aie::broadcast<float, count>(value));                                \
  }                                                                                                \
  inline v##count##accfloat broadcast_one_to_v##count##accfloat() {                                \
    return broadcast_to_v##count##accfloat(1);                                                     \
  }
STANDIN_FLOATS(8)
STANDIN_FLOATS(16)
STANDIN_FLOATS(32)

// For each register: parts of it, making one, the cascade.
#define STANDIN_PARTS(count, name, element)                                                        \
  template <unsigned N>                                                                            \
  v##count##name extract_v##count##name(const aie::vector<element, N> &v, int index) {             \
    return v.template extract<count>(unsigned(index));                                             \
  }                                                                                                \
  template <unsigned N>                                                                            \
  v##count##name set_v##count##name(int index, const aie::vector<element, N> &part) {              \
    return aie::zeros<element, count>().insert(unsigned(index), part);                             \
  }
#define STANDIN_MAKE(count, name, element)                                                         \
  STANDIN_PARTS(count, name, element)                                                              \
  inline v##count##name undef_v##count##name() { return {}; }                                      \
  inline v##count##name broadcast_to_v##count##name(element value) {                               \
    return aie::broadcast<element, count>(value);                                                  \
  }                                                                                                \
  template <unsigned N>                                                                            \
  v##count##name broadcast_to_v##count##name(const aie::vector<element, N> &part) {                \
    return part.template grow_replicate<count>();                                                  \
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
  template <class T, unsigned N>                                                                   \
  v##count##name extract_v##count##name##_broadcast(const aie::vector<T, N> &v, int index) {       \
    return aie::broadcast<element, count>(v.get(unsigned(index) % N));                             \
  }
#define STANDIN_MAKE_ALL(name, element, n64, n128, n256, n512, n1024)                              \
  STANDIN_PARTS(n64, name, element)                                                                \
  STANDIN_PARTS(n128, name, element)                                                               \
  STANDIN_MAKE(n256, name, element)                                                                \
  STANDIN_MAKE(n512, name, element)                                                                \
  STANDIN_MAKE(n1024, name, element)
STANDIN_MAKE_ALL(int8, int8_t, 8, 16, 32, 64, 128)
STANDIN_MAKE_ALL(uint8, uint8_t, 8, 16, 32, 64, 128)
STANDIN_MAKE_ALL(int16, int16_t, 4, 8, 16, 32, 64)
STANDIN_MAKE_ALL(uint16, uint16_t, 4, 8, 16, 32, 64)
STANDIN_MAKE_ALL(int32, int32_t, 2, 4, 8, 16, 32)
STANDIN_MAKE_ALL(uint32, uint32_t, 2, 4, 8, 16, 32)
STANDIN_MAKE_ALL(bfloat16, __bf16, 4, 8, 16, 32, 64)
STANDIN_MAKE_ALL(float, float, 2, 4, 8, 16, 32)
STANDIN_PARTS(4, cint16, cint16)
STANDIN_PARTS(8, cint16, cint16)
STANDIN_PARTS(16, cint16, cint16)
STANDIN_PARTS(32, cint16, cint16)
STANDIN_PARTS(4, cint32, cint32)
STANDIN_PARTS(8, cint32, cint32)
STANDIN_PARTS(16, cint32, cint32)
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
#define STANDIN_SHUFFLES(name, number)                                                             \
  name##_lo = number, name##_hi = number + 1, shuffle_##name##_lo = number,                        \
  shuffle_##name##_hi = number + 1
#define STANDIN_SHUFFLE_OF(name, number) name = number, shuffle_##name = number
enum : unsigned {
  STANDIN_SHUFFLES(T8_64x2, 0), STANDIN_SHUFFLES(T16_32x2, 2), STANDIN_SHUFFLES(T32_16x2, 4),
  STANDIN_SHUFFLES(T64_8x2, 6), STANDIN_SHUFFLES(T128_4x2, 8), STANDIN_SHUFFLES(T256_2x2, 10),
  STANDIN_SHUFFLES(T128_2x4, 12), STANDIN_SHUFFLES(T64_2x8, 14), STANDIN_SHUFFLES(T32_2x16, 16),
  STANDIN_SHUFFLES(T16_2x32, 18), STANDIN_SHUFFLES(T8_2x64, 20), STANDIN_SHUFFLES(T512_1x2, 22),
  STANDIN_SHUFFLES(T16_16x4, 24), STANDIN_SHUFFLES(T16_4x16, 26), STANDIN_SHUFFLE_OF(T16_8x4, 28), STANDIN_SHUFFLE_OF(T16_4x8, 29),
  STANDIN_SHUFFLES(T32_8x4, 30), STANDIN_SHUFFLES(T32_4x8, 32), STANDIN_SHUFFLE_OF(T32_4x4, 34), STANDIN_SHUFFLE_OF(T8_8x8, 35),
  STANDIN_SHUFFLE_OF(T8_16x4, 36), STANDIN_SHUFFLE_OF(T8_4x16, 37), STANDIN_SHUFFLE_OF(T16_1x2_flip, 38), STANDIN_SHUFFLE_OF(T16_4x4, 39), STANDIN_SHUFFLE_OF(T16_4x2, 40), STANDIN_SHUFFLE_OF(T16_2x4, 41),
  STANDIN_SHUFFLE_OF(T16_8x2, 42), STANDIN_SHUFFLE_OF(T16_2x8, 43), STANDIN_SHUFFLE_OF(T16_16x2, 44), STANDIN_SHUFFLE_OF(T16_2x16, 45), STANDIN_SHUFFLE_OF(T8_8x4, 46), STANDIN_SHUFFLE_OF(T8_4x8, 47),
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
  requires(aie::is_vector_v<V> || aie::is_accum_v<V>)
V standin_register_move(uint32_t operation, const V &a, const V *b, unsigned x, unsigned y = 0) {
  static_assert(V::bits() == 512, "this intrinsic works on vectors of 512 bits");
  V out;
  standin::command(operation, V::size(), &out, &a, b, nullptr, int(x), int(y));
  return out;
}
template <aie::Vector V> V shuffle(const V &a, const V &b, unsigned mode) {
  return standin_register_move(NPU_V_SHUFFLE, a, &b, mode);
}
template <aie::Vector V> V shuffle(const V &a, unsigned mode) {
  return standin_register_move(NPU_V_SHUFFLE, a, static_cast<const V *>(nullptr), mode);
}
// The lower part may be moved down by 4, 8, 16 or 32 bytes first: step 1 to 4.
template <class V> V shiftx(const V &a, const V &b, int step, unsigned bytes) {
  return standin_register_move(NPU_V_SHIFT_BYTES, a, &b, bytes, unsigned(step));
}
template <class V> V shift_bytes(const V &a, const V &b, unsigned bytes) {
  return shiftx(a, b, 0, bytes);
}
template <aie::Accum A> A shift(const A &a, const A &b, unsigned step) {
  return shift_bytes(a, b, step * A::memory_bits() / 8);
}
template <aie::Vector V> V shift(const V &a, const V &b, unsigned step) {
  return shift_bytes(a, b, step * unsigned(sizeof(typename V::value_type)));
}

#include "intrinsic_widths.hpp"
#include "intrinsic_products.hpp"

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
inline unsigned get_sat() { return get_satmode(); }

// Leading bits that are like the sign.
inline unsigned clb(unsigned x) { return x ? unsigned(__builtin_clz(x)) : 32; }
inline unsigned clb(int x) { return clb(unsigned(x < 0 ? ~x : x)); }
inline unsigned clb(uint64_t x) { return x ? unsigned(__builtin_clzll(x)) : 64; }
inline unsigned clb(int64_t x) { return clb(uint64_t(x < 0 ? ~x : x)); }
