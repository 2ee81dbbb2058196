#include "xrt/xrt_hw_context.h"

#include "objects.h"
#include "xrt/experimental/xrt_aie.h"
#include "xrt/experimental/xrt_fence.h"
#include "xrt/experimental/xrt_module.h"
#include "xrt/xrt_graph.h"

using softnpu::call;

namespace xrt {

namespace {

constexpr auto SHARED = hw_context::access_mode::shared;

std::shared_ptr<hw_context_impl> made(softnpu::Answer told, const device &of,
                                      hw_context::access_mode mode) {
  auto context = std::make_shared<hw_context_impl>(told.number());
  context->device = of;
  context->mode = mode;
  return context;
}

std::shared_ptr<hw_context_impl> of_xclbin(const device &of, const uuid &xclbin,
                                           hw_context::access_mode mode = SHARED) {
  return made(call("hw_context.open", id_of(of), xclbin.to_string()), of, mode);
}

std::shared_ptr<hw_context_impl> of_elf(const device &of, const elf &elf,
                                        hw_context::access_mode mode = SHARED) {
  return made(call("hw_context.of_elf", id_of(of), id_of(elf)), of, mode);
}

std::shared_ptr<hw_context_impl> of_nothing(const device &of, hw_context::access_mode mode) {
  return made(call("hw_context.of_nothing", id_of(of)), of, mode);
}

hw_context_impl &opened(const std::shared_ptr<hw_context_impl> &handle) {
  if (!handle)
    throw std::runtime_error("this hw_context is empty: xrt::hw_context(device, uuid) makes one");
  return *handle;
}

} // namespace

hw_context::hw_context(const device &of, const uuid &xclbin, const cfg_param_type &)
    : pimpl(of_xclbin(of, xclbin)) {}
hw_context::hw_context(const device &of, const uuid &xclbin, const cfg_type &)
    : pimpl(of_xclbin(of, xclbin)) {}
hw_context::hw_context(const device &of, const uuid &xclbin, access_mode mode)
    : pimpl(of_xclbin(of, xclbin, mode)) {}
hw_context::hw_context(const device &of, const xrt::elf &elf, const cfg_param_type &,
                       access_mode mode)
    : pimpl(of_elf(of, elf, mode)) {}
hw_context::hw_context(const device &of, const xrt::elf &elf, const cfg_type &, access_mode mode)
    : pimpl(of_elf(of, elf, mode)) {}
hw_context::hw_context(const device &of, const xrt::elf &elf) : pimpl(of_elf(of, elf)) {}
hw_context::hw_context(const device &of, const cfg_param_type &, access_mode mode)
    : pimpl(of_nothing(of, mode)) {}
hw_context::hw_context(const device &of, const cfg_type &, access_mode mode)
    : pimpl(of_nothing(of, mode)) {}
hw_context::~hw_context() = default;

void hw_context::add_config(const xrt::elf &elf) {
  call("hw_context.add_config", opened(handle).id, id_of(elf));
}
void hw_context::update_qos(const qos_type &) { opened(handle); }
device hw_context::get_device() const { return opened(handle).device; }
uuid hw_context::get_xclbin_uuid() const {
  return uuid(call("hw_context.uuid", opened(handle).id).text());
}
xrt::xclbin hw_context::get_xclbin() const {
  return xrt::xclbin(read_xclbin(call("hw_context.xclbin", opened(handle).id)));
}
hw_context::access_mode hw_context::get_mode() const { return opened(handle).mode; }
std::vector<char> hw_context::get_aie_coredump() const {
  softnpu::refuse("core dump of the array; run-host --stop-at CYCLE shows its state");
}
hw_context::operator xrt_core::hwctx_handle *() const {
  return reinterpret_cast<xrt_core::hwctx_handle *>(handle.get());
}

class fence_impl {};

namespace {
[[noreturn]] std::shared_ptr<fence_impl> no_fence() { softnpu::refuse("fences"); }
constexpr const char *NO_GRAPH =
    "graphs and GMIO: they belong to the AIE graphs of the Vitis tools; use xrt::kernel and xrt::bo";
} // namespace

fence::fence(const device &, access_mode) : pimpl(no_fence()) {}
fence::fence(const device &, pid_type, export_handle) : pimpl(no_fence()) {}
fence::fence(const fence &other) : pimpl(other) {}
fence::fence(fence &&other) noexcept : pimpl(std::move(other)) {}

graph::graph(const device &, const uuid &, const std::string &, access_mode) {
  softnpu::refuse(NO_GRAPH);
}
graph::graph(const hw_context &, const std::string &, access_mode) { softnpu::refuse(NO_GRAPH); }

namespace aie {

void device::open_context(access_mode) {}
void device::reset_array() { softnpu::refuse("reset of the array by the host"); }
void hw_context::reset_array() { softnpu::refuse("reset of the array by the host"); }
void bo::sync(const std::string &, xclBOSyncDirection, size_t, size_t) {
  softnpu::refuse(NO_GRAPH);
}

} // namespace aie

} // namespace xrt
