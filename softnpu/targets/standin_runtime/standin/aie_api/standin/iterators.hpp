// Iterators over the vectors in memory, and the core that code runs on.
#pragma once

#include "arrays.hpp"

namespace aie {

namespace detail {
template <class T, unsigned N> struct vector_of {
  using type = vector<T, N>;
};
} // namespace detail

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

// Round a buffer: after its last element comes the first. N = 0: elements by themselves.
inline constexpr size_t dynamic_extent = size_t(-1);

template <class T, unsigned N, size_t Size> struct vector_circular_iterator {
  using plain = __remove_cv(T);
  using value_type = typename standin::choice<N == 0, standin::same<plain>,
                                              detail::vector_of<plain, N>>::type::type;
  using reference = standin::either<__is_same(T, plain), value_type &, const value_type &>;
  using pointer = standin::either<__is_same(T, plain), value_type *, const value_type *>;
  using difference_type = int;
  static constexpr unsigned step = N ? N : 1;
  static_assert(Size == dynamic_extent || Size % step == 0,
                "a circular iterator goes round after a whole number of vectors");

  T *start;
  int count; // of steps all the way round
  int index;

  constexpr vector_circular_iterator(T *start, size_t size = Size)
      : start(start), count(int(size / step)), index(0) {}

  reference operator*() const {
    return *reinterpret_cast<pointer>(start + unsigned(index) * step);
  }
  pointer operator->() const { return &**this; }
  reference operator[](int i) const { return *(*this + i); }
  vector_circular_iterator &operator+=(int i) {
    index = ((index + i) % count + count) % count;
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
  friend vector_circular_iterator operator-(vector_circular_iterator it, int i) { return it -= i; }
  friend bool operator==(vector_circular_iterator a, vector_circular_iterator b) {
    return &*a == &*b;
  }
};
template <class T, unsigned N, size_t Size = dynamic_extent>
using vector_random_circular_iterator = vector_circular_iterator<T, N, Size>;
template <class T, size_t Size = dynamic_extent>
using circular_iterator = vector_circular_iterator<T, 0, Size>;
template <class T, size_t Size = dynamic_extent>
using random_circular_iterator = circular_iterator<T, Size>;
template <class T, unsigned N> using const_vector_iterator = vector_iterator<const T, N>;
template <class T, unsigned N> using restrict_vector_iterator = vector_iterator<T, N>;
template <class T, unsigned N> using const_restrict_vector_iterator = vector_iterator<const T, N>;
template <class T, unsigned N> using unaligned_vector_iterator = vector_iterator<T, N>;
template <class T, unsigned N> using const_unaligned_vector_iterator = vector_iterator<const T, N>;
template <class T, unsigned N, size_t Size = dynamic_extent>
using const_vector_circular_iterator = vector_circular_iterator<const T, N, Size>;
template <class T, unsigned N, size_t Size = dynamic_extent>
using const_vector_random_circular_iterator = vector_circular_iterator<const T, N, Size>;
template <class T, size_t Size = dynamic_extent>
using const_circular_iterator = circular_iterator<const T, Size>;
template <class T, size_t Size = dynamic_extent>
using const_random_circular_iterator = circular_iterator<const T, Size>;

// Elements by themselves, one after the other.
template <aie_dm_resource = aie_dm_resource::none, class T> constexpr T *begin(T *at, size_t) {
  return at;
}
template <aie_dm_resource = aie_dm_resource::none, class T> constexpr T *end(T *at, size_t size) {
  return at + size;
}
template <aie_dm_resource = aie_dm_resource::none, class T, size_t Size>
constexpr T *begin(T (&at)[Size]) {
  return at;
}
template <aie_dm_resource = aie_dm_resource::none, class T, size_t Size>
constexpr T *end(T (&at)[Size]) {
  return at + Size;
}
template <aie_dm_resource = aie_dm_resource::none, class T>
constexpr const T *cbegin(const T *at, size_t) {
  return at;
}
template <aie_dm_resource = aie_dm_resource::none, class T>
constexpr const T *cend(const T *at, size_t size) {
  return at + size;
}

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
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class... T>
auto begin_vectors(T *...at) {
  return std::make_tuple(begin_vector<N>(at)...);
}
template <unsigned N, aie_dm_resource = aie_dm_resource::none, class... T>
auto cbegin_vectors(const T *...at) {
  return std::make_tuple(cbegin_vector<N>(at)...);
}

#define STANDIN_BEGIN_CIRCULAR(name, pointer)                                                      \
  template <unsigned N, size_t Size, aie_dm_resource = aie_dm_resource::none, class T>             \
  auto name(pointer *at) {                                                                         \
    return vector_circular_iterator<pointer, N, Size>(at);                                         \
  }                                                                                                \
  template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>                          \
  auto name(pointer *at, size_t size) {                                                            \
    return vector_circular_iterator<pointer, N, dynamic_extent>(at, size);                         \
  }                                                                                                \
  template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T, size_t Size>             \
  auto name(pointer (&at)[Size]) {                                                                 \
    return vector_circular_iterator<pointer, N, Size>(at);                                         \
  }
STANDIN_BEGIN_CIRCULAR(begin_vector_circular, T)
STANDIN_BEGIN_CIRCULAR(cbegin_vector_circular, const T)
STANDIN_BEGIN_CIRCULAR(begin_restrict_vector_circular, T)
STANDIN_BEGIN_CIRCULAR(cbegin_restrict_vector_circular, const T)
STANDIN_BEGIN_CIRCULAR(begin_vector_random_circular, T)
STANDIN_BEGIN_CIRCULAR(cbegin_vector_random_circular, const T)

#define STANDIN_BEGIN_ELEMENTS(name, pointer)                                                      \
  template <size_t Size, class T> auto name(pointer *at) {                                         \
    return circular_iterator<pointer, Size>(at);                                                   \
  }                                                                                                \
  template <class T> auto name(pointer *at, size_t size) {                                         \
    return circular_iterator<pointer>(at, size);                                                   \
  }                                                                                                \
  template <class T, size_t Size> auto name(pointer (&at)[Size]) {                                 \
    return circular_iterator<pointer, Size>(at);                                                   \
  }
STANDIN_BEGIN_ELEMENTS(begin_circular, T)
STANDIN_BEGIN_ELEMENTS(cbegin_circular, const T)
STANDIN_BEGIN_ELEMENTS(begin_random_circular, T)
STANDIN_BEGIN_ELEMENTS(cbegin_random_circular, const T)

// Steps that are taken in turns.
template <class T, unsigned Steps> struct pattern_iterator {
  T *at;
  int offsets[Steps];
  unsigned turn = 0;

  T &operator*() const { return *at; }
  T *operator->() const { return at; }
  pattern_iterator &operator++() {
    at += offsets[turn];
    turn = turn + 1 == Steps ? 0 : turn + 1;
    return *this;
  }
  pattern_iterator operator++(int) {
    pattern_iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const pattern_iterator &a, const pattern_iterator &b) {
    return a.at == b.at;
  }
};
template <unsigned Steps, class T, class... Offsets> auto begin_pattern(T *at, Offsets... offsets) {
  static_assert(sizeof...(Offsets) == Steps, "begin_pattern: as many offsets as steps");
  return pattern_iterator<T, Steps>{at, {int(offsets)...}};
}
template <unsigned Steps, class T, class... Offsets>
auto cbegin_pattern(const T *at, Offsets... offsets) {
  return begin_pattern<Steps>(at, offsets...);
}

struct tile_id {
  uint16_t row, col;
};
// The core, as far as its modes go.
class tile {
public:
  static tile current() { return {}; }
  void set_rounding(rounding_mode mode) { aie::set_rounding(mode); }
  void set_saturation(saturation_mode mode) { aie::set_saturation(mode); }
  rounding_mode get_rounding() const { return aie::get_rounding(); }
  saturation_mode get_saturation() const { return aie::get_saturation(); }

  template <class None = void> tile_id id() const { return refuse_place<None>(); }
  template <class None = void> tile_id global_id() const { return refuse_place<None>(); }
  template <class None = void> uint64_t cycles() const {
    static_assert(!__is_same(None, void), "aie::tile::cycles: a stand-in core counts none as an AIE "
                                          "core would; npuforge profile tells where they go");
    return 0;
  }

private:
  template <class None> tile_id refuse_place() const {
    static_assert(!__is_same(None, void), "aie::tile::id: where a partition's columns lie is the "
                                          "driver's to say: give the kernel its place as a number");
    return {};
  }
};

} // namespace aie
