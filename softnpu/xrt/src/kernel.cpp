#include "xrt/experimental/xrt_kernel.h"

#include <map>
#include <system_error>

#include "objects.h"
#include "xrt/experimental/xrt_ext.h"

using softnpu::call;

namespace xrt {

namespace {

/// As XRT names states in its messages.
std::string name_of(ert_cmd_state state) {
  static const std::map<ert_cmd_state, const char *> names = {
      {ERT_CMD_STATE_NEW, "ERT_CMD_STATE_NEW"},
      {ERT_CMD_STATE_QUEUED, "ERT_CMD_STATE_QUEUED"},
      {ERT_CMD_STATE_RUNNING, "ERT_CMD_STATE_RUNNING"},
      {ERT_CMD_STATE_COMPLETED, "ERT_CMD_STATE_COMPLETED"},
      {ERT_CMD_STATE_ERROR, "ERT_CMD_STATE_ERROR"},
      {ERT_CMD_STATE_ABORT, "ERT_CMD_STATE_ABORT"},
      {ERT_CMD_STATE_SUBMITTED, "ERT_CMD_STATE_SUBMITTED"},
      {ERT_CMD_STATE_TIMEOUT, "ERT_CMD_STATE_TIMEOUT"},
      {ERT_CMD_STATE_NORESPONSE, "ERT_CMD_STATE_NORESPONSE"},
      {ERT_CMD_STATE_SKERROR, "ERT_CMD_STATE_SKERROR"},
      {ERT_CMD_STATE_SKCRASHED, "ERT_CMD_STATE_SKCRASHED"},
  };
  auto found = names.find(state);
  return found == names.end() ? "UNKNOWN" : found->second;
}

/// Calls are for objects that are there; XRT dereferences the null pointer.
template <typename Impl> Impl &opened(const std::shared_ptr<Impl> &handle, const char *what) {
  if (!handle)
    throw std::runtime_error("this " + std::string(what) + " is empty: it was not made of anything");
  return *handle;
}

std::shared_ptr<kernel_impl> made(softnpu::Answer told) {
  auto kernel = std::make_shared<kernel_impl>(told.number());
  kernel->name = told.text();
  for (int64_t count = told.number(); count > 0; --count)
    kernel->arguments.push_back(told.text());
  return kernel;
}

std::shared_ptr<kernel_impl> of_device(const device &device, const uuid &xclbin,
                                       const std::string &name, kernel::cu_access_mode mode) {
  return made(call("kernel.of_device", id_of(device), xclbin.to_string(), name, mode));
}

std::shared_ptr<run_impl> made(const xrt::kernel &kernel) {
  auto run = std::make_shared<run_impl>(call("run.open", id_of(kernel)).number());
  run->kernel = kernel.get_handle();
  return run;
}

ert_cmd_state state_of(softnpu::Answer told) { return static_cast<ert_cmd_state>(told.number()); }

} // namespace

kernel::kernel(const xrt::device &device, const xrt::uuid &xclbin, const std::string &name,
               cu_access_mode mode)
    : handle(of_device(device, xclbin, name, mode)) {}
kernel::kernel(xclDeviceHandle device, const xrt::uuid &xclbin, const std::string &name,
               cu_access_mode mode)
    : handle(of_device(xrt::device(device), xclbin, name, mode)) {}
kernel::kernel(const xrt::hw_context &context, const std::string &name)
    : handle(made(call("kernel.open", id_of(context), name))) {}
kernel::~kernel() = default;

int kernel::group_id(int argument) const {
  return static_cast<int>(
      call("kernel.group_id", opened(handle, "xrt::kernel").id, argument).number());
}
uint32_t kernel::offset(int argument) const {
  return static_cast<uint32_t>(
      call("kernel.offset", opened(handle, "xrt::kernel").id, argument).number());
}
void kernel::write_register(uint32_t, uint32_t) { softnpu::refuse("registers of kernels"); }
uint32_t kernel::read_register(uint32_t) const { softnpu::refuse("registers of kernels"); }
std::string kernel::get_name() const { return opened(handle, "xrt::kernel").name; }
xrt::xclbin kernel::get_xclbin() const {
  return xrt::xclbin(read_xclbin(call("kernel.xclbin", opened(handle, "xrt::kernel").id)));
}

ext::kernel::kernel(const xrt::hw_context &context, const xrt::module &module,
                    const std::string &name)
    : xrt::kernel(made(call("kernel.of_module", id_of(context), id_of(module), name))) {}
ext::kernel::kernel(const xrt::hw_context &context, const std::string &name)
    : xrt::kernel(made(call("kernel.of_elf", id_of(context), name))) {}

class run::command_error_impl {
public:
  ert_cmd_state state;
  std::string message;
};

run::command_error::command_error(ert_cmd_state state, const std::string &what)
    : detail::pimpl<command_error_impl>(
          std::make_shared<command_error_impl>(command_error_impl{state, what})) {}
run::command_error::command_error(const xrt::run &run, const std::string &what)
    : command_error(run ? run.state() : ERT_CMD_STATE_ERROR, what) {}
ert_cmd_state run::command_error::get_command_state() const { return handle->state; }
const char *run::command_error::what() const noexcept { return handle->message.c_str(); }

run::aie_error::aie_error(const xrt::run &run, const std::string &what)
    : command_error(run, what) {}
run::aie_error::span<const uint32_t> run::aie_error::data() const { return {}; }

run_impl::~run_impl() { finish_callbacks(); }

void run_impl::finish_callbacks() {
  if (!waiter.joinable())
    return;
  if (waiter.get_id() == std::this_thread::get_id())
    waiter.detach(); // the callback itself lets go of the run
  else
    waiter.join();
}

run::run(const kernel &kernel) : handle(made(kernel)) {}
run::~run() = default;

void run::start() {
  run_impl &mine = opened(handle, "xrt::run");
  mine.finish_callbacks();
  call("run.start", mine.id);
  if (mine.callbacks.empty())
    return;
  // Callbacks come by themselves, whether or not somebody waits.
  mine.waiter = std::thread([&mine, callbacks = mine.callbacks] {
    auto state = state_of(call("run.wait", mine.id, 0));
    for (const Callback &one : callbacks)
      if (one.state == state || one.state == ERT_CMD_STATE_COMPLETED)
        one.call(&mine, state, one.data);
  });
}

void run::start(const autostart &) { softnpu::refuse("runs that repeat themselves"); }
void run::stop() { wait(); }
ert_cmd_state run::abort() { return state_of(call("run.abort", opened(handle, "xrt::run").id)); }

ert_cmd_state run::wait(const std::chrono::milliseconds &timeout) const {
  run_impl &mine = opened(handle, "xrt::run");
  auto state = state_of(call("run.wait", mine.id, timeout.count()));
  if (state != ERT_CMD_STATE_TIMEOUT)
    mine.finish_callbacks();
  return state;
}

std::cv_status run::wait2(const std::chrono::milliseconds &timeout) const {
  run_impl &mine = opened(handle, "xrt::run");
  auto told = call("run.wait2", mine.id, timeout.count());
  auto state = state_of(std::move(told));
  if (state == ERT_CMD_STATE_SUBMITTED) // its time was over before it was done
    return std::cv_status::timeout;
  mine.finish_callbacks();
  if (state != ERT_CMD_STATE_COMPLETED)
    throw aie_error(*this, "Command failed to complete successfully (" + name_of(state) + ")");
  return std::cv_status::no_timeout;
}

ert_cmd_state run::state() const {
  return state_of(call("run.state", opened(handle, "xrt::run").id));
}
uint32_t run::return_code() const { return 0; }

void run::add_callback(ert_cmd_state state,
                       std::function<void(const void *, ert_cmd_state, void *)> callback,
                       void *data) {
  opened(handle, "xrt::run").callbacks.push_back({state, std::move(callback), data});
}

void run::submit_wait(const xrt::fence &) { softnpu::refuse("fences"); }
void run::submit_signal(const xrt::fence &) { softnpu::refuse("fences"); }
xrt::bo run::get_ctrl_scratchpad_bo() const {
  return xrt::bo(mapped(call("run.get_ctrl_scratchpad_bo", opened(handle, "xrt::run").id)));
}
void run::set_dtrace_control_file(const std::string &) {}
ert_packet *run::get_ert_packet() const { softnpu::refuse("command packets"); }

int run::get_arg_index(const std::string &name) const {
  const auto &names = opened(handle, "xrt::run").kernel->arguments;
  for (size_t index = 0; index < names.size(); ++index)
    if (names[index] == name)
      return static_cast<int>(index);
  throw std::system_error(EINVAL, std::generic_category(), "No such kernel argument '" + name + "'");
}

void run::set_arg_at_index(int index, const void *value, size_t bytes) {
  call("run.set_scalar", opened(handle, "xrt::run").id, index,
       std::string_view(static_cast<const char *>(value), bytes));
}

void run::set_arg_at_index(int index, const xrt::bo &buffer) {
  run_impl &mine = opened(handle, "xrt::run");
  call("run.set_arg", mine.id, index, id_of(buffer));
  if (mine.held.size() <= static_cast<size_t>(index))
    mine.held.resize(static_cast<size_t>(index) + 1);
  mine.held[static_cast<size_t>(index)] = buffer;
}

void run::update_arg_at_index(int index, const void *value, size_t bytes) {
  set_arg_at_index(index, value, bytes);
}
void run::update_arg_at_index(int index, const xrt::bo &buffer) {
  set_arg_at_index(index, buffer);
}

class runlist_impl : public softnpu::Object {
public:
  using Object::Object;
  std::vector<xrt::run> runs;
};

class runlist::command_error_impl {
public:
  xrt::run run;
  ert_cmd_state state;
  std::string message;
};

runlist::command_error::command_error(const xrt::run &run, ert_cmd_state state,
                                      const std::string &what)
    : detail::pimpl<command_error_impl>(
          std::make_shared<command_error_impl>(command_error_impl{run, state, what})) {}
xrt::run runlist::command_error::get_run() const { return handle->run; }
ert_cmd_state runlist::command_error::get_command_state() const { return handle->state; }
const char *runlist::command_error::what() const noexcept { return handle->message.c_str(); }
runlist::aie_error::aie_error(const xrt::run &run, ert_cmd_state state, const std::string &what)
    : command_error(run, state, what) {}
runlist::aie_error::span<const uint32_t> runlist::aie_error::data() const { return {}; }

runlist::runlist(const xrt::hw_context &context)
    : detail::pimpl<runlist_impl>(
          std::make_shared<runlist_impl>(call("runlist.open", id_of(context)).number())) {}
runlist::~runlist() = default;

void runlist::add(const xrt::run &run) {
  runlist_impl &mine = opened(handle, "xrt::runlist");
  call("runlist.add", mine.id, id_of(run));
  mine.runs.push_back(run);
}
void runlist::add(xrt::run &&run) { add(static_cast<const xrt::run &>(run)); }
void runlist::execute() { call("runlist.execute", opened(handle, "xrt::runlist").id); }

std::cv_status runlist::wait(const std::chrono::milliseconds &) const {
  runlist_impl &mine = opened(handle, "xrt::runlist");
  auto told = call("runlist.wait", mine.id);
  auto failed = told.number();
  if (failed < 0)
    return std::cv_status::no_timeout;
  auto state = static_cast<ert_cmd_state>(told.number());
  throw aie_error(mine.runs.at(static_cast<size_t>(failed)), state, told.text());
}

ert_cmd_state runlist::state() const {
  return state_of(call("runlist.state", opened(handle, "xrt::runlist").id));
}
int runlist::poll() const {
  wait();
  return 1;
}
void runlist::reset() {
  runlist_impl &mine = opened(handle, "xrt::runlist");
  call("runlist.reset", mine.id);
  mine.runs.clear();
}

} // namespace xrt
