// links: serve
// Any bytes sent to the server of probes and metrics: whole answers of its own, or none, and it
// goes on serving.
#include "operator/serve/http_server.h"
#include "tests/fuzz/require.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace doorbuster::serve {
namespace {

using fuzz::require;

HttpServer& server() {
  static const auto started = [] {
    Listener listener;
    listener.address = "127.0.0.1";
    listener.routes["/healthz"] = [] { return Reply{200, "ok\n"}; };
    return HttpServer::start({std::move(listener)}, [](const LogLine&) {});
  }();
  return **started;
}

/// Sends it all, says that nothing more comes, and reads to the end.
std::string answer_to(std::string_view bytes) {
  const int wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server().ports().front());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(connect(wire, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "it takes connections");
  while (!bytes.empty()) {
    const ssize_t sent = send(wire, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  shutdown(wire, SHUT_WR);
  std::string answer;
  char buffer[4'096];
  for (ssize_t got; (got = recv(wire, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  close(wire);
  return answer;
}

void check(std::string_view bytes) {
  const std::string answer = answer_to(bytes);
  require(answer.empty() || answer.starts_with("HTTP/1.1 200 ") ||
              answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 405 ") ||
              answer.starts_with("HTTP/1.1 413 "),
          "an answer is one of its own");
  require(answer.size() <= 512 * (1 + bytes.size() / 16), "an answer is not larger than that");
  require(answer_to("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
              .ends_with("\r\n\r\nok\n"),
          "and it goes on serving");
}

}  // namespace
}  // namespace doorbuster::serve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::serve::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
