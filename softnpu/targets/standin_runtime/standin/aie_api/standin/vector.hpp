// aie::vector. The types v16int32, v32bfloat16, ... of intrinsics are the same ones.
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
  explicit(sizeof...(Values) + 1 != N) vector(T first, Values... rest) {
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

  template <aie_dm_resource = aie_dm_resource::none> void load(const T *from) {
    __builtin_memcpy(elements, from, sizeof elements);
  }
  template <aie_dm_resource = aie_dm_resource::none>
  void load_unaligned(const T *from, unsigned = 1) {
    load(from);
  }
  template <aie_dm_resource = aie_dm_resource::none> void store(T *to) const {
    __builtin_memcpy(to, elements, sizeof elements);
  }
  template <aie_dm_resource = aie_dm_resource::none>
  void store_unaligned(T *to, unsigned = 1) const {
    store(to);
  }

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
template <class T> concept RealElem = Elem<T> && !standin::element<T>::is_complex;
template <class T> concept ComplexElem = Elem<T> && standin::element<T>::is_complex;
template <class T> concept DecoratedElemBaseType = ElemBaseType<__remove_cv(T)>;
namespace detail {
template <class A, class B>
concept integers_alike = ElemBaseType<A> && ElemBaseType<B> && !standin::element<A>::is_float &&
                         !standin::element<B>::is_float &&
                         standin::element<A>::is_complex == standin::element<B>::is_complex;
} // namespace detail
template <class To, class From>
concept PackableFrom = detail::integers_alike<To, From> &&
                       (standin::element<To>::bits < standin::element<From>::bits);
template <class To, class From>
concept UnpackableFrom = detail::integers_alike<To, From> &&
                         (standin::element<To>::bits > standin::element<From>::bits);
template <class Tag> concept AccumElemBaseType = requires { typename standin::lane<Tag>::stored; };
template <class T>
inline constexpr unsigned native_vector_length_v = 512 / standin::element<T>::bits;

namespace detail {
template <class M> struct is_mask : standin::constant<false> {};
template <unsigned N> struct is_mask<mask<N>> : standin::constant<true> {};
} // namespace detail
template <class M> concept Mask = detail::is_mask<__remove_cvref(M)>::value;

} // namespace aie
