// xrt::bo: a buffer that host and NPU share.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "xrt/deprecated/xrt.h"
#include "xrt/detail/config.h"
#include "xrt/detail/pimpl.h"
#include "xrt/detail/xrt_mem.h"

typedef void *xrtDeviceHandle;
typedef void *xrtBufferHandle;
typedef uint64_t xrtBufferFlags;
typedef uint32_t xrtMemoryGroup;

struct xcl_buffer_handle {
  xclBufferHandle bhdl;
};

namespace xrt {

using memory_group = xrtMemoryGroup;

struct pid_type {
  pid_t pid;
};

class device;
class hw_context;
class bo_impl;

class bo {
public:
  class async_handle_impl;
  class async_handle : public detail::pimpl<async_handle_impl> {
  public:
    explicit async_handle(std::shared_ptr<async_handle_impl> made)
        : detail::pimpl<async_handle_impl>(std::move(made)) {}
    XRT_API_EXPORT void wait();
  };

  enum class flags : uint32_t {
    normal = 0,
    cacheable = XRT_BO_FLAGS_CACHEABLE,
    device_only = XRT_BO_FLAGS_DEV_ONLY,
    host_only = XRT_BO_FLAGS_HOST_ONLY,
    p2p = XRT_BO_FLAGS_P2P,
    svm = XRT_BO_FLAGS_SVM,
    carveout = XRT_BO_FLAGS_CARVEOUT,
  };
  using export_handle = int32_t;

  bo() {}
  // Of a device.
  XRT_API_EXPORT bo(const xrt::device &, void *user, size_t size, bo::flags, memory_group);
  XRT_API_EXPORT bo(const xrt::device &, void *user, size_t size, memory_group);
  XRT_API_EXPORT bo(const xrt::device &, size_t size, bo::flags, memory_group);
  XRT_API_EXPORT bo(const xrt::device &, size_t size, memory_group);
  XRT_API_EXPORT bo(const xrt::device &, export_handle);
  XRT_API_EXPORT bo(const xrt::device &, pid_type, export_handle);
  // Of a context.
  XRT_API_EXPORT bo(const xrt::hw_context &, void *user, size_t size, bo::flags, memory_group);
  XRT_API_EXPORT bo(const xrt::hw_context &, void *user, size_t size, memory_group);
  XRT_API_EXPORT bo(const xrt::hw_context &, size_t size, bo::flags, memory_group);
  XRT_API_EXPORT bo(const xrt::hw_context &, size_t size, memory_group);
  // Of an older handle.
  XRT_API_EXPORT bo(xclDeviceHandle, void *user, size_t size, bo::flags, memory_group);
  bo(xclDeviceHandle device, void *user, size_t size, xrtBufferFlags kind, memory_group group)
      : bo(device, user, size, static_cast<bo::flags>(kind), group) {}
  bo(xclDeviceHandle device, void *user, size_t size, memory_group group)
      : bo(device, user, size, bo::flags::normal, group) {}
  XRT_API_EXPORT bo(xclDeviceHandle, size_t size, bo::flags, memory_group);
  bo(xclDeviceHandle device, size_t size, xrtBufferFlags kind, memory_group group)
      : bo(device, size, static_cast<bo::flags>(kind), group) {}
  bo(xclDeviceHandle device, size_t size, memory_group group)
      : bo(device, size, bo::flags::normal, group) {}
  XRT_API_EXPORT bo(xclDeviceHandle, xclBufferExportHandle);
  XRT_API_EXPORT bo(xclDeviceHandle, pid_type, xclBufferExportHandle);
  XRT_API_EXPORT bo(xclDeviceHandle, xcl_buffer_handle);
  // A part of another.
  XRT_API_EXPORT bo(const bo &parent, size_t size, size_t offset);
  XRT_API_EXPORT bo(xrtBufferHandle);
  bo(std::shared_ptr<bo_impl> made) : handle(std::move(made)) {}

  bo(const bo &) = default;
  bo(bo &&) = default;
  bo &operator=(const bo &) = default;
  bo &operator=(bo &&) = default;
  XRT_API_EXPORT ~bo();

  bool operator==(const bo &other) const { return handle == other.handle; }
  bool operator<(const bo &other) const { return handle < other.handle; }
  explicit operator bool() const { return handle != nullptr; }
  const std::shared_ptr<bo_impl> &get_handle() const { return handle; }

  XRT_API_EXPORT size_t size() const;
  XRT_API_EXPORT uint64_t address() const;
  XRT_API_EXPORT memory_group get_memory_group() const;
  XRT_API_EXPORT flags get_flags() const;
  XRT_API_EXPORT export_handle export_buffer();

  XRT_API_EXPORT async_handle async(xclBOSyncDirection, size_t size, size_t offset);
  async_handle async(xclBOSyncDirection direction) { return async(direction, size(), 0); }
  XRT_API_EXPORT void sync(xclBOSyncDirection, size_t size, size_t offset);
  void sync(xclBOSyncDirection direction) { sync(direction, size(), 0); }

  XRT_API_EXPORT void *map();
  XRT_API_EXPORT const void *map() const;
  template <typename MapType> MapType map() { return reinterpret_cast<MapType>(map()); }
  template <typename MapType> MapType map() const {
    static_assert(std::is_pointer_v<MapType> && std::is_const_v<std::remove_pointer_t<MapType>>,
                  "a const bo maps to a pointer to const");
    return reinterpret_cast<MapType>(map());
  }

  XRT_API_EXPORT void write(const void *source, size_t size, size_t seek);
  void write(const void *source) { write(source, size(), 0); }
  XRT_API_EXPORT void read(void *target, size_t size, size_t skip);
  void read(void *target) { read(target, size(), 0); }
  XRT_API_EXPORT void copy(const bo &source, size_t size, size_t source_offset = 0,
                           size_t target_offset = 0);
  void copy(const bo &source) { copy(source, source.size()); }

private:
  std::shared_ptr<bo_impl> handle;
};

} // namespace xrt
