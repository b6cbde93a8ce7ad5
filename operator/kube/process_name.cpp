#include "operator/kube/process_name.h"

#include "operator/base/content_hash.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <utility>

namespace doorbuster::kube {
namespace {

/// This boot of this machine and this network namespace; empty when the kernel does not say.
std::string place() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  struct stat space {};
  if (!std::getline(file, boot) || boot.empty() || stat("/proc/self/ns/net", &space) != 0)
    return "";
  return boot + '\n' + std::to_string(space.st_dev) + '\n' + std::to_string(space.st_ino);
}

/// The socket that says that a name is ours; -1: it is in use, or sockets cannot say so here.
int bind_name(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = "doorbuster/" + name;
  if (text.size() + 1 > sizeof address.sun_path) return -1;
  // A path that begins with a zero is no file: it lives as long as the socket (unix(7)).
  std::memcpy(address.sun_path + 1, text.data(), text.size());
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());  // not terminated
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
  ::close(socket);
  return -1;
}

}  // namespace

ProcessName ProcessName::take(const std::string& host,
                              const std::string& lease,
                              std::uint64_t random) {
  const std::string first = (host.empty() ? "doorbuster" : host) + "_";
  if (const std::string here = place(); !here.empty()) {
    const std::string hash = content_hash(first + '\n' + lease + '\n' + here);
    if (const int socket = bind_name(hash); socket >= 0) return {first + hash, socket};
  }
  return {first + content_hash("random " + std::to_string(random)), -1};
}

ProcessName::ProcessName(ProcessName&& other) noexcept
    : text_(std::move(other.text_)), socket_(std::exchange(other.socket_, -1)) {}

ProcessName::~ProcessName() {
  if (socket_ >= 0) ::close(socket_);
}

}  // namespace doorbuster::kube
