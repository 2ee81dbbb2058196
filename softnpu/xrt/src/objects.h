// What the handles of the public headers point to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "channel.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"
#include "xrt/xrt_hw_context.h"
#include "xrt/xrt_kernel.h"

namespace xrt_core {

class device : public softnpu::Object {
public:
  using Object::Object;
};

} // namespace xrt_core

namespace xrt {

/// A buffer's host copy, or a part of it.
///
/// Its memory is shared with the emulator. Where the program brings memory of its own, `seen` is
/// that, and a sync copies between both.
class bo_impl {
public:
  std::shared_ptr<softnpu::Object> object;
  std::shared_ptr<void> mapping;
  char *shared = nullptr;
  char *seen = nullptr;
  size_t size = 0;
  bo::flags kind = bo::flags::host_only;
  memory_group group = 0;
};

/// A buffer that the emulator has made, with its memory.
std::shared_ptr<bo_impl> mapped(softnpu::Answer answer);

/// What the emulator has read of the file, in one answer.
struct xclbin_impl : softnpu::Object {
  using Object::Object;
  std::string name;
  std::string uuid;
  std::string data;
  std::vector<xclbin::mem> mems;
  std::vector<xclbin::kernel> kernels;
  std::vector<xclbin::ip> ips;
};

/// Reads what the emulator tells of an xclbin.
std::shared_ptr<xclbin_impl> read_xclbin(softnpu::Answer told);

struct elf_impl : softnpu::Object {
  using Object::Object;
  std::string data;
  std::string uuid;
  bool full = false;
  int64_t platform = 0;
  int64_t columns = 0;
  std::vector<elf::kernel> kernels;
};

struct module_impl : softnpu::Object {
  using Object::Object;
};

struct hw_context_impl : softnpu::Object {
  using Object::Object;
  xrt::device device;
  hw_context::access_mode mode = hw_context::access_mode::shared;
};

struct kernel_impl : softnpu::Object {
  using Object::Object;
  std::string name;
  std::vector<std::string> arguments;
};

struct Callback {
  ert_cmd_state state;
  std::function<void(const void *, ert_cmd_state, void *)> call;
  void *data;
};

struct run_impl : softnpu::Object {
  using Object::Object;
  ~run_impl();
  void finish_callbacks();
  std::shared_ptr<kernel_impl> kernel;
  std::vector<xrt::bo> held; // by argument; XRT keeps them alive, too
  std::vector<Callback> callbacks;
  std::thread waiter;
};

/// The emulator's number of an object, 0 for an empty handle.
template <typename Handle> int64_t id_of(const Handle &handle) {
  return handle.get_handle() ? handle.get_handle()->id : 0;
}
inline int64_t id_of(const bo &buffer) {
  return buffer.get_handle() ? buffer.get_handle()->object->id : 0;
}

} // namespace xrt
