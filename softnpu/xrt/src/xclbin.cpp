#include "xrt/experimental/xrt_xclbin.h"

#include <cstring>
#include <stdexcept>
#include <system_error>

#include "objects.h"

using softnpu::call;

namespace xrt {

class xclbin::mem_impl {
public:
  std::string tag;
  uint64_t base = 0, size_kb = 0;
  bool used = false;
  int64_t type = 0, index = -1;
};

class xclbin::arg_impl {
public:
  std::string name, port, host_type;
  uint64_t size = 0, offset = 0;
  size_t index = 0;
  std::vector<mem> mems;
};

class xclbin::ip_impl {
public:
  std::string name;
  uint64_t base = 0;
  std::vector<arg> args;
};

class xclbin::kernel_impl {
public:
  std::string name;
  int64_t type = 0;
  std::vector<ip> instances;
  std::vector<arg> args;
};

class xclbin::aie_partition_impl {
public:
  uint64_t inference = 0, pre_post = 0;
  uint32_t operations = 0;
};

namespace {

template <typename Impl> Impl &opened(const std::shared_ptr<Impl> &handle) {
  if (!handle)
    throw std::runtime_error("this xclbin is empty: xrt::xclbin(filename) loads one");
  return *handle;
}

xclbin::mem memory_of(softnpu::Answer &told, int64_t index) {
  auto made = std::make_shared<xclbin::mem_impl>();
  made->tag = told.text();
  made->base = static_cast<uint64_t>(told.number());
  made->size_kb = static_cast<uint64_t>(told.number());
  made->used = told.number() != 0;
  made->type = told.number();
  made->index = index;
  return xclbin::mem(made);
}

xclbin::arg argument_of(softnpu::Answer &told, size_t index, const std::vector<xclbin::mem> &mems) {
  auto made = std::make_shared<xclbin::arg_impl>();
  made->name = told.text();
  made->port = told.text();
  made->host_type = told.text();
  made->size = static_cast<uint64_t>(told.number());
  made->offset = static_cast<uint64_t>(told.number());
  made->index = index;
  for (int64_t count = told.number(); count > 0; --count)
    made->mems.push_back(mems.at(static_cast<size_t>(told.number())));
  return xclbin::arg(made);
}

xclbin::kernel kernel_of(softnpu::Answer &told, const std::vector<xclbin::mem> &mems) {
  auto made = std::make_shared<xclbin::kernel_impl>();
  made->name = told.text();
  made->type = told.number();
  auto arguments = static_cast<size_t>(told.number());
  for (size_t i = 0; i < arguments; ++i)
    made->args.push_back(argument_of(told, i, mems));
  for (int64_t count = told.number(); count > 0; --count) {
    auto instance = std::make_shared<xclbin::ip_impl>();
    instance->name = told.text();
    instance->base = static_cast<uint64_t>(told.number());
    instance->args = made->args;
    made->instances.push_back(xclbin::ip(instance));
  }
  return xclbin::kernel(made);
}

} // namespace

std::shared_ptr<xclbin_impl> read_xclbin(softnpu::Answer told) {
  auto made = std::make_shared<xclbin_impl>(told.number());
  made->uuid = told.text();
  made->data = told.text();
  auto mems = told.number();
  for (int64_t i = 0; i < mems; ++i)
    made->mems.push_back(memory_of(told, i));
  for (int64_t count = told.number(); count > 0; --count) {
    made->kernels.push_back(kernel_of(told, made->mems));
    for (const auto &instance : made->kernels.back().get_cus())
      made->ips.push_back(instance);
  }
  return made;
}

namespace {

std::shared_ptr<xclbin_impl> of_data(std::string_view data) {
  return read_xclbin(call("xclbin.of_data", data));
}

/// Where an axlf tells its length: behind 304 bytes (xclbin's header, `length`).
std::string_view whole(const axlf *top) {
  uint64_t length = 0;
  std::memcpy(&length, reinterpret_cast<const char *>(top) + 304, sizeof length);
  return {reinterpret_cast<const char *>(top), length};
}

template <typename T> const T &by_name(const std::vector<T> &all, const std::string &name) {
  static const T none;
  for (const T &one : all)
    if (one.get_name() == name)
      return one;
  return none;
}

/// Instances of a name such as "kernel" or "kernel:{instance}".
std::vector<xclbin::ip> matching(const std::vector<xclbin::ip> &all, const std::string &name) {
  std::vector<xclbin::ip> found;
  for (const auto &one : all)
    if (one.get_name() == name || one.get_name().compare(0, name.size() + 1, name + ":") == 0)
      found.push_back(one);
  return found;
}

} // namespace

std::string xclbin::mem::get_tag() const { return handle ? handle->tag : ""; }
uint64_t xclbin::mem::get_base_address() const { return handle ? handle->base : ~uint64_t{0}; }
uint64_t xclbin::mem::get_size_kb() const { return handle ? handle->size_kb : 0; }
bool xclbin::mem::get_used() const { return handle && handle->used; }
xclbin::mem::memory_type xclbin::mem::get_type() const {
  return handle ? static_cast<memory_type>(handle->type) : memory_type::dram;
}
int32_t xclbin::mem::get_index() const {
  return handle ? static_cast<int32_t>(handle->index) : -1;
}

std::string xclbin::arg::get_name() const { return handle ? handle->name : ""; }
std::vector<xclbin::mem> xclbin::arg::get_mems() const {
  return handle ? handle->mems : std::vector<mem>{};
}
std::string xclbin::arg::get_port() const { return handle ? handle->port : ""; }
uint64_t xclbin::arg::get_size() const { return handle ? handle->size : 0; }
uint64_t xclbin::arg::get_offset() const { return handle ? handle->offset : ~uint64_t{0}; }
std::string xclbin::arg::get_host_type() const { return handle ? handle->host_type : "<type>"; }
size_t xclbin::arg::get_index() const { return handle ? handle->index : ~size_t{0}; }

std::string xclbin::ip::get_name() const { return handle ? handle->name : ""; }
xclbin::ip::ip_type xclbin::ip::get_type() const { return ip_type::ps; }
xclbin::ip::control_type xclbin::ip::get_control_type() const { return control_type::none; }
size_t xclbin::ip::get_num_args() const { return handle ? handle->args.size() : 0; }
std::vector<xclbin::arg> xclbin::ip::get_args() const {
  return handle ? handle->args : std::vector<arg>{};
}
xclbin::arg xclbin::ip::get_arg(int32_t index) const {
  return opened(handle).args.at(static_cast<size_t>(index));
}
uint64_t xclbin::ip::get_base_address() const { return handle ? handle->base : ~uint64_t{0}; }
size_t xclbin::ip::get_size() const { return 0; }

std::string xclbin::kernel::get_name() const { return handle ? handle->name : ""; }
xclbin::kernel::kernel_type xclbin::kernel::get_type() const {
  return handle ? static_cast<kernel_type>(handle->type) : kernel_type::none;
}
std::vector<xclbin::ip> xclbin::kernel::get_cus() const {
  return handle ? handle->instances : std::vector<ip>{};
}
std::vector<xclbin::ip> xclbin::kernel::get_cus(const std::string &name) const {
  return matching(get_cus(), name);
}
xclbin::ip xclbin::kernel::get_cu(const std::string &name) const {
  return by_name(get_cus(), name);
}
size_t xclbin::kernel::get_num_args() const { return handle ? handle->args.size() : 0; }
std::vector<xclbin::arg> xclbin::kernel::get_args() const {
  return handle ? handle->args : std::vector<arg>{};
}
xclbin::arg xclbin::kernel::get_arg(int32_t index) const {
  return opened(handle).args.at(static_cast<size_t>(index));
}

uint64_t xclbin::aie_partition::get_inference_fingerprint() const { return handle->inference; }
uint64_t xclbin::aie_partition::get_pre_post_fingerprint() const { return handle->pre_post; }
uint32_t xclbin::aie_partition::get_operations_per_cycle() const { return handle->operations; }

xclbin::xclbin(const std::string &file)
    : detail::pimpl<xclbin_impl>(read_xclbin(call("xclbin.open", file))) {}
xclbin::xclbin(const std::vector<char> &data)
    : xclbin(std::string_view(data.data(), data.size())) {}
xclbin::xclbin(const std::string_view &data) : detail::pimpl<xclbin_impl>(of_data(data)) {}
xclbin::xclbin(const axlf *top) : xclbin(whole(top)) {}

std::vector<xclbin::kernel> xclbin::get_kernels() const { return opened(handle).kernels; }
xclbin::kernel xclbin::get_kernel(const std::string &name) const {
  return by_name(opened(handle).kernels, name);
}
std::vector<xclbin::ip> xclbin::get_ips() const { return opened(handle).ips; }
std::vector<xclbin::ip> xclbin::get_ips(const std::string &name) const {
  return matching(opened(handle).ips, name);
}
xclbin::ip xclbin::get_ip(const std::string &name) const {
  return by_name(opened(handle).ips, name);
}
std::vector<xclbin::mem> xclbin::get_mems() const { return opened(handle).mems; }
std::vector<xclbin::aie_partition> xclbin::get_aie_partitions() const {
  std::vector<aie_partition> found;
  auto told = call("xclbin.partition", opened(handle).id);
  auto made = std::make_shared<aie_partition_impl>();
  made->inference = static_cast<uint64_t>(told.number());
  made->pre_post = static_cast<uint64_t>(told.number());
  made->operations = static_cast<uint32_t>(told.number());
  found.emplace_back(made);
  return found;
}
std::string xclbin::get_xsa_name() const { return opened(handle), ""; }
std::string xclbin::get_fpga_device_name() const { return opened(handle), ""; }
uuid xclbin::get_uuid() const { return uuid(opened(handle).uuid); }
uuid xclbin::get_interface_uuid() const { return opened(handle), uuid(); }
xclbin::target_type xclbin::get_target_type() const { return opened(handle), target_type::hw; }
const axlf *xclbin::get_axlf() const {
  return reinterpret_cast<const axlf *>(opened(handle).data.data());
}

std::pair<const char *, size_t> xclbin::get_axlf_section(axlf_section_kind section) const {
  auto told = call("xclbin.section", opened(handle).id, section);
  auto offset = told.number(), size = told.number();
  if (offset < 0)
    throw std::system_error(EINVAL, std::generic_category(), "no such xclbin section");
  return {handle->data.data() + offset, static_cast<size_t>(size)};
}

} // namespace xrt
