#include "operator/kube/lease.h"

#include "operator/base/json.h"
#include "operator/kube/micro_time.h"

#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace doorbuster::kube {
namespace {

constexpr Duration kCallWithin{3'000};     ///< one read or write of the lease
constexpr Duration kReleaseWithin{1'000};  ///< giving it back when stopping
constexpr Duration kLeastPause{20};
constexpr std::int64_t kLongestLease = 3'600;  ///< seconds; another's record may be nonsense

Resource leases() {
  return {.group = "coordination.k8s.io",
          .version = "v1",
          .plural = "leases",
          .kind = "Lease",
          .namespaced = true,
          .verbs = {},
          .subresources = {}};
}

Error error(ErrorKind kind, std::string message) {
  return Error{.kind = kind, .message = std::move(message), .causes = {}, .retry_after = {}};
}

/// What a Lease object says.
struct Record {
  std::string uid, version, holder, spec;
  Duration lasts{0};  ///< zero: not given or nonsense
  std::int64_t transitions = 0;
};

Result<Record> record_of(const Object& object) {
  const Result<JsonView> view = JsonView::parse(object.text);
  if (!view.ok()) return view.error();
  Record record{
      .uid = object.meta.uid, .version = object.meta.resource_version, .holder = {}, .spec = {}};
  const auto spec = view->member("spec");
  if (!spec) return record;
  record.spec = spec->text();
  if (const auto holder = spec->member("holderIdentity"))
    record.holder = holder->string().value_or("");
  if (const auto count = spec->member("leaseTransitions"))
    record.transitions = count->integer().value_or(0);
  if (const auto lasts = spec->member("leaseDurationSeconds")) {
    const std::int64_t seconds = lasts->integer().value_or(0);
    if (seconds > 0 && seconds <= kLongestLease) record.lasts = std::chrono::seconds(seconds);
  }
  return record;
}

/// What the gate looks at; it may outlive the elector.
struct GateState {
  std::mutex mutex;
  std::optional<SinceBoot> renewed;
  std::function<SinceBoot()> since_boot;
  Duration renew_within, lasts;

  Outcome pass(Duration& timeout) {
    const std::lock_guard lock(mutex);
    if (!renewed) return error(ErrorKind::Unavailable, "kept back: not the leader");
    const SinceBoot now = since_boot();
    if (now >= *renewed + renew_within)
      return error(ErrorKind::Unavailable, "kept back: the lease was not renewed in time");
    timeout = std::min(timeout, *renewed + lasts - now);
    return Done{};
  }
};

}  // namespace

SinceBoot since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<SinceBoot>(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

Outcome check(const LeaseSettings& settings) {
  if (settings.ns.empty() || settings.name.empty())
    return error(ErrorKind::Invalid, "the lease needs a namespace and a name");
  if (settings.identity.empty())
    return error(ErrorKind::Invalid, "the lease needs the identity of this process");
  if (settings.lasts <= settings.renew_within) {
    return error(ErrorKind::Invalid,
                 "a lease must last longer than the time within which it is renewed");
  }
  if (settings.renew_within * 5 <= settings.retry * 6 || settings.retry <= Duration(0)) {
    return error(ErrorKind::Invalid,
                 "a lease must be renewed within more than 1.2 times the retry period");
  }
  if (settings.lasts % std::chrono::seconds(1) != Duration(0)) {
    return error(ErrorKind::Invalid, "a lease lasts whole seconds");
  }
  return Done{};
}

LeaseMove decide(const LeaseView& view, const LeaseSettings& settings, SinceBoot now) {
  if (view.renewed) {
    if (now >= *view.renewed + settings.renew_within) return LeaseMove::Lost;
    if (view.exists && view.holder != settings.identity) return LeaseMove::Lost;
    return LeaseMove::Renew;
  }
  if (!view.known) return LeaseMove::Wait;
  if (!view.exists || view.holder.empty()) return LeaseMove::Acquire;
  // Ours although we do not lead: a write whose answer was lost, or a renewal that came too late.
  if (view.holder == settings.identity) return LeaseMove::Acquire;
  return now >= view.changed + view.lasts ? LeaseMove::Acquire : LeaseMove::Wait;
}

struct Elector::State {
  State(LeaseSettings chosen, World given, Callbacks told)
      : settings(std::move(chosen)),
        world(std::move(given)),
        callbacks(std::move(told)),
        gate(std::make_shared<GateState>()) {
    gate->since_boot = world.since_boot;
    gate->renew_within = settings.renew_within;
    gate->lasts = settings.lasts;
    view.lasts = settings.lasts;
  }

  void run() {
    for (;;) {
      const Duration pause = step();
      std::unique_lock lock(mutex);
      if (wake.wait_for(lock, pause, [this] { return stopping; })) return;
    }
  }

  /// One round; answers how long to wait for the next.
  Duration step() {
    LeaseMove move = decide(view, settings, world.since_boot());
    if (move == LeaseMove::Lost)
      lose(view.exists && view.holder != settings.identity ? "another holds the lease now"
                                                           : "the lease was not renewed in time");
    if (move != LeaseMove::Renew) {
      read();
      move = decide(view, settings, world.since_boot());
    }
    if (move == LeaseMove::Acquire || move == LeaseMove::Renew) write();
    news();
    if (decide(view, settings, world.since_boot()) == LeaseMove::Lost) return kLeastPause;
    return pause();
  }

  Duration pause() const {
    const SinceBoot now = world.since_boot();
    if (view.renewed) {
      // Failed attempts are repeated sooner, the better the chance before the deadline.
      const Duration wanted = last_write_good ? settings.retry : settings.retry / 2;
      return std::clamp(*view.renewed + settings.renew_within - now, kLeastPause, wanted);
    }
    const auto spread = static_cast<Duration::rep>(static_cast<double>(settings.retry.count()) *
                                                   0.2 * world.jitter());
    const Duration wanted = settings.retry + Duration(spread);
    if (!view.known || !view.exists || view.holder.empty()) return wanted;
    // A lease that runs out before the next round is looked at just then.
    return std::clamp(view.changed + view.lasts - now + Duration(spread / 10), kLeastPause, wanted);
  }

  Duration call_within() const {
    if (!view.renewed) return kCallWithin;
    return std::clamp(
        *view.renewed + settings.renew_within - world.since_boot(), Duration(1), kCallWithin);
  }

  void read() {
    const Result<Object> object =
        world.client->get(leases(), {settings.ns, settings.name}, "", call_within());
    if (object.ok()) {
      const Result<Record> seen = record_of(*object);
      if (seen.ok()) return take(*seen);
      return tell(LogLevel::Warn, "the lease cannot be read", seen.error().message);
    }
    if (object.error().kind == ErrorKind::NotFound) {
      record = {};
      view.known = true;
      view.exists = false;
      view.holder.clear();
      return;
    }
    tell(LogLevel::Warn, "the lease cannot be read", object.error().message);
  }

  /// Takes in what the lease is now. Its own times are not looked at: only that it changed, and
  /// when we saw it.
  void take(const Record& seen) {
    if (!view.known || !view.exists || record.spec != seen.spec || record.uid != seen.uid)
      view.changed = world.since_boot();
    view.known = view.exists = true;
    view.holder = seen.holder;
    view.lasts = seen.lasts > Duration(0) ? seen.lasts : settings.lasts;
    record = seen;
    const std::lock_guard lock(mutex);
    if (leader == seen.holder) return;
    leader = seen.holder;
    leader_news = true;
  }

  Json body(const std::string& holder, Duration lasts, bool create) const {
    const std::string now = micro_time(world.now());
    const bool same = view.exists && record.holder == holder;
    JsonObject spec;
    spec.add("holderIdentity", holder);
    spec.add("leaseDurationSeconds",
             std::chrono::duration_cast<std::chrono::seconds>(lasts).count());
    spec.add("renewTime", now);
    if (!same) {
      spec.add("acquireTime", now);
      spec.add("leaseTransitions",
               create ? 0
                      : std::min<std::int64_t>(record.transitions, 2'000'000'000) +
                            (holder.empty() ? 0 : 1));
    }
    JsonObject metadata;
    metadata.add("name", settings.name).add("namespace", settings.ns);
    if (!create) metadata.add("uid", record.uid).add("resourceVersion", record.version);
    JsonObject lease;
    lease.add("apiVersion", "coordination.k8s.io/v1").add("kind", "Lease");
    return lease.add("metadata", metadata.build()).add("spec", spec.build()).build();
  }

  void write() {
    const bool had = view.renewed.has_value();
    for (int attempt = 0; attempt < 2; ++attempt) {
      const SinceBoot sent = world.since_boot();
      WriteOptions options;
      options.timeout = call_within();
      const bool create = !view.exists;
      const Result<Object> answer =
          create
              ? world.client->create(
                    leases(), settings.ns, body(settings.identity, settings.lasts, true), options)
              : world.client->patch(leases(),
                                    {settings.ns, settings.name},
                                    PatchType::Merge,
                                    body(settings.identity, settings.lasts, false),
                                    options);
      last_write_good = answer.ok();
      if (answer.ok()) return won(*answer, sent, had);
      tell(LogLevel::Warn, "the lease could not be written", answer.error().message);
      const ErrorKind kind = answer.error().kind;
      if (kind != ErrorKind::Conflict && kind != ErrorKind::NotFound) return;
      // Somebody wrote in between: only a label, or took it, or deleted it. Once more if it is
      // still ours to take.
      read();
      const LeaseMove move = decide(view, settings, world.since_boot());
      if (move != LeaseMove::Renew && move != LeaseMove::Acquire) return;
    }
  }

  void won(const Object& answer, SinceBoot sent, bool had) {
    const Result<Record> seen = record_of(answer);
    if (!seen.ok() || seen->holder != settings.identity) {
      last_write_good = false;
      return tell(LogLevel::Warn,
                  "the lease was answered with something else",
                  seen.ok() ? seen->holder : seen.error().message);
    }
    take(*seen);
    if (world.since_boot() >= sent + settings.renew_within) return;  // too late to be of use
    view.renewed = sent;
    {
      const std::lock_guard lock(gate->mutex);
      const std::lock_guard own(mutex);
      if (!stopping) gate->renewed = sent;
    }
    if (!had) {
      tell(LogLevel::Info, "elected", "");
      if (callbacks.elected) callbacks.elected();
    }
  }

  void lose(const std::string& why) {
    close_gate();
    view.renewed.reset();
    last_write_good = true;
    tell(LogLevel::Error, "lost the election", why);
    bool quiet;
    {
      const std::lock_guard lock(mutex);
      quiet = stopping;
    }
    if (!quiet && callbacks.lost) callbacks.lost(why);
  }

  void news() {
    std::string identity;
    {
      const std::lock_guard lock(mutex);
      if (!std::exchange(leader_news, false)) return;
      identity = leader;
    }
    if (callbacks.leader) callbacks.leader(identity);
  }

  void close_gate() {
    const std::lock_guard lock(gate->mutex);
    gate->renewed.reset();
  }

  /// So that a successor need not wait until it has run out.
  void release() {
    if (!view.renewed || !view.exists) return;
    view.renewed.reset();
    WriteOptions options;
    options.timeout = kReleaseWithin;
    const auto given_back = world.client->patch(leases(),
                                                {settings.ns, settings.name},
                                                PatchType::Merge,
                                                body("", std::chrono::seconds(1), false),
                                                options);
    if (!given_back.ok())
      tell(LogLevel::Warn, "the lease could not be given back", given_back.error().message);
  }

  void tell(LogLevel level, const char* message, const std::string& why) const {
    if (!world.log) return;
    LogLine line{level,
                 message,
                 {{"lease", settings.ns + "/" + settings.name}, {"identity", settings.identity}}};
    if (!why.empty()) line.fields.emplace_back("error", why);
    world.log(line);
  }

  const LeaseSettings settings;
  const World world;
  const Callbacks callbacks;
  const std::shared_ptr<GateState> gate;

  // Of the elector's thread alone:
  LeaseView view;
  Record record;
  bool last_write_good = true;

  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  bool leader_news = false;
  std::string leader;
  std::thread thread;
};

Elector::Elector(LeaseSettings settings, World world, Callbacks callbacks)
    : state_(std::make_shared<State>(std::move(settings), std::move(world), std::move(callbacks))) {
}

Elector::~Elector() { stop(); }

void Elector::start() {
  if (state_->thread.joinable()) return;
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Elector::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->close_gate();
  if (!state_->thread.joinable()) return;
  state_->thread.join();
  state_->release();
}

bool Elector::leading() const {
  Duration any = std::chrono::hours(1);
  return state_->gate->pass(any).ok();
}

std::string Elector::leader() const {
  const std::lock_guard lock(state_->mutex);
  return state_->leader;
}

std::optional<Duration> Elector::since_renewal() const {
  const std::lock_guard lock(state_->gate->mutex);
  if (!state_->gate->renewed) return std::nullopt;
  return state_->world.since_boot() - *state_->gate->renewed;
}

WriteGate Elector::gate() const {
  return [gate = state_->gate](Duration& timeout) { return gate->pass(timeout); };
}

}  // namespace doorbuster::kube
