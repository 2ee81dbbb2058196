// Streams over memory: vectors one after the other, or along the dimensions of a tensor.
#pragma once

#include "iterators.hpp"

namespace aie {

template <class T, unsigned N> class vector_input_buffer_stream {
public:
  using value_type = vector<__remove_cv(T), N>;
  constexpr explicit vector_input_buffer_stream(const T *at) : at(at) {}
  value_type pop() { return *at++; }
  vector_input_buffer_stream &operator>>(value_type &v) {
    v = pop();
    return *this;
  }

private:
  vector_iterator<const T, N> at;
};
template <class T, unsigned N> class vector_output_buffer_stream {
public:
  using value_type = vector<T, N>;
  constexpr explicit vector_output_buffer_stream(T *at) : at(at) {}
  void push(const value_type &v) { *at++ = v; }
  vector_output_buffer_stream &operator<<(const value_type &v) {
    push(v);
    return *this;
  }

private:
  vector_iterator<T, N> at;
};
template <class T, unsigned N>
using unaligned_vector_input_buffer_stream = vector_input_buffer_stream<T, N>;
template <class T, unsigned N>
using unaligned_vector_output_buffer_stream = vector_output_buffer_stream<T, N>;
#define STANDIN_STREAM(name, pointer)                                                              \
  template <unsigned N, aie_dm_resource = aie_dm_resource::none, class T>                          \
  auto make_##name(pointer *at) {                                                                  \
    return name<T, N>(at);                                                                         \
  }
STANDIN_STREAM(vector_input_buffer_stream, const T)
STANDIN_STREAM(vector_output_buffer_stream, T)
STANDIN_STREAM(unaligned_vector_input_buffer_stream, const T)
STANDIN_STREAM(unaligned_vector_output_buffer_stream, T)

// A dimension: how often a step is taken, of vectors (or elements, or bytes).
struct tensor_dim {
  unsigned num;
  int step;
  constexpr tensor_dim() = default;
  constexpr tensor_dim(unsigned num, int step) : num(num), step(step) {}
};

namespace detail {
// How many dimensions a stream walks along by itself, from dimension `First` of `Rank` on: three, as
// the device does, or as many as the descriptor says, one stream's after the other's.
template <unsigned... Walks> struct walks {
  static constexpr unsigned at(unsigned first, unsigned rank) {
    unsigned sum = 0, found = rank - first > 3 ? 3 : rank - first;
    ((found = sum == first ? Walks : found, sum += Walks), ...);
    return found;
  }
};
} // namespace detail

template <unsigned Rank, class T, unsigned N, class Walks = detail::walks<>>
struct tensor_descriptor {
  using type = T;
  static constexpr unsigned elems = N, rank = Rank;
  standin::array<tensor_dim, Rank> dims; // the outermost first
  bool byte_steps = false;

  constexpr explicit tensor_descriptor(const standin::array<tensor_dim, Rank> &dims,
                                       bool byte_steps = false)
      : dims(dims), byte_steps(byte_steps) {}
};
template <class T, unsigned N = 1, class... Dims>
constexpr auto make_tensor_descriptor(const Dims &...dims) {
  return tensor_descriptor<sizeof...(Dims), T, N>({{dims...}});
}
// The device's own dimensions: `num` times a step of `inc` from where the step before led, the
// innermost first; the last step goes on without end.
struct dim_2d {
  unsigned num1;
  int inc1, inc2;
};
struct dim_3d {
  unsigned num1;
  int inc1;
  unsigned num2;
  int inc2, inc3;
};

namespace detail {
constexpr standin::array<tensor_dim, 1> steps_of(int inc) { return {{{1, inc}}}; }
constexpr standin::array<tensor_dim, 2> steps_of(const dim_2d &d) {
  const int inner = int(d.num1) * d.inc1;
  return {{{1, d.inc2 + inner}, {d.num1 + 1, d.inc1}}};
}
constexpr standin::array<tensor_dim, 3> steps_of(const dim_3d &d) {
  const int inner = int(d.num1) * d.inc1, middle = d.inc2 + inner;
  return {{{1, d.inc3 + int(d.num2) * middle + inner}, {d.num2 + 1, middle}, {d.num1 + 1, d.inc1}}};
}
template <class T, unsigned N, class... Dims>
constexpr auto native_descriptor(bool bytes, const Dims &...dims) {
  constexpr unsigned rank = (decltype(steps_of(dims))::size() + ...);
  standin::array<tensor_dim, rank> all{};
  unsigned at = 0;
  auto put = [&](const auto &steps) {
    for (const auto &step : steps)
      all[at++] = step;
  };
  (put(steps_of(dims)), ...);
  return tensor_descriptor<rank, T, N, walks<decltype(steps_of(dims))::size()...>>(all, bytes);
}
} // namespace detail
template <class T, unsigned N, class... Dims>
constexpr auto make_tensor_descriptor_from_native(const Dims &...dims) {
  return detail::native_descriptor<T, N>(false, dims...);
}
template <class T, unsigned N, class... Dims>
constexpr auto make_tensor_descriptor_from_native_bytes(const Dims &...dims) {
  return detail::native_descriptor<T, N>(true, dims...);
}
template <class T, unsigned N = 1, class... Dims>
constexpr auto make_tensor_descriptor_bytes(const Dims &...dims) {
  return tensor_descriptor<sizeof...(Dims), T, N>({{dims...}}, true);
}

namespace detail {

template <class T, unsigned N> struct tensor_element : vector_of<T, N> {};
template <class T> struct tensor_element<T, 1> : standin::same<T> {};

// Where the first `Rank` of some dimensions lead, step by step; the outermost goes on without end.
template <unsigned Rank> struct tensor_walk {
  unsigned count[Rank], done[Rank] = {};
  int step[Rank]; // bytes

  template <class Dims> tensor_walk(const Dims &dims, unsigned first, int unit) {
    for (unsigned i = 0; i < Rank; i++) {
      count[i] = dims[first + i].num;
      step[i] = dims[first + i].step * unit;
    }
  }
  int offset() const {
    int sum = 0;
    for (unsigned i = 0; i < Rank; i++)
      sum += int(done[i]) * step[i];
    return sum;
  }
  void advance() {
    for (unsigned i = Rank; i-- > 0;) {
      if (++done[i] < count[i] || i == 0)
        return;
      done[i] = 0;
    }
  }
};

} // namespace detail

// The device walks along three dimensions by itself. Of more, each element of the outer ones is
// a stream along the others.
template <class T, unsigned N, unsigned Rank, class Walks = detail::walks<>, unsigned First = 0>
class tensor_buffer_stream {
  static constexpr unsigned own = Walks::at(First, Rank);
  static constexpr bool is_leaf = First + own == Rank;
  using descriptor = tensor_descriptor<Rank, __remove_cv(T), N, Walks>;

public:
  using value_type = typename detail::tensor_element<__remove_cv(T), N>::type;

  tensor_buffer_stream(T *base, const descriptor &tensor)
      : base(base), tensor(tensor), walk(tensor.dims, First, unit(tensor)) {}

  auto pop() {
    T *at = here();
    walk.advance();
    if constexpr (is_leaf)
      return *reinterpret_cast<const value_type *>(at);
    else
      return tensor_buffer_stream<T, N, Rank, Walks, First + own>(at, tensor);
  }
  tensor_buffer_stream &operator>>(value_type &v)
    requires(is_leaf)
  {
    v = pop();
    return *this;
  }
  void push(const value_type &v)
    requires(is_leaf)
  {
    *reinterpret_cast<value_type *>(here()) = v;
    walk.advance();
  }
  tensor_buffer_stream &operator<<(const value_type &v)
    requires(is_leaf)
  {
    push(v);
    return *this;
  }

private:
  static int unit(const descriptor &tensor) { return tensor.byte_steps ? 1 : int(sizeof(value_type)); }
  T *here() const {
    return reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(base) + uintptr_t(walk.offset()));
  }
  T *base;
  descriptor tensor;
  detail::tensor_walk<own> walk;
};

#define STANDIN_TENSOR_STREAM(name)                                                                \
  template <aie_dm_resource = aie_dm_resource::none, class P, unsigned Rank, class T, unsigned N,  \
            class Walks>                                                                           \
  auto name(P *base, const tensor_descriptor<Rank, T, N, Walks> &tensor) {                         \
    return tensor_buffer_stream<P, N, Rank, Walks>(base, tensor);                                  \
  }
STANDIN_TENSOR_STREAM(make_tensor_buffer_stream)
STANDIN_TENSOR_STREAM(make_restrict_tensor_buffer_stream)
STANDIN_TENSOR_STREAM(make_unaligned_tensor_buffer_stream)

} // namespace aie
