// Which headers a host was compiled with; `device::get_info` hands it to the library.
#pragma once

namespace xrt::detail {

struct abi {
  const unsigned int major{0};
  const unsigned int minor{0};
  const unsigned int code{0};
};

} // namespace xrt::detail
