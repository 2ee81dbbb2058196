// xrt::elf: control code, and for a full ELF the configuration, in one file.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "xrt/detail/config.h"
#include "xrt/detail/pimpl.h"
#include "xrt/detail/span.h"
#include "xrt/xrt_uuid.h"

namespace xrt {

class elf_impl;

class elf : public detail::pimpl<elf_impl> {
public:
  class kernel_impl;
  class kernel : public detail::pimpl<kernel_impl> {
  public:
    class instance_impl;
    class instance : public detail::pimpl<instance_impl> {
    public:
      instance() = default;
      explicit instance(std::shared_ptr<instance_impl> made)
          : detail::pimpl<instance_impl>(std::move(made)) {}
      XRT_API_EXPORT std::string get_name() const;
    };
    enum class data_type : uint8_t { scalar = 0, global = 1 };

    kernel() = default;
    explicit kernel(std::shared_ptr<kernel_impl> made)
        : detail::pimpl<kernel_impl>(std::move(made)) {}
    XRT_API_EXPORT std::string get_name() const;
    XRT_API_EXPORT size_t get_num_args() const;
    XRT_API_EXPORT data_type get_arg_data_type(size_t index) const;
    XRT_API_EXPORT std::vector<instance> get_instances() const;
  };

  enum class platform : uint8_t {
    aie2p = 69,
    aie2ps_legacy = 70,
    aie2ps = 64,
    aie4 = 75,
    aie4a = 86,
    aie4z = 105
  };

  elf() = default;
  XRT_API_EXPORT explicit elf(const std::string &file);
  XRT_API_EXPORT explicit elf(const std::string_view &data);
  explicit elf(const char *file) : elf(std::string(file)) {}
  XRT_API_EXPORT explicit elf(std::istream &stream);
  XRT_API_EXPORT elf(const void *data, size_t size);
  XRT_API_EXPORT explicit elf(std::shared_ptr<elf_impl> made);

  XRT_API_EXPORT xrt::uuid get_cfg_uuid() const;
  XRT_API_EXPORT bool is_full_elf() const;
  XRT_API_EXPORT platform get_platform() const;
  XRT_API_EXPORT uint32_t get_partition_size() const;
  XRT_API_EXPORT std::vector<kernel> get_kernels() const;
  XRT_API_EXPORT xrt::detail::span<const char> get_custom_section(const std::string &name) const;
};

} // namespace xrt
