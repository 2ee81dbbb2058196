// aie_api/utils.hpp: loops, and what vectors hold, printed.
#pragma once

#include "aie.hpp"

#include "standin/macros_off.hpp"
#include "standin/printing.hpp"

namespace aie {

namespace detail {
// With the numbers that it takes: all of them, or none.
template <class Fn, class... Numbers> constexpr void call_with(Fn &fn, Numbers... numbers) {
  if constexpr (requires { fn(numbers...); })
    fn(numbers...);
  else
    fn();
}
// A number that is a constant and becomes a value of its type.
template <class T, T Value> struct constant_index {
  static constexpr T value = Value;
  constexpr operator T() const { return Value; }
};
} // namespace detail

template <class T, T Start, T End, T Step = 1, class Fn> constexpr void unroll_for(Fn &&fn) {
  if constexpr (Step > 0 ? Start < End : Start > End) {
    detail::call_with(fn, detail::constant_index<T, Start>());
    unroll_for<T, T(Start + Step), End, Step>(fn);
  }
}
template <class T, T StartY, T EndY, T StepY, T StartX, T EndX, T StepX, class Fn>
constexpr void unroll_for_2d(Fn &&fn) {
  unroll_for<T, StartY, EndY, StepY>([&](auto y) {
    unroll_for<T, StartX, EndX, StepX>([&](auto x) { detail::call_with(fn, y, x); });
  });
}
template <unsigned Times, class Fn> constexpr void unroll_times(Fn &&fn) {
  unroll_for<unsigned, 0, Times, 1>(fn);
}
template <unsigned TimesY, unsigned TimesX, class Fn> constexpr void unroll_times_2d(Fn &&fn) {
  unroll_for_2d<unsigned, 0, TimesY, 1, 0, TimesX, 1>(fn);
}

// How a loop is to be scheduled changes nothing of what it does.
struct loop_options {
  unsigned peel_front = 0, peel_back = 0;
  int preamble_offset = 0;
};
template <unsigned MinIters, loop_options = loop_options{}, class Fn>
constexpr void pipelined_loop(unsigned count, Fn &&fn) {
  for (unsigned i = 0; i < count; i++)
    detail::call_with(fn, i);
}
template <unsigned MinIters, loop_options = loop_options{}, class Fn>
constexpr void peeled_loop(unsigned count, Fn &&fn) {
  pipelined_loop<MinIters>(count, fn);
}

// Iteration by iteration, one function after the other.
template <unsigned MinIters, loop_options = loop_options{}, loop_options = loop_options{},
          loop_options = loop_options{}, class... Fns>
constexpr void pipelined_loops(unsigned count, Fns &&...fns) {
  pipelined_loop<MinIters>(count, [&](unsigned i) { (detail::call_with(fns, i), ...); });
}

template <unsigned = ~0u, class T> T &locate_in_register(T &value) { return value; }
namespace utils {
using aie::locate_in_register;
}

} // namespace aie

#include "standin/macros_on.hpp"
