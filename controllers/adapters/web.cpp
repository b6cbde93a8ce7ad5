#include "controllers/adapters/web.h"

#include "operator/kube/http_transport.h"

#include <list>
#include <mutex>
#include <utility>

namespace doorbuster::adapters {
namespace {

constexpr std::size_t kConnections = 4;  ///< to one server at once

class KeptConnections final : public Web {
 public:
  explicit KeptConnections(WebOptions options) : options_(std::move(options)) {}

  Result<kube::Response> get(const WebAsk& ask) override {
    if (!ask.token.empty() && !ask.address.https)
      return Error{ErrorKind::Invalid, "a token is not sent in the clear", {}, {}};
    kube::Request request;
    request.target = ask.target;
    if (!ask.token.empty()) request.authorization = "Bearer " + ask.token;
    return call(ask.address, std::move(request));
  }

  Result<kube::Response> post(const WebPost& post) override {
    kube::Request request;
    request.method = "POST";
    request.target = post.target;
    request.content_type = "application/json";
    request.body = post.body;
    request.headers = post.headers;
    request.repeatable = true;
    return call(post.address, std::move(request));
  }

 private:
  Result<kube::Response> call(const WebAddress& address, kube::Request request) {
    const auto transport = transport_to(address);
    if (!transport.ok()) return transport.error();
    request.timeout = kWebDeadline;
    request.max_body = kWebBodyBytes;
    return (*transport)->call(request);
  }

  struct Kept {
    std::string server;
    std::shared_ptr<kube::Transport> transport;
  };

  Result<std::shared_ptr<kube::Transport>> transport_to(const WebAddress& address) {
    Kept gone;  // ends outside the lock: it waits for its thread
    const std::lock_guard lock(mutex_);
    for (auto at = kept_.begin(); at != kept_.end(); ++at) {
      if (at->server != address.server()) continue;
      kept_.splice(kept_.begin(), kept_, at);
      return kept_.front().transport;
    }
    kube::TransportOptions options;
    options.user_agent = options_.user_agent;
    options.now = options_.now;
    options.max_connections = kConnections;
    options.max_idle = 1;
    options.idle_time = kWebIdle;
    auto made = kube::make_outside_transport(address, options_.ca_file, std::move(options));
    if (!made.ok()) return made.error();
    if (kept_.size() >= kWebServers) {
      gone = std::move(kept_.back());
      kept_.pop_back();
    }
    kept_.push_front({address.server(), *made});
    return *made;
  }

  const WebOptions options_;
  std::mutex mutex_;
  std::list<Kept> kept_;  ///< the one asked last in front
};

}  // namespace

std::unique_ptr<Web> make_web(WebOptions options) {
  return std::make_unique<KeptConnections>(std::move(options));
}

}  // namespace doorbuster::adapters
