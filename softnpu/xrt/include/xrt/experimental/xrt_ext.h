// xrt::ext: buffers that need no group, and kernels of an ELF.
#pragma once

#include <cstdint>

#include "xrt/detail/bitmask.h"
#include "xrt/detail/config.h"
#include "xrt/experimental/xrt_module.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_hw_context.h"
#include "xrt/xrt_kernel.h"

namespace xrt::ext {

class bo : public xrt::bo {
public:
  enum class access_mode : uint64_t {
    none = 0,
    read = 1 << 0,
    write = 1 << 1,
    read_write = read | write,
    local = 0,
    shared = 1 << 2,
    process = 1 << 3,
    hybrid = 1 << 4,
  };
  friend constexpr access_mode operator&(access_mode a, access_mode b) {
    return xrt::detail::operator&(a, b);
  }
  friend constexpr access_mode operator|(access_mode a, access_mode b) {
    return xrt::detail::operator|(a, b);
  }

  XRT_API_EXPORT bo(const xrt::device &, void *user, size_t size, access_mode);
  XRT_API_EXPORT bo(const xrt::device &, void *user, size_t size);
  XRT_API_EXPORT bo(const xrt::device &, size_t size, access_mode);
  XRT_API_EXPORT bo(const xrt::device &, size_t size);
  XRT_API_EXPORT bo(const xrt::device &, pid_type, xrt::bo::export_handle);
  XRT_API_EXPORT bo(const xrt::hw_context &, size_t size, access_mode);
  XRT_API_EXPORT bo(const xrt::hw_context &, size_t size);
  XRT_API_EXPORT bo(const xrt::hw_context &, pid_type, xrt::bo::export_handle);
};

class kernel : public xrt::kernel {
public:
  XRT_API_EXPORT kernel(const xrt::hw_context &, const xrt::module &, const std::string &name);
  XRT_API_EXPORT kernel(const xrt::hw_context &, const std::string &name);
};

} // namespace xrt::ext
