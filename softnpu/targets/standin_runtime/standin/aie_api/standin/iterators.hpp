// Iterators over the vectors in memory, and the core that code runs on.
#pragma once

#include "mmul.hpp"

namespace aie {

enum class aie_dm_resource { none, a, b, c, d, stack };

// Steps of `Step` vectors of N elements.
template <class T, unsigned N, int Step = 1> struct vector_iterator {
  using plain = __remove_cv(T);
  using value_type = vector<plain, N>;
  using reference = standin::either<__is_same(T, plain), value_type &, const value_type &>;
  using pointer = standin::either<__is_same(T, plain), value_type *, const value_type *>;
  using difference_type = int;

  T *at;

  constexpr explicit vector_iterator(T *at) : at(at) {}
  reference operator*() const { return *reinterpret_cast<pointer>(at); }
  pointer operator->() const { return reinterpret_cast<pointer>(at); }
  reference operator[](int i) const { return *(*this + i); }
  vector_iterator &operator+=(int i) {
    at += i * Step * stride;
    return *this;
  }
  vector_iterator &operator-=(int i) { return *this += -i; }
  vector_iterator &operator++() { return *this += 1; }
  vector_iterator &operator--() { return *this += -1; }
  vector_iterator operator++(int) {
    vector_iterator before = *this;
    ++*this;
    return before;
  }
  vector_iterator operator--(int) {
    vector_iterator before = *this;
    --*this;
    return before;
  }
  friend vector_iterator operator+(vector_iterator it, int i) { return it += i; }
  friend vector_iterator operator-(vector_iterator it, int i) { return it -= i; }
  friend int operator-(vector_iterator a, vector_iterator b) {
    return int(a.at - b.at) / (Step * stride);
  }
  friend bool operator==(vector_iterator a, vector_iterator b) { return a.at == b.at; }
  friend bool operator!=(vector_iterator a, vector_iterator b) { return a.at != b.at; }
  friend bool operator<(vector_iterator a, vector_iterator b) { return a.at < b.at; }

private:
  static constexpr int stride = int(sizeof(value_type) / sizeof(T));
};

// After `Size` elements it is at the start again.
template <class T, unsigned N, unsigned Size> struct vector_circular_iterator {
  using plain = __remove_cv(T);
  using value_type = vector<plain, N>;
  using reference = standin::either<__is_same(T, plain), value_type &, const value_type &>;
  using pointer = standin::either<__is_same(T, plain), value_type *, const value_type *>;
  static_assert(Size % N == 0, "a circular iterator goes round after a whole number of vectors");

  T *start;
  unsigned vector_index;

  reference operator*() const { return *reinterpret_cast<pointer>(start + vector_index * N); }
  pointer operator->() const { return &**this; }
  vector_circular_iterator &operator+=(int i) {
    const int count = int(Size / N);
    vector_index = unsigned(((int(vector_index) + i) % count + count) % count);
    return *this;
  }
  vector_circular_iterator &operator-=(int i) { return *this += -i; }
  vector_circular_iterator &operator++() { return *this += 1; }
  vector_circular_iterator &operator--() { return *this += -1; }
  vector_circular_iterator operator++(int) {
    vector_circular_iterator before = *this;
    ++*this;
    return before;
  }
  vector_circular_iterator operator--(int) {
    vector_circular_iterator before = *this;
    --*this;
    return before;
  }
  friend vector_circular_iterator operator+(vector_circular_iterator it, int i) { return it += i; }
  friend bool operator==(vector_circular_iterator a, vector_circular_iterator b) {
    return a.start + a.vector_index * N == b.start + b.vector_index * N;
  }
};

#define STANDIN_BEGIN(name)                                                                        \
  template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>                          \
  auto name(T *at) {                                                                               \
    return vector_iterator<T, N>(at);                                                              \
  }                                                                                                \
  template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>                          \
  auto c##name(const T *at) {                                                                      \
    return vector_iterator<const T, N>(at);                                                        \
  }
STANDIN_BEGIN(begin_vector)
STANDIN_BEGIN(begin_restrict_vector)
STANDIN_BEGIN(begin_unaligned_vector)
STANDIN_BEGIN(begin_vector_random)

#define STANDIN_BEGIN_CIRCULAR(name)                                                               \
  template <unsigned N, unsigned Size, aie_dm_resource = aie_dm_resource::none, class T>           \
  auto name(T *at) {                                                                               \
    return vector_circular_iterator<T, N, Size>{at, 0};                                            \
  }                                                                                                \
  template <unsigned N, unsigned Size, aie_dm_resource = aie_dm_resource::none, class T>           \
  auto c##name(const T *at) {                                                                      \
    return vector_circular_iterator<const T, N, Size>{at, 0};                                      \
  }
STANDIN_BEGIN_CIRCULAR(begin_vector_circular)
STANDIN_BEGIN_CIRCULAR(begin_restrict_vector_circular)
STANDIN_BEGIN_CIRCULAR(begin_vector_random_circular)

// The core, as far as its modes go.
class tile {
public:
  static tile current() { return {}; }
  void set_rounding(rounding_mode mode) { aie::set_rounding(mode); }
  void set_saturation(saturation_mode mode) { aie::set_saturation(mode); }
  rounding_mode get_rounding() const { return aie::get_rounding(); }
  saturation_mode get_saturation() const { return aie::get_saturation(); }
};

} // namespace aie
