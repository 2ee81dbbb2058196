// aie::vector and aie::mask. The types v16int32, v32bfloat16, ... of intrinsics are the same ones.
#pragma once

#include "elements.hpp"

namespace aie {

#if __AIE_ARCH__ == 21
inline constexpr unsigned vector_decl_align = 64;
#else
inline constexpr unsigned vector_decl_align = 32;
#endif
inline constexpr unsigned vector_ldst_align = vector_decl_align;

template <class T, unsigned N = 512 / standin::element<T>::bits> class vector;
template <class Tag, unsigned N> class accum;
template <unsigned N> class mask;
template <class T, unsigned N> class block_vector;

namespace detail {
template <class T> struct wider {
  using type = T;
};
template <class T> struct narrower {
  using type = T;
};
#define STANDIN_WIDTHS(narrow_type, wide_type)                                                     \
  template <> struct wider<narrow_type> {                                                          \
    using type = wide_type;                                                                        \
  };                                                                                               \
  template <> struct narrower<wide_type> {                                                         \
    using type = narrow_type;                                                                      \
  }
STANDIN_WIDTHS(int4, int8_t);
STANDIN_WIDTHS(uint4, uint8_t);
STANDIN_WIDTHS(int8_t, int16_t);
STANDIN_WIDTHS(uint8_t, uint16_t);
STANDIN_WIDTHS(int16_t, int32_t);
STANDIN_WIDTHS(uint16_t, uint32_t);
} // namespace detail

// The n-th element, to read and to write: a reference, but for elements of four bits.
template <class T> struct nibble {
  uint8_t *byte;
  unsigned shift;
  operator T() const { return T(*byte >> shift); }
  nibble &operator=(T value) {
    *byte = static_cast<uint8_t>((*byte & ~(15u << shift)) | (unsigned(int(value)) & 15) << shift);
    return *this;
  }
};

template <class T, unsigned N>
class [[gnu::may_alias]] alignas(standin::alignment(N * standin::element<T>::bits)) vector {
  using kind = standin::element<T>;
  static_assert(kind::known && !__is_same(T, int64_t),
                "aie::vector: the device has no vectors of this type");
  static_assert(standin::power_of_two(N) && N * kind::bits >= 64 && N * kind::bits <= 8192,
                "aie::vector: the number of elements is a power of two, 128 to 2048 bits in all");
  static constexpr bool is_nibble = kind::bits == 4;

public:
  using value_type = T;
  using native_type = vector;
  using storage_t = vector;

  typename kind::stored elements[is_nibble ? N / 2 : N];

  static constexpr unsigned type_bits() { return kind::bits; }
  static constexpr unsigned size() { return N; }
  static constexpr unsigned bits() { return N * kind::bits; }
  static constexpr unsigned bytes() { return bits() / 8; }
  static constexpr bool is_signed() { return kind::is_signed; }
  static constexpr bool is_complex() { return kind::is_complex; }
  static constexpr bool is_real() { return !kind::is_complex; }
  static constexpr bool is_integral() { return !kind::is_float; }
  static constexpr bool is_floating_point() { return kind::is_float; }

  vector() = default;
  template <class... Values>
    requires(sizeof...(Values) < N && (__is_convertible(Values, T) && ...))
  explicit vector(T first, Values... rest) {
    unsigned at = 0;
    set(first, at++);
    (set(T(rest), at++), ...);
  }
  // The same bits as another type, as a C cast between registers does.
  template <class U, unsigned M>
    requires(!__is_same(U, T) && vector<U, M>::bits() == bits())
  explicit vector(const vector<U, M> &other) {
    __builtin_memcpy(elements, other.elements, sizeof elements);
  }
  template <class Tag, unsigned M>
    requires(accum<Tag, M>::memory_bits() * M == bits())
  explicit vector(const accum<Tag, M> &other) {
    __builtin_memcpy(elements, other.lanes, sizeof elements);
  }

  vector to_native() const { return *this; }
  T get(unsigned at) const {
    if constexpr (is_nibble)
      return T(elements[at / 2] >> at % 2 * 4);
    else
      return elements[at];
  }
  vector &set(T value, unsigned at) {
    (*this)[at] = value;
    return *this;
  }
  decltype(auto) operator[](unsigned at) {
    if constexpr (is_nibble)
      return nibble<T>{elements + at / 2, at % 2 * 4};
    else
      return static_cast<T &>(elements[at]);
  }
  T operator[](unsigned at) const { return get(at); }
  decltype(auto) elem_ref(unsigned at) { return (*this)[at]; }
  T elem_ref(unsigned at) const { return get(at); }
  T elem_const_ref(unsigned at) const { return get(at); }

  // The new element is the first, and the others move up.
  vector &push(T value) {
    static_assert(!is_nibble, "push: not for elements of four bits");
    __builtin_memmove(elements + 1, elements, sizeof elements - sizeof elements[0]);
    elements[0] = value;
    return *this;
  }

  template <class U> vector<U, bits() / standin::element<U>::bits> cast_to() const {
    vector<U, bits() / standin::element<U>::bits> out;
    __builtin_memcpy(out.elements, elements, sizeof elements);
    return out;
  }
  template <unsigned M> vector<T, M> extract(unsigned at) const {
    static_assert(M <= N, "extract: the part is larger than the vector");
    vector<T, M> out;
    __builtin_memcpy(out.elements, bytes_from(at * M), sizeof out.elements);
    return out;
  }
  template <unsigned M> vector &insert(unsigned at, const vector<T, M> &part) {
    static_assert(M <= N, "insert: the part is larger than the vector");
    __builtin_memcpy(const_cast<uint8_t *>(bytes_from(at * M)), part.elements,
                     sizeof part.elements);
    return *this;
  }
  template <unsigned M> vector<T, M> grow(unsigned at = 0) const {
    static_assert(M >= N, "grow: the result is smaller than the vector");
    vector<T, M> out = {};
    out.insert(at, *this);
    return out;
  }
  template <unsigned M> vector<T, M> grow_replicate() const {
    vector<T, M> out;
    for (unsigned at = 0; at < M / N; at++)
      out.insert(at, *this);
    return out;
  }
  template <unsigned M> vector<T, M> grow_extract(unsigned at) const {
    if constexpr (M <= N)
      return extract<M>(at);
    else
      return grow<M>();
  }
  template <unsigned M> auto split() const;
  template <class... Parts> vector &upd_all(const Parts &...parts) {
    unsigned at = 0;
    (insert(at++, parts), ...);
    return *this;
  }

  template <class U = typename detail::wider<T>::type> vector<U, N> unpack() const {
    return unpack_sign<U>(kind::is_signed);
  }
  template <class U = typename detail::wider<T>::type>
  vector<U, N> unpack_sign(bool as_signed) const {
    vector<U, N> out;
    constexpr unsigned from = kind::code & ~1u; // that of the signed type; the unsigned one follows
    standin::command(
        NPU_OPERATION(NPU_V_CONVERT, standin::element<U>::code, as_signed ? from : from + 1, 0), N,
        out.elements, elements);
    return out;
  }
  template <class U = typename detail::narrower<T>::type> vector<U, N> pack() const {
    return packed<U>(standin::element<U>::code, kind::code);
  }
  template <class U = typename detail::narrower<T>::type>
  vector<U, N> pack_sign(bool as_signed) const {
    return packed<U>((standin::element<U>::code & ~1u) + unsigned(!as_signed),
                     (kind::code & ~1u) + unsigned(!as_signed));
  }

  vector &load(const T *from) {
    __builtin_memcpy(elements, from, sizeof elements);
    return *this;
  }
  vector &load_unaligned(const T *from, unsigned = 1) { return load(from); }
  void store(T *to) const { __builtin_memcpy(to, elements, sizeof elements); }
  void store_unaligned(T *to, unsigned = 1) const { store(to); }

private:
  template <class U> vector<U, N> packed(unsigned to, unsigned from) const {
    vector<U, N> out;
    standin::command(NPU_OPERATION(NPU_V_PACK, to, from, 0), N, out.elements, elements);
    return out;
  }
  const uint8_t *bytes_from(unsigned element) const {
    return reinterpret_cast<const uint8_t *>(elements) + element * kind::bits / 8;
  }
};

namespace detail {

template <class T> struct is_vector : standin::constant<false> {};
template <class T, unsigned N> struct is_vector<vector<T, N>> : standin::constant<true> {};
template <class T> struct is_accum : standin::constant<false> {};
template <class Tag, unsigned N> struct is_accum<accum<Tag, N>> : standin::constant<true> {};

} // namespace detail

template <class V> inline constexpr bool is_vector_v = detail::is_vector<__remove_cvref(V)>::value;
template <class V> inline constexpr bool is_accum_v = detail::is_accum<__remove_cvref(V)>::value;
template <class V> concept Vector = is_vector_v<V>;
template <class V> concept Accum = is_accum_v<V>;
template <class V> concept RealVector = Vector<V> && V::is_real();
template <class V> concept ComplexVector = Vector<V> && V::is_complex();
template <class T> concept ElemBaseType = standin::element<T>::known;
template <class T> concept Elem = ElemBaseType<T>;
template <class Tag> concept AccumElemBaseType = requires { typename standin::lane<Tag>::stored; };
template <class T>
inline constexpr unsigned native_vector_length_v = 512 / standin::element<T>::bits;

namespace detail {
template <class M> struct is_mask : standin::constant<false> {};
template <unsigned N> struct is_mask<mask<N>> : standin::constant<true> {};
} // namespace detail
template <class M> concept Mask = detail::is_mask<__remove_cvref(M)>::value;

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
