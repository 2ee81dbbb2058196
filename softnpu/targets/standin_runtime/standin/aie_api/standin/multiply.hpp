// Products: element-wise, matrices, sliding.
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

namespace detail {

struct product_dims {
  unsigned rows, inner, columns, channels;
};

// An operand of a product: where it lies, what it is, how many of it there are.
template <class T> struct factor {
  const void *at;
  bool scalar, conjugated;
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
      NPU_OPERATION(NPU_V_MAC, lanes::code, standin::element<A>::code, standin::element<B>::code) |
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

template <class A> struct tag_of_accum;
template <class Tag, unsigned N> struct tag_of_accum<accum<Tag, N>> {
  using type = Tag;
};
template <Operation Op, class A> struct tag_of_accum<operand_op<Op, A>> : tag_of_accum<A> {};

} // namespace detail

template <class Tag = accauto, class A, class B> auto mul(const A &a, const B &b) {
  return detail::elementwise<Tag>(a, b, {}, 0);
}
template <class Tag = accauto, class A, class B> auto negmul(const A &a, const B &b) {
  return detail::elementwise<Tag>(a, b, {}, NPU_NEGATE);
}
template <class C, class A, class B> auto mac(const C &c, const A &a, const B &b) {
  return detail::elementwise<typename detail::tag_of_accum<C>::type>(a, b, detail::addend_of(c), 0);
}
template <class C, class A, class B> auto msc(const C &c, const A &a, const B &b) {
  return detail::elementwise<typename detail::tag_of_accum<C>::type>(a, b, detail::addend_of(c),
                                                                     NPU_NEGATE);
}
template <class Tag = accauto, Vector V> auto mul_square(const V &v) { return mul<Tag>(v, v); }
template <class C, Vector V> auto mac_square(const C &c, const V &v) { return mac(c, v, v); }
template <class C, Vector V> auto msc_square(const C &c, const V &v) { return msc(c, v, v); }
template <class Tag = accauto, Vector V> auto abs_square(const V &v) { return mul<Tag>(v, op_conj(v)); }

// The sum of vectors times the coefficients from `start` on.
template <unsigned Lanes, class Tag = accauto, class C, unsigned M, Vector First, Vector... Rest>
auto accumulate(const vector<C, M> &coefficients, unsigned start, const First &first,
                const Rest &...rest) {
  unsigned at = start;
  auto out = mul<Tag>(first, coefficients.get(at++ % M));
  ((out = mac(out, rest, coefficients.get(at++ % M))), ...);
  return out;
}
template <unsigned Lanes, class Tag, unsigned N, class C, unsigned M, class... V>
auto accumulate(const accum<Tag, N> &onto, const vector<C, M> &coefficients, unsigned start,
                const V &...data) {
  unsigned at = start;
  accum<Tag, Lanes> out = onto;
  ((out = mac(out, data, coefficients.get(at++ % M))), ...);
  return out;
}

// Sliding products: out[lane] = sum over p of
//   coefficient[start + p * CoeffStep] * data[start + p * DataStepX + lane * DataStepY].

template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepX, int DataStepY,
          class CoeffType, class DataType, class Tag = accauto>
struct sliding_mul_ops {
  using tag = standin::product_tag_t<Tag, CoeffType, DataType>;
  using accum_type = accum<tag, Lanes>;
  using coeff_type = CoeffType;
  using data_type = DataType;
  static constexpr unsigned lanes = Lanes, points = Points;

  template <class C, class D>
  static accum_type mul(const C &coeff, unsigned coeff_start, const D &data, unsigned data_start) {
    return run(coeff, coeff_start, data, data_start, {}, 0);
  }
  template <class C, class D>
  static accum_type negmul(const C &coeff, unsigned coeff_start, const D &data,
                           unsigned data_start) {
    return run(coeff, coeff_start, data, data_start, {}, NPU_NEGATE);
  }
  template <class A, class C, class D>
  static accum_type mac(const A &acc, const C &coeff, unsigned coeff_start, const D &data,
                        unsigned data_start) {
    return run(coeff, coeff_start, data, data_start, detail::addend_of(acc), 0);
  }
  template <class A, class C, class D>
  static accum_type msc(const A &acc, const C &coeff, unsigned coeff_start, const D &data,
                        unsigned data_start) {
    return run(coeff, coeff_start, data, data_start, detail::addend_of(acc), NPU_NEGATE);
  }

private:
  template <class C, class D>
  static accum_type run(const C &coeff, unsigned coeff_start, const D &data, unsigned data_start,
                        detail::addend c, uint32_t flags) {
    auto a = detail::factor_of(coeff);
    auto b = detail::factor_of(data);
    using ka = standin::element<typename decltype(a)::type>;
    using kb = standin::element<typename decltype(b)::type>;
    const npu_slide slide = {Points,
                             coeff_start,
                             uint32_t(CoeffStep),
                             detail::lanes_of<C>::value,
                             data_start,
                             uint32_t(DataStepX),
                             uint32_t(DataStepY),
                             detail::lanes_of<D>::value};
    accum_type out;
    standin::command(NPU_OPERATION(NPU_V_SLIDE, standin::lane<tag>::code, ka::code, kb::code) |
                         flags | c.flags | standin::with(a.conjugated, NPU_CONJUGATE_A) |
                         standin::with(b.conjugated, NPU_CONJUGATE_B),
                     Lanes, out.lanes, a.at, b.at, c.at, int(reinterpret_cast<uintptr_t>(&slide)));
    return out;
  }
};

template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepX, class C, class D,
          class Tag = accauto>
using sliding_mul_x_ops = sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, 1, C, D, Tag>;
template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepY, class C, class D,
          class Tag = accauto>
using sliding_mul_y_ops = sliding_mul_ops<Lanes, Points, CoeffStep, 1, DataStepY, C, D, Tag>;
template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepXY, class C, class D,
          class Tag = accauto>
using sliding_mul_xy_ops =
    sliding_mul_ops<Lanes, Points, CoeffStep, DataStepXY, DataStepXY, C, D, Tag>;

#define STANDIN_SLIDING(name)                                                                      \
  template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1,                 \
            int DataStepY = 1, class Tag = accauto, class C, class D>                              \
  auto sliding_##name(const C &coeff, unsigned coeff_start, const D &data,                         \
                      unsigned data_start = 0) {                                                   \
    return sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, typename C::value_type, \
                           typename D::value_type, Tag>::name(coeff, coeff_start, data,            \
                                                              data_start);                         \
  }
STANDIN_SLIDING(mul)
STANDIN_SLIDING(negmul)
#define STANDIN_SLIDING_ONTO(name)                                                                 \
  template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1,                 \
            int DataStepY = 1, class A, class C, class D>                                          \
  auto sliding_##name(const A &acc, const C &coeff, unsigned coeff_start, const D &data,           \
                      unsigned data_start = 0) {                                                   \
    return sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, typename C::value_type, \
                           typename D::value_type, typename detail::tag_of_accum<A>::type>::name(  \
        acc, coeff, coeff_start, data, data_start);                                                \
  }
STANDIN_SLIDING_ONTO(mac)
STANDIN_SLIDING_ONTO(msc)

} // namespace aie
