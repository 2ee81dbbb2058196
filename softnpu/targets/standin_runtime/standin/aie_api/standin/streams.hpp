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

template <unsigned Rank, class T, unsigned N> struct tensor_descriptor {
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
template <class T, unsigned N = 1, class... Dims>
constexpr auto make_tensor_descriptor_bytes(const Dims &...dims) {
  return tensor_descriptor<sizeof...(Dims), T, N>({{dims...}}, true);
}

namespace detail {

template <class T, unsigned N> struct tensor_element : vector_of<T, N> {};
template <class T> struct tensor_element<T, 1> : standin::same<T> {};

// Where the first `Rank` of some dimensions lead, step by step; behind the last they begin again.
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
      if (++done[i] < count[i])
        return;
      done[i] = 0;
    }
  }
};

} // namespace detail

// The device walks along three dimensions by itself. Of more, each element of the outer three is
// a stream along the others.
template <class T, unsigned N, unsigned Rank, unsigned First = 0> class tensor_buffer_stream {
  static constexpr unsigned own = Rank - First > 3 ? 3 : Rank - First;
  static constexpr bool is_leaf = First + own == Rank;
  using descriptor = tensor_descriptor<Rank, __remove_cv(T), N>;

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
      return tensor_buffer_stream<T, N, Rank, First + own>(at, tensor);
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
  template <aie_dm_resource = aie_dm_resource::none, class P, unsigned Rank, class T, unsigned N>  \
  auto name(P *base, const tensor_descriptor<Rank, T, N> &tensor) {                                \
    return tensor_buffer_stream<P, N, Rank>(base, tensor);                                         \
  }
STANDIN_TENSOR_STREAM(make_tensor_buffer_stream)
STANDIN_TENSOR_STREAM(make_restrict_tensor_buffer_stream)
STANDIN_TENSOR_STREAM(make_unaligned_tensor_buffer_stream)

} // namespace aie
