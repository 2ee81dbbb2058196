// Enumerations whose values are bits.
#pragma once

#include <type_traits>

namespace xrt::detail {

template <typename T> using if_enum = std::enable_if_t<std::is_enum_v<T>, T>;
template <typename T> using bits_of = std::underlying_type_t<T>;

template <typename T> constexpr if_enum<T> operator|(T a, T b) {
  return static_cast<T>(static_cast<bits_of<T>>(a) | static_cast<bits_of<T>>(b));
}
template <typename T> constexpr if_enum<T> operator&(T a, T b) {
  return static_cast<T>(static_cast<bits_of<T>>(a) & static_cast<bits_of<T>>(b));
}
template <typename T> constexpr if_enum<T> operator^(T a, T b) {
  return static_cast<T>(static_cast<bits_of<T>>(a) ^ static_cast<bits_of<T>>(b));
}
template <typename T> constexpr if_enum<T> operator~(T a) {
  return static_cast<T>(~static_cast<bits_of<T>>(a));
}

} // namespace xrt::detail
