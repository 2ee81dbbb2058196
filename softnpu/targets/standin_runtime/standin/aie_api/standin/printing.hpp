// aie::print and its relatives: lines that the emulator shows (npu_printf). Each call makes a line of
// its own, with or without `nl`.
#pragma once

#include "functions.hpp"

namespace aie {
namespace detail {

// A line of npu_printf that is put together piece by piece: its format, and its arguments as they
// lie in memory, floats at multiples of eight bytes.
template <unsigned Numbers> class line {
public:
  void say(const char *text) {
    if (text)
      add("%s", uint32_t(reinterpret_cast<uintptr_t>(text)));
  }
  void number(double value) {
    words_ += words_ % 2;
    __builtin_memcpy(arguments_ + words_, &value, sizeof value);
    words_ += 2;
    write("%f ");
  }
  template <class T> void number(T value, int places) {
    if constexpr (standin::element<T>::is_complex) {
      write("(");
      number(value.real, places);
      number(value.imag, places);
      format_[length_ - 1] = ')';
      write(" ");
    } else if constexpr (standin::element<T>::is_float) {
      number(double(value));
    } else if (places) {
      number(double(value) / double(uint64_t(1) << places));
    } else if constexpr (standin::element<T>::is_signed) {
      add("%d ", uint32_t(int32_t(value)));
    } else {
      add("%u ", uint32_t(value));
    }
  }
  // Lanes of accumulators, in hexadecimal digits.
  void lane(const int32_t &value) { add("0x%08x ", uint32_t(value)); }
  void lane(const int64_t &value) {
    add("0x%08x", uint32_t(uint64_t(value) >> 32));
    add("%08x ", uint32_t(value));
  }
  void lane(const float &value) { number(double(value)); }
  void lane(const cfloat &value) { number(value, 0); }
  void lane(const standin::complex_lane &value) {
    write("(");
    lane(value.real);
    lane(value.imag);
    format_[length_ - 1] = ')';
    write(" ");
  }
  void print() {
    format_[length_] = 0;
    npu_call(NPU_PRINT, uint32_t(reinterpret_cast<uintptr_t>(format_)),
             uint32_t(reinterpret_cast<uintptr_t>(arguments_)));
    length_ = words_ = 0;
  }

private:
  void write(const char *text) {
    while (*text)
      format_[length_++] = *text++;
  }
  void add(const char *text, uint32_t word) {
    arguments_[words_++] = word;
    write(text);
  }

  alignas(8) uint32_t arguments_[4 * Numbers + 4];
  char format_[24 * Numbers + 8];
  unsigned length_ = 0, words_ = 0;
};

template <class Line, class T, unsigned N>
void tell(Line &line, const vector<T, N> &v, unsigned at, int places = 0) {
  line.number(v.get(at), places);
}
template <class Line, class Tag, unsigned N>
void tell(Line &line, const accum<Tag, N> &a, unsigned at, int = 0) {
  line.lane(a.lanes[at]);
}

template <class Values>
[[gnu::noinline]] void print_row(const Values &values, unsigned from, unsigned count, int places,
                                 const char *prefix) {
  line<Values::size()> text;
  text.say(prefix);
  for (unsigned at = from; at < from + count; at++)
    tell(text, values, at, places);
  text.print();
}

} // namespace detail

template <class Values>
  requires(is_vector_v<Values> || is_accum_v<Values>)
void print(const Values &values, bool = false, const char *prefix = nullptr) {
  detail::print_row(values, 0, Values::size(), 0, prefix);
}
template <unsigned N> void print(const mask<N> &m, bool = false, const char *prefix = nullptr) {
  detail::line<N> text;
  text.say(prefix);
  for (unsigned at = 0; at < N; at++)
    text.number(int32_t(m.test(at)), 0);
  text.print();
}
// As numbers with `scale` places behind the binary point.
template <class T, unsigned N>
void print_fixed(const vector<T, N> &v, int scale, bool = false, const char *prefix = nullptr) {
  detail::print_row(v, 0, N, scale, prefix);
}
template <class Values>
  requires(is_vector_v<Values> || is_accum_v<Values>)
void print_matrix(const Values &values, unsigned columns, const char *prefix = nullptr) {
  for (unsigned at = 0; at < Values::size(); at += columns, prefix = nullptr)
    detail::print_row(values, at, columns, 0, prefix);
}

} // namespace aie
