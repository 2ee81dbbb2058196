// `using namespace aie::operators;` gives vectors and accumulators the operators of numbers.
#pragma once

#include "aie.hpp"

#include "standin/macros_off.hpp"

namespace aie::operators {

template <class V> concept Lanes = is_vector_v<V> || is_accum_v<V>;

#define STANDIN_OPERATOR(symbol, function)                                                         \
  template <class A, class B>                                                                      \
    requires(Lanes<A> || Lanes<B>)                                                                 \
  auto operator symbol(const A &a, const B &b) {                                                   \
    return function(a, b);                                                                         \
  }
STANDIN_OPERATOR(+, add)
STANDIN_OPERATOR(-, sub)
STANDIN_OPERATOR(<, lt)
STANDIN_OPERATOR(<=, le)
STANDIN_OPERATOR(>, gt)
STANDIN_OPERATOR(>=, ge)
STANDIN_OPERATOR(==, eq)
STANDIN_OPERATOR(!=, neq)
STANDIN_OPERATOR(&, bit_and)
STANDIN_OPERATOR(|, bit_or)
STANDIN_OPERATOR(^, bit_xor)

template <Lanes A> auto operator-(const A &a) { return neg(a); }
template <Vector A> auto operator~(const A &a) { return bit_not(a); }
template <Vector A> auto operator<<(const A &a, unsigned by) { return upshift(a, by); }
template <Vector A> auto operator>>(const A &a, unsigned by) { return downshift(a, by); }
template <Lanes A, class B> A &operator+=(A &a, const B &b) { return a = add(a, b); }
template <Lanes A, class B> A &operator-=(A &a, const B &b) { return a = sub(a, b); }

} // namespace aie::operators

#include "standin/macros_on.hpp"
