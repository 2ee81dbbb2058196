// xrt::xclbin: a compiled design.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xrt/deprecated/xrt.h"
#include "xrt/detail/config.h"
#include "xrt/detail/pimpl.h"
#include "xrt/detail/xclbin.h"
#include "xrt/xrt_uuid.h"

typedef void *xrtXclbinHandle;

namespace xrt {

class xclbin_impl;

class xclbin : public detail::pimpl<xclbin_impl> {
public:
  enum class target_type { hw, sw_emu, hw_emu };

  class mem_impl;
  /// A memory that instances are connected to.
  class mem : public detail::pimpl<mem_impl> {
  public:
    enum class memory_type : uint8_t {
      ddr3 = MEM_DDR3,
      ddr4 = MEM_DDR4,
      dram = MEM_DRAM,
      streaming = MEM_STREAMING,
      preallocated_global = MEM_PREALLOCATED_GLOB,
      are = MEM_ARE,
      hbm = MEM_HBM,
      bram = MEM_BRAM,
      uram = MEM_URAM,
      streaming_connection = MEM_STREAMING_CONNECTION,
      host = MEM_HOST
    };
    mem() = default;
    explicit mem(std::shared_ptr<mem_impl> made) : detail::pimpl<mem_impl>(std::move(made)) {}
    XRT_API_EXPORT std::string get_tag() const;
    XRT_API_EXPORT uint64_t get_base_address() const;
    XRT_API_EXPORT uint64_t get_size_kb() const;
    XRT_API_EXPORT bool get_used() const;
    XRT_API_EXPORT memory_type get_type() const;
    XRT_API_EXPORT int32_t get_index() const;
  };

  class arg_impl;
  /// An argument of a kernel.
  class arg : public detail::pimpl<arg_impl> {
  public:
    arg() = default;
    explicit arg(std::shared_ptr<arg_impl> made) : detail::pimpl<arg_impl>(std::move(made)) {}
    XRT_API_EXPORT std::string get_name() const;
    XRT_API_EXPORT std::vector<mem> get_mems() const;
    XRT_API_EXPORT std::string get_port() const;
    XRT_API_EXPORT uint64_t get_size() const;
    XRT_API_EXPORT uint64_t get_offset() const;
    XRT_API_EXPORT std::string get_host_type() const;
    XRT_API_EXPORT size_t get_index() const;
  };

  class ip_impl;
  /// An instance of a kernel.
  class ip : public detail::pimpl<ip_impl> {
  public:
    enum class control_type : uint8_t { hs = 0, chain = 1, none = 2, fa = 5 };
    enum class ip_type : uint8_t { pl = IP_KERNEL, ps = IP_PS_KERNEL };
    ip() = default;
    explicit ip(std::shared_ptr<ip_impl> made) : detail::pimpl<ip_impl>(std::move(made)) {}
    XRT_API_EXPORT std::string get_name() const;
    XRT_API_EXPORT ip_type get_type() const;
    XRT_API_EXPORT control_type get_control_type() const;
    XRT_API_EXPORT size_t get_num_args() const;
    XRT_API_EXPORT std::vector<arg> get_args() const;
    XRT_API_EXPORT arg get_arg(int32_t index) const;
    XRT_API_EXPORT uint64_t get_base_address() const;
    XRT_API_EXPORT size_t get_size() const;
  };

  class kernel_impl;
  class kernel : public detail::pimpl<kernel_impl> {
  public:
    enum class kernel_type : uint8_t { none = 0, pl = 1, ps = 2, dpu = 3 };
    kernel() = default;
    explicit kernel(std::shared_ptr<kernel_impl> made)
        : detail::pimpl<kernel_impl>(std::move(made)) {}
    XRT_API_EXPORT std::string get_name() const;
    XRT_API_EXPORT kernel_type get_type() const;
    XRT_API_EXPORT std::vector<ip> get_cus() const;
    XRT_API_EXPORT std::vector<ip> get_cus(const std::string &name) const;
    XRT_API_EXPORT ip get_cu(const std::string &name) const;
    XRT_API_EXPORT size_t get_num_args() const;
    XRT_API_EXPORT std::vector<arg> get_args() const;
    XRT_API_EXPORT arg get_arg(int32_t index) const;
  };

  class aie_partition_impl;
  class aie_partition : detail::pimpl<aie_partition_impl> {
  public:
    explicit aie_partition(std::shared_ptr<aie_partition_impl> made)
        : detail::pimpl<aie_partition_impl>(std::move(made)) {}
    XRT_API_EXPORT uint64_t get_inference_fingerprint() const;
    XRT_API_EXPORT uint64_t get_pre_post_fingerprint() const;
    XRT_API_EXPORT uint32_t get_operations_per_cycle() const;
  };

  xclbin() = default;
  explicit xclbin(std::shared_ptr<xclbin_impl> made) : detail::pimpl<xclbin_impl>(made) {}
  XRT_API_EXPORT explicit xclbin(const std::string &file);
  XRT_API_EXPORT explicit xclbin(const std::vector<char> &data);
  XRT_API_EXPORT explicit xclbin(const std::string_view &data);
  XRT_API_EXPORT explicit xclbin(const axlf *top);

  XRT_API_EXPORT std::vector<kernel> get_kernels() const;
  XRT_API_EXPORT kernel get_kernel(const std::string &name) const;
  XRT_API_EXPORT std::vector<ip> get_ips() const;
  XRT_API_EXPORT std::vector<ip> get_ips(const std::string &name) const;
  XRT_API_EXPORT ip get_ip(const std::string &name) const;
  XRT_API_EXPORT std::vector<mem> get_mems() const;
  XRT_API_EXPORT std::vector<aie_partition> get_aie_partitions() const;
  XRT_API_EXPORT std::string get_xsa_name() const;
  XRT_API_EXPORT std::string get_fpga_device_name() const;
  XRT_API_EXPORT uuid get_uuid() const;
  XRT_API_EXPORT uuid get_interface_uuid() const;
  XRT_API_EXPORT target_type get_target_type() const;
  XRT_API_EXPORT const axlf *get_axlf() const;
  template <typename SectionType> SectionType get_axlf_section(axlf_section_kind section) const {
    return reinterpret_cast<SectionType>(get_axlf_section(section).first);
  }

private:
  XRT_API_EXPORT std::pair<const char *, size_t> get_axlf_section(axlf_section_kind section) const;
};

} // namespace xrt
