// xrt::version: the XRT whose interface this is.
#pragma once

#include "xrt/detail/config.h"

namespace xrt::version {

XRT_API_EXPORT unsigned int code();
XRT_API_EXPORT unsigned int major();
XRT_API_EXPORT unsigned int minor();
XRT_API_EXPORT unsigned int patch();
XRT_API_EXPORT unsigned int build();
XRT_API_EXPORT unsigned int feature();

} // namespace xrt::version
