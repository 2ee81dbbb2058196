#include "xrt/xrt_device.h"

#include <iterator>

#include "objects.h"
#include "xrt/experimental/xrt_ini.h"
#include "xrt/experimental/xrt_message.h"
#include "xrt/experimental/xrt_system.h"
#include "xrt/experimental/xrt_version.h"

using softnpu::call;

namespace xrt {

class device::error_impl {
public:
  std::string message;
};

device::error::error(const std::string &message)
    : detail::pimpl<error_impl>(std::make_shared<error_impl>(error_impl{message})) {}

const char *device::error::what() const noexcept { return handle->message.c_str(); }

namespace {

std::shared_ptr<xrt_core::device> opened(const std::string &which) {
  return std::make_shared<xrt_core::device>(call("device.open", which).number());
}

/// The names that the emulator knows the questions by.
const char *const QUESTIONS[] = {"bdf",     "interface_uuid", "kdma",       "max_clock_frequency_mhz",
                                 "m2m",     "name",           "nodma",      "offline",
                                 "electrical", "thermal",     "mechanical", "memory",
                                 "platform", "pcie_info",     "host",       "aie",
                                 "aie_shim", "dynamic_regions", "vmr",      "aie_mem"};

} // namespace

device::device(unsigned int index) : handle(opened(std::to_string(index))) {}
device::device(const std::string &bdf) : handle(opened(bdf)) {}
device::device(xclDeviceHandle) : handle(opened("0")) {}
device::~device() = default;

device::operator xclDeviceHandle() const { return handle.get(); }

bool operator==(const device &a, const device &b) {
  return (a.get_handle() == nullptr) == (b.get_handle() == nullptr); // there is but one
}

uuid device::register_xclbin(const xrt::xclbin &xclbin) {
  return uuid(call("device.register_xclbin", id_of(*this), id_of(xclbin)).text());
}

namespace {
uuid loaded(const device &on) { return uuid(call("device.load_xclbin", id_of(on)).text()); }
} // namespace

uuid device::load_xclbin(const axlf *) { return loaded(*this); }
uuid device::load_xclbin(const std::string &) { return loaded(*this); }
uuid device::load_xclbin(const xrt::xclbin &) { return loaded(*this); }

uuid device::get_xclbin_uuid() const {
  return uuid(call("device.get_xclbin_uuid", id_of(*this)).text());
}

std::pair<const char *, size_t> device::get_xclbin_section(axlf_section_kind, const uuid &) const {
  softnpu::refuse("sections by device; xrt::xclbin::get_axlf_section has them");
}

void device::reset() { softnpu::refuse("reset by the host; NPUs refuse it, too"); }

std::any device::get_info_std(info::device param, const xrt::detail::abi &) const {
  auto question = static_cast<size_t>(param);
  if (question >= std::size(QUESTIONS))
    throw std::runtime_error("no such device query: " + std::to_string(question));
  std::string told = call("device.get_info", id_of(*this), std::string(QUESTIONS[question])).text();
  switch (param) {
  case info::device::interface_uuid:
    return uuid(told);
  case info::device::kdma:
    return static_cast<std::uint32_t>(std::stoul(told));
  case info::device::max_clock_frequency_mhz:
    return std::stoul(told);
  case info::device::m2m:
  case info::device::nodma:
  case info::device::offline:
    return told != "0";
  default:
    return told;
  }
}

namespace system {
unsigned int enumerate_devices() { return 1; }
} // namespace system

namespace ini {
void set(const std::string &, const std::string &) {}
} // namespace ini

namespace message {
namespace detail {
bool enabled(level wanted) { return wanted <= level::warning; }
} // namespace detail
void log(level wanted, const std::string &tag, const std::string &text) {
  call("log", wanted, tag, text);
}
} // namespace message

namespace version {
// The interface is that of XRT 2.26 (August 2026).
unsigned int major() { return 2; }
unsigned int minor() { return 26; }
unsigned int code() { return major() << 16 | minor(); }
unsigned int patch() { return 0; }
unsigned int build() { return 0; }
unsigned int feature() { return 0; }
} // namespace version

} // namespace xrt
