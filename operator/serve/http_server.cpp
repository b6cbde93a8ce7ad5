#include "operator/serve/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace doorbuster::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{200};

class Session;

/// What the sessions of one server share; used only on its thread.
struct Shared {
  ServerBounds bounds;
  std::set<Session*> open;
};

/// One connection: a request, its reply, the next request.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket,
          std::shared_ptr<Shared> shared,
          std::shared_ptr<const Listener> listener)
      : stream_(std::move(socket)), shared_(std::move(shared)), listener_(std::move(listener)) {
    shared_->open.insert(this);
  }
  ~Session() { shared_->open.erase(this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_->bounds.head_bytes));
    stream_.expires_after(shared_->bounds.request);
    // The head alone: a probe has no body, and Beast 1.74 ends the program where an empty one comes
    // in chunks and in pieces (assertion n >= 5 of its parser).
    http::async_read_header(stream_,
                            buffer_,
                            *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              self->on_read(error);
                            });
  }
  void close() { stream_.close(); }

 private:
  void on_read(beast::error_code error) {
    if (error == http::error::header_limit || error == http::error::body_limit)
      return write({413, "too large\n"}, false);
    if (error) return close();
    const auto& request = parser_->get();
    head_ = request.method() == http::verb::head;
    if (request.method() != http::verb::get && !head_) return write({405, "only GET\n"}, false);
    if (parser_->chunked() || parser_->content_length().value_or(0) > 0)
      return write({413, "too large\n"}, false);
    const std::string_view target(request.target().data(), request.target().size());
    const auto route = listener_->routes.find(std::string(target.substr(0, target.find('?'))));
    write(route == listener_->routes.end() ? Reply{404, "not found\n"} : route->second(),
          request.keep_alive());
  }

  void write(Reply reply, bool keep) {
    response_ = {};
    response_.result(static_cast<unsigned>(reply.status));
    response_.version(11);
    response_.set(http::field::content_type, reply.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.keep_alive(keep);
    response_.content_length(reply.body.size());
    if (!head_) response_.body() = std::move(reply.body);
    stream_.expires_after(shared_->bounds.reply);
    serializer_.emplace(response_);
    serializer_->split(false);
    const auto written = [self = shared_from_this(), keep](beast::error_code error, std::size_t) {
      if (error || !keep) return self->finish();
      self->read();
    };
    if (head_) {
      http::async_write_header(stream_, *serializer_, written);
    } else {
      http::async_write(stream_, *serializer_, written);
    }
  }

  void finish() {
    beast::error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    close();
  }

  beast::tcp_stream stream_;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<const Listener> listener_;
  beast::flat_buffer buffer_{16'384};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  bool head_ = false;
};

}  // namespace

struct HttpServer::State {
  struct Door {
    std::shared_ptr<const Listener> listener;
    Tcp::acceptor acceptor;
    asio::steady_timer pause;
  };

  asio::io_context context{1};
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::vector<Door> doors;
  std::vector<std::uint16_t> ports;
  std::thread thread;
  Log log;

  Outcome open(const Listener& listener) {
    beast::error_code error;
    asio::ip::address address = asio::ip::address_v6::any();
    if (!listener.address.empty()) address = asio::ip::make_address(listener.address, error);
    if (error) {
      return Error{.kind = ErrorKind::Invalid,
                   .message = listener.address + " is no numeric address",
                   .causes = {},
                   .retry_after = {}};
    }
    const auto bound = bind(address, listener);
    if (bound.ok() || !listener.address.empty()) return bound;
    return bind(asio::ip::address_v4::any(), listener);  // a kernel without IPv6
  }

  Outcome bind(const asio::ip::address& address, const Listener& listener) {
    beast::error_code error;
    const Tcp::endpoint endpoint(address, listener.port);
    Tcp::acceptor acceptor(context);
    const auto failed = [&](const char* what) {
      return Error{.kind = ErrorKind::Unavailable,
                   .message = std::string("cannot ") + what + " port " +
                              std::to_string(listener.port) + ": " + error.message(),
                   .causes = {},
                   .retry_after = {}};
    };
    acceptor.open(endpoint.protocol(), error);
    if (error) return failed("open");
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (address.is_v6() && listener.address.empty())
      acceptor.set_option(asio::ip::v6_only(false), error);
    acceptor.bind(endpoint, error);
    if (error) return failed("bind");
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed("listen on");
    ports.push_back(acceptor.local_endpoint(error).port());
    doors.push_back({std::make_shared<const Listener>(listener),
                     std::move(acceptor),
                     asio::steady_timer(context)});
    return Done{};
  }

  void accept(std::size_t door) {
    doors[door].acceptor.async_accept([this, door](beast::error_code error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && shared->open.size() < shared->bounds.connections) {
        std::make_shared<Session>(std::move(socket), shared, doors[door].listener)->read();
      } else if (error) {
        log({LogLevel::Warn, "connection not accepted", {{"error", error.message()}}});
        return accept_later(door);
      }
      accept(door);
    });
  }

  /// What could not be accepted is still there: without descriptors (EMFILE) at once would be a
  /// busy loop.
  void accept_later(std::size_t door) {
    doors[door].pause.expires_after(kAcceptPause);
    doors[door].pause.async_wait([this, door](beast::error_code error) {
      if (!error) accept(door);
    });
  }
};

HttpServer::HttpServer() : state_(std::make_shared<State>()) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::vector<Listener>& listeners,
                                                      Log log,
                                                      ServerBounds bounds) {
  std::unique_ptr<HttpServer> server(new HttpServer());
  State& state = *server->state_;
  state.log = std::move(log);
  state.shared->bounds = bounds;
  for (const Listener& one : listeners) {
    if (const Outcome opened = state.open(one); !opened.ok()) return opened.error();
  }
  for (std::size_t door = 0; door < state.doors.size(); ++door) state.accept(door);
  state.thread = std::thread([&state] { state.context.run(); });
  return server;
}

HttpServer::~HttpServer() { stop(); }

const std::vector<std::uint16_t>& HttpServer::ports() const { return state_->ports; }

void HttpServer::stop() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->context, [state = state_.get()] {
    for (State::Door& door : state->doors) {
      door.acceptor.close();
      door.pause.cancel();
    }
    for (Session* session : state->shared->open) session->close();
  });
  state_->thread.join();
}

}  // namespace doorbuster::serve
