// What vectors and accumulators are made of, and how a command reaches the vector unit.
#pragma once

#include <stdint.h>
#include <vector_unit.h>

extern "C" void standin_vector(uint32_t operation, uint32_t lanes, void *out, const void *a,
                               const void *b, const void *c, int32_t x, int32_t y);

// Numbers of four bits exist inside vectors only.
struct int4 {
  int8_t value;
  constexpr int4(int number = 0) : value(static_cast<int8_t>((number & 15) - (number & 8) * 2)) {}
  constexpr operator int() const { return value; }
};
struct uint4 {
  uint8_t value;
  constexpr uint4(int number = 0) : value(static_cast<uint8_t>(number & 15)) {}
  constexpr operator int() const { return value; }
};

#define STANDIN_COMPLEX(name, part)                                                                \
  struct name {                                                                                    \
    part real, imag;                                                                               \
    friend constexpr bool operator==(name a, name b) {                                             \
      return a.real == b.real && a.imag == b.imag;                                                 \
    }                                                                                              \
    friend constexpr name operator+(name a, name b) {                                              \
      return {static_cast<part>(a.real + b.real), static_cast<part>(a.imag + b.imag)};             \
    }                                                                                              \
    friend constexpr name operator-(name a, name b) {                                              \
      return {static_cast<part>(a.real - b.real), static_cast<part>(a.imag - b.imag)};             \
    }                                                                                              \
    friend constexpr name operator-(name a) {                                                      \
      return {static_cast<part>(-a.real), static_cast<part>(-a.imag)};                             \
    }                                                                                              \
  }
STANDIN_COMPLEX(cint16, int16_t);
STANDIN_COMPLEX(cint32, int32_t);
STANDIN_COMPLEX(cfloat, float);
typedef int4 int4_t;
typedef uint4 uint4_t;
typedef cint16 cint16_t;
typedef cint32 cint32_t;
typedef cfloat cfloat_t;

// The kinds of accumulators. Each is kept in the next wider lanes that the device has.
struct accauto;
struct acc16;
struct acc24;
struct acc32;
struct acc40;
struct acc48;
struct acc56;
struct acc64;
struct cacc16;
struct cacc24;
struct cacc32;
struct cacc40;
struct cacc48;
struct cacc56;
struct cacc64;
struct accfloat;
struct caccfloat;

// Which loads and stores the compiler may put into one instruction; it changes nothing here.
enum class aie_dm_resource { none, a, b, c, d, stack };

// Block floating point, on AIE-ML v2: eight mantissas, two's complement, share an exponent, which
// lies before them in memory.
struct bfp16ebs8 {
  uint8_t exponent;
  int8_t mantissas[8];
};
struct bfp16ebs16;

namespace standin {

// The few of <type_traits> that are needed here: the header takes longer to read than these.
template <bool Value> struct constant {
  static constexpr bool value = Value;
};
template <class T> struct same {
  using type = T;
};
template <bool First, class A, class B> struct choice : same<A> {};
template <class A, class B> struct choice<false, A, B> : same<B> {};
template <bool First, class A, class B> using either = typename choice<First, A, B>::type;

// code: enum npu_element. bits: of the whole element, both parts of a complex one.
template <class T> struct element {
  static constexpr bool known = false, is_float = false, is_complex = false;
  static constexpr unsigned bits = 0;
};

// Of a register's image in memory: RV32's stack is aligned to 16 bytes.
constexpr unsigned alignment(unsigned bits) { return bits >= 128 ? 16 : bits >= 64 ? 8 : 4; }

template <unsigned Code, unsigned Bits, bool Signed, bool Float, bool Complex, class Stored>
struct element_kind {
  static constexpr bool known = true, is_signed = Signed, is_float = Float, is_complex = Complex;
  static constexpr unsigned code = Code, bits = Bits;
  using stored = Stored;
};

#define STANDIN_ELEMENT(type, ...)                                                                 \
  template <> struct element<type> : element_kind<__VA_ARGS__> {}
STANDIN_ELEMENT(int4, NPU_S4, 4, true, false, false, uint8_t);
STANDIN_ELEMENT(uint4, NPU_U4, 4, false, false, false, uint8_t);
STANDIN_ELEMENT(int8_t, NPU_S8, 8, true, false, false, int8_t);
STANDIN_ELEMENT(uint8_t, NPU_U8, 8, false, false, false, uint8_t);
STANDIN_ELEMENT(int16_t, NPU_S16, 16, true, false, false, int16_t);
STANDIN_ELEMENT(uint16_t, NPU_U16, 16, false, false, false, uint16_t);
STANDIN_ELEMENT(int32_t, NPU_S32, 32, true, false, false, int32_t);
STANDIN_ELEMENT(uint32_t, NPU_U32, 32, false, false, false, uint32_t);
STANDIN_ELEMENT(int64_t, NPU_S64, 64, true, false, false, int64_t);
STANDIN_ELEMENT(__bf16, NPU_BF16, 16, true, true, false, __bf16);
STANDIN_ELEMENT(float, NPU_F32, 32, true, true, false, float);
STANDIN_ELEMENT(cint16, NPU_C16, 32, true, false, true, cint16);
STANDIN_ELEMENT(cint32, NPU_C32, 64, true, false, true, cint32);
STANDIN_ELEMENT(cfloat, NPU_CF32, 64, true, true, true, cfloat);

// An accumulator's lanes, by its tag.
template <class Tag> struct lane;
#define STANDIN_LANE(tag, ...)                                                                     \
  template <> struct lane<tag> : element_kind<__VA_ARGS__> {}
STANDIN_LANE(acc16, NPU_S32, 32, true, false, false, int32_t);
STANDIN_LANE(acc24, NPU_S32, 32, true, false, false, int32_t);
STANDIN_LANE(acc32, NPU_S32, 32, true, false, false, int32_t);
STANDIN_LANE(acc40, NPU_S64, 64, true, false, false, int64_t);
STANDIN_LANE(acc48, NPU_S64, 64, true, false, false, int64_t);
STANDIN_LANE(acc56, NPU_S64, 64, true, false, false, int64_t);
STANDIN_LANE(acc64, NPU_S64, 64, true, false, false, int64_t);
struct complex_lane {
  int64_t real, imag;
};
STANDIN_LANE(cacc16, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(cacc24, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(cacc32, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(cacc40, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(cacc48, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(cacc56, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(cacc64, NPU_C64, 128, true, false, true, complex_lane);
STANDIN_LANE(accfloat, NPU_F32, 32, true, true, false, float);
STANDIN_LANE(caccfloat, NPU_CF32, 64, true, true, true, cfloat);

// The tag of products of A and B.
template <class A, class B> constexpr auto product_tag() {
  using a = element<A>;
  using b = element<B>;
  static_assert(a::is_float == b::is_float, "a product is of floats or of integers, not of both");
  if constexpr (a::is_float || b::is_float) {
    if constexpr (a::is_complex || b::is_complex)
      return static_cast<caccfloat *>(nullptr);
    else
      return static_cast<accfloat *>(nullptr);
  } else if constexpr (a::is_complex || b::is_complex) {
    return static_cast<cacc64 *>(nullptr);
  } else if constexpr (a::bits > 16 || b::bits > 16) {
    return static_cast<acc64 *>(nullptr);
  } else {
    return static_cast<acc32 *>(nullptr);
  }
}
template <class Tag, class A, class B>
using product_tag_t =
    standin::either<__is_same(Tag, accauto),
                       __remove_pointer(decltype(product_tag<A, B>())), Tag>;

// The tag of a vector's elements in an accumulator.
template <class T> using tag_of_t = __remove_pointer(decltype(product_tag<T, T>()));

inline void command(uint32_t operation, unsigned lanes, void *out, const void *a,
                    const void *b = nullptr, const void *c = nullptr, int x = 0, int y = 0) {
  standin_vector(operation, lanes, out, a, b, c, x, y);
}

constexpr uint32_t with(bool holds, uint32_t flag) { return holds ? flag : 0; }

constexpr bool power_of_two(unsigned n) { return n && !(n & (n - 1)); }

} // namespace standin
