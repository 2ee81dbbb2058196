// aie::mask.
#pragma once

#include "vector.hpp"

namespace aie {

// A bit a lane.
template <unsigned N> class mask {
  static constexpr unsigned count_ = N < 32 ? 1 : N / 32;

public:
  uint32_t words[count_] = {};

  static constexpr unsigned size() { return N; }
  constexpr mask() = default;
  constexpr explicit mask(bool all) {
    for (unsigned i = 0; i < N; i++)
      words[i / 32] |= uint32_t(all) << i % 32;
  }
  template <class... Words>
    requires(sizeof...(Words) > 0 && ((__is_integral(Words) && !__is_same(Words, bool)) && ...))
  constexpr explicit mask(Words... values) : mask(from_uint32(values...)) {}
  template <class... Words>
    requires(sizeof...(Words) <= count_)
  static constexpr mask from_uint32(Words... values) {
    mask out;
    unsigned at = 0;
    ((out.words[at++] = uint32_t(values)), ...);
    return out.trimmed();
  }
  template <class... Words> static constexpr mask from_uint64(Words... values) {
    mask out;
    unsigned at = 0;
    auto put = [&](uint64_t value) {
      out.words[at++] = uint32_t(value);
      if (at < count_)
        out.words[at++] = uint32_t(value >> 32);
    };
    (put(uint64_t(values)), ...);
    return out.trimmed();
  }
  template <unsigned M, class... Rest>
  static constexpr mask from_masks(const mask<M> &first, const Rest &...rest) {
    mask out;
    unsigned at = 0;
    out.insert(at++, first);
    (out.insert(at++, rest), ...);
    return out;
  }
  constexpr bool test(unsigned i) const { return words[i / 32] >> i % 32 & 1; }
  constexpr void set(unsigned i) { words[i / 32] |= 1u << i % 32; }
  constexpr void clear(unsigned i) { words[i / 32] &= ~(1u << i % 32); }
  constexpr bool operator[](unsigned i) const { return test(i); }
  // Intrinsics have masks in scalar registers.
  constexpr operator uint32_t() const
    requires(N <= 32)
  {
    return words[0];
  }
  constexpr operator uint64_t() const
    requires(N == 64)
  {
    return to_uint64();
  }
  constexpr unsigned count() const {
    unsigned sum = 0;
    for (uint32_t word : words)
      sum += unsigned(__builtin_popcount(word));
    return sum;
  }
  constexpr bool empty() const { return count() == 0; }
  constexpr bool full() const { return count() == N; }
  constexpr unsigned clz() const {
    unsigned lane = N;
    while (lane > 0 && !test(lane - 1))
      lane--;
    return N - lane;
  }
  constexpr uint32_t to_uint32(unsigned i = 0) const { return words[i]; }
  constexpr uint64_t to_uint64(unsigned i = 0) const {
    return words[2 * i] | (2 * i + 1 < count_ ? uint64_t(words[2 * i + 1]) << 32 : 0);
  }
  template <unsigned M> static constexpr mask from_masks(const mask<M> (&parts)[N / M]) {
    mask out;
    for (unsigned i = 0; i < N / M; i++)
      out.insert(i, parts[i]);
    return out;
  }
  // As the words of vectors.
  template <unsigned M, class... Rest>
  static mask from_vector(const vector<uint32_t, M> &first, const Rest &...rest) {
    mask out;
    unsigned at = 0;
    auto put = [&](const auto &v) {
      for (unsigned i = 0; i < v.size() && at < count_; i++)
        out.words[at++] = v.get(i);
    };
    put(first);
    (put(rest), ...);
    return out.trimmed();
  }
  vector<uint32_t, count_ < 4 ? 4 : count_> to_vector() const {
    vector<uint32_t, count_ < 4 ? 4 : count_> out = {};
    for (unsigned i = 0; i < count_; i++)
      out.set(words[i], i);
    return out;
  }
  template <unsigned M> constexpr mask<M> extract(unsigned at) const {
    mask<M> out;
    for (unsigned i = 0; i < M; i++)
      if (test(at * M + i))
        out.set(i);
    return out;
  }
  template <unsigned M> constexpr mask<M> get_submask(unsigned at) const { return extract<M>(at); }
  template <unsigned M> constexpr mask &insert(unsigned at, const mask<M> &part) {
    for (unsigned i = 0; i < M; i++)
      part.test(i) ? set(at * M + i) : clear(at * M + i);
    return *this;
  }
  template <unsigned M> constexpr mask<M> grow() const {
    mask<M> out;
    out.insert(0, *this);
    return out;
  }
  constexpr bool operator==(const mask &other) const {
    for (unsigned i = 0; i < count_; i++)
      if (words[i] != other.words[i])
        return false;
    return true;
  }
  constexpr mask operator~() const {
    mask out;
    for (unsigned i = 0; i < count_; i++)
      out.words[i] = ~words[i];
    return out.trimmed();
  }
#define STANDIN_MASK_OPERATOR(symbol)                                                              \
  constexpr mask operator symbol(const mask &other) const {                                        \
    mask out;                                                                                      \
    for (unsigned i = 0; i < count_; i++)                                                          \
      out.words[i] = words[i] symbol other.words[i];                                               \
    return out;                                                                                    \
  }                                                                                                \
  constexpr mask &operator symbol##=(const mask & other) { return *this = *this symbol other; }
  STANDIN_MASK_OPERATOR(&)
  STANDIN_MASK_OPERATOR(|)
  STANDIN_MASK_OPERATOR(^)
  template <class Number>
    requires(__is_integral(Number))
  constexpr mask operator<<(Number number) const {
    const unsigned by = unsigned(number);
    mask out;
    for (unsigned i = by; i < N; i++)
      if (test(i - by))
        out.set(i);
    return out;
  }
  template <class Number>
    requires(__is_integral(Number))
  constexpr mask operator>>(Number number) const {
    const unsigned by = unsigned(number);
    mask out;
    for (unsigned i = 0; i + by < N; i++)
      if (test(i + by))
        out.set(i);
    return out;
  }
  constexpr mask &operator<<=(unsigned by) { return *this = *this << by; }
  constexpr mask &operator>>=(unsigned by) { return *this = *this >> by; }

private:
  constexpr mask trimmed() const {
    mask out = *this;
    if constexpr (N < 32)
      out.words[0] &= (1u << N) - 1;
    return out;
  }
};

} // namespace aie
