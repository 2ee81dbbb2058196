// Products that slide over their data.
#pragma once

#include "mmul.hpp"

namespace aie {

namespace detail {
// The four products that a class of sliding products makes by its `run`.
template <class Ops, class Accum> struct sliding_products {
  template <class C, class D>
  static Accum mul(const C &coeff, unsigned coeff_start, const D &data, unsigned data_start) {
    return Ops::run(coeff, coeff_start, data, data_start, {}, 0);
  }
  template <class C, class D>
  static Accum negmul(const C &coeff, unsigned coeff_start, const D &data,
                           unsigned data_start) {
    return Ops::run(coeff, coeff_start, data, data_start, {}, NPU_NEGATE);
  }
  template <class A, class C, class D>
  static Accum mac(const A &acc, const C &coeff, unsigned coeff_start, const D &data,
                        unsigned data_start) {
    return Ops::run(coeff, coeff_start, data, data_start, detail::addend_of(acc), 0);
  }
  template <class A, class C, class D>
  static Accum msc(const A &acc, const C &coeff, unsigned coeff_start, const D &data,
                        unsigned data_start) {
    return Ops::run(coeff, coeff_start, data, data_start, detail::addend_of(acc), NPU_NEGATE);
  }
};
} // namespace detail

// Sliding products: out[lane] = sum over p of
//   coefficient[start + p * CoeffStep] * data[start + p * DataStepX + lane * DataStepY].

template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepX, int DataStepY,
          class CoeffType, class DataType, class Tag = accauto>
struct sliding_mul_ops
    : detail::sliding_products<sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY,
                                               CoeffType, DataType, Tag>,
                               accum<standin::product_tag_t<Tag, CoeffType, DataType>, Lanes>> {
  using tag = standin::product_tag_t<Tag, CoeffType, DataType>;
  using accum_type = accum<tag, Lanes>;
  using coeff_type = CoeffType;
  using data_type = DataType;
  static constexpr unsigned lanes = Lanes, points = Points;

  template <class C, class D>
  static accum_type run(const C &coeff, unsigned coeff_start, const D &data, unsigned data_start,
                        detail::addend c, uint32_t flags) {
    auto a = detail::factor_of(coeff);
    auto b = detail::factor_of(data);
    const npu_slide slide = {Points,
                             coeff_start,
                             uint32_t(CoeffStep),
                             detail::lanes_of<C>::value,
                             data_start,
                             uint32_t(DataStepX),
                             uint32_t(DataStepY),
                             detail::lanes_of<D>::value};
    accum_type out;
    standin::command(NPU_OPERATION(NPU_V_SLIDE, standin::lane<tag>::code, a.code, b.code) |
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

// The same as an object that keeps what it has summed.
template <unsigned Lanes, unsigned Points, int CoeffStep, int DataStepX, int DataStepY, class C,
          class D, class Tag = accauto>
class partial_sliding_mul {
  using ops = sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, C, D, Tag>;

public:
  using accum_type = typename ops::accum_type;

  partial_sliding_mul() = default;
  explicit partial_sliding_mul(const accum_type &acc) : sum(acc) {}
  template <class Coeff, class Data>
  void mul(const Coeff &coeff, unsigned coeff_start, const Data &data, unsigned data_start) {
    sum = ops::mul(coeff, coeff_start, data, data_start);
  }
  template <class Coeff, class Data>
  void mac(const Coeff &coeff, unsigned coeff_start, const Data &data, unsigned data_start) {
    sum = ops::mac(sum, coeff, coeff_start, data, data_start);
  }
  accum_type to_accum() const { return sum; }
  template <class T> vector<T, Lanes> to_vector(int shift = 0) const {
    return sum.template to_vector<T>(shift);
  }

private:
  accum_type sum = zeros<typename accum_type::value_type, Lanes>();
};

// Of several channels side by side: out[output * Channels + c] = sum over p of
//   coefficient[(start + p * CoeffStep) * Channels + c] *
//   data[(start + (output + p) * DataStepX) * Channels + c * DataStepY].
template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep, int DataStepX,
          int DataStepY, class CoeffType, class DataType, class Tag = accauto>
struct sliding_mul_ch_ops
    : detail::sliding_products<
          sliding_mul_ch_ops<Outputs, Channels, Points, CoeffStep, DataStepX, DataStepY, CoeffType,
                             DataType, Tag>,
          accum<standin::product_tag_t<Tag, CoeffType, DataType>, Outputs * Channels>> {
  using tag = standin::product_tag_t<Tag, CoeffType, DataType>;
  static constexpr unsigned lanes = Outputs * Channels, outputs = Outputs, channels = Channels,
                            points = Points;
  using accum_type = accum<tag, lanes>;
  using coeff_type = CoeffType;
  using data_type = DataType;

  // Each point's operands, brought into lanes: the points are added one after the other.
  template <class C, class D>
  static accum_type run(const C &coeff, unsigned coeff_start, const D &data, unsigned data_start,
                        detail::addend c, uint32_t flags) {
    accum_type out;
    for (int p = 0; p < int(Points); p++) {
      vector<CoeffType, lanes> left;
      vector<DataType, lanes> right;
      for (int lane = 0; lane < int(lanes); lane++) {
        const int channel = lane % int(Channels), output = lane / int(Channels);
        const int row = int(data_start) + (output + p) * DataStepX;
        left.set(coeff.get(unsigned((int(coeff_start) + p * CoeffStep) * int(Channels) + channel) %
                           C::size()),
                 unsigned(lane));
        right.set(data.get(unsigned(row * int(Channels) + channel * DataStepY) % D::size()),
                  unsigned(lane));
      }
      detail::products(out, {1, 1, 1, lanes}, detail::factor_of(left), detail::factor_of(right), c,
                       flags);
      c = {out.lanes, 0};
    }
    return out;
  }
};
template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep, int DataStepX,
          class C, class D, class Tag = accauto>
using sliding_mul_ch_x_ops =
    sliding_mul_ch_ops<Outputs, Channels, Points, CoeffStep, DataStepX, 1, C, D, Tag>;
template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep, int DataStepY,
          class C, class D, class Tag = accauto>
using sliding_mul_ch_y_ops =
    sliding_mul_ch_ops<Outputs, Channels, Points, CoeffStep, 1, DataStepY, C, D, Tag>;
template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep, int DataStepXY,
          class C, class D, class Tag = accauto>
using sliding_mul_ch_xy_ops =
    sliding_mul_ch_ops<Outputs, Channels, Points, CoeffStep, DataStepXY, DataStepXY, C, D, Tag>;

#define STANDIN_SLIDING_CH(name)                                                                   \
  template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep = 1,               \
            int DataStepX = 1, int DataStepY = 1, class Tag = accauto, class C, class D>           \
  auto sliding_##name##_ch(const C &coeff, unsigned coeff_start, const D &data,                    \
                           unsigned data_start = 0) {                                              \
    return sliding_mul_ch_ops<Outputs, Channels, Points, CoeffStep, DataStepX, DataStepY,          \
                              detail::elements_of<C>, detail::elements_of<D>, Tag>::name(          \
        coeff, coeff_start, data, data_start);                                                     \
  }
STANDIN_SLIDING_CH(mul)
STANDIN_SLIDING_CH(negmul)
template <unsigned Outputs, unsigned Channels, unsigned Points, int CoeffStep = 1,
          int DataStepX = 1, int DataStepY = 1, class A, class C, class D>
auto sliding_mac_ch(const A &acc, const C &coeff, unsigned coeff_start, const D &data,
                    unsigned data_start = 0) {
  return sliding_mul_ch_ops<Outputs, Channels, Points, CoeffStep, DataStepX, DataStepY,
                            detail::elements_of<C>, detail::elements_of<D>,
                            typename detail::tag_of_accum<A>::type>::mac(acc, coeff, coeff_start,
                                                                         data, data_start);
}

#define STANDIN_SLIDING(name)                                                                      \
  template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1,                 \
            int DataStepY = 1, class Tag = accauto, class C, class D>                              \
  auto sliding_##name(const C &coeff, unsigned coeff_start, const D &data,                         \
                      unsigned data_start = 0) {                                                   \
    return sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, detail::elements_of<C>, \
                           detail::elements_of<D>, Tag>::name(coeff, coeff_start, data,            \
                                                              data_start);                         \
  }
STANDIN_SLIDING(mul)
STANDIN_SLIDING(negmul)
#define STANDIN_SLIDING_ONTO(name)                                                                 \
  template <unsigned Lanes, unsigned Points, int CoeffStep = 1, int DataStepX = 1,                 \
            int DataStepY = 1, class A, class C, class D>                                          \
  auto sliding_##name(const A &acc, const C &coeff, unsigned coeff_start, const D &data,           \
                      unsigned data_start = 0) {                                                   \
    return sliding_mul_ops<Lanes, Points, CoeffStep, DataStepX, DataStepY, detail::elements_of<C>, \
                           detail::elements_of<D>, typename detail::tag_of_accum<A>::type>::name(  \
        acc, coeff, coeff_start, data, data_start);                                                \
  }
STANDIN_SLIDING_ONTO(mac)
STANDIN_SLIDING_ONTO(msc)

} // namespace aie
