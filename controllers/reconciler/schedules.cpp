#include "controllers/reconciler/schedules.h"

#include "controllers/reconciler/event_reading.h"
#include "crds/reader.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

/// A plan that wants to be made again at once waits so long: no busy loop.
constexpr Duration kSoonest{20};
/// A first list, or the echo of our own write, brings a schedule back sooner; this is for a lost
/// one.
constexpr Duration kEchoWait{1'000};

}  // namespace

Schedules::Schedules(Parts parts) : parts_(std::move(parts)) {
  queue_ = std::make_shared<kube::WorkQueue>(kube::WorkQueue::Clocks{parts_.now, parts_.steady});
  store_ = make_schedule_store();
  world_ = std::make_unique<ClusterScheduleWorld>(
      ClusterScheduleWorld::Parts{.client = parts_.client,
                                  .events = parts_.events,
                                  .schedules = store_,
                                  .recorder = parts_.recorder,
                                  .install = parts_.install,
                                  .now = parts_.now,
                                  .log = parts_.log});
}

Schedules::~Schedules() { stop(); }

void Schedules::start() {
  store_->on_change([queue = queue_, shown = parts_.shown](const kube::Key& key,
                                                           const ScheduleStore::Pointer& before,
                                                           const ScheduleStore::Pointer& after) {
    queue->add(key);
    const bool same = before && after && before->status.last_run == after->status.last_run;
    if (after && !same) shown(key.ns, planner::schedule_prefix(key.name));
  });
  store_->on_watch_state(
      [this](const std::string&, const kube::WatchReport& report) { on_watch(report); });
  std::vector<std::string> scopes = parts_.namespaces;
  if (scopes.empty()) scopes = {""};
  for (const std::string& ns : scopes)
    claims_.push_back(parts_.watches->acquire(sale_schedules(), ns, store_));
  thread_ = std::thread([this] { work_through(); });
}

void Schedules::lead() {
  for (const auto& [key, schedule] : store_->all()) queue_->add(key);
}

void Schedules::event_changed(const std::string& ns, const std::string& schedule) {
  for (const auto& [key, one] : store_->all()) {
    const bool meant = schedule.empty() || planner::schedule_prefix(key.name) == schedule;
    if (key.ns == ns && meant) queue_->add(key);
  }
}

std::optional<api::LastOccurrence> Schedules::last_occurrence(const planner::Event& event) const {
  if (event.schedule.empty()) return std::nullopt;
  for (const auto& [key, schedule] : store_->all()) {
    if (key.ns == event.ref.ns && planner::schedule_prefix(key.name) == event.schedule)
      return schedule->status.last_run;
  }
  return std::nullopt;
}

void Schedules::stop() {
  queue_->shut_down();
  if (thread_.joinable()) thread_.join();
  claims_.clear();
}

void Schedules::on_watch(const kube::WatchReport& report) {
  if (report.state != kube::WatchState::NotServed || told_.exchange(true)) return;
  // Appended to: of a sum of temporaries g++ 12 warns at -O2.
  std::string crd = api::kSaleSchedules;
  crd.append(".").append(api::kGroup);
  parts_.log({LogLevel::Warn,
              "SaleSchedules are not served: sales do not recur until the CRD is installed",
              {{"crd", std::move(crd)}}});
}

void Schedules::work_through() {
  while (const auto key = queue_->take()) {
    if (parts_.leading()) work_on(*key);
    queue_->done(*key);
  }
}

void Schedules::work_on(const kube::Key& key) {
  if (!world_->current(key)) {
    queue_->add_at(key, parts_.now() + kEchoWait);
    return;
  }
  const planner::RoundResult result =
      planner::run_schedule_round(*world_, schedule_ref(key.ns, key.name));
  const Instant now = parts_.now();
  std::optional<Instant> wake = result.wake;
  if (wake) wake = std::max(*wake, now + kSoonest);
  queue_->plan(key, wake);
  if (!result.failed) {
    queue_->forget(key);
    return;
  }
  const bool news = result.failed->kind != ErrorKind::Conflict;
  parts_.log({news ? LogLevel::Warn : LogLevel::Debug,
              "schedule's round failed",
              {{"schedule", key.ns + "/" + key.name},
               {"kind", to_string(result.failed->kind)},
               {"error", result.failed->message}}});
  if (result.failed->retry_after) {
    queue_->add_at(key, now + *result.failed->retry_after);
  } else {
    queue_->retry(key);
  }
}

}  // namespace doorbuster::reconciler
