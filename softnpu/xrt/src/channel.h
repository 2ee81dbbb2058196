// Calls to the emulator, which is another process: `npuforge run-host` starts this one.
//
// A request is the length of what follows (8 bytes), then fields: the name of the operation and its
// arguments. An answer is the same, its first field telling whether it is one. A field is 'i' with
// 8 bytes of a number, or 's' with 8 bytes of a length and as many of text. All little-endian. What
// is shared in memory arrives as a file descriptor beside the answer (SCM_RIGHTS).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace softnpu {

class Request {
public:
  explicit Request(const char *operation) { add(std::string_view(operation)); }
  template <typename T> std::enable_if_t<std::is_integral_v<T> || std::is_enum_v<T>> add(T value) {
    number(static_cast<int64_t>(value));
  }
  void add(std::string_view text);
  const std::string &bytes() const { return bytes_; }

private:
  void number(int64_t value);
  std::string bytes_;
};

class Answer {
public:
  Answer(std::string bytes, int descriptor);
  Answer(Answer &&other) noexcept;
  ~Answer();

  int64_t number();
  std::string text();
  /// The file descriptor that came along; its taker closes it.
  int descriptor();

private:
  std::string_view take(char kind, size_t size);
  std::string bytes_;
  size_t at_ = 0;
  int descriptor_;
};

/// Sends a request and waits for its answer; threads take turns.
///
/// Throws std::system_error for what XRT tells with an error code, std::out_of_range for an index,
/// std::runtime_error for the rest.
Answer send(const Request &request);

template <typename... Args> Answer call(const char *operation, const Args &...args) {
  Request request(operation);
  (request.add(args), ...);
  return send(request);
}

/// Something that the emulator keeps for this process, as long as this object lives.
class Object {
public:
  explicit Object(int64_t id) : id(id) {}
  Object(const Object &) = delete;
  Object &operator=(const Object &) = delete;
  ~Object();
  const int64_t id;
};

/// Ends the program with a message.
[[noreturn]] void stop(const std::string &message);

/// Throws what says that the emulated NPU lacks `what`.
[[noreturn]] void refuse(const std::string &what);

} // namespace softnpu
