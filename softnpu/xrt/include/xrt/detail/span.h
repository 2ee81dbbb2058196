// A view of elements that somebody else owns (std::span, for C++17).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace xrt::detail {

template <typename T> class span {
  T *first_ = nullptr;
  std::size_t count_ = 0;

public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;
  using size_type = std::size_t;
  using pointer = T *;
  using reference = T &;
  using iterator = T *;

  constexpr span() = default;
  constexpr span(T *data, std::size_t size) : first_(data), count_(size) {}

  constexpr T *data() const noexcept { return first_; }
  constexpr std::size_t size() const noexcept { return count_; }
  constexpr std::size_t size_bytes() const noexcept { return count_ * sizeof(T); }
  constexpr bool empty() const noexcept { return count_ == 0; }
  constexpr T *begin() const noexcept { return first_; }
  constexpr T *end() const noexcept { return first_ + count_; }
  constexpr T &front() const { return *first_; }
  constexpr T &back() const { return first_[count_ - 1]; }
  constexpr T &operator[](std::size_t index) const { return first_[index]; }
  constexpr T &at(std::size_t index) const {
    if (index >= count_)
      throw std::out_of_range("index " + std::to_string(index) + " of a span of " +
                              std::to_string(count_));
    return first_[index];
  }
  constexpr span first(std::size_t count) const { return {first_, count}; }
  constexpr span last(std::size_t count) const { return {end() - count, count}; }
  constexpr span subspan(std::size_t offset, std::size_t count) const {
    return {first_ + offset, count};
  }
};

} // namespace xrt::detail
