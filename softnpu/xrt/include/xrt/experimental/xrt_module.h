// xrt::module: an ELF's control code, to be run in a context.
#pragma once

#include <memory>
#include <string>

#include "xrt/detail/config.h"
#include "xrt/detail/pimpl.h"
#include "xrt/experimental/xrt_elf.h"
#include "xrt/xrt_bo.h"
#include "xrt/xrt_hw_context.h"
#include "xrt/xrt_uuid.h"

namespace xrt {

class module_impl;

class module : public detail::pimpl<module_impl> {
public:
  module() {}
  XRT_API_EXPORT explicit module(const xrt::elf &elf);
  XRT_API_EXPORT explicit module(const xrt::elf &elf, const std::string &name);
  XRT_API_EXPORT explicit module(std::shared_ptr<module_impl> made);
  XRT_API_EXPORT xrt::hw_context get_hw_context() const;
};

} // namespace xrt
