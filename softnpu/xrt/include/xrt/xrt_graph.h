// xrt::graph: an AIE graph of the Vitis tools; designs for NPUs have none, so that each refuses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "xrt/deprecated/xrt.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"
#include "xrt/xrt_hw_context.h"
#include "xrt/xrt_uuid.h"

namespace xrt {

class graph_impl;

class graph {
public:
  enum class access_mode : uint8_t { exclusive = 0, primary = 1, shared = 2 };
  XRT_API_EXPORT graph(const xrt::device &, const xrt::uuid &xclbin, const std::string &name,
                       access_mode mode = access_mode::primary);
  XRT_API_EXPORT graph(const xrt::hw_context &, const std::string &name,
                       access_mode mode = access_mode::primary);

private:
  std::shared_ptr<graph_impl> handle;
};

} // namespace xrt
