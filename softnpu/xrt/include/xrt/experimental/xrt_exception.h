// The base of what XRT throws on purpose.
#pragma once

#include <exception>

namespace xrt {

class exception : public std::exception {};

} // namespace xrt
