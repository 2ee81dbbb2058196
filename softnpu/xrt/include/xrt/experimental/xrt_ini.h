// xrt::ini: settings of xrt.ini; the emulated NPU has none, and ignores them.
#pragma once

#include <string>

#include "xrt/deprecated/xrt.h"

namespace xrt::ini {

XRT_API_EXPORT void set(const std::string &key, const std::string &value);
inline void set(const std::string &key, unsigned int value) { set(key, std::to_string(value)); }

} // namespace xrt::ini
