// A host of the tests: the golden passthrough through the memory tile, and what its first argument
// says beyond that. It is compiled once for all tests.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "xrt/experimental/xrt_ext.h"
#include "xrt/experimental/xrt_kernel.h"
#include "xrt/experimental/xrt_system.h"
#include "xrt/experimental/xrt_version.h"
#include "xrt/experimental/xrt_xclbin.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_device.h"
#include "xrt/xrt_kernel.h"

// What compiled hosts take for granted of XRT's classes: how they are passed, and their sizes.
static_assert(!std::is_trivially_copy_constructible_v<xrt::uuid>);
static_assert(std::is_trivially_copyable_v<xrt::detail::span<const char>>);
static_assert(sizeof(xrt::bo) == 16 && sizeof(xrt::device) == 16 && sizeof(xrt::run) == 16);
static_assert(sizeof(xrt::uuid) == 16 && sizeof(xrt::run::command_error) == 40);
static_assert(sizeof(xrt::runlist::command_error) == 24 && sizeof(xrt::device::error) == 24);

namespace {

constexpr int WORDS = 2048;
constexpr size_t SIZE = WORDS * sizeof(int);
constexpr auto TO = XCL_BO_SYNC_BO_TO_DEVICE;
constexpr auto FROM = XCL_BO_SYNC_BO_FROM_DEVICE;

std::vector<char> contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Host {
  std::vector<char> stream;
  xrt::device device{0};
  xrt::xclbin image;
  xrt::hw_context context;
  xrt::kernel kernel;
  xrt::bo instructions, in, out;

  Host(const std::string &xclbin, const std::string &insts)
      : stream(contents(insts)), image(xclbin),
        context(device, device.register_xclbin(image)),
        kernel(context, image.get_kernels().at(0).get_name()),
        instructions(device, stream.size(), xrt::bo::flags::cacheable, kernel.group_id(1)),
        in(device, SIZE, xrt::bo::flags::host_only, kernel.group_id(3)),
        out(device, SIZE, xrt::bo::flags::host_only, kernel.group_id(4)) {
    instructions.write(stream.data());
    instructions.sync(TO);
    fill(in);
  }

  static void fill(xrt::bo &buffer) {
    auto values = buffer.map<int *>();
    for (int i = 0; i < WORDS; ++i)
      values[i] = i * 3 + 1;
    buffer.sync(TO);
  }

  xrt::run start(const xrt::bo &from, const xrt::bo &to) {
    return kernel(3U, instructions, stream.size() / 4, from, to);
  }
  xrt::run start() { return start(in, out); }

  xrt::run prepared(const xrt::bo &to) {
    xrt::run run(kernel);
    run.set_arg("opcode", uint64_t{3});
    run.set_arg(1, instructions);
    run.set_arg(2, static_cast<uint32_t>(stream.size() / 4));
    run.set_arg(3, in);
    run.set_arg(4, to);
    return run;
  }
};

bool same(const int *values) {
  for (int i = 0; i < WORDS; ++i)
    if (values[i] != i * 3 + 1)
      return false;
  return true;
}

int verdict(bool good) {
  std::cout << (good ? "PASS!" : "FAIL!") << std::endl;
  return good ? 0 : 1;
}

/// What an expression throws, by the kind that a host would catch.
template <typename Call> void thrown(Call call) {
  try {
    call();
    std::cout << "nothing thrown" << std::endl;
  } catch (const std::out_of_range &error) {
    std::cout << "out_of_range " << error.what() << std::endl;
  } catch (const std::system_error &error) {
    std::cout << "system_error " << error.code().value() << " " << error.what() << std::endl;
  } catch (const std::runtime_error &error) {
    std::cout << "runtime_error " << error.what() << std::endl;
  } catch (const xrt::run::command_error &error) {
    std::cout << "command_error " << error.get_command_state() << " " << error.what() << std::endl;
  }
}

int pass(Host &host) {
  std::cout << host.start().wait() << std::endl;
  host.out.sync(FROM);
  return verdict(same(host.out.map<int *>()));
}

int stale(Host &host) {
  host.start().wait2();
  return verdict(same(host.out.map<int *>())); // without a sync, the old contents
}

int hang(Host &host) {
  auto run = host.start();
  std::cout << run.wait(1000) << std::endl;
  thrown([&] { host.start().wait2(); });
  return 7;
}

int slow(Host &host) {
  auto run = host.start();
  std::cout << (run.wait2(std::chrono::milliseconds(1)) == std::cv_status::timeout) << std::endl;
  return 0;
}

int parts(Host &host) {
  xrt::bo whole(host.device, 2 * SIZE, xrt::bo::flags::host_only, host.kernel.group_id(4));
  xrt::bo second(whole, SIZE, SIZE);
  std::memset(whole.map(), 9, whole.size());
  whole.sync(TO);
  host.start(host.in, second).wait();
  second.sync(FROM, SIZE / 2, 0);
  auto values = second.map<int *>();
  std::cout << (values[WORDS / 2 - 1] == WORDS / 2 * 3 - 2) << (values[WORDS / 2] == 0x09090909)
            << (whole.map<int *>() + WORDS == values) << std::endl;
  second.sync(FROM);
  thrown([&] { xrt::bo(whole, SIZE + 4, SIZE); });
  thrown([&] { whole.sync(FROM, 4, 2 * SIZE); });
  thrown([&] { whole.write(values, 4, 2 * SIZE); });
  return verdict(same(values) && *whole.map<int *>() == 0x09090909);
}

int own_memory(Host &host) {
  std::vector<int> mine(WORDS), theirs(WORDS);
  xrt::bo from(host.device, mine.data(), SIZE, xrt::bo::flags::host_only, host.kernel.group_id(3));
  xrt::ext::bo to(host.device, theirs.data(), SIZE);
  host.fill(from);
  std::cout << same(mine.data()) << std::endl;
  host.start(from, to).wait();
  to.sync(FROM);
  xrt::bo again(host.device, SIZE, xrt::bo::flags::host_only, host.kernel.group_id(4));
  again.copy(to);
  return verdict(same(theirs.data()) && same(again.map<int *>()));
}

int list(Host &host) {
  xrt::bo other(host.device, SIZE, xrt::bo::flags::host_only, host.kernel.group_id(4));
  xrt::runlist runs(host.context);
  auto first = host.prepared(host.out), second = host.prepared(other);
  runs.add(first);
  runs.add(second);
  thrown([&] { first.start(); });
  runs.execute();
  try {
    runs.wait();
  } catch (const xrt::runlist::command_error &error) {
    std::cout << error.what() << " " << (error.get_run().get_handle() == first.get_handle())
              << " " << second.state() << std::endl;
    return 3;
  }
  host.out.sync(FROM);
  other.sync(FROM);
  return verdict(same(host.out.map<int *>()) && same(other.map<int *>()));
}

int callbacks(Host &host) {
  auto run = host.prepared(host.out);
  int called = 0;
  auto note = [](const void *, ert_cmd_state state, void *data) {
    *static_cast<int *>(data) = state;
  };
  run.add_callback(ERT_CMD_STATE_COMPLETED, note, &called);
  thrown([&] { run.abort(); });
  run.start();
  run.wait();
  std::cout << called << std::endl;
  return verdict(called == ERT_CMD_STATE_COMPLETED && run.abort() == ERT_CMD_STATE_COMPLETED);
}

int told(Host &host) {
  std::cout << xrt::version::major() << "." << xrt::version::minor() << " "
            << xrt::system::enumerate_devices() << " "
            << host.device.get_info<xrt::info::device::name>() << " "
            << host.device.get_info<xrt::info::device::bdf>() << " "
            << host.device.get_info<xrt::info::device::m2m>() << "\n";
  auto kernel = host.image.get_kernel("MLIR_AIE");
  std::cout << kernel.get_name() << " " << kernel.get_num_args() << " "
            << kernel.get_cus().at(0).get_name() << " " << host.image.get_ips().size() << " "
            << kernel.get_arg(1).get_name() << " "
            << kernel.get_arg(1).get_mems().at(0).get_tag() << "\n";
  auto section = host.image.get_axlf_section<const char *>(EMBEDDED_METADATA);
  std::cout << std::string(section, 5) << " "
            << (host.context.get_xclbin_uuid() == host.image.get_uuid()) << "\n";
  xrt::xclbin again(contents(std::getenv("XCLBIN")));
  std::cout << (again.get_uuid() == host.image.get_uuid()) << std::endl;
  return 0;
}

int refused(Host &host) {
  thrown([&] { xrt::device(7); });
  thrown([&] { xrt::kernel(host.context, "nope"); });
  thrown([&] { xrt::bo(host.device, 8, xrt::bo::flags::device_only, 0); });
  thrown([&] { xrt::bo(host.device, 8, 0); });
  thrown([&] { host.kernel.group_id(99); });
  thrown([&] { host.prepared(host.out).set_arg(99, 1); });
  thrown([&] { host.device.get_info<xrt::info::device::nodma>(); });
  thrown([&] { xrt::run().start(); });
  thrown([&] { xrt::xclbin(std::string("gone.xclbin")); });
  return 0;
}

int beside(Host &host) {
  xrt::elf elf{std::string(std::getenv("ELF"))};
  xrt::ext::kernel kernel(host.context, xrt::module(elf), "MLIR_AIE");
  std::cout << elf.is_full_elf() << kernel(3, 0, 0, host.in, host.out).wait() << std::endl;
  host.out.sync(FROM);
  return verdict(same(host.out.map<int *>()));
}

int instead(Host &host) {
  xrt::elf elf{std::string(std::getenv("ELF"))};
  auto kernels = elf.get_kernels();
  std::cout << elf.is_full_elf() << " " << elf.get_partition_size() << " "
            << kernels.at(0).get_name() << " " << kernels[0].get_num_args() << " "
            << kernels[0].get_instances().at(0).get_name() << "\n";
  xrt::hw_context context(host.device, elf);
  xrt::ext::kernel kernel(context, "main:once");
  xrt::ext::bo in(context, SIZE), out(context, SIZE);
  host.fill(in);
  xrt::run run(kernel);
  run.set_arg(0, in);
  run.set_arg(1, out);
  thrown([&] { run.get_ctrl_scratchpad_bo(); });
  run.start();
  run.wait2();
  out.sync(FROM);
  return verdict(same(out.map<int *>()));
}

int uncaught(Host &host) {
  xrt::kernel(host.context, "nope");
  return 0;
}

int crash(Host &) {
  volatile int *nowhere = nullptr;
  return *nowhere;
}

} // namespace

int main(int, char **arguments) {
  const std::map<std::string, std::function<int(Host &)>> ways = {
      {"pass", pass},         {"stale", stale},   {"hang", hang},         {"slow", slow},
      {"parts", parts},       {"list", list},     {"own_memory", own_memory},
      {"callbacks", callbacks}, {"told", told},   {"refused", refused},   {"uncaught", uncaught},
      {"crash", crash},       {"beside", beside}, {"instead", instead},
  };
  Host host(arguments[2], arguments[3]);
  return ways.at(arguments[1])(host);
}
