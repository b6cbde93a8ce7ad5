#include "operator/kube/http_transport.h"

#include "operator/kube/http_exchange.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace doorbuster::kube {
namespace {

// How much later than the I/O thread a blocked caller gives up on it.
constexpr std::chrono::seconds kGrace{2};

Error invalid(std::string why) { return Error{ErrorKind::Invalid, std::move(why), {}, {}}; }

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool well_formed(const std::pair<std::string, std::string>& header) {
  const auto& [name, value] = header;
  return !name.empty() && printable(name) && name.find_first_of(": ") == std::string::npos &&
         printable(value);
}

/// What nobody below looks at again: a line break in one of these would be a request of somebody
/// else's making.
std::optional<Error> wrong(const Request& request) {
  const bool method =
      !request.method.empty() &&
      request.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  const bool target = request.target.starts_with('/') && printable(request.target) &&
                      request.target.find(' ') == std::string::npos &&
                      request.target.find('#') == std::string::npos;
  const bool headers = printable(request.content_type) && printable(request.accept) &&
                       printable(request.authorization) &&
                       std::all_of(request.headers.begin(), request.headers.end(), well_formed);
  if (!method || !target || !headers) {
    return invalid("malformed request target or header");
  }
  return std::nullopt;
}

/// Collects an answer for the thread that waits for it.
class CallReceiver : public Receiver {
 public:
  void head(int status, const Headers& headers) override {
    response_.status = status;
    response_.headers = headers;
  }
  void body(std::string_view bytes) override { response_.body.append(bytes); }
  void end(const Error* failure) override {
    const std::lock_guard lock(mutex_);
    if (failure) error_ = *failure;
    done_ = true;
    ended_.notify_one();
  }

  Result<Response> wait(SteadyTime due) {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_until(lock, due + kGrace, [this] { return done_; })) {
      return Error{ErrorKind::Unavailable, "the I/O thread does not answer", {}, {}};
    }
    if (error_) return *error_;
    return std::move(response_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::optional<Error> error_;
  Response response_;  // the I/O thread's until done_
};

/// Between a stream's owner, on any thread, and its reader, called on the I/O thread.
struct StreamLink {
  explicit StreamLink(StreamReader& to) : reader(to) {}

  template <class Call>
  void callback(const Call& call) {
    const std::lock_guard lock(calling);
    if (closed) return;
    inside = std::this_thread::get_id();
    call(reader);
    inside = std::thread::id();
  }

  void close() {
    closed = true;
    if (inside.load() == std::this_thread::get_id()) return;
    const std::lock_guard wait_for_a_callback(calling);
  }

  StreamReader& reader;
  std::mutex calling;
  std::atomic<std::thread::id> inside{};
  std::atomic<bool> closed{false};
  std::weak_ptr<Exchange> exchange;
};

class StreamReceiver : public Receiver {
 public:
  explicit StreamReceiver(std::shared_ptr<StreamLink> link) : link_(std::move(link)) {}
  void head(int status, const Headers& headers) override {
    link_->callback([&](StreamReader& reader) { reader.on_status(status, headers); });
  }
  void body(std::string_view bytes) override {
    link_->callback([&](StreamReader& reader) { reader.on_bytes(bytes); });
  }
  void end(const Error* failure) override {
    link_->callback([&](StreamReader& reader) { reader.on_end(*failure); });
  }

 private:
  std::shared_ptr<StreamLink> link_;
};

class OpenStream : public Stream {
 public:
  OpenStream(std::weak_ptr<HttpCore> core, std::shared_ptr<StreamLink> link)
      : core_(std::move(core)), link_(std::move(link)) {}
  ~OpenStream() override { close(); }

  void close() override {
    link_->close();
    const std::shared_ptr<HttpCore> core = core_.lock();
    if (!core || cancelled_.exchange(true)) return;
    core->io->post(Duration::zero(), [link = link_] {
      if (const auto exchange = link->exchange.lock()) exchange->cancel();
    });
  }

 private:
  std::weak_ptr<HttpCore> core_;
  std::shared_ptr<StreamLink> link_;
  std::atomic<bool> cancelled_{false};
};

class HttpTransport : public Transport {
 public:
  explicit HttpTransport(std::shared_ptr<HttpCore> core) : core_(std::move(core)) {}
  ~HttpTransport() override { core_->shut_down(); }

  Result<Response> call(const Request& request) override {
    assert(!core_->io->on_io_thread());
    if (auto error = wrong(request)) return *error;
    const auto receiver = std::make_shared<CallReceiver>();
    const SteadyTime due = std::chrono::steady_clock::now() + request.timeout;
    core_->io->post(Duration::zero(), [core = core_.get(), request, receiver, due] {
      std::make_shared<Exchange>(*core, request, std::nullopt, receiver, due)->start();
    });
    return receiver->wait(due);
  }

  std::unique_ptr<Stream> open(const Request& request,
                               Duration idle,
                               StreamReader& reader) override {
    const auto link = std::make_shared<StreamLink>(reader);
    const SteadyTime due = std::chrono::steady_clock::now() + request.timeout;
    core_->io->post(Duration::zero(), [core = core_.get(), request, idle, link, due] {
      if (link->closed) return;
      const auto receiver = std::make_shared<StreamReceiver>(link);
      if (auto error = wrong(request)) return receiver->end(&*error);
      const auto exchange = std::make_shared<Exchange>(*core, request, idle, receiver, due);
      link->exchange = exchange;
      exchange->start();
    });
    return std::make_unique<OpenStream>(core_, link);
  }

  void post(Duration after, std::function<void()> work) override {
    core_->io->post(after, std::move(work));
  }

 private:
  std::shared_ptr<HttpCore> core_;
};

Result<std::shared_ptr<Transport>> transport_to(ServerUrl url,
                                                const ServerConfig& config,
                                                TransportOptions options) {
  if (!printable(options.user_agent)) return invalid("malformed user agent");
  auto credentials = make_credentials(config, options.now);
  if (!credentials) return credentials.error();
  const auto first = (*credentials)->ready();
  if (first && *first && (*first)->tls) {
    if (auto tls = make_tls_context(*(*first)->tls); !tls) return tls.error();
  }
  auto core = std::make_shared<HttpCore>(
      std::move(url), config, std::move(options), std::move(*credentials));
  return std::shared_ptr<Transport>(std::make_shared<HttpTransport>(std::move(core)));
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

Result<ServerUrl> parse_server_url(const std::string& url) {
  ServerUrl parsed;
  std::string_view rest = url;
  parsed.https = rest.starts_with("https://");
  if (!parsed.https && !rest.starts_with("http://"))
    return invalid("server " + quoted(url) + ": not an https:// URL");
  rest.remove_prefix(parsed.https ? 8 : 7);
  if (!printable(rest) || rest.find_first_of(" @?#\\\"") != std::string_view::npos) {
    return invalid("server: only a host, a port and a path may follow https://");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parsed.prefix = rest.substr(slash);
  while (parsed.prefix.ends_with('/')) parsed.prefix.pop_back();
  std::string_view authority = rest.substr(0, slash);
  parsed.authority = authority;
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  parsed.port = parsed.https ? 443 : 80;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
    if (error != std::errc() || end != port.data() + port.size() || parsed.port == 0) {
      return invalid("server " + quoted(url) + ": bad port");
    }
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  if (authority.empty() || authority.find_first_of("[]") != std::string_view::npos) {
    return invalid("server " + quoted(url) + ": bad host");
  }
  parsed.host = authority;
  if (!parsed.https && !is_loopback(parsed.host)) {
    return invalid("server " + quoted(url) + ": without TLS only loopback addresses are allowed");
  }
  return parsed;
}

Result<std::shared_ptr<Transport>> make_transport(const ServerConfig& config,
                                                  TransportOptions options) {
  auto url = parse_server_url(config.server);
  if (!url) return url.error();
  return transport_to(std::move(url).value(), config, std::move(options));
}

Result<std::shared_ptr<Transport>> make_outside_transport(const WebAddress& server,
                                                          const std::string& ca_file,
                                                          TransportOptions options) {
  ServerConfig config;
  config.server = server.server();
  if (server.https) config.ca_file = ca_file;
  return transport_to(ServerUrl{.https = server.https,
                                .host = server.host,
                                .port = server.port,
                                .prefix = "",
                                .authority = server.authority},
                      config,
                      std::move(options));
}

}  // namespace doorbuster::kube
