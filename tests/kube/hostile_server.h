#pragma once

#include "operator/base/instant.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace doorbuster::kube::testing {

class HostileServer;

/// One connection to the server, as its script sees it, on a thread of its own.
class Visit {
 public:
  /// The next request with its body; empty when the client has left.
  std::string read_request();
  /// False when the client does not listen any more.
  bool send(std::string_view bytes);
  /// The connection ends with an RST instead of a FIN; over TLS also without its close_notify.
  void reset();
  /// Over TLS: the connection ends without a close_notify.
  void cut();
  /// Waits; ends early when the server stops. False then.
  bool pause(Duration time);
  /// Stays until the client leaves or the server stops.
  void hold();
  int number() const { return number_; }  ///< 0: the first connection
  std::string client_name() const;        ///< CN of the client's certificate

 private:
  friend class HostileServer;
  Visit(HostileServer& server, int fd, int number) : server_(server), fd_(fd), number_(number) {}
  long receive(char* data, std::size_t size);

  HostileServer& server_;
  int fd_;
  int number_;
  void* ssl_ = nullptr;
  bool polite_ = true;
  std::string inbox_;
};

using Script = std::function<void(Visit&)>;

struct ServerTls {
  std::string certificate, key;
  std::string client_ca;  ///< when set, clients must show a certificate signed by it
  int max_version = 0;    ///< of the TLS protocol, as OpenSSL numbers them; 0: any
};

/// Listens on a loopback port and treats every connection as its script says. Keeps what it was
/// sent.
class HostileServer {
 public:
  /// Port 0: any free one.
  explicit HostileServer(Script script, std::optional<ServerTls> tls = std::nullopt, int port = 0);
  ~HostileServer();
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  std::string url() const;
  int port() const { return port_; }
  int connections() const { return connections_; }
  int most_at_once() const { return most_; }
  std::vector<std::string> requests() const;
  int count(std::string_view method) const;  ///< requests of that method

 private:
  friend class Visit;
  void accept_all();
  void serve(int fd, int number);
  bool greet(Visit& visit);

  Script script_;
  std::optional<ServerTls> tls_;
  std::shared_ptr<void> context_;
  int listener_ = -1, port_ = 0;
  std::atomic<int> connections_{0}, now_{0}, most_{0};
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A whole answer with a length.
std::string answer(int status, std::string_view body, std::string_view more_headers = "");
/// The head of a chunked answer, and a chunk of it.
std::string chunked_head(int status = 200);
std::string chunk(std::string_view bytes);

/// Answers every request of every connection with 200 and this body.
Script always(std::string body);

}  // namespace doorbuster::kube::testing
