// xrt::aie::program: an ELF that configures the array.
#pragma once

#include <type_traits>

#include "xrt/experimental/xrt_elf.h"
#include "xrt/xrt_aie.h"

namespace xrt::aie {

class program : public xrt::elf {
  XRT_API_EXPORT void valid_or_error();

public:
  using size_type = uint32_t;
  program() = default;
  template <typename T, typename = std::enable_if_t<!std::is_same_v<std::decay_t<T>, program>>>
  explicit program(T &&of) : xrt::elf{std::forward<T>(of)} {
    valid_or_error();
  }
  XRT_API_EXPORT size_type get_partition_size() const;
};

} // namespace xrt::aie
