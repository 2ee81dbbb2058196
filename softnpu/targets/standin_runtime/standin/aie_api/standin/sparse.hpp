// Sparse matrices: of four elements down a column two at most are there. In memory 64 bits say which
// bytes of 64 are, and those follow, up to a multiple of four bytes.
#pragma once

#include "streams.hpp"

namespace aie {

template <class T, unsigned N> class sparse_vector {
  static_assert(standin::element<T>::bits == 8 || standin::element<T>::bits == 16,
                "aie::sparse_vector: of elements of 8 or 16 bits");

public:
  using value_type = T;
  vector<T, N> columns; // all elements, column after column

  static constexpr unsigned size() { return N; }
  static constexpr unsigned bits() { return N * type_bits(); }
  static constexpr unsigned bytes() { return bits() / 8; }
  static constexpr unsigned sparsity_ratio() { return 2; }
  static constexpr unsigned mask_bits() { return bytes(); }
  static constexpr unsigned memory_bits() { return bits() / sparsity_ratio() + mask_bits(); }
  static constexpr unsigned memory_bytes() { return memory_bits() / 8; }
  static constexpr unsigned type_bits() { return standin::element<T>::bits; }
  static constexpr bool is_signed() { return standin::element<T>::is_signed; }
  static constexpr bool is_complex() { return false; }
  static constexpr bool is_integral() { return !standin::element<T>::is_float; }
  static constexpr bool is_floating_point() { return standin::element<T>::is_float; }

  template <unsigned Part> sparse_vector<T, Part> extract(unsigned at) const {
    return {columns.template extract<Part>(at)};
  }
  template <unsigned Part> sparse_vector &insert(unsigned at, const sparse_vector<T, Part> &v) {
    columns.insert(at, v.columns);
    return *this;
  }
};
template <class V> inline constexpr bool is_sparse_vector_v = detail::is_sparse<__remove_cvref(V)>::value;
template <class V> concept SparseVector = is_sparse_vector_v<V>;

template <class T, unsigned N, aie_dm_resource = aie_dm_resource::none>
class sparse_vector_input_buffer_stream {
  using element = __remove_cv(T);

public:
  using value_type = sparse_vector<element, N>;
  constexpr explicit sparse_vector_input_buffer_stream(const T *at)
      : at(reinterpret_cast<const uint8_t *>(at)) {}

  value_type pop() {
    value_type out = {};
    auto *to = reinterpret_cast<uint8_t *>(&out.columns);
    for (unsigned byte = 0; byte < sizeof out.columns; byte += 64)
      unpack(to + byte);
    return out;
  }
  sparse_vector_input_buffer_stream &operator>>(value_type &v) {
    v = pop();
    return *this;
  }

private:
  // Four elements of which more than two are there are multiplied by none, on the device as well.
  void unpack(uint8_t *to) {
    constexpr unsigned four = 4 * sizeof(element);
    const uint8_t *mask = at, *from = at + 8;
    for (unsigned first = 0; first < 64; first += four) {
      unsigned kept = 0, elements = 0;
      for (unsigned i = 0; i < four; i++) {
        const bool there = mask[(first + i) / 8] >> (first + i) % 8 & 1;
        kept |= unsigned(there) << i / sizeof(element);
        to[first + i] = there ? *from++ : 0;
      }
      elements = unsigned(__builtin_popcount(kept));
      if (elements > 2)
        __builtin_memset(to + first, 0, four);
    }
    at += (from - at + 3) / 4 * 4;
  }
  const uint8_t *at;
};

} // namespace aie
