#include "operator/kube/http_exchange.h"

#include <algorithm>

namespace doorbuster::kube {
namespace {

constexpr std::size_t kMaxHeldBody = 64U << 10U;
constexpr int kUnauthorized = 401;

Duration until(SteadyTime due) {
  const auto left = std::chrono::ceil<Duration>(due - std::chrono::steady_clock::now());
  return std::max(left, Duration::zero());
}

Error unavailable(std::string why) { return Error{ErrorKind::Unavailable, std::move(why), {}, {}}; }

}  // namespace

HttpCore::HttpCore(ServerUrl parsed,
                   const ServerConfig& config,
                   TransportOptions wanted,
                   std::unique_ptr<CredentialSource> source)
    : url(std::move(parsed)),
      options(std::move(wanted)),
      endpoint{url.host, url.port, config.server_name.empty() ? url.host : config.server_name},
      credentials(std::move(source)),
      io(Io::make()),
      pool(*io, options.max_idle, options.idle_time) {}

void HttpCore::shut_down() {
  slow.stop();
  io->stop();
  waiting.clear();
  // Streams and timers go before the Io that made them.
  for (const auto& exchange : std::exchange(live, {})) exchange->cancel();
  pool.clear();
}

Result<std::shared_ptr<TlsContext>> HttpCore::tls_for(const Credentials& wanted) {
  if (!url.https) return std::shared_ptr<TlsContext>();
  if (wanted.tls == tls_settings) return tls;
  auto made = make_tls_context(*wanted.tls);
  // A certificate and a key may be seen half rotated: what worked goes on working until both are
  // there.
  if (!made && tls) return tls;
  if (!made) return made.error();
  tls_settings = wanted.tls;
  tls = *made;
  return tls;
}

std::shared_ptr<Connection> HttpCore::make_connection(const std::shared_ptr<TlsContext>& context) {
  return std::make_shared<Connection>(io->make_stream(endpoint, context), context);
}

void HttpCore::release_slot() {
  --busy;
  while (!waiting.empty() && busy < options.max_connections) {
    const std::shared_ptr<Exchange> next = waiting.front().lock();
    waiting.pop_front();
    if (next) next->take_slot();
  }
}

Exchange::Exchange(HttpCore& core,
                   Request request,
                   std::optional<Duration> idle,
                   std::shared_ptr<Receiver> receiver,
                   SteadyTime due)
    : core_(core),
      request_(std::move(request)),
      idle_(idle),
      receiver_(std::move(receiver)),
      due_(due) {}

void Exchange::start() {
  core_.live.insert(shared_from_this());
  timer_ = core_.io->after(until(due_), [this] {
    fail(ErrorKind::Unavailable, "no whole answer within " + to_text(request_.timeout));
  });
  take_slot();
}

void Exchange::take_slot() {
  if (done_) return;
  if (!idle_) {
    if (core_.busy >= core_.options.max_connections) {
      if (core_.waiting.size() >= kMaxWaitingCalls)
        return fail(ErrorKind::Unavailable, "too many calls are waiting");
      core_.waiting.push_back(weak_from_this());
      return;
    }
    ++core_.busy;
    slot_ = true;
  }
  ask_credentials();
}

void Exchange::ask_credentials() {
  if (auto ready = core_.credentials->ready()) return have_credentials(*ready);
  core_.slow.run([self = shared_from_this()](const std::atomic<bool>& stop) {
    auto fetched = self->core_.credentials->fetch(stop);
    if (stop) return;
    self->core_.io->post(Duration::zero(), [self, fetched] { self->have_credentials(fetched); });
  });
}

void Exchange::have_credentials(const Result<Credentials>& credentials) {
  if (done_) return;
  if (renewing_) {
    renewing_ = false;
    const bool renewed = credentials.ok() && credentials->generation != credentials_.generation;
    if (!renewed) {  // then the 401 was the last word
      holding_ = false;
      show_head();
      if (!done_ && !held_body_.empty()) receiver_->body(held_body_);
      return finish(nullptr);
    }
  }
  if (!credentials) return finish(&credentials.error());
  credentials_ = *credentials;
  auto tls = core_.tls_for(credentials_);
  if (!tls) return finish(&tls.error());
  tls_ = *tls;
  connect();
}

void Exchange::connect() {
  began_ = std::chrono::steady_clock::now();
  counted_ = false;
  got_bytes_ = false;
  holding_ = false;
  held_body_.clear();
  const std::optional<std::size_t> max_body =
      idle_ ? std::nullopt : std::optional(request_.max_body);
  readers_.push_back(std::make_unique<ResponseReader>(
      max_body, [this](std::string_view bytes) { on_body(bytes); }));
  if (!fresh_only_) connection_ = core_.pool.take(tls_);
  if (connection_) {
    connection_->belongs_to(shared_from_this());
    return send();
  }
  connection_ = core_.make_connection(tls_);
  connection_->belongs_to(shared_from_this());
  connection_->connect([this, self = shared_from_this()](const IoResult& result) {
    if (done_) return;
    if (!result.ok()) return broken(result.end ? "connection closed" : result.error);
    send();
  });
}

std::string Exchange::request_text() const {
  std::string text = request_.method + " " + core_.url.prefix + request_.target +
                     " HTTP/1.1\r\nHost: " + core_.url.authority +
                     "\r\nUser-Agent: " + core_.options.user_agent +
                     "\r\nAccept: " + request_.accept + "\r\n";
  const std::string& authorization =
      request_.authorization.empty() ? credentials_.authorization : request_.authorization;
  if (!authorization.empty()) text += "Authorization: " + authorization + "\r\n";
  for (const auto& [name, value] : request_.headers)
    text.append(name).append(": ").append(value).append("\r\n");
  if (!request_.content_type.empty()) text += "Content-Type: " + request_.content_type + "\r\n";
  if (!request_.body.empty() || request_.method != "GET") {
    text += "Content-Length: " + std::to_string(request_.body.size()) + "\r\n";
  }
  return text + "\r\n" + request_.body;
}

void Exchange::send() {
  // A failure to write is told by the read that is always under way: the server may have answered
  // before it closed.
  connection_->send(request_text(), [](const IoResult&) {});
}

void Exchange::on_read(const IoResult& result, std::string_view bytes) {
  if (done_ || renewing_) return;
  ResponseReader& reader = *readers_.back();
  if (!result.ok()) {
    if (!result.end) return broken(result.error);
    auto ended = reader.end_of_input();
    if (done_) return;
    return ended ? complete() : broken(ended.error().message);
  }
  got_bytes_ = true;
  last_bytes_ = std::chrono::steady_clock::now();
  auto fed = reader.feed(bytes);
  if (done_) return;
  if (!fed) return broken(fed.error().message);
  if (reader.head_done() && !holding_) show_head();
  if (done_) return;
  if (reader.done()) complete();
}

void Exchange::on_body(std::string_view bytes) {
  if (done_) return;
  if (!holding_ && !head_shown_) show_head();
  if (done_) return;
  if (holding_) {
    if (held_body_.size() + bytes.size() <= kMaxHeldBody) held_body_.append(bytes);
    return;
  }
  receiver_->body(bytes);
}

/// Tells the receiver of the answer, except of a first 401, which other credentials may turn into
/// something else.
void Exchange::show_head() {
  if (head_shown_) return;
  const ResponseReader& reader = *readers_.back();
  const std::string encoding = reader.header("Content-Encoding");
  if (!encoding.empty() && encoding != "identity") {
    return fail(ErrorKind::Unavailable, "the answer comes in an encoding that was not asked for");
  }
  if (reader.status() == kUnauthorized && !tried_renewal_) {
    holding_ = true;
    return;
  }
  head_shown_ = true;
  if (idle_) watch_silence();
  receiver_->head(reader.status(), reader.headers());
}

void Exchange::complete() {
  ResponseReader& reader = *readers_.back();
  if (!holding_) show_head();
  if (done_) return;
  if (!holding_) return finish(nullptr);
  count(std::to_string(reader.status()));
  leave_connection(reader.reusable());
  tried_renewal_ = true;
  renewing_ = true;
  core_.credentials->reject(credentials_.generation);
  ask_credentials();
}

/// The connection failed. A server may close a kept connection just as a request is on its way to
/// it: a GET may then be sent again, once; what might have changed something may not, unless its
/// sender says that this does no harm.
void Exchange::broken(const std::string& why) {
  const bool stale = connection_ && connection_->served && !got_bytes_;
  const bool again = request_.repeatable || request_.method == "GET";
  if (stale && again && !tried_stale_) {
    tried_stale_ = true;
    fresh_only_ = true;
    leave_connection(false);
    return connect();
  }
  fail(ErrorKind::Unavailable, why);
}

void Exchange::fail(ErrorKind kind, std::string why) {
  const Error error{kind, std::move(why), {}, {}};
  finish(&error);
}

void Exchange::finish(const Error* failure) {
  if (done_) return;
  const std::shared_ptr<Exchange> self = shared_from_this();
  const std::shared_ptr<Receiver> receiver = receiver_;
  const bool answered = head_shown_ && !readers_.empty();
  count(answered ? std::to_string(readers_.back()->status()) : "<error>");
  const bool reusable = !failure && !readers_.empty() && readers_.back()->reusable();
  leave_connection(reusable);
  cancel();
  if (failure || !idle_) return receiver->end(failure);
  const Error end = unavailable("end of stream");
  receiver->end(&end);
}

void Exchange::cancel() {
  if (done_) return;
  const std::shared_ptr<Exchange> self = shared_from_this();
  done_ = true;
  timer_.reset();
  leave_connection(false);
  receiver_.reset();
  core_.live.erase(self);
  if (std::exchange(slot_, false)) core_.release_slot();
}

void Exchange::leave_connection(bool reusable) {
  const std::shared_ptr<Connection> connection = std::exchange(connection_, nullptr);
  if (!connection) return;
  connection->served = true;
  if (reusable && !connection->writing()) {
    core_.pool.keep(connection);
  } else {
    connection->close();
  }
}

/// A stream's first deadline was its head's; from then on only silence ends it.
void Exchange::watch_silence() {
  const SteadyTime ends = std::max(last_bytes_, began_) + *idle_;
  timer_ = core_.io->after(until(ends), [this] {
    if (std::chrono::steady_clock::now() - last_bytes_ < *idle_) return watch_silence();
    fail(ErrorKind::Unavailable, "nothing arrived for " + to_text(*idle_));
  });
}

void Exchange::count(const std::string& code) {
  if (!core_.options.seen || began_ == SteadyTime() || std::exchange(counted_, true)) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  core_.options.seen({request_.method, code, core_.url.authority, took.count()});
}

}  // namespace doorbuster::kube
