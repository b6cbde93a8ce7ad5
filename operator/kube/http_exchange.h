#pragma once

#include "operator/kube/byte_stream.h"
#include "operator/kube/credentials.h"
#include "operator/kube/http_response.h"
#include "operator/kube/http_transport.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

/// The inside of the HTTP transport. Everything here lives on the I/O thread, except where said
/// otherwise.
namespace doorbuster::kube {

inline constexpr std::size_t kMaxWaitingCalls = 4096;

using SteadyTime = std::chrono::steady_clock::time_point;

/// The server's address, taken apart.
struct ServerUrl {
  bool https = true;
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
  std::string prefix;     ///< "" or "/k8s/clusters/c-1"
  std::string authority;  ///< as the Host header names it
};

/// Invalid: anything but https (or http to a loopback address), user names, queries, bad ports.
Result<ServerUrl> parse_server_url(const std::string& url);

/// Whoever a connection's bytes are for at the moment.
class ConnectionUser {
 public:
  virtual ~ConnectionUser() = default;
  virtual void on_read(const IoResult& result, std::string_view bytes) = 0;
};

/// A connection with one read always under way, so that an end of it is noticed even while it
/// idles.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ByteStream> stream, std::shared_ptr<TlsContext> tls)
      : stream_(std::move(stream)), tls_(std::move(tls)) {}
  void connect(IoHandler handler);
  void send(std::string bytes, IoHandler handler);
  void belongs_to(std::shared_ptr<ConnectionUser> user) { user_ = std::move(user); }
  void close();
  const std::shared_ptr<TlsContext>& tls() const { return tls_; }
  bool writing() const { return writing_; }
  bool served = false;  ///< has carried a whole answer before

 private:
  void read();

  std::shared_ptr<ByteStream> stream_;
  std::shared_ptr<TlsContext> tls_;
  std::shared_ptr<ConnectionUser> user_;
  std::array<char, 16384> inbox_;  // one TLS record
  std::string outbox_;
  bool writing_ = false, closed_ = false;
};

/// Kept connections, the latest first.
class ConnectionPool {
 public:
  ConnectionPool(Io& io, std::size_t max, Duration keep) : io_(io), max_(max), keep_(keep) {}
  /// One whose TLS settings are those wanted; older ones are closed.
  std::shared_ptr<Connection> take(const std::shared_ptr<TlsContext>& tls);
  void keep(const std::shared_ptr<Connection>& connection);
  void drop(const Connection* connection);
  void clear();

 private:
  struct Idle {
    std::shared_ptr<Connection> connection;
    std::unique_ptr<Timer> timer;
  };
  Io& io_;
  const std::size_t max_;
  const Duration keep_;
  std::vector<Idle> idle_;
};

/// A thread that runs what may take long (exec plugins), made when first needed. Thread-safe.
class SlowWorker {
 public:
  ~SlowWorker() { stop(); }
  void run(std::function<void(const std::atomic<bool>& stop)> work);
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void(const std::atomic<bool>&)>> work_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Gets an exchange's answer: head, body pieces, end; or only an end with an error.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void head(int status, const Headers& headers) = 0;
  virtual void body(std::string_view bytes) = 0;
  virtual void end(const Error* failure) = 0;
};

class Exchange;

/// What all exchanges share.
struct HttpCore {
  HttpCore(ServerUrl url,
           const ServerConfig& config,
           TransportOptions options,
           std::unique_ptr<CredentialSource> source);
  /// Ends the I/O thread and every exchange. On any other thread; afterwards nothing may be
  /// started.
  void shut_down();
  Result<std::shared_ptr<TlsContext>> tls_for(const Credentials& credentials);
  std::shared_ptr<Connection> make_connection(const std::shared_ptr<TlsContext>& tls);
  void release_slot();

  const ServerUrl url;
  const TransportOptions options;
  const Endpoint endpoint;
  const std::unique_ptr<CredentialSource> credentials;
  std::unique_ptr<Io> io;
  ConnectionPool pool;
  std::set<std::shared_ptr<Exchange>> live;
  std::deque<std::weak_ptr<Exchange>> waiting;
  std::size_t busy = 0;  // slots taken by calls
  std::shared_ptr<const TlsSettings> tls_settings;
  std::shared_ptr<TlsContext> tls;
  SlowWorker slow;
};

/// One request and its answer, over as many connections as the rules of Transport allow.
class Exchange : public ConnectionUser, public std::enable_shared_from_this<Exchange> {
 public:
  /// `idle`: a stream, which ends after so much silence; nothing: a call.
  Exchange(HttpCore& core,
           Request request,
           std::optional<Duration> idle,
           std::shared_ptr<Receiver> receiver,
           SteadyTime due);
  void start();
  void take_slot();
  /// Ends it without a word to the receiver.
  void cancel();
  void on_read(const IoResult& result, std::string_view bytes) override;

 private:
  void ask_credentials();
  void have_credentials(const Result<Credentials>& credentials);
  void connect();
  void send();
  void on_body(std::string_view bytes);
  void show_head();
  void complete();
  void broken(const std::string& why);
  void fail(ErrorKind kind, std::string why);
  void finish(const Error* failure);
  void leave_connection(bool reusable);
  void watch_silence();
  void count(const std::string& code);
  std::string request_text() const;

  HttpCore& core_;
  const Request request_;
  const std::optional<Duration> idle_;
  std::shared_ptr<Receiver> receiver_;
  const SteadyTime due_;
  SteadyTime began_, last_bytes_;
  std::unique_ptr<Timer> timer_;
  Credentials credentials_;
  std::shared_ptr<TlsContext> tls_;
  std::shared_ptr<Connection> connection_;
  std::vector<std::unique_ptr<ResponseReader>>
      readers_;            // the last one is in use; earlier ones may be on the call stack
  std::string held_body_;  // of a 401 that may not be the last word
  bool slot_ = false, done_ = false, head_shown_ = false, got_bytes_ = false;
  bool fresh_only_ = false, holding_ = false, renewing_ = false, tried_stale_ = false,
       tried_renewal_ = false, counted_ = false;
};

}  // namespace doorbuster::kube
