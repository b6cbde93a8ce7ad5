#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>  // Asio 1.74 needs it before itself

/// The network as the HTTP code sees it: bytes, time and one thread. Only byte_stream_tls.cpp names
/// sockets and TLS, which keeps their templates, and what those cost to compile, out of every other
/// file.
namespace doorbuster::kube {

/// How one operation of a ByteStream ended.
struct IoResult {
  std::size_t bytes = 0;
  bool end = false;   ///< the other side closed in order (over TLS: with its close_notify)
  std::string error;  ///< what went wrong, for people; empty: nothing
  bool ok() const { return error.empty() && !end; }
};

using IoHandler = std::function<void(const IoResult&)>;

/// One connection. Every call and every handler happens on the I/O thread; a handler comes once for
/// each operation, never from within the call that started it. At most one read and one write at a
/// time, whose buffers live until their handlers came.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual void connect(IoHandler handler) = 0;
  virtual void read_some(char* data, std::size_t size, IoHandler handler) = 0;
  /// All of it, or an error.
  virtual void write(const char* data, std::size_t size, IoHandler handler) = 0;
  /// At once; operations under way end with an error.
  virtual void close() = 0;
};

/// What we trust and what we show. All of it PEM text.
struct TlsSettings {
  std::string ca;                ///< the only authorities trusted; never the system's
  std::string certificate, key;  ///< ours; both or none
  bool skip_verify = false;      ///< trust anybody: only when a kubeconfig says so
};

/// Such settings, ready for use by many connections.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
};

/// TLS 1.2 or newer. Invalid: the PEM texts cannot be read, or key and certificate do not belong
/// together.
Result<std::shared_ptr<TlsContext>> make_tls_context(const TlsSettings& settings);

/// Where to connect, and as whom to know the other side.
struct Endpoint {
  std::string host;  ///< name or address, without brackets
  std::uint16_t port = 0;
  std::string server_name;  ///< name or address that the certificate must carry
};

/// Ends its work when destroyed or cancelled. Belongs to the I/O thread.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// One thread that carries out all network work and all waiting. Destroy it from another thread,
/// and after every stream and timer made by it.
class Io {
 public:
  static std::unique_ptr<Io> make();
  virtual ~Io() = default;
  /// Ends the thread; what has not run by then never runs. Not on the I/O thread.
  virtual void stop() = 0;
  /// From any thread.
  virtual void post(Duration after, std::function<void()> work) = 0;
  /// Only on the I/O thread.
  virtual std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) = 0;
  virtual bool on_io_thread() const = 0;
  /// Without a context the bytes travel in the clear.
  virtual std::shared_ptr<ByteStream> make_stream(const Endpoint& endpoint,
                                                  std::shared_ptr<TlsContext> tls) = 0;
};

}  // namespace doorbuster::kube
