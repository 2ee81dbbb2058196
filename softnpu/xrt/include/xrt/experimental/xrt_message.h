// xrt::message: the host's own lines in XRT's log.
#pragma once

#include <string>

#include "xrt/deprecated/xrt.h"
#if __has_include(<boost/format.hpp>)
#include <boost/format.hpp>
#endif

namespace xrt::message {

enum class level : unsigned short {
  emergency = XRT_EMERGENCY,
  alert = XRT_ALERT,
  critical = XRT_CRITICAL,
  error = XRT_ERROR,
  warning = XRT_WARNING,
  notice = XRT_NOTICE,
  info = XRT_INFO,
  debug = XRT_DEBUG
};

namespace detail {
XRT_API_EXPORT bool enabled(level wanted);
}

XRT_API_EXPORT void log(level wanted, const std::string &tag, const std::string &message);

#if __has_include(<boost/format.hpp>)
template <typename... Args>
void logf(level wanted, const std::string &tag, const char *format, Args &&...args) {
  if (!detail::enabled(wanted))
    return;
  boost::format text(format);
  (void)(text % ... % std::forward<Args>(args));
  log(wanted, tag, text.str());
}
#endif

} // namespace xrt::message
