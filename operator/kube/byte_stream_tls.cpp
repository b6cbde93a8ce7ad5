#include "operator/kube/byte_stream.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace doorbuster::kube {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using Address = asio::ip::tcp::endpoint;
using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>,
                                               Executor>;
using TlsSocket = asio::ssl::stream<Socket>;

// A dead peer is noticed within 30 s + 3 x 10 s of silence, and within 30 s when bytes of ours lie
// unacknowledged.
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 10;
constexpr int kKeepAliveProbes = 3;
constexpr unsigned kUserTimeoutMs = 30'000;
constexpr std::chrono::seconds kPerAddress{5};  // how long one of several addresses may take

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS error " + std::to_string(code);
}

struct OpensslFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, OpensslFree>;

class AsioTlsContext : public TlsContext {
 public:
  AsioTlsContext() : context(asio::ssl::context::tls_client) {}
  asio::ssl::context context;
  bool verify = true;
};

Error invalid(std::string message) { return Error{ErrorKind::Invalid, std::move(message), {}, {}}; }

Outcome add_authorities(SSL_CTX* context, const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509_STORE* store = X509_STORE_new();
  SSL_CTX_set_cert_store(context, store);  // takes ownership; what was there before is gone
  // Go, and so every other Kubernetes client, trusts any certificate in the bundle, not only
  // self-signed roots.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  int count = 0;
  while (const Owned<X509> certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1)
      return invalid("certificate authority: " + openssl_error());
    ++count;
  }
  const unsigned long last = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
    return invalid("certificate authority: broken PEM");
  if (count == 0) return invalid("certificate authority: holds no certificate");
  return Done{};
}

int no_passphrase(char*, int, int, void*) { return 0; }

Outcome use_identity(SSL_CTX* context,
                     const std::string& certificates,
                     const std::string& key_pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(certificates.data(), static_cast<int>(certificates.size())));
  const Owned<X509> own{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)};
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1)
    return invalid("client certificate: " + openssl_error());
  SSL_CTX_clear_chain_certs(context);
  while (const Owned<X509> link{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    SSL_CTX_add1_chain_cert(context, link.get());
  }
  ERR_clear_error();
  const Owned<BIO> key_bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const Owned<EVP_PKEY> key{
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr)};
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return invalid("client key: " + openssl_error());
  if (SSL_CTX_check_private_key(context) != 1)
    return invalid("client key: does not belong to the certificate");
  return Done{};
}

IoResult failed(std::string what) { return IoResult{0, false, std::move(what)}; }

IoResult io_result(const error_code& error, std::size_t bytes) {
  if (!error) return {bytes, false, {}};
  if (error == asio::error::eof) return {bytes, true, {}};
  if (error == asio::ssl::error::stream_truncated)
    return failed("connection cut without a TLS end");
  if (error == asio::error::operation_aborted) return failed("closed");
  return failed(error.message());
}

/// What plain and TLS streams share: name resolution, trying addresses in turn, socket options.
class TcpConnector {
 public:
  TcpConnector(asio::io_context& context, const Endpoint& endpoint, Socket& socket)
      : socket_(socket),
        resolver_(context.get_executor()),
        timer_(context.get_executor()),
        endpoint_(endpoint) {}

  void start(const std::shared_ptr<void>& self, IoHandler done) {
    done_ = std::move(done);
    error_code error;
    const auto address = asio::ip::make_address(endpoint_.host, error);
    if (!error) {
      addresses_ = {Address(address, endpoint_.port)};
      asio::post(socket_.get_executor(), [this, self] { try_next(self); });
      return;
    }
    const auto flags = Resolver::address_configured | Resolver::numeric_service;
    resolver_.async_resolve(
        endpoint_.host,
        std::to_string(endpoint_.port),
        flags,
        [this, self](const error_code& failure, const Resolver::results_type& found) {
          for (const auto& entry : found) addresses_.push_back(entry.endpoint());
          if (failure) last_error_ = failure.message();
          try_next(self);
        });
  }

  void cancel() {
    closed_ = true;
    resolver_.cancel();
    timer_.cancel();
  }

 private:
  void try_next(const std::shared_ptr<void>& self) {
    if (closed_) return finish(failed("closed"));
    if (next_ >= addresses_.size()) {
      return finish(failed("connect to " + endpoint_.host + ":" + std::to_string(endpoint_.port) +
                           ": " + last_error_));
    }
    const Address address = addresses_[next_++];
    error_code error;
    socket_.close(error);
    socket_.open(address.protocol(), error);
    if (error) {
      last_error_ = error.message();
      return try_next(self);
    }
    if (const std::string failure = set_options(); !failure.empty()) {
      last_error_ = failure;
      return try_next(self);
    }
    const std::size_t attempt = next_;
    if (next_ < addresses_.size()) watch_over(self, attempt);
    socket_.async_connect(address, [this, self, attempt](const error_code& failure) {
      if (attempt != next_) return;
      timer_.cancel();
      if (closed_) return finish(failed("closed"));
      if (!failure) return finish({});
      last_error_ = failure == asio::error::operation_aborted ? "timed out" : failure.message();
      try_next(self);
    });
  }

  void watch_over(const std::shared_ptr<void>& self, std::size_t attempt) {
    timer_.expires_after(kPerAddress);
    timer_.async_wait([this, self, attempt](const error_code& error) {
      if (error || attempt != next_ || finished_) return;
      error_code ignored;
      socket_.close(
          ignored);  // the connect under way ends with an error, which goes on to the next address
    });
  }

  /// What makes this end notice by itself that the other is dead; nothing, or what failed. A
  /// connection without it would be believed for hours.
  std::string set_options() {
    const auto set = [this](int level, int name, const auto& value) {
      return setsockopt(socket_.native_handle(), level, name, &value, sizeof value) == 0;
    };
    const int on = 1;
    const bool all = set(IPPROTO_TCP, TCP_NODELAY, on) && set(SOL_SOCKET, SO_KEEPALIVE, on) &&
                     set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds) &&
                     set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds) &&
                     set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes) &&
                     set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
    if (all) return "";
    return "socket options: " + std::error_code(errno, std::generic_category()).message();
  }

  void finish(const IoResult& result) {
    if (finished_) return;
    finished_ = true;
    const IoHandler done = std::exchange(done_, nullptr);
    done(result);
  }

  Socket& socket_;
  Resolver resolver_;
  SteadyTimer timer_;
  Endpoint endpoint_;
  IoHandler done_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;
  std::string last_error_ = "no address";
  bool closed_ = false, finished_ = false;
};

/// One handler type for every operation of a stream: each further one would be compiled through all
/// of Asio again.
struct Finished {
  std::shared_ptr<void> self;
  IoHandler handler;
  void operator()(const error_code& error, std::size_t bytes) const {
    handler(io_result(error, bytes));
  }
};

template <class Layer>
class StreamOver : public ByteStream, public std::enable_shared_from_this<StreamOver<Layer>> {
 public:
  void read_some(char* data, std::size_t size, IoHandler handler) override {
    layer_.async_read_some(asio::mutable_buffer(data, size),
                           Finished{this->shared_from_this(), std::move(handler)});
  }

  void write(const char* data, std::size_t size, IoHandler handler) override {
    auto step = [this, data, size, handler = std::move(handler)](const IoResult& result) mutable {
      if (!result.ok() || result.bytes >= size) return handler(result);
      write(data + result.bytes, size - result.bytes, std::move(handler));
    };
    layer_.async_write_some(asio::const_buffer(data, size),
                            Finished{this->shared_from_this(), std::move(step)});
  }

  void close() override {
    error_code ignored;
    connector_.cancel();
    layer_.lowest_layer().close(ignored);
  }

 protected:
  template <class... More>
  StreamOver(asio::io_context& context, const Endpoint& endpoint, More&... more)
      : layer_(context.get_executor(), more...), connector_(context, endpoint, socket()) {}
  Socket& socket() {
    if constexpr (std::is_same_v<Layer, Socket>) {
      return layer_;
    } else {
      return layer_.next_layer();
    }
  }

  Layer layer_;
  TcpConnector connector_;
};

class PlainStream : public StreamOver<Socket> {
 public:
  PlainStream(asio::io_context& context, const Endpoint& endpoint)
      : StreamOver(context, endpoint) {}
  void connect(IoHandler handler) override {
    connector_.start(shared_from_this(), std::move(handler));
  }
};

class TlsStream : public StreamOver<TlsSocket> {
 public:
  TlsStream(asio::io_context& context,
            const Endpoint& endpoint,
            std::shared_ptr<AsioTlsContext> tls)
      : StreamOver(context, endpoint, tls->context),
        tls_(std::move(tls)),
        server_name_(endpoint.server_name) {}

  void connect(IoHandler handler) override {
    if (!expect_name()) {
      asio::post(layer_.get_executor(),
                 [self = shared_from_this(), handler] { handler(failed("bad server name")); });
      return;
    }
    connector_.start(shared_from_this(),
                     [this, handler = std::move(handler)](const IoResult& result) {
                       if (!result.ok()) return handler(result);
                       layer_.async_handshake(
                           asio::ssl::stream_base::client,
                           [this, self = shared_from_this(), handler](const error_code& error) {
                             handler(error ? failed("TLS handshake: " + why(error)) : IoResult{});
                           });
                     });
  }

 private:
  /// The name check is not on by itself. An address is compared with IP entries, a name with DNS
  /// entries, the subject never.
  bool expect_name() {
    SSL* const ssl = layer_.native_handle();
    error_code not_an_address;
    asio::ip::make_address(server_name_, not_an_address);
    if (not_an_address && SSL_set_tlsext_host_name(ssl, server_name_.c_str()) != 1) return false;
    if (!tls_->verify) return true;
    if (!not_an_address)
      return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name_.c_str()) == 1;
    SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(ssl, server_name_.c_str()) == 1;
  }

  std::string why(const error_code& error) {
    const long verdict = SSL_get_verify_result(layer_.native_handle());
    if (tls_->verify && verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    return io_result(error, 0).end ? "connection closed" : error.message();
  }

  std::shared_ptr<AsioTlsContext> tls_;
  std::string server_name_;
};

class AsioTimer : public Timer {
 public:
  AsioTimer(asio::io_context& context, Duration delay, std::function<void()> work)
      : timer_(context.get_executor(), delay), live_(std::make_shared<bool>(true)) {
    timer_.async_wait([live = live_, work = std::move(work)](const error_code&) {
      if (std::exchange(*live, false)) work();
    });
  }
  // An expired wait may already be queued: the flag stops that one, the cancelling all others.
  ~AsioTimer() override { *live_ = false; }

 private:
  SteadyTimer timer_;
  std::shared_ptr<bool> live_;
};

class AsioIo : public Io {
 public:
  AsioIo() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~AsioIo() override { stop(); }

  void stop() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void post(Duration after, std::function<void()> work) override {
    if (after <= Duration::zero()) return asio::post(context_, std::move(work));
    asio::post(
        context_,
        [this, due = std::chrono::steady_clock::now() + after, work = std::move(work)]() mutable {
          const auto timer = std::make_shared<SteadyTimer>(context_.get_executor(), due);
          timer->async_wait([timer, work = std::move(work)](const error_code& error) {
            if (!error) work();
          });
        });
  }

  std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override {
    return std::make_unique<AsioTimer>(context_, delay, std::move(work));
  }

  bool on_io_thread() const override { return std::this_thread::get_id() == thread_.get_id(); }

  std::shared_ptr<ByteStream> make_stream(const Endpoint& endpoint,
                                          std::shared_ptr<TlsContext> tls) override {
    if (!tls) return std::make_shared<PlainStream>(context_, endpoint);
    return std::make_shared<TlsStream>(
        context_, endpoint, std::static_pointer_cast<AsioTlsContext>(tls));
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(const TlsSettings& settings) {
  const auto made = std::make_shared<AsioTlsContext>();
  SSL_CTX* const context = made->context.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // 34 KB less for each connection that waits
  made->verify = !settings.skip_verify;
  SSL_CTX_set_verify(context, settings.skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  ERR_clear_error();
  if (!settings.skip_verify) {
    if (auto added = add_authorities(context, settings.ca); !added) return added.error();
  }
  if (!settings.certificate.empty()) {
    if (auto used = use_identity(context, settings.certificate, settings.key); !used)
      return used.error();
  }
  return std::shared_ptr<TlsContext>(made);
}

std::unique_ptr<Io> Io::make() { return std::make_unique<AsioIo>(); }

}  // namespace doorbuster::kube
