// Intrinsics that multiply. mul_elem_16_2: 16 sums of two products each, the operands' halves beside
// each other; mul_4x8_8x4: a matrix of 4 x 8 times one of 8 x 4; mul_conv_32x8: 32 sums of eight
// products each, the first operand one element further for each.
#pragma once

#include "mmul.hpp"

template <class A, class B>
using standin_tag = standin::product_tag_t<accauto, typename A::value_type, typename B::value_type>;
template <class A, class B>
using standin_wide_tag =
    standin::either<standin::element<typename A::value_type>::is_float, accfloat, acc64>;
template <class A, class B> using standin_acc32 = acc32;
template <class A, class B> using standin_acc64 = acc64;

template <template <class, class> class Tag, unsigned Rows, unsigned Inner, unsigned Columns,
          unsigned Channels, uint32_t Shape = 0>
struct standin_product {
  template <class A, class B> using sums = aie::accum<Tag<A, B>, Rows * Columns * Channels>;

  // Of two vectors; of vectors whose signs the run knows; of words, whose halves lie in registers
  // of their own.
  template <aie::Vector A, aie::Vector B, class... Rest>
  static auto of(uint32_t flags, const A &a, const B &b, const Rest &...rest) {
    return added<A, B>(flags, aie::detail::factor_of(a), aie::detail::factor_of(b), rest...);
  }
  template <aie::Vector A, aie::Vector B, class... Rest>
  static auto of(uint32_t flags, const A &a, int sign_a, const B &b, int sign_b,
                 const Rest &...rest) {
    return added<A, B>(flags, aie::detail::factor_of(aie::op_sign(a, sign_a)),
                       aie::detail::factor_of(aie::op_sign(b, sign_b)), rest...);
  }
  template <aie::Vector V, class... Rest>
  static auto of(uint32_t flags, const V &a0, const V &a1, const V &b0, const V &b1,
                 const Rest &...rest) {
    return of(flags, aie::concat(a0, a1), aie::concat(b0, b1), rest...);
  }

private:
  // Behind the operands: accumulators, then numbers that change the terms: the first accumulator
  // counts as zero, counts 16 bits up (not everywhere), the products, the first, the second
  // accumulator are subtracted.
  template <class A, class B, class FactorA, class FactorB>
  static auto added(uint32_t flags, const FactorA &a, const FactorB &b, int subtracted = 0) {
    return run<A, B>(flags ^ standin::with(subtracted, NPU_NEGATE), a, b, nullptr);
  }
  template <class A, class B, class FactorA, class FactorB, class Lanes, class... Numbers>
    requires((__is_integral(Numbers) && ...))
  static auto added(uint32_t flags, const FactorA &a, const FactorB &b,
                          const aie::accum<Lanes, sums<A, B>::size()> &c, Numbers... numbers) {
    static_assert(standin::lane<Lanes>::code == standin::lane<Tag<A, B>>::code,
                  "the accumulator has other lanes than this product");
    const terms said(flags, sizeof...(Numbers) > 3, numbers...);
    return run<A, B>(said.flags, a, b, said.zero ? nullptr : c.lanes);
  }
  template <class A, class B, class FactorA, class FactorB, class... Numbers>
  static auto added(uint32_t flags, const FactorA &a, const FactorB &b,
                          const sums<A, B> &c, const sums<A, B> &d, Numbers... numbers) {
    const terms said(flags, sizeof...(Numbers) > 4, numbers...);
    const auto both = aie::concat(said.zero ? aie::zeros<Tag<A, B>, sums<A, B>::size()>() : c, d);
    return run<A, B>(said.flags | NPU_SECOND_C, a, b, both.lanes);
  }
  template <class A, class B, class FactorA, class FactorB, class Lanes, unsigned N, class... Rest>
    requires(N != sums<A, B>::size())
  static auto added(uint32_t, const FactorA &, const FactorB &, const aie::accum<Lanes, N> &,
                          const Rest &...) {
    static_assert(N == 0, "the accumulator has another number of lanes than this product");
    return sums<A, B>{};
  }
  struct terms {
    uint32_t flags;
    bool zero;
    template <class... Numbers> terms(uint32_t flags, bool shifts, Numbers... numbers) : flags(flags) {
      const int said[6] = {int(numbers)...};
      const int *rest = said + 1 + shifts;
      zero = said[0];
      this->flags |= standin::with(shifts && said[1], NPU_SHIFT_C);
      this->flags ^= standin::with(rest[0], NPU_NEGATE) | standin::with(rest[1], NPU_NEGATE_C) |
                     standin::with(rest[2], NPU_NEGATE_SECOND);
    }
  };
  template <class A, class B, class FactorA, class FactorB>
  static auto run(uint32_t flags, const FactorA &a, const FactorB &b, const void *c) {
    static_assert(A::size() >= (Shape ? Rows - 1 + Inner : Rows * Inner) * Channels &&
                      B::size() >= Inner * Columns * Channels,
                  "the operands have too few elements for this product");
    sums<A, B> out;
    aie::detail::products(out, {Rows, Inner, Columns, Channels}, a, b, {c, 0}, flags | Shape);
    return out;
  }
};

#define STANDIN_PRODUCT_NAMED(name, flags, ...)                                                    \
  template <class... Operands>                                                                     \
    requires(sizeof...(Operands) > 1)                                                              \
  auto name(const Operands &...operands) {                                                         \
    return standin_product<__VA_ARGS__>::of(flags, operands...);                                   \
  }                                                                                                \
  template <class... Operands>                                                                     \
    requires(sizeof...(Operands) > 1)                                                              \
  auto name##_conf(const Operands &...operands) {                                                  \
    return standin_product<__VA_ARGS__>::of(flags, operands...);                                   \
  }
#define STANDIN_PRODUCT(name, ...)                                                                 \
  STANDIN_PRODUCT_NAMED(mul_##name, 0u, __VA_ARGS__)                                               \
  STANDIN_PRODUCT_NAMED(negmul_##name, NPU_NEGATE, __VA_ARGS__)                                    \
  STANDIN_PRODUCT_NAMED(mac_##name, 0u, __VA_ARGS__)                                               \
  STANDIN_PRODUCT_NAMED(msc_##name, NPU_NEGATE, __VA_ARGS__)                                       \
  STANDIN_PRODUCT_NAMED(negmac_##name, NPU_NEGATE | NPU_NEGATE_C, __VA_ARGS__)                     \
  STANDIN_PRODUCT_NAMED(negmsc_##name, NPU_NEGATE_C, __VA_ARGS__)                                  \
  STANDIN_PRODUCT_NAMED(addmac_##name, 0u, __VA_ARGS__)                                            \
  STANDIN_PRODUCT_NAMED(addmsc_##name, NPU_NEGATE, __VA_ARGS__)                                    \
  STANDIN_PRODUCT_NAMED(submac_##name, NPU_NEGATE_SECOND, __VA_ARGS__)                             \
  STANDIN_PRODUCT_NAMED(submsc_##name, NPU_NEGATE | NPU_NEGATE_SECOND, __VA_ARGS__)
STANDIN_PRODUCT(elem_16, standin_tag, 1, 1, 1, 16)
STANDIN_PRODUCT(elem_16_accuracy_safe, standin_tag, 1, 1, 1, 16)
STANDIN_PRODUCT(elem_16_2, standin_wide_tag, 1, 2, 1, 16)
STANDIN_PRODUCT(elem_32, standin_tag, 1, 1, 1, 32)
STANDIN_PRODUCT(elem_32_2, standin_tag, 1, 2, 1, 32)
STANDIN_PRODUCT(elem_64, standin_tag, 1, 1, 1, 64)
STANDIN_PRODUCT(4x16_16x8, standin_tag, 4, 16, 8, 1)
STANDIN_PRODUCT(4x8_8x8, standin_tag, 4, 8, 8, 1)
STANDIN_PRODUCT(8x8_8x8, standin_tag, 8, 8, 8, 1)
STANDIN_PRODUCT(4x8_8x4, standin_wide_tag, 4, 8, 4, 1)
STANDIN_PRODUCT(2x8_8x8, standin_acc64, 2, 8, 8, 1)
STANDIN_PRODUCT(4x4_4x8, standin_acc32, 4, 4, 8, 1)
STANDIN_PRODUCT(4x2_2x8, standin_acc32, 4, 2, 8, 1)
STANDIN_PRODUCT(2x4_4x8, standin_acc64, 2, 4, 8, 1)
STANDIN_PRODUCT(4x4_4x4, standin_acc64, 4, 4, 4, 1)
STANDIN_PRODUCT(4x2_2x4, standin_acc64, 4, 2, 4, 1)
STANDIN_PRODUCT(conv_32x8, standin_acc32, 32, 8, 1, 1, NPU_CONVOLUTION)
STANDIN_PRODUCT(conv_16x4, standin_acc64, 16, 4, 1, 1, NPU_CONVOLUTION)
STANDIN_PRODUCT(conv_8x8_4ch, standin_acc32, 8, 8, 1, 4, NPU_CONVOLUTION)
STANDIN_PRODUCT(conv_4x4_8ch, standin_acc32, 4, 4, 1, 8, NPU_CONVOLUTION)
