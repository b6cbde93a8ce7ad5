#include "operator/kube/reflector.h"

#include "operator/base/lower.h"

#include <atomic>
#include <charconv>
#include <mutex>
#include <thread>
#include <utility>

namespace doorbuster::kube {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower(a) == lower(b);
}

/// Retry-After in seconds (RFC 9110, 10.2.3); its other form, a date, is not used by API servers.
std::optional<Duration> retry_after_of(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!same_name(name, "retry-after")) continue;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc() && end == value.data() + value.size() && seconds >= 0 &&
        seconds < 86'400) {
      return std::chrono::seconds(seconds);
    }
  }
  return std::nullopt;
}

}  // namespace

struct Reflector::Impl : std::enable_shared_from_this<Reflector::Impl> {
  /// One answer being read. Bound to its ticket, so that whatever a late one says is known to be
  /// late.
  struct Answer final : StreamReader {
    Answer(Impl& impl, std::uint64_t number) : owner(impl), ticket(number) {}
    void on_status(int status, const Headers& headers) override {
      owner.run(AnswerBegan{ticket, status, retry_after_of(headers)});
    }
    void on_bytes(std::string_view bytes) override { owner.run(AnswerBytes{ticket, bytes}); }
    void on_end(const Error& why) override {
      const bool clean = why.kind == ErrorKind::Unavailable && why.message == "end of stream";
      owner.run(AnswerEnded{ticket, clean, why.message});
    }
    Impl& owner;
    std::uint64_t ticket;
    std::unique_ptr<Stream> stream;
  };

  Impl(WatchWorld given,
       Resource resource,
       std::string scope,
       std::shared_ptr<Sink> receiver,
       WatchSettings settings)
      : transport(*given.transport),
        now(std::move(given.now)),
        jitter(std::move(given.jitter)),
        log(std::move(given.log)),
        kind(resource.plural + (resource.group.empty() ? "" : "." + resource.group)),
        ns(std::move(scope)),
        sink(std::move(receiver)),
        machine(std::move(resource), ns, settings) {}

  /// On the I/O thread. The lock is only against stop(); it is not held while an answer is closed
  /// or destroyed, for the transport has locks of its own, and calls here under them.
  void run(const WatchInput& input) {
    std::vector<std::shared_ptr<Answer>> over;
    {
      const std::lock_guard lock(mutex);
      if (stopped) return;
      running_on = std::this_thread::get_id();
      const bool from_answer = std::holds_alternative<AnswerBegan>(input) ||
                               std::holds_alternative<AnswerBytes>(input) ||
                               std::holds_alternative<AnswerEnded>(input);
      // An answer is not destroyed within its own callback but by a later timer.
      if (!from_answer) over.swap(retired);
      for (WatchOutput& output : machine.step(input, now(), jitter())) {
        std::visit([this](auto& what) { perform(what); }, output);
        if (stopped) break;
      }
      running_on = std::thread::id();
      for (const auto& ended : retired) over.push_back(ended);
    }
    for (const auto& ended : over) ended->stream->close();
  }

  void perform(OpenAnswer& what) {
    retire();
    answer = std::make_shared<Answer>(*this, what.ticket);
    Request request;
    request.target = std::move(what.target);
    request.timeout = what.headers_within;
    answer->stream = transport.open(request, what.idle, *answer);
  }
  void perform(CloseAnswer&) { retire(); }
  void perform(SetTimer& what) {
    transport.post(what.after, [weak = weak_from_this(), ticket = what.ticket] {
      if (const auto self = weak.lock()) self->run(TimerFired{ticket});
    });
  }
  void perform(DeliverPage& what) { sink->on_page(ns, what.page); }
  void perform(DeliverUpsert& what) { sink->on_upsert(ns, {what.meta, what.text}, now()); }
  void perform(DeliverDelete& what) { sink->on_delete(ns, {what.meta, what.text}, now()); }
  void perform(DeliverBookmark& what) { sink->on_bookmark(ns, what.version, now()); }
  void perform(DeliverUndecodable& what) {
    tell(LogLevel::Warn, "an object could not be read", what.why);
    sink->on_undecodable(ns, what.why);
  }
  void perform(DeliverState& what) {
    const bool fine =
        what.report.state == WatchState::Starting || what.report.state == WatchState::Current;
    tell(fine ? LogLevel::Debug : LogLevel::Warn,
         "watch state changed",
         what.report.why,
         to_string(what.report.state));
    sink->on_state(ns, what.report);
  }

  void retire() {
    if (answer) retired.push_back(std::move(answer));
  }

  void tell(LogLevel level,
            const char* message,
            const std::string& why,
            const char* state = nullptr) const {
    if (!log) return;
    LogLine line{level, message, {{"resource", kind}, {"namespace", ns}}};
    if (state != nullptr) line.fields.emplace_back("state", state);
    if (!why.empty()) line.fields.emplace_back("error", why);
    log(line);
  }

  void stop() {
    if (running_on.load() ==
        std::this_thread::get_id()) {  // from within a callback: the lock is ours already
      if (stopped) return;
      stopped = true;
      retire();
      sink->on_state(ns, {WatchState::Stopped, "", now()});
      return;
    }
    std::vector<std::shared_ptr<Answer>> over;
    bool tell_sink = false;
    {
      const std::lock_guard lock(mutex);
      tell_sink = !std::exchange(stopped, true);
      retire();
      over.swap(retired);
    }
    // Outside the lock: closing waits for a callback that may be waiting for it.
    for (const auto& ended : over) ended->stream->close();
    over.clear();
    if (tell_sink) sink->on_state(ns, {WatchState::Stopped, "", now()});
  }

  Transport& transport;
  std::function<Instant()> now;
  std::function<double()> jitter;
  Log log;
  std::string kind, ns;
  std::shared_ptr<Sink> sink;

  std::mutex mutex;
  std::atomic<std::thread::id> running_on{};
  WatchMachine machine;
  std::shared_ptr<Answer> answer;
  std::vector<std::shared_ptr<Answer>> retired;  ///< closed or about to be
  bool stopped = false;
};

Reflector::Reflector(WatchWorld world,
                     Resource resource,
                     std::string ns,
                     std::shared_ptr<Sink> sink,
                     WatchSettings settings)
    : transport_(world.transport),
      impl_(std::make_shared<Impl>(
          std::move(world), std::move(resource), std::move(ns), std::move(sink), settings)) {}

Reflector::~Reflector() { stop(); }

void Reflector::start() {
  transport_->post(Duration(0), [weak = impl_->weak_from_this()] {
    if (const auto self = weak.lock()) self->run(Begin{});
  });
}

void Reflector::stop() { impl_->stop(); }

}  // namespace doorbuster::kube
