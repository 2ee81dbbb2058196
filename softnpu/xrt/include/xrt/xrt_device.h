// xrt::device: an NPU.
#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "xrt/deprecated/xrt.h"
#include "xrt/detail/abi.h"
#include "xrt/detail/config.h"
#include "xrt/experimental/xrt_exception.h"
#include "xrt/experimental/xrt_xclbin.h"
#include "xrt/xrt_uuid.h"

typedef void *xrtDeviceHandle;

namespace boost {
class any;
}
namespace xrt_core {
class device;
}

namespace xrt {

namespace info {

/// What `device::get_info` can be asked for.
enum class device : unsigned int {
  bdf,
  interface_uuid,
  kdma,
  max_clock_frequency_mhz,
  m2m,
  name,
  nodma,
  offline,
  electrical,
  thermal,
  mechanical,
  memory,
  platform,
  pcie_info,
  host,
  aie,
  aie_shim,
  dynamic_regions,
  vmr,
  aie_mem
};

/// The type of an answer: text, unless a specialization says otherwise.
template <typename T, T Param> struct param_traits {
  using return_type = std::string;
};
template <> struct param_traits<device, device::interface_uuid> {
  using return_type = xrt::uuid;
};
template <> struct param_traits<device, device::kdma> {
  using return_type = std::uint32_t;
};
template <> struct param_traits<device, device::max_clock_frequency_mhz> {
  using return_type = unsigned long;
};
template <> struct param_traits<device, device::m2m> {
  using return_type = bool;
};
template <> struct param_traits<device, device::nodma> {
  using return_type = bool;
};
template <> struct param_traits<device, device::offline> {
  using return_type = bool;
};

} // namespace info

class device {
public:
  class error_impl;
  class error : public detail::pimpl<error_impl>, public xrt::exception {
  public:
    XRT_API_EXPORT explicit error(const std::string &message);
    XRT_API_EXPORT const char *what() const noexcept override;
  };
  class runtime_error : public error {
    using error::error;
  };
  class oom_error : public runtime_error {
    using runtime_error::runtime_error;
  };

  device() = default;
  XRT_API_EXPORT ~device();
  XRT_API_EXPORT explicit device(unsigned int index);
  XRT_API_EXPORT explicit device(const std::string &bdf);
  explicit device(int index) : device(static_cast<unsigned int>(index)) {}
  explicit device(std::shared_ptr<xrt_core::device> made) : handle(std::move(made)) {}
  XRT_API_EXPORT explicit device(xclDeviceHandle made);
  device(const device &) = default;
  device(device &&) = default;
  device &operator=(const device &) = default;
  device &operator=(device &&) = default;

  template <info::device param>
  typename info::param_traits<info::device, param>::return_type get_info() const {
    using Answer = typename info::param_traits<info::device, param>::return_type;
    return std::any_cast<Answer>(get_info_std(param, xrt::detail::abi{}));
  }

  XRT_API_EXPORT uuid register_xclbin(const xrt::xclbin &xclbin);
  [[deprecated("NPUs refuse it; use hw_context(device, uuid)")]]
  XRT_API_EXPORT uuid load_xclbin(const axlf *xclbin);
  [[deprecated("NPUs refuse it; use hw_context(device, uuid)")]]
  XRT_API_EXPORT uuid load_xclbin(const std::string &file);
  [[deprecated("NPUs refuse it; use hw_context(device, uuid)")]]
  XRT_API_EXPORT uuid load_xclbin(const xrt::xclbin &xclbin);
  XRT_API_EXPORT uuid get_xclbin_uuid() const;
  template <typename SectionType>
  SectionType get_xclbin_section(axlf_section_kind section, const uuid &of) const {
    return reinterpret_cast<SectionType>(get_xclbin_section(section, of).first);
  }
  XRT_API_EXPORT void reset();

  XRT_API_EXPORT operator xclDeviceHandle() const;
  std::shared_ptr<xrt_core::device> get_handle() const { return handle; }
  explicit operator bool() const { return handle != nullptr; }

private:
  XRT_API_EXPORT std::pair<const char *, size_t>
  get_xclbin_section(axlf_section_kind section, const uuid &of) const;
  XRT_API_EXPORT std::any get_info_std(info::device param, const xrt::detail::abi &) const;

  std::shared_ptr<xrt_core::device> handle;
};

XRT_API_EXPORT bool operator==(const device &a, const device &b);
inline bool operator!=(const device &a, const device &b) { return !(a == b); }

} // namespace xrt
