#pragma once

#include "operator/kube/transport.h"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace doorbuster::kube {

/// A transport without a network for tests: answers come from functions, streams are written by the
/// test. It has one real I/O thread and keeps the seam's promises (callbacks there, one at a time,
/// none after close).
class ScriptedTransport final : public Transport {
 public:
  /// One open answer as the server sees it; all of it may be called from any thread.
  class Pipe {
   public:
    Pipe(ScriptedTransport& owner, Request asked, Duration span, StreamReader& reader)
        : request(std::move(asked)), idle(span), owner_(owner), reader_(&reader) {}
    void status(int code, const Headers& headers = {}) {
      send([code, headers](StreamReader& reader) { reader.on_status(code, headers); });
    }
    void bytes(std::string text) {
      send([text = std::move(text)](StreamReader& reader) { reader.on_bytes(text); });
    }
    void end(const std::string& why = "end of stream") {
      send([why](StreamReader& reader) {
        reader.on_end(
            Error{.kind = ErrorKind::Unavailable, .message = why, .causes = {}, .retry_after = {}});
      });
    }
    void answer(int code, std::string body, const Headers& headers = {}) {
      status(code, headers);
      bytes(std::move(body));
      end();
    }
    bool closed() const {
      const std::lock_guard lock(mutex_);
      return reader_ == nullptr;
    }
    const Request request;
    const Duration idle;

   private:
    friend class ScriptedTransport;
    void send(std::function<void(StreamReader&)> call) {
      owner_.post(Duration(0), [self = self_.lock(), call = std::move(call)] {
        const std::lock_guard lock(self->mutex_);
        if (self->reader_ != nullptr) call(*self->reader_);
      });
    }
    void close() {
      const std::lock_guard lock(
          mutex_);  // waits for a callback under way; recursive: not for its own
      reader_ = nullptr;
    }
    ScriptedTransport& owner_;
    std::weak_ptr<Pipe> self_;
    mutable std::recursive_mutex mutex_;
    StreamReader* reader_;
  };

  using Script = std::function<void(const std::shared_ptr<Pipe>&)>;
  using Handler = std::function<Result<Response>(const Request&)>;

  explicit ScriptedTransport(Script script = {}, Handler handler = {})
      : script_(std::move(script)), handler_(std::move(handler)), thread_([this] { run(); }) {}
  ~ScriptedTransport() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  Result<Response> call(const Request& request) override { return handler_(request); }

  std::unique_ptr<Stream> open(const Request& request,
                               Duration idle,
                               StreamReader& reader) override {
    const auto pipe = std::make_shared<Pipe>(*this, request, idle, reader);
    pipe->self_ = pipe;
    {
      const std::lock_guard lock(mutex_);
      opened_.push_back(pipe);
    }
    opened_wake_.notify_all();
    if (script_) script_(pipe);
    return std::make_unique<Handle>(pipe);
  }

  void post(Duration after, std::function<void()> work) override {
    {
      const std::lock_guard lock(mutex_);
      work_.emplace(std::chrono::steady_clock::now() + after / time_divisor, std::move(work));
    }
    wake_.notify_all();
  }

  /// The n-th answer ever opened (from 0); waits for it. Null after 10 s.
  std::shared_ptr<Pipe> pipe(std::size_t n) {
    std::unique_lock lock(mutex_);
    if (!opened_wake_.wait_for(lock, std::chrono::seconds(10), [&] { return opened_.size() > n; }))
      return nullptr;
    return opened_[n];
  }
  std::size_t opened() const {
    const std::lock_guard lock(mutex_);
    return opened_.size();
  }

  int time_divisor = 1;  ///< delays are this many times shorter

 private:
  struct Handle final : Stream {
    explicit Handle(std::shared_ptr<Pipe> which) : pipe(std::move(which)) {}
    ~Handle() override { pipe->close(); }
    void close() override { pipe->close(); }
    std::shared_ptr<Pipe> pipe;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
      if (work_.empty()) {
        wake_.wait(lock);
        continue;
      }
      const auto due = work_.begin()->first;
      if (due > std::chrono::steady_clock::now()) {
        wake_.wait_until(lock, due);
        continue;
      }
      std::function<void()> work = std::move(work_.begin()->second);
      work_.erase(work_.begin());
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }

  Script script_;
  Handler handler_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, opened_wake_;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> work_;
  std::vector<std::shared_ptr<Pipe>> opened_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace doorbuster::kube
