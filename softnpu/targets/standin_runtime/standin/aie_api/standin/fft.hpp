// Stages of Fourier transforms, decimation in time, of integers.
//
// A stage has blocks of `Radix` times `Vectorization` samples. Those that a butterfly takes lie
// `Vectorization` apart in a block, and all of a block are turned by the same twiddles. What
// becomes of them lies n / Radix apart. Sums are exact; each result is shifted down once.
#pragma once

#include "blocks.hpp"
#include "sparse.hpp"

namespace aie {
namespace detail {

inline constexpr unsigned butterflies = 8; // at a time

template <unsigned Vectorization, unsigned Radix, class T>
vector<T, butterflies> samples(const T *x, unsigned first, unsigned part) {
  vector<T, butterflies> out;
  for (unsigned lane = 0; lane < butterflies; lane++) {
    const unsigned block = (first + lane) / Vectorization, at = (first + lane) % Vectorization;
    out.set(x[(block * Radix + part) * Vectorization + at], lane);
  }
  return out;
}

// Samples turned by their blocks' twiddles, back for the inverse transform.
template <unsigned Vectorization, unsigned Radix, class T, class W>
auto turned(const T *x, const W *twiddles, unsigned first, unsigned part, bool inverse) {
  vector<W, butterflies> by;
  for (unsigned lane = 0; lane < butterflies; lane++)
    by.set(twiddles[(first + lane) / Vectorization], lane);
  const auto value = samples<Vectorization, Radix>(x, first, part);
  return inverse ? mul<cacc64>(value, op_conj(by)) : mul<cacc64>(value, by);
}

// The same, rounded to samples again.
template <unsigned Vectorization, unsigned Radix, class T, class W>
vector<cint32, butterflies> turned_samples(const T *x, const W *twiddles, unsigned first,
                                           unsigned part, unsigned shift_tw, bool inverse) {
  return turned<Vectorization, Radix>(x, twiddles, first, part, inverse)
      .template to_vector<cint32>(int(shift_tw));
}

// A root of one with 15 places behind the point, as one with `places`, turned round for the inverse.
inline cint16 root(int real, int imag, unsigned places, bool inverse) {
  const int down = 15 - int(places), turned = imag >> down;
  return {int16_t(real >> down), int16_t(inverse ? -turned : turned)};
}

template <unsigned N> accum<cacc64, N> times_i(const accum<cacc64, N> &a) {
  accum<cacc64, N> out;
  for (unsigned i = 0; i < N; i++)
    out.lanes[i] = {-a.lanes[i].imag, a.lanes[i].real};
  return out;
}

} // namespace detail

template <unsigned Vectorization, class In, class Out, class W>
void fft_dit_r2_stage(const In *x, const W *tw, unsigned n, unsigned shift_tw, unsigned shift,
                      bool inv, Out *out) {
  static_assert(!standin::element<In>::is_float, "fft_dit_r2_stage: of integers only");
  for (unsigned at = 0; at < n / 2; at += detail::butterflies) {
    const auto first = detail::samples<Vectorization, 2>(x, at, 0);
    const accum<cacc64, detail::butterflies> a(first, int(shift_tw));
    const auto b = detail::turned<Vectorization, 2>(x, tw, at, 1, inv);
    store_v(out + at, add(a, b).template to_vector<Out>(int(shift)));
    store_v(out + n / 2 + at, sub(a, b).template to_vector<Out>(int(shift)));
  }
}

// The twiddles of the second, first and third sample after the first: w^2, w, w^3.
template <unsigned Vectorization, class In, class Out, class W>
void fft_dit_r4_stage(const In *x, const W *tw0, const W *tw1, const W *tw2, unsigned n,
                      unsigned shift_tw, unsigned shift, bool inv, Out *out) {
  static_assert(!standin::element<In>::is_float, "fft_dit_r4_stage: of integers only");
  for (unsigned at = 0; at < n / 4; at += detail::butterflies) {
    const auto first = detail::samples<Vectorization, 4>(x, at, 0);
    const accum<cacc64, detail::butterflies> a(first, int(shift_tw));
    const auto b = detail::turned<Vectorization, 4>(x, tw1, at, 1, inv);
    const auto c = detail::turned<Vectorization, 4>(x, tw0, at, 2, inv);
    const auto d = detail::turned<Vectorization, 4>(x, tw2, at, 3, inv);
    const auto sum = add(b, d), across = detail::times_i(inv ? sub(d, b) : sub(b, d));
    const auto even = add(a, c), odd = sub(a, c);
    const accum<cacc64, detail::butterflies> results[] = {add(even, sum), sub(odd, across),
                                                          sub(even, sum), add(odd, across)};
    for (unsigned part = 0; part < 4; part++)
      store_v(out + part * (n / 4) + at, results[part].template to_vector<Out>(int(shift)));
  }
}

// The twiddles are w, w^2. Samples are rounded when they have been turned.
template <unsigned Vectorization, class In, class Out, class W>
void fft_dit_r3_stage(const In *x, const W *tw0, const W *tw1, unsigned n, unsigned shift_tw,
                      unsigned shift, bool inv, Out *out) {
  static_assert(!standin::element<In>::is_float, "fft_dit_r3_stage: of integers only");
  static_assert(__AIE_ARCH__ == 20 || !sizeof(In), "fft_dit_r3_stage: of AIE-ML (npu1) only");
  const cint16 k = detail::root(16384, 28378, shift_tw, inv), back = {k.real, int16_t(-k.imag)};
  for (unsigned at = 0; at < n / 3; at += detail::butterflies) {
    const auto first = detail::samples<Vectorization, 3>(x, at, 0);
    const accum<cacc64, detail::butterflies> a(first, int(shift_tw));
    const auto b = detail::turned_samples<Vectorization, 3>(x, tw0, at, 1, shift_tw, inv);
    const auto c = detail::turned_samples<Vectorization, 3>(x, tw1, at, 2, shift_tw, inv);
    const accum<cacc64, detail::butterflies> results[] = {
        add(add(a, detail::turned<Vectorization, 3>(x, tw0, at, 1, inv)),
            detail::turned<Vectorization, 3>(x, tw1, at, 2, inv)),
        msc(msc(a, b, k), c, back), msc(msc(a, b, back), c, k)};
    for (unsigned part = 0; part < 3; part++)
      store_v(out + part * (n / 3) + at, results[part].template to_vector<Out>(int(shift)));
  }
}

// The twiddles are w, w^2, w^3, w^4.
template <unsigned Vectorization, class In, class Out, class W>
void fft_dit_r5_stage(const In *x, const W *tw0, const W *tw1, const W *tw2, const W *tw3,
                      unsigned n, unsigned shift_tw, unsigned shift, bool inv, Out *out) {
  static_assert(!standin::element<In>::is_float, "fft_dit_r5_stage: of integers only");
  static_assert(__AIE_ARCH__ == 20 || !sizeof(In), "fft_dit_r5_stage: of AIE-ML (npu1) only");
  const W *tw[] = {tw0, tw1, tw2, tw3};
  const cint16 k = detail::root(-10126, 31164, shift_tw, inv), k_back = {k.real, int16_t(-k.imag)};
  const cint16 l = detail::root(26510, 19261, shift_tw, inv), l_back = {l.real, int16_t(-l.imag)};
  const cint16 by[4][4] = {
      {k, l, l_back, k_back}, {l, k_back, k, l_back}, {l_back, k, k_back, l}, {k_back, l_back, l, k}};
  for (unsigned at = 0; at < n / 5; at += detail::butterflies) {
    const auto first = detail::samples<Vectorization, 5>(x, at, 0);
    const accum<cacc64, detail::butterflies> a(first, int(shift_tw));
    auto sum = a;
    vector<cint32, detail::butterflies> others[4];
    for (unsigned part = 0; part < 4; part++) {
      sum = add(sum, detail::turned<Vectorization, 5>(x, tw[part], at, part + 1, inv));
      others[part] =
          detail::turned_samples<Vectorization, 5>(x, tw[part], at, part + 1, shift_tw, inv);
    }
    store_v(out + at, sum.template to_vector<Out>(int(shift)));
    for (unsigned part = 0; part < 4; part++) {
      sum = a;
      for (unsigned other = 0; other < 4; other++)
        sum = msc(sum, others[other], by[part][other]);
      store_v(out + (part + 1) * (n / 5) + at, sum.template to_vector<Out>(int(shift)));
    }
  }
}

} // namespace aie
