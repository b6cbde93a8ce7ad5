#include "hack/shop/server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace shop {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using boost::system::error_code;

constexpr std::size_t kMaxConnections = 4096;
constexpr std::uint32_t kMaxHeaderBytes = 16 << 10;
constexpr std::uint64_t kMaxBodyBytes = 1 << 20;
constexpr std::size_t kMaxConfigBytes = 64 << 10;
constexpr std::chrono::seconds kIdle{60};
constexpr std::chrono::milliseconds kConfigPeriod{100};
constexpr std::chrono::milliseconds kGrowthPeriod{100};

Clock::duration ticks(Seconds length) {
  return std::chrono::duration_cast<Clock::duration>(length);
}

using Answer = http::response<http::string_body>;
using Request = http::request<http::string_body>;

/// What tells one state of a file from another: its content may have come by a rename of a link
/// above it.
struct Stamp {
  ::ino_t inode = 0;
  ::timespec modified{};
  bool operator==(const Stamp& other) const {
    return inode == other.inode && modified.tv_sec == other.modified.tv_sec &&
           modified.tv_nsec == other.modified.tv_nsec;
  }
};

std::optional<Stamp> stamp_of(const std::string& path) {
  struct ::stat seen {};
  if (::stat(path.c_str(), &seen) != 0) {
    return std::nullopt;
  }
  return Stamp{seen.st_ino, seen.st_mtim};
}

std::variant<Behaviour, Bad> config_of(const Knobs& knobs) {
  std::ifstream file(knobs.config, std::ios::binary);
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return Bad{"cannot be read"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) {
    return Bad{"longer than 65536 bytes"};
  }
  return read_config(knobs.behaviour, text);
}

class Server {
 public:
  Server(const Knobs& knobs, std::uint64_t seed)
      : knobs_(knobs), behaviour_(knobs.behaviour), random_(seed), signals_(io_, SIGTERM, SIGINT) {}

  int run() {
    if (!knobs_.config.empty()) {
      stamp_ = stamp_of(knobs_.config);
      const auto read = config_of(knobs_);
      if (const auto* bad = std::get_if<Bad>(&read)) {
        std::cerr << "shop: " << knobs_.config << ": " << bad->text << "\n";
        return 2;
      }
      behaviour_ = std::get<Behaviour>(read);
      spawn(follow_config());
    }
    signals_.async_wait([this](error_code error, int) {
      if (!error) {
        drain();
      }
    });
    if (knobs_.crash_after) {
      spawn(crash());
    }
    spawn(grow());
    spawn(listen());
    io_.run();
    return code_;
  }

 private:
  struct Connection {
    explicit Connection(tcp::socket socket) : stream(std::move(socket)) {}
    beast::tcp_stream stream;
    bool busy = false;
  };

  void spawn(asio::awaitable<void> work) { asio::co_spawn(io_, std::move(work), asio::detached); }

  asio::awaitable<bool> pause(Seconds length) {
    asio::steady_timer timer(io_, ticks(length));
    error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  void end(int code) {
    code_ = code;
    io_.stop();
  }

  asio::awaitable<void> listen() {
    co_await pause(knobs_.startup);
    if (draining_) {
      co_return;
    }
    error_code error;
    const auto address = asio::ip::make_address(knobs_.address, error);
    if (!error) {
      acceptor_.emplace(io_);
      acceptor_->open(tcp::v4(), error);
    }
    if (!error) {
      acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
      acceptor_->bind({address, knobs_.port}, error);
    }
    if (!error) {
      acceptor_->listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
      std::cerr << "shop: cannot listen on " << knobs_.address << ":" << knobs_.port << ": "
                << error.message() << "\n";
      end(2);
      co_return;
    }
    warm_at_ = Clock::now() + ticks(knobs_.warmup);
    std::cerr << "shop: version=" << behaviour_.version << " listens on " << knobs_.address << ":"
              << knobs_.port << "\n";
    while (acceptor_->is_open()) {
      tcp::socket socket(io_);
      co_await acceptor_->async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) {
        break;
      }
      if (error || connections_.size() >= kMaxConnections) {
        co_await pause(
            Seconds{0.01});  // No descriptor or no room: who waits in the queue gets in later.
        continue;
      }
      spawn(talk(std::make_shared<Connection>(std::move(socket))));
    }
  }

  asio::awaitable<void> talk(std::shared_ptr<Connection> connection) {
    connections_.insert(connection);
    error_code error;
    connection->stream.socket().set_option(tcp::no_delay(true), error);
    beast::flat_buffer buffer;
    while (true) {
      connection->stream.expires_after(kIdle);
      http::request_parser<http::string_body> parser;
      parser.header_limit(kMaxHeaderBytes);
      parser.body_limit(kMaxBodyBytes);
      co_await http::async_read(
          connection->stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        break;
      }
      connection->busy = true;
      connection->stream.expires_never();
      const Request request = parser.release();
      Answer answer = co_await answer_to(request);
      answer.keep_alive(request.keep_alive() && !draining_);
      answer.prepare_payload();
      connection->stream.expires_after(kIdle);
      co_await http::async_write(
          connection->stream, answer, asio::redirect_error(asio::use_awaitable, error));
      connection->busy = false;
      if (error || !answer.keep_alive()) {
        break;
      }
    }
    connection->stream.socket().shutdown(tcp::socket::shutdown_send, error);
    connections_.erase(connection);
    finish_drain();
  }

  asio::awaitable<Answer> answer_to(const Request& request) {
    const auto target = request.target();
    Answer answer;
    answer.version(request.version());
    answer.set("x-version", behaviour_.version);
    if (target == "/healthz") {
      answer.body() = "ok\n";
    } else if (target == "/ready") {
      const bool ready = !knobs_.ready_when_warm || Clock::now() >= warm_at_;
      answer.result(ready ? http::status::ok : http::status::service_unavailable);
      answer.body() = ready ? "ready\n" : "not warm yet\n";
    } else if (target == "/metrics") {
      answer.set(http::field::content_type, "text/plain; version=0.0.4");
      answer.body() = prometheus::TextSerializer().Serialize(registry_.Collect());
    } else {
      co_await sell(answer);
    }
    co_return answer;
  }

  asio::awaitable<void> sell(Answer& answer) {
    const auto began = Clock::now();
    const std::string version =
        behaviour_.version;  // As it was when asked: what is counted is what is answered.
    const bool fails = std::bernoulli_distribution(behaviour_.error_rate)(random_);
    const double factor = warmth();
    burn(behaviour_.cpu_per_request * factor);
    co_await pause(behaviour_.latency.draw(random_) * factor);
    answer.result(fails ? http::status::internal_server_error : http::status::ok);
    answer.set("x-version", version);
    answer.set(http::field::content_type, "application/json");
    const char* host = std::getenv("HOSTNAME");
    const std::string code = fails ? "500" : "200";
    answer.body() = R"({"version":")" + version + R"(","pod":")" + (host ? host : "") +
                    R"(","code":)" + code + "}\n";
    requests_.Add({{"code", code}, {"version", version}}).Increment();
    latencies_.Add({{"version", version}}, kBuckets).Observe(Seconds(Clock::now() - began).count());
  }

  /// How many times as long as later an answer takes now.
  double warmth() const {
    const Seconds left = warm_at_ - Clock::now();
    return left.count() <= 0 ? 1 : 1 + (knobs_.warmup_factor - 1) * (left / knobs_.warmup);
  }

  static void burn(Seconds length) {
    if (length.count() <= 0) {
      return;
    }
    ::timespec now{};
    const auto used = [&now] {
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
      return Seconds{static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9};
    };
    for (const Seconds until = used() + length; used() < until;) {
    }
  }

  asio::awaitable<void> follow_config() {
    while (co_await pause(kConfigPeriod)) {
      const auto now = stamp_of(knobs_.config);
      if (!now || now == stamp_) {
        continue;
      }
      stamp_ = now;
      const auto read = config_of(knobs_);
      if (const auto* bad = std::get_if<Bad>(&read)) {
        std::cerr << "shop: " << knobs_.config << ": " << bad->text << "; goes on as before\n";
        refused_.Increment();
      } else {
        behaviour_ = std::get<Behaviour>(read);
        std::cerr << "shop: config read again, version=" << behaviour_.version
                  << " error_rate=" << behaviour_.error_rate << "\n";
      }
    }
  }

  asio::awaitable<void> grow() {
    while (co_await pause(kGrowthPeriod)) {
      const auto more = static_cast<std::size_t>(static_cast<double>(behaviour_.memory_growth) *
                                                 Seconds(kGrowthPeriod).count());
      if (more > 0) {
        // Written to, or the kernel would not give it.
        hoard_.push_back(std::make_unique<std::string>(more, 'x'));
      }
    }
  }

  asio::awaitable<void> crash() {
    co_await pause(*knobs_.crash_after);
    std::cerr << "shop: crashes as asked, exit code " << knobs_.crash_code << "\n";
    end(knobs_.crash_code);
  }

  void drain() {
    draining_ = true;
    std::cerr << "shop: drains, " << connections_.size() << " connections\n";
    error_code error;
    if (acceptor_) {
      acceptor_->close(error);
    }
    for (const auto& connection : connections_) {
      if (!connection->busy) {
        connection->stream.cancel();
      }
    }
    spawn(cut_later());
    finish_drain();
  }

  asio::awaitable<void> cut_later() {
    co_await pause(knobs_.drain);
    std::cerr << "shop: cut " << connections_.size() << " open requests\n";
    end(1);
  }

  void finish_drain() {
    if (draining_ && connections_.empty()) {
      end(0);
    }
  }

  const Knobs knobs_;
  Behaviour behaviour_;
  std::mt19937_64 random_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  std::optional<tcp::acceptor> acceptor_;
  std::set<std::shared_ptr<Connection>> connections_;
  bool draining_ = false;
  int code_ = 0;
  Clock::time_point warm_at_ = Clock::time_point::max();
  std::optional<Stamp> stamp_;
  std::vector<std::unique_ptr<std::string>> hoard_;

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_ = prometheus::BuildCounter()
                                                           .Name("http_requests_total")
                                                           .Help("answers to buyers")
                                                           .Register(registry_);
  prometheus::Family<prometheus::Histogram>& latencies_ =
      prometheus::BuildHistogram()
          .Name("http_request_duration_seconds")
          .Help("from a request read to its answer made")
          .Register(registry_);
  prometheus::Counter& refused_ = prometheus::BuildCounter()
                                      .Name("shop_config_refused_total")
                                      .Help("versions of SHOP_CONFIG that could not be read")
                                      .Register(registry_)
                                      .Add({});
  const prometheus::Histogram::BucketBoundaries kBuckets{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
};

}  // namespace

int serve(const Knobs& knobs, std::uint64_t seed) { return Server(knobs, seed).run(); }

}  // namespace shop
