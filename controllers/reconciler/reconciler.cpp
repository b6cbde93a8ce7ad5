#include "controllers/reconciler/reconciler.h"

#include "controllers/planner/headroom.h"
#include "controllers/planner/intent.h"
#include "controllers/planner/rollout_candidate.h"
#include "controllers/reconciler/event_reading.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kEchoWait{
    1'000};  ///< the echo of our own write brings an event back sooner; this is for a lost one
constexpr Duration kSoonest{
    20};  ///< a plan that wants to be made again at once waits so long: no busy loop
// What was asked ahead must still be known when it is due.
static_assert(planner::kAhead * 3 <= kube::AccessReviewer::kTtl * 2);

bool is_information(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Conflict:
      return true;
    case ErrorKind::NotFound:
    case ErrorKind::Denied:
    case ErrorKind::Invalid:
    case ErrorKind::Throttled:
    case ErrorKind::Unavailable:
    case ErrorKind::Gone:
      return false;
  }
  return false;
}

}  // namespace

const char* to_string(RoundEnd end) {
  switch (end) {
    case RoundEnd::Success:
      return "success";
    case RoundEnd::Error:
      return "error";
    case RoundEnd::Requeue:
      return "requeue";
    case RoundEnd::RequeueAfter:
      return "requeue_after";
  }
  return "error";
}

Reconciler::Reconciler(Settings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)) {
  queue_ = std::make_shared<kube::WorkQueue>(kube::WorkQueue::Clocks{parts_.now, parts_.steady},
                                             parts_.queue_observer);
  events_ = make_event_store();
  std::vector<std::string> watched = settings_.namespaces;
  if (!watched.empty() && !settings_.setup.ns.empty()) watched.push_back(settings_.setup.ns);
  auto kinds = std::make_shared<Kinds>(parts_.client, parts_.now);
  const auto look_again = [queue = queue_](const kube::Key& key) { queue->add(key); };
  caches_ = std::make_shared<Caches>(
      Caches::World{.client = parts_.client,
                    .kinds = kinds,
                    .watches = parts_.watches,
                    .namespaces = std::move(watched),
                    .now = parts_.now,
                    .changed = [look_again](const std::vector<kube::Key>& events) {
                      for (const kube::Key& one : events) look_again(one);
                    }});
  rooms_ = std::make_shared<Rooms>(Rooms::Parts{.client = parts_.client,
                                                .kinds = kinds,
                                                .events = events_,
                                                .now = parts_.now,
                                                .steady = parts_.steady,
                                                .leading = parts_.leading,
                                                .look_again = look_again,
                                                .log = parts_.log});
  const auto beside = std::make_shared<SideBySide>();
  const auto policies = std::make_shared<Policies>(parts_.client, beside, parts_.now);
  actions_ = std::make_shared<Actions>(Actions::Parts{.client = parts_.client,
                                                      .watches = parts_.watches,
                                                      .policies = policies,
                                                      .namespaces = settings_.namespaces,
                                                      .now = parts_.now,
                                                      .look_again = look_again,
                                                      .log = parts_.log});
  make_checks(kinds, look_again);
  world_ = std::make_shared<ClusterWorld>(ClusterWorld::Parts{
      .client = parts_.client,
      .kinds = kinds,
      .caches = caches_,
      .events = events_,
      .access = parts_.access,
      .recorder = parts_.recorder,
      .rooms = rooms_,
      .actions = actions_,
      .policies = policies,
      .beside = beside,
      .checks = checks_,
      .last_occurrence = [this](const auto& event) { return schedules_->last_occurrence(event); },
      .now = parts_.now,
      .log = parts_.log});
  sweep_ = std::make_unique<Sweep>(Sweep::Parts{.client = parts_.client,
                                                .kinds = kinds,
                                                .events = events_,
                                                .world = world_,
                                                .access = parts_.access,
                                                .setup = settings_.setup,
                                                .namespaces = settings_.namespaces,
                                                .every = settings_.sweep_every,
                                                .now = parts_.now,
                                                .leading = parts_.leading,
                                                .look_again = look_again,
                                                .meter = parts_.meter,
                                                .log = parts_.log});
  schedules_ = std::make_unique<Schedules>(
      Schedules::Parts{.client = parts_.client,
                       .watches = parts_.watches,
                       .events = events_,
                       .recorder = parts_.recorder,
                       .install = settings_.setup.install,
                       .namespaces = settings_.namespaces,
                       .now = parts_.now,
                       .steady = parts_.steady,
                       .leading = parts_.leading,
                       .shown = [this](const std::string& ns,
                                       const std::string& label) { schedule_showed(ns, label); },
                       .log = parts_.log});
}

void Reconciler::make_checks(const std::shared_ptr<Kinds>& kinds,
                             const std::function<void(const kube::Key&)>& look_again) {
  if (!parts_.web) return;
  const planner::CheckSetup setup = settings_.setup.checks.value_or(planner::CheckSetup{});
  checks_ = std::make_shared<CheckPoller>(CheckPoller::Parts{
      .measurer =
          std::make_shared<ProviderMeasurer>(ProviderMeasurer::Parts{.client = parts_.client,
                                                                     .kinds = kinds,
                                                                     .access = parts_.access,
                                                                     .web = parts_.web,
                                                                     .setup = setup,
                                                                     .now = parts_.now}),
      .events = events_,
      .install = settings_.setup.install,
      .prometheus = setup.prometheus,
      .now = parts_.now,
      .steady = parts_.steady,
      .jitter = parts_.jitter,
      .leading = parts_.leading,
      .look_again = look_again});
}

Reconciler::~Reconciler() { stop(Duration(0)); }

void Reconciler::start() {
  events_->on_change(
      [this](const kube::Key& key,
             const EventStore::Pointer& before,
             const EventStore::Pointer& after) { on_event_change(key, before, after); });
  std::vector<std::string> scopes = settings_.namespaces;
  if (scopes.empty()) scopes = {""};
  for (const std::string& ns : scopes)
    claims_.push_back(parts_.watches->acquire(sale_events(), ns, events_));
  for (int worker = 0; worker < settings_.workers; ++worker) {
    threads_.emplace_back([this] { work_through(); });
  }
  sweep_->start();
  actions_->start();
  schedules_->start();
  rooms_->start();
  if (checks_) checks_->start();
}

void Reconciler::lead() {
  for (const auto& [key, event] : events_->all()) queue_->add(key);
  sweep_->lead();
  actions_->lead();
  schedules_->lead();
  rooms_->poke();
  if (checks_) checks_->poke();
}

bool Reconciler::stop(Duration at_most) {
  if (stopped_) return true;
  stopped_ = true;
  // Beside the rounds under way, not after them: a provider that hangs must not cost an orderly
  // end.
  if (checks_) checks_->begin_stop();
  queue_->shut_down();
  const bool idle = queue_->wait_idle(at_most);
  sweep_->stop();
  schedules_->stop();
  rooms_->stop();
  if (checks_) checks_->stop();
  for (std::thread& thread : threads_) thread.join();
  actions_->stop();
  claims_.clear();
  parts_.watches->stop();
  return idle;
}

bool Reconciler::synced() const { return knows_all(*events_, settings_.namespaces); }

void Reconciler::on_event_change(const kube::Key& key,
                                 const EventStore::Pointer& before,
                                 const EventStore::Pointer& after) {
  queue_->add(key);
  if (!before || !after || before->generation != after->generation) rooms_->poke();
  const auto has_checks = [](const EventStore::Pointer& one) {
    return one && one->spec.ok() && !one->spec->checks.empty();
  };
  if (checks_ && (has_checks(before) || has_checks(after))) checks_->poke();
  // Of one that goes without a label the name may have been in a schedule's way.
  for (const EventStore::Pointer& side : {before, after}) {
    if (side && (!after || !side->schedule.empty()))
      schedules_->event_changed(key.ns, side->schedule);
  }
  if (after) {
    if (parts_.meter) parts_.meter->on_event(*after, parts_.now());
    return;
  }
  if (parts_.meter) parts_.meter->on_event_gone(key);
  if (!before) return;
  const planner::Setup& setup = settings_.setup;
  for (const api::HeadroomStatus& row : before->status.headroom) {
    if (!row.object.empty() && !setup.ns.empty())
      sweep_->suspect(planner::placeholders_ref(*before, setup, row.target));
  }
  for (const api::RolloutStatus& row : before->status.rollouts) {
    const auto refs = planner::candidate_refs(*before, setup, row.name);
    for (const ObjectRef& one : {refs.deployment, refs.service, refs.autoscaler})
      sweep_->suspect(one, kOrphanDrain);
  }
  // It may have gone without us (its finalizer taken off by hand): what it held is looked after.
  for (const api::HoldStatus& row : before->status.holds) {
    if (row.copy.empty()) continue;
    const api::HeldObject& object = row.object;
    sweep_->suspect(
        {.group = object.group, .kind = object.kind, .ns = object.ns, .name = object.name});
  }
}

void Reconciler::schedule_showed(const std::string& ns, const std::string& label) {
  for (const auto& [key, event] : events_->all()) {
    if (key.ns == ns && event->schedule == label) queue_->add(key);
  }
}

void Reconciler::work_through() {
  while (const auto key = queue_->take()) {
    if (parts_.meter) parts_.meter->on_active_workers(1);
    work_on(*key);
    if (parts_.meter) parts_.meter->on_active_workers(-1);
    queue_->done(*key);
  }
}

void Reconciler::work_on(const kube::Key& key) {
  if (!events_->synced(key.ns)) {
    queue_->add_at(key, parts_.now() + kEchoWait);
    return;
  }
  if (!world_->shows_own_writes(key)) {
    queue_->add_at(key, parts_.now() + kEchoWait);
    return;
  }
  const ObjectRef ref = event_ref(key.ns, key.name);
  const Result<std::shared_ptr<const planner::Event>> event = world_->event(ref);
  if (!event.ok()) {
    if (event.error().kind == ErrorKind::NotFound) {
      world_->forget(key);
      queue_->plan(key, parts_.leading() ? actions_->refuse_without_event(key) : std::nullopt);
      queue_->forget(key);
      return;
    }
    report_failure(key, event.error());
    queue_->retry(key);
    return;
  }
  if (!parts_.leading()) {
    world_->warm(**event, settings_.setup);
    return;
  }
  const Duration began = parts_.steady();
  const planner::RoundResult result = planner::run_round(*world_, ref, settings_.setup);
  finish(key, result, parts_.steady() - began);
}

void Reconciler::finish(const kube::Key& key, const planner::RoundResult& result, Duration took) {
  const Instant now = parts_.now();
  std::optional<Instant> wake = result.wake;
  if (const auto again = world_->polls(key))
    wake = std::min(wake.value_or(Instant::max()), now + *again);
  if (wake) wake = std::max(*wake, now + kSoonest);
  queue_->plan(key, wake);
  RoundEnd end = wake ? RoundEnd::RequeueAfter : RoundEnd::Success;
  if (result.failed) {
    end = is_information(result.failed->kind) ? RoundEnd::Requeue : RoundEnd::Error;
    if (end == RoundEnd::Error) report_failure(key, *result.failed);
    if (result.failed->retry_after) {
      queue_->add_at(key, now + *result.failed->retry_after);
    } else {
      queue_->retry(key);
    }
  } else {
    queue_->forget(key);
  }
  if (parts_.meter) {
    parts_.meter->on_round(end, took);
    if (const auto event = events_->get(key)) parts_.meter->on_event(*event, now);
  }
}

void Reconciler::report_failure(const kube::Key& key, const Error& error) {
  parts_.log({LogLevel::Warn,
              "round failed",
              {{"event", key.ns + "/" + key.name},
               {"kind", to_string(error.kind)},
               {"error", error.message}}});
}

}  // namespace doorbuster::reconciler
