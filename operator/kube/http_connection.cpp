#include "operator/kube/http_exchange.h"

namespace doorbuster::kube {
namespace {

/// An idle connection has nothing to say: whatever comes, be it bytes or its end, removes it.
class IdleUser : public ConnectionUser {
 public:
  IdleUser(ConnectionPool& pool, const Connection* connection)
      : pool_(pool), connection_(connection) {}
  void on_read(const IoResult&, std::string_view) override { pool_.drop(connection_); }

 private:
  ConnectionPool& pool_;
  const Connection* connection_;
};

}  // namespace

void Connection::connect(IoHandler handler) {
  stream_->connect(
      [self = shared_from_this(), handler = std::move(handler)](const IoResult& result) {
        if (self->closed_) return;
        if (result.ok()) self->read();
        handler(result);
      });
}

void Connection::send(std::string bytes, IoHandler handler) {
  outbox_ = std::move(bytes);
  writing_ = true;
  stream_->write(
      outbox_.data(),
      outbox_.size(),
      [self = shared_from_this(), handler = std::move(handler)](const IoResult& result) {
        self->writing_ = !result.ok();
        if (self->closed_) return;
        std::string().swap(
            self->outbox_);  // a body may be large, and holds nobody's business afterwards
        handler(result);
      });
}

void Connection::read() {
  stream_->read_some(
      inbox_.data(), inbox_.size(), [self = shared_from_this()](const IoResult& result) {
        if (self->closed_) return;
        const std::shared_ptr<ConnectionUser> user = self->user_;
        if (user) user->on_read(result, {self->inbox_.data(), result.bytes});
        if (result.ok() && !self->closed_) self->read();
      });
}

void Connection::close() {
  closed_ = true;
  user_.reset();
  stream_->close();
}

std::shared_ptr<Connection> ConnectionPool::take(const std::shared_ptr<TlsContext>& tls) {
  while (!idle_.empty()) {
    const std::shared_ptr<Connection> connection = std::move(idle_.back().connection);
    idle_.pop_back();
    if (connection->tls() == tls) return connection;
    connection->close();
  }
  return nullptr;
}

void ConnectionPool::keep(const std::shared_ptr<Connection>& connection) {
  if (max_ == 0) return connection->close();
  if (idle_.size() >= max_) drop(idle_.front().connection.get());
  connection->belongs_to(std::make_shared<IdleUser>(*this, connection.get()));
  idle_.push_back({connection, io_.after(keep_, [this, raw = connection.get()] { drop(raw); })});
}

void ConnectionPool::drop(const Connection* connection) {
  for (auto at = idle_.begin(); at != idle_.end(); ++at) {
    if (at->connection.get() != connection) continue;
    at->connection->close();
    idle_.erase(at);
    return;
  }
}

void ConnectionPool::clear() {
  for (const Idle& idle : idle_) idle.connection->close();
  idle_.clear();
}

void SlowWorker::run(std::function<void(const std::atomic<bool>&)> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  work_.push_back(std::move(work));
  more_.notify_one();
  if (thread_.joinable()) return;
  thread_ = std::thread([this] {
    std::unique_lock own(mutex_);
    while (true) {
      more_.wait(own, [this] { return stopping_ || !work_.empty(); });
      if (stopping_) return;
      auto next = std::move(work_.front());
      work_.pop_front();
      own.unlock();
      next(stopping_);
      next = nullptr;
      own.lock();
    }
  });
}

void SlowWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    more_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  work_.clear();
}

}  // namespace doorbuster::kube
