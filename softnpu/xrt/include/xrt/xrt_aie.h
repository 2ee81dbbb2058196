// xrt::aie: what belongs to the array itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "xrt/deprecated/xrt.h"
#include "xrt/detail/config.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"
#include "xrt/xrt_graph.h"
#include "xrt/xrt_hw_context.h"
#include "xrt/xrt_uuid.h"

namespace xrt::aie {

enum class access_mode : uint8_t { exclusive = 0, primary = 1, shared = 2, none = 3 };

class device : public xrt::device {
public:
  using access_mode = xrt::aie::access_mode;
  template <typename T>
  device(T &&of, access_mode mode = access_mode::primary) : xrt::device(std::forward<T>(of)) {
    open_context(mode);
  }
  XRT_API_EXPORT void reset_array();

private:
  XRT_API_EXPORT void open_context(access_mode mode);
};

class bo : public xrt::bo {
public:
  template <typename... Args> bo(Args &&...args) : xrt::bo(std::forward<Args>(args)...) {}
  XRT_API_EXPORT void sync(const std::string &port, xclBOSyncDirection, size_t size,
                           size_t offset);
  void sync(const std::string &port, xclBOSyncDirection direction) {
    sync(port, direction, size(), 0);
  }
  using xrt::bo::sync;
};

class hw_context : public xrt::hw_context {
public:
  template <typename... Args>
  hw_context(Args &&...args) : xrt::hw_context(std::forward<Args>(args)...) {}
  XRT_API_EXPORT void reset_array();
};

} // namespace xrt::aie
