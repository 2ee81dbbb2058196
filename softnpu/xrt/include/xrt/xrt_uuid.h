// xrt::uuid: what identifies an xclbin.
#pragma once

#include <cstring>
#include <string>

// libuuid's type is the same; its functions are not needed here, and need not be installed.
#if __has_include(<uuid/uuid.h>)
#include <uuid/uuid.h>
typedef uuid_t xuid_t;
#else
typedef unsigned char xuid_t[16];
#endif

namespace xrt {

class uuid {
  xuid_t bytes_;

public:
  uuid() { std::memset(bytes_, 0, sizeof bytes_); }
  uuid(const xuid_t value) { std::memcpy(bytes_, value, sizeof bytes_); }
  /// Of 32 hexadecimal digits, in groups or not; zeros for anything else.
  explicit uuid(const std::string &text) : uuid() {
    xuid_t read = {};
    unsigned count = 0;
    for (char c : text) {
      int digit = c >= '0' && c <= '9'   ? c - '0'
                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                         : -1;
      if (c == '-')
        continue;
      if (digit < 0 || count == 2 * sizeof read)
        return;
      read[count / 2] = static_cast<unsigned char>(read[count / 2] << 4 | digit);
      ++count;
    }
    if (count == 2 * sizeof read)
      std::memcpy(bytes_, read, sizeof read);
  }
  // Its own copy, as XRT's has: so compiled hosts expect a uuid in memory, not in registers.
  uuid(const uuid &other) { std::memcpy(bytes_, other.bytes_, sizeof bytes_); }
  uuid(uuid &&) = default;
  uuid &operator=(const uuid &other) {
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    return *this;
  }
  uuid &operator=(uuid &&) = default;

  const xuid_t &get() const { return bytes_; }
  std::string to_string() const {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < sizeof bytes_; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10)
        text += '-';
      text += digits[bytes_[i] >> 4];
      text += digits[bytes_[i] & 15];
    }
    return text;
  }
  operator bool() const { return compare(uuid().bytes_) != 0; }
  bool operator==(const xuid_t &other) const { return compare(other) == 0; }
  bool operator!=(const xuid_t &other) const { return compare(other) != 0; }
  bool operator==(const uuid &other) const { return compare(other.bytes_) == 0; }
  bool operator!=(const uuid &other) const { return compare(other.bytes_) != 0; }
  bool operator<(const uuid &other) const { return compare(other.bytes_) < 0; }

private:
  int compare(const xuid_t &other) const { return std::memcmp(bytes_, other, sizeof bytes_); }
};

} // namespace xrt
