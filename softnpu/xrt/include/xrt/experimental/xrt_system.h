// xrt::system: how many NPUs there are.
#pragma once

#include "xrt/deprecated/xrt.h"

namespace xrt::system {

XRT_API_EXPORT unsigned int enumerate_devices();

} // namespace xrt::system
