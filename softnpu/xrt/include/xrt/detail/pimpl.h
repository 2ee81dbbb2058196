// What a handle of XRT's is: a shared pointer to something that only the library knows.
#pragma once

#include <memory>
#include <utility>

namespace xrt::detail {

template <typename Impl> class pimpl {
public:
  pimpl() = default;
  explicit pimpl(std::shared_ptr<Impl> made) : handle(std::move(made)) {}
  pimpl(const pimpl &) = default;
  pimpl(pimpl &&) = default;
  pimpl &operator=(const pimpl &) = default;
  pimpl &operator=(pimpl &&) = default;

  const std::shared_ptr<Impl> &get_handle() const { return handle; }
  explicit operator bool() const { return handle != nullptr; }
  bool operator<(const pimpl &other) const { return handle < other.handle; }

protected:
  ~pimpl() = default;
  std::shared_ptr<Impl> handle;
};

} // namespace xrt::detail
