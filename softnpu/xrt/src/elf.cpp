#include "xrt/experimental/xrt_elf.h"

#include <iterator>
#include <stdexcept>

#include "objects.h"
#include "xrt/experimental/xrt_aie.h"
#include "xrt/experimental/xrt_module.h"

using softnpu::call;

namespace xrt {

class elf::kernel::instance_impl {
public:
  std::string name;
};

class elf::kernel_impl {
public:
  std::string name;
  std::vector<kernel::data_type> arguments;
  std::vector<kernel::instance> instances;
};

namespace {

std::shared_ptr<elf_impl> read(softnpu::Answer told) {
  auto made = std::make_shared<elf_impl>(told.number());
  made->data = told.text();
  made->uuid = told.text();
  made->full = told.number() != 0;
  made->platform = told.number();
  made->columns = told.number();
  for (int64_t kernels = told.number(); kernels > 0; --kernels) {
    auto kernel = std::make_shared<elf::kernel_impl>();
    kernel->name = told.text();
    for (int64_t count = told.number(); count > 0; --count)
      kernel->arguments.push_back(static_cast<elf::kernel::data_type>(told.number()));
    for (int64_t count = told.number(); count > 0; --count) {
      auto instance = std::make_shared<elf::kernel::instance_impl>();
      instance->name = told.text();
      kernel->instances.emplace_back(instance);
    }
    made->kernels.emplace_back(kernel);
  }
  return made;
}

std::shared_ptr<elf_impl> of_data(std::string_view data) { return read(call("elf.of_data", data)); }

elf_impl &opened(const std::shared_ptr<elf_impl> &handle) {
  if (!handle)
    throw std::runtime_error("this elf is empty: xrt::elf(filename) loads one");
  return *handle;
}

} // namespace

std::string elf::kernel::instance::get_name() const { return handle ? handle->name : ""; }
std::string elf::kernel::get_name() const { return handle ? handle->name : ""; }
size_t elf::kernel::get_num_args() const { return handle ? handle->arguments.size() : 0; }
elf::kernel::data_type elf::kernel::get_arg_data_type(size_t index) const {
  return handle->arguments.at(index);
}
std::vector<elf::kernel::instance> elf::kernel::get_instances() const {
  return handle ? handle->instances : std::vector<instance>{};
}

elf::elf(const std::string &file) : pimpl(read(call("elf.open", file))) {}
elf::elf(const std::string_view &data) : pimpl(of_data(data)) {}
elf::elf(std::istream &stream)
    : pimpl(of_data(std::string(std::istreambuf_iterator<char>(stream), {}))) {}
elf::elf(const void *data, size_t size)
    : pimpl(of_data(std::string_view(static_cast<const char *>(data), size))) {}
elf::elf(std::shared_ptr<elf_impl> made) : pimpl(std::move(made)) {}

uuid elf::get_cfg_uuid() const { return uuid(opened(handle).uuid); }
bool elf::is_full_elf() const { return opened(handle).full; }
elf::platform elf::get_platform() const {
  return static_cast<platform>(opened(handle).platform);
}
uint32_t elf::get_partition_size() const { return static_cast<uint32_t>(opened(handle).columns); }
std::vector<elf::kernel> elf::get_kernels() const { return opened(handle).kernels; }
xrt::detail::span<const char> elf::get_custom_section(const std::string &name) const {
  auto told = call("elf.section", opened(handle).id, name);
  auto offset = told.number(), size = told.number();
  return {handle->data.data() + offset, static_cast<size_t>(size)};
}

module::module(const elf &elf) : module(elf, "") {}
module::module(const elf &elf, const std::string &name)
    : pimpl(std::make_shared<module_impl>(call("module.open", id_of(elf), name).number())) {}
module::module(std::shared_ptr<module_impl> made) : pimpl(std::move(made)) {}
hw_context module::get_hw_context() const {
  softnpu::refuse("context of a module");
}

void aie::program::valid_or_error() {
  if (!is_full_elf())
    throw std::runtime_error("the ELF configures no array: a program needs a full ELF");
}
aie::program::size_type aie::program::get_partition_size() const {
  return xrt::elf::get_partition_size();
}

} // namespace xrt
