#include "channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace softnpu {

namespace {

constexpr int FAILED = 1; // an answer's first field: the others are an error
constexpr int INDEX = 2;  // an error of std::out_of_range

/// The end of the socket that run-host has given to this process.
int channel() {
  static const int opened = [] {
    const char *given = std::getenv("SOFTNPU_XRT_CHANNEL");
    if (!given)
      stop("this program uses softnpu's libxrt_coreutil, whose NPU is emulated by another process: "
           "start it by  npuforge run-host PROGRAM ARGUMENTS");
    int number = std::atoi(given);
    if (fcntl(number, F_SETFD, FD_CLOEXEC) != 0)
      stop("the connection to the emulator is not open in this process: only the program that "
           "run-host starts has it, none that this one starts");
    return number;
  }();
  return opened;
}

std::mutex &turn() {
  static std::mutex &one = *new std::mutex; // outlives what static objects drop at the end
  return one;
}

bool exchange_bytes(const std::string &sent, std::string &received, int &descriptor) {
  uint64_t size = sent.size();
  std::string out(reinterpret_cast<const char *>(&size), sizeof size);
  out += sent;
  for (size_t done = 0; done < out.size();) {
    ssize_t count = ::send(channel(), out.data() + done, out.size() - done, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    done += static_cast<size_t>(count);
  }
  uint64_t expected = sizeof size;
  std::string in;
  char part[1 << 16];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  while (in.size() < expected) {
    size_t wanted = std::min<size_t>(sizeof part, expected - in.size());
    iovec where{part, wanted};
    msghdr message{};
    message.msg_iov = &where;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t count = ::recvmsg(channel(), &message, MSG_CMSG_CLOEXEC);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    in.append(part, static_cast<size_t>(count));
    if (cmsghdr *header = CMSG_FIRSTHDR(&message);
        header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
      std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    if (in.size() == sizeof size) {
      std::memcpy(&size, in.data(), sizeof size);
      expected += size;
    }
  }
  received = in.substr(sizeof size);
  return true;
}

/// XRT's own errors carry a code, whose text std::system_error puts behind theirs.
[[noreturn]] void raise(int kind, const std::string &text) {
  if (kind == INDEX)
    throw std::out_of_range(text);
  for (int code : {EINVAL, EOPNOTSUPP, ENOENT, ENOSPC, EIO, ENODEV}) {
    std::string ending = ": " + std::generic_category().message(code);
    if (text.size() > ending.size() &&
        text.compare(text.size() - ending.size(), ending.size(), ending) == 0)
      throw std::system_error(code, std::generic_category(),
                              text.substr(0, text.size() - ending.size()));
  }
  throw std::runtime_error(text);
}

} // namespace

void stop(const std::string &message) {
  std::fflush(stdout);
  std::fprintf(stderr, "error: %s\n", message.c_str());
  std::_Exit(1);
}

void refuse(const std::string &what) {
  throw std::system_error(EOPNOTSUPP, std::generic_category(),
                          "the emulated NPU has no " + what + " (err=95)");
}

void Request::number(int64_t value) {
  bytes_ += 'i';
  bytes_.append(reinterpret_cast<const char *>(&value), sizeof value);
}

void Request::add(std::string_view text) {
  uint64_t size = text.size();
  bytes_ += 's';
  bytes_.append(reinterpret_cast<const char *>(&size), sizeof size);
  bytes_ += text;
}

Answer::Answer(std::string bytes, int descriptor)
    : bytes_(std::move(bytes)), descriptor_(descriptor) {}

Answer::Answer(Answer &&other) noexcept
    : bytes_(std::move(other.bytes_)), at_(other.at_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

Answer::~Answer() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

std::string_view Answer::take(char kind, size_t size) {
  if (at_ + size > bytes_.size() || (kind && bytes_[at_] != kind))
    stop("the emulator's answer is none: this libxrt_coreutil is another softnpu's");
  at_ += size;
  return std::string_view(bytes_).substr(at_ - size, size);
}

int64_t Answer::number() {
  int64_t value = 0;
  std::memcpy(&value, take('i', 1 + sizeof value).data() + 1, sizeof value);
  return value;
}

std::string Answer::text() {
  uint64_t size = 0;
  std::memcpy(&size, take('s', 1 + sizeof size).data() + 1, sizeof size);
  return std::string(take(0, size));
}

int Answer::descriptor() { return std::exchange(descriptor_, -1); }

Answer send(const Request &request) {
  std::string received;
  int descriptor = -1;
  bool answered = false;
  {
    std::lock_guard<std::mutex> mine(turn());
    answered = exchange_bytes(request.bytes(), received, descriptor);
  }
  if (!answered) // it has said itself why it ended
    std::_Exit(1);
  Answer answer(std::move(received), descriptor);
  if (int64_t kind = answer.number(); kind == FAILED || kind == INDEX)
    raise(static_cast<int>(kind), answer.text());
  return answer;
}

Object::~Object() {
  try {
    call("drop", id);
  } catch (const std::exception &) { // it is gone either way
  }
}

} // namespace softnpu
