// Everything that stays within a lane.
#pragma once

#include <tuple>

#include "making.hpp"

namespace aie {

// What a function does to vectors it does to numbers, by way of the shortest vector.
#define STANDIN_OF_NUMBERS(name)                                                                   \
  template <class T>                                                                               \
    requires(standin::element<T>::known)                                                           \
  auto name(T a, scalar_of<T> b) {                                                                 \
    return detail::first_of(name(broadcast<T, detail::fewest_lanes<T>>(a),                         \
                                 broadcast<T, detail::fewest_lanes<T>>(b)));                       \
  }
// ... but for what the scalar unit does to floats.
#define STANDIN_OF_FLOATS(name, expression)                                                        \
  template <class T>                                                                               \
    requires(standin::element<T>::known)                                                           \
  auto name(T a, scalar_of<T> b) {                                                                 \
    if constexpr (standin::element<T>::is_float && !standin::element<T>::is_complex)               \
      return expression;                                                                           \
    else                                                                                           \
      return detail::first_of(name(broadcast<T, detail::fewest_lanes<T>>(a),                       \
                                   broadcast<T, detail::fewest_lanes<T>>(b)));                     \
  }
#define STANDIN_OF_NUMBER(name)                                                                    \
  template <class T>                                                                               \
    requires(standin::element<T>::known)                                                           \
  auto name(T a) {                                                                                 \
    return detail::first_of(name(broadcast<T, detail::fewest_lanes<T>>(a)));                       \
  }

// Two operands, of which one may be a number that every lane takes.

namespace detail {

template <unsigned Operation, class T, unsigned N>
vector<T, N> binary(const vector<T, N> &a, const void *b, uint32_t flags = 0) {
  using kind = standin::element<T>;
  static_assert(!kind::is_float || Operation <= NPU_V_MAXDIFF,
                "this is for integers: the bits of floats are v.cast_to<int16>() or <int32>()");
  static_assert(!kind::is_complex || Operation < NPU_V_MIN || Operation > NPU_V_MAXDIFF,
                "complex numbers have no order");
  constexpr unsigned code = kind::code == NPU_C16    ? NPU_S16
                            : kind::code == NPU_C32  ? NPU_S32
                            : kind::code == NPU_CF32 ? NPU_F32
                                                     : kind::code;
  vector<T, N> out;
  standin::command(NPU_OPERATION(Operation, code, code, code) | flags, N << kind::is_complex,
                   out.elements, a.elements, b);
  return out;
}

template <unsigned Operation, class Tag, unsigned N>
accum<Tag, N> sum(const accum<Tag, N> &a, const void *b, unsigned kind_b) {
  constexpr unsigned code = standin::lane<Tag>::code == NPU_C64    ? NPU_S64
                            : standin::lane<Tag>::code == NPU_CF32 ? NPU_F32
                                                                   : standin::lane<Tag>::code;
  accum<Tag, N> out;
  standin::command(NPU_OPERATION(Operation, code, code, kind_b),
                   N << standin::lane<Tag>::is_complex, out.lanes, a.lanes, b);
  return out;
}

} // namespace detail

#define STANDIN_BINARY(name, operation)                                                            \
  template <class T, unsigned N, class U, unsigned M>                                              \
    requires(detail::unlike<T, N, U, M>)                                                           \
  vector<T, N> name(const vector<T, N> &, const vector<U, M> &) {                                  \
    return detail::refuse_unlike<vector<T, N>, T, N, U, M>();                                      \
  }                                                                                                \
  template <class T, unsigned N> vector<T, N> name(const vector<T, N> &a, const vector<T, N> &b) { \
    return detail::binary<operation>(a, b.elements);                                               \
  }                                                                                                \
  template <class T, unsigned N> vector<T, N> name(const vector<T, N> &a, scalar_of<T> b) {        \
    return name(a, broadcast<T, N>(b));                                                            \
  }                                                                                                \
  template <class T, unsigned N> vector<T, N> name(scalar_of<T> a, const vector<T, N> &b) {        \
    return name(broadcast<T, N>(a), b);                                                            \
  }
STANDIN_BINARY(add, NPU_V_ADD)
STANDIN_BINARY(sub, NPU_V_SUB)
STANDIN_BINARY(min, NPU_V_MIN)
STANDIN_BINARY(max, NPU_V_MAX)
STANDIN_BINARY(maxdiff, NPU_V_MAXDIFF)
STANDIN_BINARY(bit_and, NPU_V_AND)
STANDIN_BINARY(bit_or, NPU_V_OR)
STANDIN_BINARY(bit_xor, NPU_V_XOR)
STANDIN_BINARY(saturating_add, NPU_V_ADD_SAT)
STANDIN_BINARY(saturating_sub, NPU_V_SUB_SAT)

STANDIN_OF_FLOATS(add, T(a + b))
STANDIN_OF_FLOATS(sub, T(a - b))
STANDIN_OF_NUMBERS(min)
STANDIN_OF_NUMBERS(max)

// `as_signed` says how the bits are read, whatever their type.
#define STANDIN_BINARY_SIGN(name, operation)                                                       \
  template <class T, unsigned N>                                                                   \
  vector<T, N> name(const vector<T, N> &a, const vector<T, N> &b, bool as_signed) {                \
    constexpr unsigned code = standin::element<T>::code & ~1u;                                     \
    static_assert(!standin::element<T>::is_float && !standin::element<T>::is_complex,              \
                  #name ": only real integers are read with a sign or without");                   \
    vector<T, N> out;                                                                              \
    standin::command(operation | code << 8 | (code + unsigned(!as_signed)) << 12 |                 \
                         (code + unsigned(!as_signed)) << 16,                                      \
                     N, out.elements, a.elements, b.elements);                                     \
    return out;                                                                                    \
  }                                                                                                \
  template <class T, unsigned N>                                                                   \
  vector<T, N> name(const vector<T, N> &a, scalar_of<T> b, bool as_signed) {                       \
    return name(a, broadcast<T, N>(b), as_signed);                                                 \
  }                                                                                                \
  template <class T, unsigned N>                                                                   \
  vector<T, N> name(scalar_of<T> a, const vector<T, N> &b, bool as_signed) {                       \
    return name(broadcast<T, N>(a), b, as_signed);                                                 \
  }
STANDIN_BINARY_SIGN(min, NPU_V_MIN)
STANDIN_BINARY_SIGN(max, NPU_V_MAX)
STANDIN_BINARY_SIGN(maxdiff, NPU_V_MAXDIFF)

#define STANDIN_ACCUMULATE(name, operation)                                                        \
  template <class Tag, unsigned N, class Other>                                                    \
    requires(standin::lane<Other>::code == standin::lane<Tag>::code)                               \
  accum<Tag, N> name(const accum<Tag, N> &a, const accum<Other, N> &b) {                           \
    return detail::sum<operation>(a, b.lanes, standin::lane<Tag>::code == NPU_C64    ? NPU_S64     \
                                              : standin::lane<Tag>::code == NPU_CF32 ? NPU_F32     \
                                                  : standin::lane<Tag>::code);                     \
  }                                                                                                \
  template <class Tag, unsigned N, class T>                                                        \
  accum<Tag, N> name(const accum<Tag, N> &a, const vector<T, N> &b, int shift = 0) {               \
    return name(a, accum<Tag, N>(b, shift));                                                       \
  }                                                                                                \
  template <class Tag, unsigned N, class T>                                                        \
  accum<Tag, N> name(const vector<T, N> &a, const accum<Tag, N> &b) {                              \
    return name(accum<Tag, N>(a), b);                                                              \
  }                                                                                                \
  template <class Tag, unsigned N, class T>                                                        \
    requires(standin::element<T>::known)                                                           \
  accum<Tag, N> name(const accum<Tag, N> &a, T b) {                                                \
    return name(a, broadcast<T, N>(b));                                                            \
  }
STANDIN_ACCUMULATE(add, NPU_V_ADD)
STANDIN_ACCUMULATE(sub, NPU_V_SUB)

// One operand

namespace detail {
template <unsigned Operation, class T, unsigned N>
vector<T, N> unary(const vector<T, N> &a, int x = 0) {
  using kind = standin::element<T>;
  static_assert(!kind::is_float || (Operation != NPU_V_NOT && Operation != NPU_V_LSHR),
                "this is for integers: the bits of floats are v.cast_to<int16>() or <int32>()");
  constexpr unsigned code = kind::code == NPU_C16    ? NPU_S16
                            : kind::code == NPU_C32  ? NPU_S32
                            : kind::code == NPU_CF32 ? NPU_F32
                                                     : kind::code;
  vector<T, N> out;
  standin::command(NPU_OPERATION(Operation, code, code, 0), N << kind::is_complex, out.elements,
                   a.elements, nullptr, nullptr, x);
  return out;
}
} // namespace detail

template <class T, unsigned N> vector<T, N> neg(const vector<T, N> &a) {
  return detail::unary<NPU_V_NEG>(a);
}
template <class Tag, unsigned N> accum<Tag, N> neg(const accum<Tag, N> &a) {
  return sub(zeros<Tag, N>(), a);
}
template <class T, unsigned N> vector<T, N> abs(const vector<T, N> &a) {
  return detail::unary<NPU_V_ABS>(a);
}
template <class T, unsigned N> vector<T, N> bit_not(const vector<T, N> &a) {
  return detail::unary<NPU_V_NOT>(a);
}
template <class T, unsigned N> vector<T, N> conj(const vector<T, N> &a) {
  return detail::unary<NPU_V_CONJ>(a);
}
// Through an accumulator, as the device has no other way: a shift up saturates and one down rounds
// as the modes say.
template <class T, unsigned N> vector<T, N> upshift(const vector<T, N> &a, unsigned by) {
  static_assert(!standin::element<T>::is_float, "upshift: only integers are shifted");
  return accum<standin::tag_of_t<T>, N>(a, int(by)).template to_vector<T>();
}
template <class T, unsigned N> vector<T, N> downshift(const vector<T, N> &a, unsigned by) {
  static_assert(!standin::element<T>::is_float, "downshift: only integers are shifted");
  return accum<standin::tag_of_t<T>, N>(a).template to_vector<T>(int(by));
}
template <class T, unsigned N> vector<T, N> logical_downshift(const vector<T, N> &a, unsigned by) {
  return detail::unary<NPU_V_LSHR>(a, int(by));
}

STANDIN_OF_NUMBER(neg)
STANDIN_OF_NUMBER(abs)
STANDIN_OF_NUMBER(conj)

template <class T, unsigned N, class L, class H> auto clamp(const vector<T, N> &v, L low, H high) {
  return min(max(v, low), high);
}

// Comparisons

namespace detail {
template <unsigned Operation, class T, unsigned N>
mask<N> compared(const vector<T, N> &a, const vector<T, N> &b) {
  static_assert(Operation == NPU_V_EQ || !standin::element<T>::is_complex,
                "complex numbers have no order: compare them with aie::eq or aie::neq");
  mask<N> out;
  standin::command(
      NPU_OPERATION(Operation, NPU_U32, standin::element<T>::code, standin::element<T>::code), N,
      out.words, a.elements, b.elements);
  return out;
}
} // namespace detail

#define STANDIN_COMPARISON(name, expression)                                                       \
  template <class T, unsigned N, class U, unsigned M>                                              \
    requires(detail::unlike<T, N, U, M>)                                                           \
  mask<N> name(const vector<T, N> &, const vector<U, M> &) {                                       \
    return detail::refuse_unlike<mask<N>, T, N, U, M>();                                           \
  }                                                                                                \
  template <class T, unsigned N> mask<N> name(const vector<T, N> &a, const vector<T, N> &b) {      \
    return expression;                                                                             \
  }                                                                                                \
  template <class T, unsigned N> mask<N> name(const vector<T, N> &a, scalar_of<T> b) {             \
    return name(a, broadcast<T, N>(b));                                                            \
  }                                                                                                \
  template <class T, unsigned N> mask<N> name(scalar_of<T> a, const vector<T, N> &b) {             \
    return name(broadcast<T, N>(a), b);                                                            \
  }
STANDIN_COMPARISON(lt, detail::compared<NPU_V_LT>(a, b))
STANDIN_COMPARISON(ge, detail::compared<NPU_V_GE>(a, b))
STANDIN_COMPARISON(gt, detail::compared<NPU_V_LT>(b, a))
STANDIN_COMPARISON(le, detail::compared<NPU_V_GE>(b, a))
// Floats are equal where neither is less: what is no number is neither equal nor unequal.
namespace detail {
template <class T, unsigned N> mask<N> equals(const vector<T, N> &a, const vector<T, N> &b) {
  if constexpr (standin::element<T>::is_float && !standin::element<T>::is_complex)
    return ge(a, b) & ge(b, a);
  else
    return compared<NPU_V_EQ>(a, b);
}
template <class T, unsigned N> mask<N> differs(const vector<T, N> &a, const vector<T, N> &b) {
  if constexpr (standin::element<T>::is_float && !standin::element<T>::is_complex)
    return lt(a, b) | lt(b, a);
  else
    return ~compared<NPU_V_EQ>(a, b);
}
} // namespace detail
STANDIN_COMPARISON(eq, detail::equals(a, b))
STANDIN_COMPARISON(neq, detail::differs(a, b))

STANDIN_OF_FLOATS(lt, a < b)
STANDIN_OF_FLOATS(ge, a >= b)
STANDIN_OF_FLOATS(gt, a > b)
STANDIN_OF_FLOATS(le, a <= b)
STANDIN_OF_FLOATS(eq, a == b)
STANDIN_OF_FLOATS(neq, a != b)

template <class A, class B> bool equal(const A &a, const B &b) { return eq(a, b).full(); }
template <class A, class B> bool not_equal(const A &a, const B &b) { return !equal(a, b); }
template <class T, unsigned N> bool contains(scalar_of<T> a, const vector<T, N> &v) {
  return !eq(v, a).empty();
}

// A lane of b where the mask is set, of a elsewhere.
template <class T, unsigned N>
vector<T, N> select(const vector<T, N> &a, const vector<T, N> &b, const mask<N> &m) {
  vector<T, N> out;
  if constexpr (standin::element<T>::bits == 4) {
    const auto chosen = select(a.unpack(), b.unpack(), m);
    standin::command(NPU_OPERATION(NPU_V_CONVERT, standin::element<T>::code, NPU_S8, 0), N,
                     out.elements, chosen.elements);
  } else {
    standin::command(NPU_V_SELECT, N, out.elements, a.elements, b.elements, m.words, sizeof(T));
  }
  return out;
}
template <class T, unsigned N, class U, unsigned M, unsigned L>
  requires(detail::unlike<T, N, U, M> || N != L)
vector<T, N> select(const vector<T, N> &, const vector<U, M> &, const mask<L> &) {
  static_assert(N == L, "select: the mask has another number of elements than the vectors");
  return detail::refuse_unlike<vector<T, N>, T, N, U, M>();
}
template <class T, unsigned N>
vector<T, N> select(scalar_of<T> a, const vector<T, N> &b, const mask<N> &m) {
  return select(broadcast<T, N>(a), b, m);
}
template <class T, unsigned N>
vector<T, N> select(const vector<T, N> &a, scalar_of<T> b, const mask<N> &m) {
  return select(a, broadcast<T, N>(b), m);
}
template <class T, unsigned N>
  requires(standin::element<T>::known)
vector<T, N> select(T a, T b, const mask<N> &m) {
  return select(broadcast<T, N>(a), broadcast<T, N>(b), m);
}

#define STANDIN_WITH_MASK(name, value, mask_value)                                                 \
  template <class T, unsigned N>                                                                   \
  std::tuple<vector<T, N>, mask<N>> name(const vector<T, N> &a, const vector<T, N> &b) {           \
    return {value, mask_value};                                                                    \
  }                                                                                                \
  template <class T, unsigned N>                                                                   \
  std::tuple<vector<T, N>, mask<N>> name(const vector<T, N> &a, scalar_of<T> b) {                  \
    return name(a, broadcast<T, N>(b));                                                            \
  }
STANDIN_WITH_MASK(max_cmp, max(a, b), lt(a, b))
STANDIN_WITH_MASK(min_cmp, min(a, b), ge(a, b))

// unpack and pack as functions

template <class T, unsigned N> auto unpack(const vector<T, N> &v) { return v.unpack(); }
template <class T, unsigned N> auto pack(const vector<T, N> &v) { return v.pack(); }
template <class To, class T, unsigned N> auto unpack(const vector<T, N> &v) {
  return v.template unpack<To>();
}
template <class To, class T, unsigned N> auto pack(const vector<T, N> &v) {
  return v.template pack<To>();
}

// Between numbers with and without a point

namespace detail {
// What a conversion gives that is asked for no type; complex numbers stay so.
template <class U, class R, class Complex>
using or_complex = standin::either<standin::element<U>::is_complex, Complex, R>;

template <unsigned Operation, class T, class U, unsigned N>
vector<T, N> converted(const vector<U, N> &v, int shift, unsigned from = standin::element<U>::code,
                       unsigned to = standin::element<T>::code) {
  static_assert(standin::element<T>::is_complex == standin::element<U>::is_complex,
                "complex numbers are converted into complex ones, real ones into real ones");
  vector<T, N> out;
  standin::command(Operation | to << 8 | from << 12, N, out.elements, v.elements, nullptr, nullptr,
                   shift);
  return out;
}
} // namespace detail

template <class T, Vector V> auto to_float(const V &v, int shift = 0) {
  static_assert(standin::element<T>::is_float, "to_float: the result's elements are no floats");
  return detail::converted<NPU_V_CONVERT, T>(v, shift);
}
template <Vector V> auto to_float(const V &v, int shift = 0) {
  return to_float<detail::or_complex<typename V::value_type, float, cfloat>>(v, shift);
}
template <class T = float, class Tag, unsigned N>
  requires(!standin::lane<Tag>::is_float && !standin::lane<Tag>::is_complex)
vector<T, N> to_float(const accum<Tag, N> &a, int shift = 0) {
  vector<T, N> out;
  standin::command(NPU_OPERATION(NPU_V_CONVERT, standin::element<T>::code, standin::lane<Tag>::code,
                                 0),
                   N, out.elements, a.lanes, nullptr, nullptr, shift);
  return out;
}
template <class T, class U, unsigned N> vector<T, N> to_fixed(const vector<U, N> &v, int shift = 0) {
  static_assert(standin::element<U>::is_float, "to_fixed: the operand's elements are no floats");
  return detail::converted<NPU_V_ROUND, T>(v, shift);
}
template <class U, unsigned N> auto to_fixed(const vector<U, N> &v, int shift = 0) {
  return to_fixed<detail::or_complex<U, int32_t, cint32>>(v, shift);
}
template <class T = int32_t, unsigned N>
vector<T, N> to_fixed(const accum<accfloat, N> &a, int shift = 0) {
  return to_fixed<T>(a.template to_vector<float>(), shift);
}
template <class T = int32_t, class U, unsigned N>
vector<T, N> to_fixed_sign(const vector<U, N> &v, bool as_signed, int shift = 0) {
  return detail::converted<NPU_V_ROUND, T>(v, shift, standin::element<U>::code,
                                           (standin::element<T>::code & ~1u) + unsigned(!as_signed));
}
template <class T = int32_t, unsigned N>
vector<T, N> to_fixed_sign(const accum<accfloat, N> &a, bool as_signed, int shift = 0) {
  return to_fixed_sign<T>(a.template to_vector<float>(), as_signed, shift);
}
template <class T = int32_t, class U>
  requires(standin::element<U>::is_float && !standin::element<U>::is_complex)
T to_fixed(U value, int shift = 0) {
  return to_fixed<T>(broadcast<float, 4>(float(value)), shift).get(0);
}
template <class T = cint32> T to_fixed(cfloat value, int shift = 0) {
  return to_fixed<T>(broadcast<cfloat, 2>(value), shift).get(0);
}
template <class T = float, class U>
  requires(__is_integral(U))
T to_float(U value, int shift = 0) {
  return to_float<T>(broadcast<int32_t, 4>(int32_t(value)), shift).get(0);
}
template <class T = cfloat, class U>
  requires(standin::element<U>::is_complex)
T to_float(U value, int shift = 0) {
  return to_float<T>(broadcast<U, detail::fewest_lanes<U>>(value), shift).get(0);
}
template <class T = int32_t, unsigned N>
vector<T, N> to_fixed_floor(const vector<__bf16, N> &v, int shift = 0) {
  return detail::converted<NPU_V_FLOOR, T>(v, shift);
}

} // namespace aie
