// Products: element-wise ones, and what all of them are made of.
#pragma once

#include "lanes.hpp"

namespace aie {

enum class Operation { None, Acc_Add, Acc_Sub, Conj, Transpose, Zero };

// op_sub(acc), op_conj(v): what to do with an operand on its way into a product.
template <Operation Op, class V> struct operand_op {
  const V &value;
  bool zero = false;
};
#define STANDIN_OPERATION(name, operation)                                                         \
  template <class V> operand_op<Operation::operation, V> name(const V &value) { return {value}; }
STANDIN_OPERATION(op_none, None)
STANDIN_OPERATION(op_add, Acc_Add)
STANDIN_OPERATION(op_sub, Acc_Sub)
STANDIN_OPERATION(op_conj, Conj)
STANDIN_OPERATION(op_transpose, Transpose)
template <class V> operand_op<Operation::Zero, V> op_zero(const V &value, bool zero = true) {
  return {value, zero};
}
// The bits of a vector read with a sign or without, as only the run knows.
template <class V> struct signed_op {
  const V &value;
  bool is_signed;
};
template <class V> signed_op<V> op_sign(const V &value, bool is_signed) {
  return {value, is_signed};
}
namespace detail {
template <class V> struct operand_of : standin::same<V> {};
template <Operation Op, class V> struct operand_of<operand_op<Op, V>> : operand_of<V> {};
template <class V> struct operand_of<signed_op<V>> : operand_of<V> {};
template <class V> using elements_of = typename operand_of<V>::type::value_type;
} // namespace detail
template <class V> concept VectorOrOp = Vector<typename detail::operand_of<__remove_cvref(V)>::type>;
template <class V> concept AccumOrOp = Accum<typename detail::operand_of<__remove_cvref(V)>::type>;
template <class V> concept ElemOrOp = Elem<typename detail::operand_of<__remove_cvref(V)>::type>;
// These are done at once.
template <class V> auto op_abs(const V &value) { return abs(value); }
template <class V> auto op_neg(const V &value, bool negate = true) {
  return negate ? V(neg(value)) : value;
}
template <class A, class B> auto op_max(const A &a, const B &b) { return max(a, b); }
template <class A, class B> auto op_min(const A &a, const B &b) { return min(a, b); }

template <class T = float, class U, unsigned N>
vector<T, N> to_float(const signed_op<vector<U, N>> &op, int shift = 0) {
  return detail::converted<NPU_V_CONVERT, T>(
      op.value, shift, (standin::element<U>::code & ~1u) + unsigned(!op.is_signed));
}

namespace detail {

struct product_dims {
  unsigned rows, inner, columns, channels;
};

// An operand of a product: where it lies, what it is, how many of it there are.
template <class T> struct factor {
  const void *at;
  bool scalar, conjugated;
  unsigned code = standin::element<T>::code;
  using type = T;
};

template <class T, unsigned N> factor<T> factor_of(const vector<T, N> &v) {
  return {v.elements, false, false};
}
template <class T>
  requires(standin::element<T>::known)
factor<T> factor_of(const T &value) {
  return {&value, true, false};
}
template <class V> auto factor_of(const operand_op<Operation::Conj, V> &op) {
  auto out = factor_of(op.value);
  out.conjugated = true;
  return out;
}
template <class V> auto factor_of(const signed_op<V> &op) {
  auto out = factor_of(op.value);
  out.code = (out.code & ~1u) + unsigned(!op.is_signed);
  return out;
}
template <class V> auto factor_of(const operand_op<Operation::None, V> &op) {
  return factor_of(op.value);
}

template <class F> struct lanes_of {
  static constexpr unsigned value = 0;
};
template <class T, unsigned N> struct lanes_of<vector<T, N>> {
  static constexpr unsigned value = N;
};
template <Operation Op, class V> struct lanes_of<operand_op<Op, V>> : lanes_of<V> {};
template <class V> struct lanes_of<signed_op<V>> : lanes_of<V> {};

// The accumulator that products are added to.
struct addend {
  const void *at;
  uint32_t flags;
};
template <class Tag, unsigned N> addend addend_of(const accum<Tag, N> &a) { return {a.lanes, 0}; }
template <class V> addend addend_of(const operand_op<Operation::Acc_Add, V> &op) {
  return {op.value.lanes, 0};
}
template <class V> addend addend_of(const operand_op<Operation::Acc_Sub, V> &op) {
  return {op.value.lanes, NPU_NEGATE_C};
}
template <class V> addend addend_of(const operand_op<Operation::Zero, V> &op) {
  return {op.zero ? nullptr : op.value.lanes, 0};
}

template <class Out, class A, class B>
void products(Out &out, product_dims d, const factor<A> &a, const factor<B> &b, addend c = {},
              uint32_t flags = 0) {
  using lanes = standin::lane<typename Out::value_type>;
  standin::command(
      NPU_OPERATION(NPU_V_MAC, lanes::code, a.code, b.code) |
          flags | c.flags | standin::with(a.scalar, NPU_SCALAR_A) |
          standin::with(b.scalar, NPU_SCALAR_B) | standin::with(a.conjugated, NPU_CONJUGATE_A) |
          standin::with(b.conjugated, NPU_CONJUGATE_B),
      Out::size(), out.lanes, a.at, b.at, c.at, int(d.rows | d.inner << 16),
      int(d.columns | d.channels << 16));
}

template <class Tag, class A, class B>
auto elementwise(const A &a, const B &b, addend c, uint32_t flags) {
  auto left = factor_of(a);
  auto right = factor_of(b);
  constexpr unsigned n = lanes_of<A>::value ? lanes_of<A>::value : lanes_of<B>::value;
  static_assert(n && (!lanes_of<A>::value || !lanes_of<B>::value ||
                      lanes_of<A>::value == lanes_of<B>::value),
                "a product needs vectors of the same number of elements, or a vector and a number");
  using tag = standin::product_tag_t<Tag, typename decltype(left)::type,
                                     typename decltype(right)::type>;
  accum<tag, n> out;
  products(out, {1, 1, 1, n}, left, right, c, flags);
  return out;
}

template <class A> struct tag_of_accum {
  static_assert(Accum<A>, "mac, msc: what the products are added to comes first, an accumulator: "
                          "aie::accum<acc32, 16>(v) makes one of a vector");
  using type = acc32;
};
template <class Tag, unsigned N> struct tag_of_accum<accum<Tag, N>> {
  using type = Tag;
};
template <Operation Op, class A> struct tag_of_accum<operand_op<Op, A>> : tag_of_accum<A> {};

} // namespace detail

namespace detail {
template <class A, class B>
concept numbers = standin::element<A>::is_float && standin::element<B>::is_float &&
                  !standin::element<A>::is_complex && !standin::element<B>::is_complex;
}

template <class Tag = accauto, class A, class B>
  requires(!detail::numbers<A, B>)
auto mul(const A &a, const B &b) {
  return detail::elementwise<Tag>(a, b, {}, 0);
}
template <class Tag = accauto, class A, class B> auto negmul(const A &a, const B &b) {
  return detail::elementwise<Tag>(a, b, {}, NPU_NEGATE);
}
template <class C, class A, class B>
  requires(!detail::numbers<A, B>)
auto mac(const C &c, const A &a, const B &b) {
  return detail::elementwise<typename detail::tag_of_accum<C>::type>(a, b, detail::addend_of(c), 0);
}
template <class C, class A, class B>
  requires(!detail::numbers<A, B>)
auto msc(const C &c, const A &a, const B &b) {
  return detail::elementwise<typename detail::tag_of_accum<C>::type>(a, b, detail::addend_of(c),
                                                                     NPU_NEGATE);
}
template <class Tag = accauto, Vector V> auto mul_square(const V &v) { return mul<Tag>(v, v); }
template <class C, Vector V> auto mac_square(const C &c, const V &v) { return mac(c, v, v); }
template <class C, Vector V> auto msc_square(const C &c, const V &v) { return msc(c, v, v); }
// real^2 + imag^2, as numbers without an imaginary part.
template <class R = void, class T, unsigned N>
  requires(standin::element<T>::is_complex)
auto abs_square(const vector<T, N> &v, int shift = 0);

// Products of numbers are the scalar unit's.
template <class A, class B>
  requires(detail::numbers<A, B>)
auto mul(A a, B b) {
  return a * b;
}
template <class C, class A, class B>
  requires(detail::numbers<A, B>)
auto mac(C c, A a, B b) {
  return c + a * b;
}
template <class C, class A, class B>
  requires(detail::numbers<A, B>)
auto msc(C c, A a, B b) {
  return c - a * b;
}

// The sum of vectors times the coefficients from `start` on.
template <unsigned Lanes, class Tag = accauto, class C, unsigned M, Vector First, Vector... Rest>
auto accumulate(const vector<C, M> &coefficients, unsigned start, const First &first,
                const Rest &...rest) {
  unsigned at = start;
  auto out = mul<Tag>(first, coefficients.get(at++ % M));
  ((out = mac(out, rest, coefficients.get(at++ % M))), ...);
  return out;
}
template <unsigned Lanes, AccumOrOp A, class C, unsigned M, Vector First, Vector... Rest>
auto accumulate(const A &onto, const vector<C, M> &coefficients, unsigned start, const First &first,
                const Rest &...rest) {
  unsigned at = start;
  auto out = mac(onto, first, coefficients.get(at++ % M));
  ((out = mac(out, rest, coefficients.get(at++ % M))), ...);
  return out;
}

// ... from the first one on.
template <unsigned Lanes, class Tag = accauto, class C, unsigned M, Vector First, Vector... Rest>
auto accumulate(const vector<C, M> &coefficients, const First &first, const Rest &...rest) {
  return accumulate<Lanes, Tag>(coefficients, 0u, first, rest...);
}

} // namespace aie
