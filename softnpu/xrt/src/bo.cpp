#include "xrt/xrt_bo.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "objects.h"
#include "xrt/experimental/xrt_ext.h"

using softnpu::call;

namespace xrt {

namespace {

constexpr memory_group NO_GROUP = 0xffffffff;

[[noreturn]] void invalid(const char *what) {
  throw std::system_error(EINVAL, std::generic_category(), what);
}

} // namespace

std::shared_ptr<bo_impl> mapped(softnpu::Answer answer) {
  auto made = std::make_shared<bo_impl>();
  made->object = std::make_shared<softnpu::Object>(answer.number());
  auto bytes = static_cast<size_t>(answer.number());
  made->size = static_cast<size_t>(answer.number());
  int file = answer.descriptor();
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "cannot map a buffer");
  made->mapping.reset(memory, [bytes](void *mapped) { munmap(mapped, bytes); });
  made->shared = made->seen = static_cast<char *>(memory);
  return made;
}

namespace {

/// A new buffer; `owner` is a device or a context.
std::shared_ptr<bo_impl> allocated(int64_t owner, void *user, size_t size, bo::flags kind,
                                   memory_group group) {
  auto made = mapped(call("bo.open", owner, size, kind, group));
  if (user)
    made->seen = static_cast<char *>(user);
  made->kind = kind;
  made->group = group;
  return made;
}

std::shared_ptr<bo_impl> part(const std::shared_ptr<bo_impl> &whole, size_t size, size_t offset) {
  if (!whole)
    invalid("sub buffer of an empty buffer");
  auto made = std::make_shared<bo_impl>(*whole);
  made->object = std::make_shared<softnpu::Object>(
      call("bo.part", whole->object->id, size, offset).number());
  made->shared += offset;
  made->seen += offset;
  made->size = size;
  return made;
}

[[noreturn]] std::shared_ptr<bo_impl> imported() {
  softnpu::refuse("memory of another process; let XRT allocate it, xrt::bo(device, size, flags, "
                  "group)");
}

bo_impl &opened(const std::shared_ptr<bo_impl> &handle) {
  if (!handle)
    invalid("an empty xrt::bo is used");
  return *handle;
}



/// Without a kind, a buffer of a context is one of the host's memory; of a device, it is `normal`,
/// which NPUs refuse.
constexpr auto IN_CONTEXT = bo::flags::host_only;

} // namespace

void bo::async_handle::wait() {} // it was done at once

bo::bo(const xrt::device &of, void *user, size_t size, flags kind, memory_group group)
    : handle(allocated(id_of(of), user, size, kind, group)) {}
bo::bo(const xrt::device &of, void *user, size_t size, memory_group group)
    : bo(of, user, size, flags::normal, group) {}
bo::bo(const xrt::device &of, size_t size, flags kind, memory_group group)
    : bo(of, nullptr, size, kind, group) {}
bo::bo(const xrt::device &of, size_t size, memory_group group)
    : bo(of, nullptr, size, flags::normal, group) {}
bo::bo(const xrt::device &, export_handle) : handle(imported()) {}
bo::bo(const xrt::device &, pid_type, export_handle) : handle(imported()) {}
bo::bo(const xrt::hw_context &of, void *user, size_t size, flags kind, memory_group group)
    : handle(allocated(id_of(of), user, size, kind, group)) {}
bo::bo(const xrt::hw_context &of, void *user, size_t size, memory_group group)
    : bo(of, user, size, IN_CONTEXT, group) {}
bo::bo(const xrt::hw_context &of, size_t size, flags kind, memory_group group)
    : bo(of, nullptr, size, kind, group) {}
bo::bo(const xrt::hw_context &of, size_t size, memory_group group)
    : bo(of, nullptr, size, IN_CONTEXT, group) {}
bo::bo(xclDeviceHandle, void *user, size_t size, flags kind, memory_group group)
    : handle(allocated(id_of(xrt::device(0u)), user, size, kind, group)) {}
bo::bo(xclDeviceHandle of, size_t size, flags kind, memory_group group)
    : bo(of, nullptr, size, kind, group) {}
bo::bo(xclDeviceHandle, xclBufferExportHandle) : handle(imported()) {}
bo::bo(xclDeviceHandle, pid_type, xclBufferExportHandle) : handle(imported()) {}
bo::bo(xclDeviceHandle, xcl_buffer_handle) : handle(imported()) {}
bo::bo(xrtBufferHandle) : handle(imported()) {}
bo::bo(const bo &parent, size_t size, size_t offset) : handle(part(parent.handle, size, offset)) {}
bo::~bo() = default;

size_t bo::size() const { return handle ? handle->size : 0; }

uint64_t bo::address() const {
  return static_cast<uint64_t>(call("bo.address", opened(handle).object->id).number());
}

memory_group bo::get_memory_group() const { return opened(handle).group & 0xffff; }
bo::flags bo::get_flags() const { return opened(handle).kind; }
bo::export_handle bo::export_buffer() {
  softnpu::refuse("buffers for other processes");
}

void bo::sync(xclBOSyncDirection direction, size_t size, size_t offset) {
  bo_impl &mine = opened(handle);
  bool apart = mine.seen != mine.shared && offset <= mine.size && size <= mine.size - offset;
  if (apart && direction == XCL_BO_SYNC_BO_TO_DEVICE)
    std::memcpy(mine.shared + offset, mine.seen + offset, size);
  call("bo.sync", mine.object->id, direction, size, offset);
  if (apart && direction == XCL_BO_SYNC_BO_FROM_DEVICE)
    std::memcpy(mine.seen + offset, mine.shared + offset, size);
}

bo::async_handle bo::async(xclBOSyncDirection direction, size_t size, size_t offset) {
  sync(direction, size, offset);
  return async_handle(nullptr);
}

void *bo::map() { return opened(handle).seen; }
const void *bo::map() const { return opened(handle).seen; }

void bo::write(const void *source, size_t size, size_t seek) {
  bo_impl &mine = opened(handle);
  if (seek > mine.size || size > mine.size - seek)
    invalid("attempting to write past buffer size");
  std::memcpy(mine.seen + seek, source, size);
}

void bo::read(void *target, size_t size, size_t skip) {
  bo_impl &mine = opened(handle);
  if (skip > mine.size || size > mine.size - skip)
    invalid("attempting to read past buffer size");
  std::memcpy(target, mine.seen + skip, size);
}

void bo::copy(const bo &source, size_t size, size_t source_offset, size_t target_offset) {
  bo_impl &mine = opened(handle), &other = opened(source.handle);
  if (!size)
    invalid("size must be a positive number");
  if (target_offset > mine.size || size > mine.size - target_offset)
    invalid("copying past destination buffer size");
  if (source_offset > other.size || size > other.size - source_offset)
    invalid("copying past source buffer size");
  // As XRT without a DMA between buffers: through the host's copies.
  bo from(source.handle);
  from.sync(XCL_BO_SYNC_BO_FROM_DEVICE, size, source_offset);
  std::memmove(mine.seen + target_offset, other.seen + source_offset, size);
  sync(XCL_BO_SYNC_BO_TO_DEVICE, size, target_offset);
}

namespace ext {

namespace {
xrt::bo plain(int64_t owner, void *user, size_t size) {
  return xrt::bo(allocated(owner, user, size, xrt::bo::flags::host_only, NO_GROUP));
}
} // namespace

bo::bo(const xrt::device &of, void *user, size_t size, access_mode)
    : xrt::bo(plain(id_of(of), user, size)) {}
bo::bo(const xrt::device &of, void *user, size_t size) : xrt::bo(plain(id_of(of), user, size)) {}
bo::bo(const xrt::device &of, size_t size, access_mode)
    : xrt::bo(plain(id_of(of), nullptr, size)) {}
bo::bo(const xrt::device &of, size_t size) : xrt::bo(plain(id_of(of), nullptr, size)) {}
bo::bo(const xrt::device &, pid_type, xrt::bo::export_handle) : xrt::bo(imported()) {}
bo::bo(const xrt::hw_context &of, size_t size, access_mode)
    : xrt::bo(plain(id_of(of), nullptr, size)) {}
bo::bo(const xrt::hw_context &of, size_t size) : xrt::bo(plain(id_of(of), nullptr, size)) {}
bo::bo(const xrt::hw_context &, pid_type, xrt::bo::export_handle) : xrt::bo(imported()) {}

} // namespace ext

} // namespace xrt
