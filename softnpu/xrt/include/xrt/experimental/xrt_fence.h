// xrt::fence: what orders commands of several queues; the emulated NPU has one, and refuses it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>

#include "xrt/detail/config.h"
#include "xrt/detail/pimpl.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"

namespace xrt {

class fence_impl;

class fence : public detail::pimpl<fence_impl> {
public:
  using export_handle = int;
  enum class access_mode : uint8_t { local, shared, process, hybrid };

  fence() = default;
  XRT_API_EXPORT fence(const xrt::device &, access_mode);
  XRT_API_EXPORT fence(const xrt::device &, pid_type, export_handle);
  XRT_API_EXPORT fence(const fence &);
  XRT_API_EXPORT fence(fence &&) noexcept;
  fence &operator=(fence &&) noexcept = default;
};

} // namespace xrt
