// xrt::kernel and xrt::run: what an xclbin offers, and one execution of it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "xrt/deprecated/xrt.h"
#include "xrt/detail/config.h"
#include "xrt/detail/ert.h"
#include "xrt/detail/pimpl.h"
#include "xrt/detail/span.h"
#include "xrt/experimental/xrt_exception.h"
#include "xrt/experimental/xrt_fence.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"
#include "xrt/xrt_hw_context.h"
#include "xrt/xrt_uuid.h"

typedef void *xrtKernelHandle;
typedef void *xrtRunHandle;

namespace xrt {

/// Runs that repeat themselves; NPUs have none.
struct autostart {
  unsigned int iterations = 0;
};

class kernel;
class run_impl;

class run {
  template <typename T> static constexpr bool is_buffer = std::is_base_of_v<bo, std::decay_t<T>>;

public:
  class command_error_impl;
  class command_error : public detail::pimpl<command_error_impl>, public std::exception {
  public:
    XRT_API_EXPORT command_error(ert_cmd_state state, const std::string &what);
    XRT_API_EXPORT command_error(const xrt::run &run, const std::string &what);
    XRT_API_EXPORT ert_cmd_state get_command_state() const;
    XRT_API_EXPORT const char *what() const noexcept override;

  private:
    std::shared_ptr<command_error_impl> m_impl; // unused; a part of the class's size
  };
  class aie_error : public command_error {
  public:
    template <typename T> using span = xrt::detail::span<T>;
    XRT_API_EXPORT aie_error(const xrt::run &run, const std::string &what);
    XRT_API_EXPORT span<const uint32_t> data() const;
  };

  run() = default;
  XRT_API_EXPORT explicit run(const kernel &kernel);
  explicit run(std::shared_ptr<run_impl> made) : handle(std::move(made)) {}
  run(const run &) = default;
  run(run &&) = default;
  run &operator=(const run &) = default;
  run &operator=(run &&) = default;
  XRT_API_EXPORT ~run();

  XRT_API_EXPORT void start();
  XRT_API_EXPORT void start(const autostart &iterations);
  XRT_API_EXPORT void stop();
  XRT_API_EXPORT ert_cmd_state abort();
  XRT_API_EXPORT ert_cmd_state
  wait(const std::chrono::milliseconds &timeout = std::chrono::milliseconds{0}) const;
  ert_cmd_state wait(unsigned int timeout_ms) const {
    return wait(std::chrono::milliseconds{timeout_ms});
  }
  XRT_API_EXPORT std::cv_status wait2(const std::chrono::milliseconds &timeout) const;
  void wait2() const { wait2(std::chrono::milliseconds{0}); }
  XRT_API_EXPORT ert_cmd_state state() const;
  XRT_API_EXPORT uint32_t return_code() const;
  XRT_API_EXPORT void
  add_callback(ert_cmd_state state,
               std::function<void(const void *, ert_cmd_state, void *)> callback, void *data);

  explicit operator bool() const { return handle != nullptr; }
  bool operator<(const run &other) const { return handle < other.handle; }
  const std::shared_ptr<run_impl> &get_handle() const { return handle; }

  /// A scalar: as many bytes as the kernel's argument has.
  template <typename T> std::enable_if_t<!is_buffer<T>> set_arg(int index, T &&value) {
    set_arg_at_index(index, &value, sizeof(value));
  }
  template <typename T> std::enable_if_t<is_buffer<T>> set_arg(int index, T &&buffer) {
    set_arg_at_index(index, static_cast<const bo &>(buffer));
  }
  template <typename T> void set_arg(const std::string &name, T &&value) {
    set_arg(get_arg_index(name), std::forward<T>(value));
  }
  void set_arg(int index, const void *value, size_t bytes) {
    set_arg_at_index(index, value, bytes);
  }
  template <typename T> void update_arg(int index, T &&value) {
    if constexpr (is_buffer<T>)
      update_arg_at_index(index, static_cast<const bo &>(value));
    else
      update_arg_at_index(index, &value, sizeof(value));
  }
  void update_arg(int index, const void *value, size_t bytes) {
    update_arg_at_index(index, value, bytes);
  }

  template <typename... Args> void operator()(Args &&...args) {
    set_all(0, std::forward<Args>(args)...);
    start();
  }
  template <typename... Args> void operator()(autostart &&count, Args &&...args) {
    set_all(0, std::forward<Args>(args)...);
    start(count);
  }

  XRT_API_EXPORT void submit_wait(const xrt::fence &fence);
  XRT_API_EXPORT void submit_signal(const xrt::fence &fence);
  XRT_API_EXPORT xrt::bo get_ctrl_scratchpad_bo() const;
  XRT_API_EXPORT void set_dtrace_control_file(const std::string &path);
  XRT_API_EXPORT ert_packet *get_ert_packet() const;

private:
  std::shared_ptr<run_impl> handle;

  XRT_API_EXPORT int get_arg_index(const std::string &name) const;
  XRT_API_EXPORT void set_arg_at_index(int index, const void *value, size_t bytes);
  XRT_API_EXPORT void set_arg_at_index(int index, const xrt::bo &);
  XRT_API_EXPORT void update_arg_at_index(int index, const void *value, size_t bytes);
  XRT_API_EXPORT void update_arg_at_index(int index, const xrt::bo &);

  template <typename... Args> void set_all(int first, Args &&...args) {
    (set_arg(first++, std::forward<Args>(args)), ...);
  }
};

class kernel_impl;

class kernel {
public:
  enum class cu_access_mode : uint8_t { exclusive = 0, shared = 1, none = 2 };

  kernel() = default;
  [[deprecated("use kernel(hw_context, name)")]]
  XRT_API_EXPORT kernel(const xrt::device &, const xrt::uuid &xclbin, const std::string &name,
                        cu_access_mode mode = cu_access_mode::shared);
  XRT_API_EXPORT kernel(const xrt::hw_context &, const std::string &name);
  [[deprecated("use kernel(hw_context, name)")]]
  XRT_API_EXPORT kernel(xclDeviceHandle, const xrt::uuid &xclbin, const std::string &name,
                        cu_access_mode mode = cu_access_mode::shared);
  kernel(std::shared_ptr<kernel_impl> made) : handle(std::move(made)) {}
  kernel(const kernel &) = default;
  kernel(kernel &&) = default;
  kernel &operator=(const kernel &) = default;
  kernel &operator=(kernel &&) = default;
  XRT_API_EXPORT ~kernel();

  /// Sets the arguments of a new run, and starts it.
  template <typename... Args> run operator()(Args &&...args) {
    run made(*this);
    made(std::forward<Args>(args)...);
    return made;
  }

  XRT_API_EXPORT int group_id(int argument) const;
  XRT_API_EXPORT uint32_t offset(int argument) const;
  XRT_API_EXPORT void write_register(uint32_t offset, uint32_t data);
  XRT_API_EXPORT uint32_t read_register(uint32_t offset) const;
  XRT_API_EXPORT std::string get_name() const;
  XRT_API_EXPORT xrt::xclbin get_xclbin() const;
  bool operator<(const kernel &other) const { return handle < other.handle; }
  const std::shared_ptr<kernel_impl> &get_handle() const { return handle; }

private:
  std::shared_ptr<kernel_impl> handle;
};

} // namespace xrt
