// aie::mmul: products of matrices in blocks.
#pragma once

#include "moves.hpp"

namespace aie {
namespace detail {

// The shapes that a device has for two widths, as the API documents them; an L behind one says that
// its sums are in lanes of 64 bits, whatever the accumulator that is asked for.
constexpr bool has_shape(const char *shapes, unsigned m, unsigned k, unsigned n, bool &wide) {
  const unsigned wanted[3] = {m, k, n};
  while (*shapes) {
    bool same = true;
    for (unsigned number : wanted) {
      unsigned value = 0;
      while (*shapes >= '0' && *shapes <= '9')
        value = value * 10 + unsigned(*shapes++ - '0');
      same = same && value == number;
      if (*shapes == 'x')
        shapes++;
    }
    wide = *shapes == 'L';
    if (same)
      return true;
    while (*shapes && *shapes++ != ' ')
      ;
  }
  return false;
}

enum class pairs { i8_i4, i8_i8, i16_i8, i8_i16, i16_i16, i16_i32, i32_i16, i32_i32, bf16, f32,
                   c16_i16, c16_c16, c16_i32, c32_i16, c32_i32, c32_c16, c32_c32, cf32, none };

template <class A, class B> constexpr pairs pair_of() {
  using a = standin::element<A>;
  using b = standin::element<B>;
  if (a::is_float && b::is_float)
    return a::is_complex || b::is_complex        ? pairs::cf32
           : a::code == NPU_BF16 && b::code == NPU_BF16 ? pairs::bf16
           : a::code == NPU_F32 && b::code == NPU_F32   ? pairs::f32
                                                        : pairs::none;
  if (a::is_float || b::is_float)
    return pairs::none;
  if (a::is_complex) {
    if (a::bits == 32)
      return b::is_complex ? (b::bits == 32 ? pairs::c16_c16 : pairs::none)
                           : (b::bits == 16 ? pairs::c16_i16 : pairs::c16_i32);
    return b::is_complex ? (b::bits == 32 ? pairs::c32_c16 : pairs::c32_c32)
                         : (b::bits == 16 ? pairs::c32_i16 : pairs::c32_i32);
  }
  if (a::bits == 8)
    return b::bits == 4 ? pairs::i8_i4 : b::bits == 8 ? pairs::i8_i8
                                     : b::bits == 16 ? pairs::i8_i16 : pairs::none;
  if (a::bits == 16)
    return b::bits == 8 ? pairs::i16_i8 : b::bits == 16 ? pairs::i16_i16
                                       : b::bits == 32 ? pairs::i16_i32 : pairs::none;
  return b::bits == 16 ? pairs::i32_i16 : b::bits == 32 ? pairs::i32_i32 : pairs::none;
}

template <pairs Pair, unsigned M, unsigned K, unsigned N> struct shape {
  static_assert(Pair != pairs::none, "aie::mmul: the device does not multiply these two types");
  static constexpr bool wide = false;
};
#define STANDIN_SHAPES(pair, what, list)                                                           \
  template <unsigned M, unsigned K, unsigned N> struct shape<pairs::pair, M, K, N> {               \
    static constexpr bool check(bool &wide) { return has_shape(list, M, K, N, wide); }             \
    static constexpr bool is_wide() {                                                              \
      bool wide = false;                                                                           \
      check(wide);                                                                                 \
      return wide;                                                                                 \
    }                                                                                              \
    static constexpr bool found() {                                                                \
      bool wide = false;                                                                           \
      return check(wide);                                                                          \
    }                                                                                              \
    static_assert(found(), "aie::mmul: the shapes (MxKxN) of " what " are " list);                 \
    static constexpr bool wide = is_wide();                                                        \
  }

#if __AIE_ARCH__ == 21
STANDIN_SHAPES(i8_i4, "8 x 4 bits on AIE-ML v2", "4x16x16 8x8x8");
STANDIN_SHAPES(i8_i8, "8 x 8 bits on AIE-ML v2", "2x8x8 4x8x8 4x16x8 8x16x8 8x8x8");
STANDIN_SHAPES(i16_i8, "16 x 8 bits on AIE-ML v2",
               "4x4x8 8x4x8 4x8x8L 2x16x8L 4x16x8L 8x2x8");
STANDIN_SHAPES(i8_i16, "8 x 16 bits on AIE-ML v2", "8x2x8 4x4x8L");
STANDIN_SHAPES(i16_i16, "16 x 16 bits on AIE-ML v2",
               "4x2x8 8x2x8 2x4x8L 4x4x8L 2x8x8L 4x8x8L 8x1x8");
STANDIN_SHAPES(i16_i32, "16 x 32 bits on AIE-ML v2", "4x4x8");
STANDIN_SHAPES(i32_i16, "32 x 16 bits on AIE-ML v2", "4x2x8 2x4x8 4x4x8 4x1x8");
STANDIN_SHAPES(i32_i32, "32 x 32 bits on AIE-ML v2", "4x2x8 4x4x8 4x4x4 8x2x8 4x1x8");
STANDIN_SHAPES(bf16, "bfloat16 on AIE-ML v2", "8x8x4 4x8x4 4x8x8 8x8x8 8x1x8");
STANDIN_SHAPES(f32, "float on AIE-ML v2", "4x8x4 4x1x4 4x1x8");
STANDIN_SHAPES(c16_i16, "cint16 x int16 on AIE-ML v2", "4x4x8 2x4x8");
STANDIN_SHAPES(c16_c16, "cint16 on AIE-ML v2", "1x4x8 2x2x16");
STANDIN_SHAPES(c32_c16, "cint32 x cint16 on AIE-ML v2", "1x2x4 1x2x8 1x2x16");
STANDIN_SHAPES(c32_c32, "cint32 on AIE-ML v2", "1x2x8");
STANDIN_SHAPES(cf32, "cfloat on AIE-ML v2", "2x8x4");
#else
STANDIN_SHAPES(i8_i4, "8 x 4 bits on AIE-ML", "4x16x8 8x16x8 4x32x8");
STANDIN_SHAPES(i8_i8, "8 x 8 bits on AIE-ML",
               "4x8x4 4x16x4 8x8x4 2x8x8 4x8x8 8x8x8 1x16x8 2x16x8 4x16x8 8x16x8 4x16x16");
STANDIN_SHAPES(i16_i8, "16 x 8 bits on AIE-ML",
               "4x8x4L 4x4x8 8x4x4 8x4x8 4x4x4 2x8x8L 2x16x8L 4x16x8L");
STANDIN_SHAPES(i8_i16, "8 x 16 bits on AIE-ML", "4x4x8L 4x4x4L");
STANDIN_SHAPES(i16_i16, "16 x 16 bits on AIE-ML",
               "4x2x8 8x2x8 2x4x8L 4x4x8L 4x4x4L 2x8x8L 4x8x8L 2x8x16L 8x1x8");
STANDIN_SHAPES(i16_i32, "16 x 32 bits on AIE-ML", "4x4x4 2x4x8");
STANDIN_SHAPES(i32_i16, "32 x 16 bits on AIE-ML", "4x2x4 4x4x4 2x4x8 4x4x8 4x1x8");
STANDIN_SHAPES(i32_i32, "32 x 32 bits on AIE-ML", "4x2x4 4x4x4 8x2x4 4x1x8");
STANDIN_SHAPES(bf16, "bfloat16 on AIE-ML", "4x8x4 4x8x8 8x8x8 4x16x4 4x16x8 8x8x4 8x1x8");
STANDIN_SHAPES(f32, "float on AIE-ML", "4x8x4 4x1x4 4x1x8");
STANDIN_SHAPES(c16_i16, "cint16 x int16 on AIE-ML", "2x4x8 4x4x4");
STANDIN_SHAPES(c16_c16, "cint16 on AIE-ML", "1x4x8 2x4x8");
STANDIN_SHAPES(c16_i32, "cint16 x int32 on AIE-ML", "2x4x8 4x4x4");
STANDIN_SHAPES(c32_i16, "cint32 x int16 on AIE-ML", "4x2x4 4x4x4");
STANDIN_SHAPES(c32_i32, "cint32 x int32 on AIE-ML", "4x2x4");
STANDIN_SHAPES(c32_c16, "cint32 x cint16 on AIE-ML", "1x2x4 1x2x8 2x2x8 1x4x8 2x4x8");
STANDIN_SHAPES(c32_c32, "cint32 on AIE-ML", "1x2x8");
STANDIN_SHAPES(cf32, "cfloat on AIE-ML", "2x8x2");
#endif

template <class Tag, class A, class B, bool Wide> struct matrix_tag {
  using type = standin::either<Wide && standin::lane<standin::product_tag_t<Tag, A, B>>::bits == 32,
                               acc64, standin::product_tag_t<Tag, A, B>>;
};

} // namespace detail

template <class T, unsigned N> class sparse_vector;

namespace detail {
template <class T> struct is_sparse : standin::constant<false> {};
template <class T, unsigned N> struct is_sparse<sparse_vector<T, N>> : standin::constant<true> {};
template <class T, unsigned N> struct lanes_of<sparse_vector<T, N>> {
  static constexpr unsigned value = N;
};
constexpr bool has_sparse_shape(pairs pair, unsigned m, unsigned k, unsigned n) {
  constexpr bool first = __AIE_ARCH__ == 20;
  const char *shapes = pair == pairs::i8_i8    ? first ? "4x16x8 8x16x8 4x16x16" : "4x16x8 8x16x8"
                       : pair == pairs::i16_i8  ? "2x16x8 4x16x8"
                       : pair == pairs::i16_i16 ? first ? "2x8x8 4x8x8 2x8x16" : "2x8x8 4x8x8"
                       : pair == pairs::bf16 && first ? "4x16x4 4x16x8"
                                                      : "";
  bool wide = false;
  return has_shape(shapes, m, k, n, wide);
}
} // namespace detail

template <unsigned M_Elems, unsigned K_Elems, unsigned N_Elems, class TypeA, class TypeB = TypeA,
          class AccumTag = accauto>
struct mmul {
  using tag = typename detail::matrix_tag<
      AccumTag, TypeA, TypeB,
      detail::shape<detail::pair_of<TypeA, TypeB>(), M_Elems, K_Elems, N_Elems>::wide>::type;

  static constexpr unsigned M = M_Elems, K = K_Elems, N = N_Elems;
  static constexpr unsigned size_A = M * K, size_B = K * N, size_C = M * N;
  using accum_type = accum<tag, size_C>;
  static constexpr unsigned accum_bits = accum_type::accum_bits();

  accum_type data;
  bool zero = true; // the next mac finds nothing to add to

  mmul() {}
  template <class Tag>
    requires(standin::lane<Tag>::code == standin::lane<tag>::code)
  mmul(const accum<Tag, size_C> &acc, bool zero = false) : data(acc), zero(zero) {}
  template <class T>
  mmul(const vector<T, size_C> &v, int shift = 0, bool zero = false) : data(v, shift), zero(zero) {}

  static constexpr unsigned size() { return size_C; }
  accum_type to_accum() const { return data; }
  operator accum_type() const { return data; }
  template <class T> vector<T, size_C> to_vector(int shift = 0) const {
    return data.template to_vector<T>(shift);
  }
  template <class T> vector<T, size_C> to_vector_sign(bool as_signed, int shift = 0) const {
    return data.template to_vector_sign<T>(as_signed, shift);
  }
  template <class A, class B> void mul(const A &a, const B &b) { run(a, b, {}); }
  template <class A, class B> void mac(const A &a, const B &b) { run(a, b, sums()); }
  template <class A, class B> void negmul(const A &a, const B &b) { run(a, b, {}, NPU_NEGATE); }
  template <class A, class B> void msc(const A &a, const B &b) {
    run(a, b, sums(), NPU_NEGATE);
  }

private:
  detail::addend sums() const { return {zero ? nullptr : data.lanes, 0}; }
  template <class A, class B>
  void run(const A &a, const B &b, detail::addend c, uint32_t flags = 0) {
    static_assert(detail::lanes_of<A>::value == size_A, "aie::mmul: A has not M * K elements");
    static_assert(detail::lanes_of<B>::value == size_B, "aie::mmul: B has not K * N elements");
    if constexpr (detail::is_sparse<B>::value) {
      static_assert(detail::has_sparse_shape(detail::pair_of<TypeA, TypeB>(), M, K, N),
                    "aie::mmul: sparse matrices have the shapes 4x16x8 8x16x8 4x16x16 (8 x 8 bits), "
                    "2x16x8 4x16x8 (16 x 8), 2x8x8 4x8x8 2x8x16 (16 x 16), 4x16x4 4x16x8 "
                    "(bfloat16); those with 16 columns, and bfloat16, on npu1");
      const auto rows = transpose(b.columns, N, K);
      detail::products(data, {M, K, N, 1}, detail::factor_of(a), detail::factor_of(rows), c,
                       flags | NPU_SPARSE);
    } else {
      detail::products(data, {M, K, N, 1}, detail::factor_of(a), detail::factor_of(b), c, flags);
    }
    zero = false;
  }
};

// The same as functions.
template <unsigned M, unsigned K, unsigned N, class Tag = accauto, class A, class B>
auto mmul_fn(const A &a, const B &b) {
  mmul<M, K, N, detail::elements_of<A>, detail::elements_of<B>, Tag> out;
  out.mul(a, b);
  return out;
}
template <unsigned M, unsigned K, unsigned N, class C, class A, class B>
auto mmac_fn(const C &c, const A &a, const B &b) {
  if constexpr (AccumOrOp<C>) {
    using tag = detail::elements_of<C>;
    mmul<M, K, N, detail::elements_of<A>, detail::elements_of<B>, tag> out(accum<tag, M * N>(c));
    out.mac(a, b);
    return out;
  } else {
    C out = c;
    out.mac(a, b);
    return out;
  }
}
template <class T, unsigned M, unsigned K, unsigned N, class A, class B, class Tag>
auto to_vector(const mmul<M, K, N, A, B, Tag> &m, int shift = 0) {
  return m.template to_vector<T>(shift);
}

} // namespace aie
