#include "controllers/simulator/process.h"

#include "controllers/planner/child.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/router.h"
#include "controllers/planner/sweeping.h"

#include <algorithm>

namespace doorbuster::simulator {

namespace {

/// When nothing new has arrived of a kind for a while: from when on it arrives again.
std::optional<Instant> current_again(const Weather& weather, const std::string& kind, Instant now) {
  std::optional<Instant> out;
  const auto stalled = weather.stalled_until.find(kind);
  if (stalled != weather.stalled_until.end() && stalled->second > now) out = stalled->second;
  if (weather.down_until && *weather.down_until > now)
    out = std::max(out.value_or(now), *weather.down_until);
  return out;
}

}  // namespace

void Process::sooner(std::optional<Instant>& due, Instant at) {
  if (!due || at < *due) due = at;
}

void Process::changed(const ObjectRef& ref) {
  if (ref.kind == "SaleEvent") {
    keys_[ref].gone = false;
    keys_[ref].due.insert(world_.visible_at(ref.kind));
  }
  if (ref.kind == api::kSaleActionKind) {
    const StoredPtr action = cluster_.api().live(ref);
    const auto event =
        keys_.find(sale_ref(ref.ns, action ? action->tree.text_at("/spec/event") : ""));
    if (event != keys_.end()) event->second.due.insert(world_.visible_at(ref.kind));
  }
  during_round_.push_back(ref);
  for (auto& [event, key] : keys_) {
    const bool scaler = planner::is_scaler(ref) && ref.ns == event.ns;
    if (scaler || key.watched.contains(ref)) key.due.insert(world_.visible_at(ref.kind));
  }
}

void Process::poke() {
  for (auto& [event, key] : keys_) key.due.insert(cluster_.now());
}

void Process::kill(Instant until) {
  starts_at_ = until;
  for (auto& [event, key] : keys_) key = Key{};
  orphans_.clear();  // nothing but the label says after a restart where to look
  if (killed) killed();
}

std::optional<Instant> Process::next() const {
  std::optional<Instant> out = next_key();
  if (!starts_at_ && sweep_at_) sooner(out, *sweep_at_);
  return out;
}

std::optional<Instant> Process::next_key() const {
  if (starts_at_) return starts_at_;
  std::optional<Instant> out;
  for (const auto& [event, key] : keys_) {
    if (key.gone) continue;
    if (!key.due.empty()) sooner(out, *key.due.begin());
    if (key.wake) sooner(out, *key.wake - world_.weather.skew);
  }
  return out;
}

void Process::run_due() {
  if (starts_at_) {
    if (cluster_.now() < *starts_at_) return;
    starts_at_.reset();
    world_.restart();
    sweep_at_ = cluster_.now();
    for (const ObjectRef& event : world_.known_events()) keys_[event].due.insert(cluster_.now());
  }
  try {
    for (auto& [event, key] : keys_) {
      const bool due = !key.due.empty() && *key.due.begin() <= cluster_.now();
      const bool awake = key.wake && *key.wake <= world_.now();
      if (!key.gone && (due || awake)) round(event, key);
    }
    if (sweep_at_ && *sweep_at_ <= cluster_.now()) sweep();
  } catch (const Killed&) {
    kill(cluster_.now() + downtime);
  }
}

void Process::round(const ObjectRef& event, Key& key) {
  key.due.erase(key.due.begin(), key.due.upper_bound(cluster_.now()));
  key.wake.reset();
  if (before_round) before_round(event);
  during_round_.clear();
  const planner::RoundResult result = planner::run_round(world_, event, setup_);
  if (const auto& seen = world_.seen(); seen && seen->event->ref == event) {
    key.watched.clear();
    for (const auto& [ref, fact] : seen->observation.objects) {
      key.watched.insert(cluster_.api().served(ref));
      if (!std::holds_alternative<planner::Unread>(fact)) continue;
      // A cache that is current again says so to every event that asks it (Caches::on_current).
      if (const auto at = current_again(world_.weather, ref.kind, cluster_.now()))
        key.due.insert(*at);
    }
  }
  // A watch that this very round asked for sees what the round itself did.
  for (const ObjectRef& ref : during_round_) {
    if (key.watched.contains(ref)) key.due.insert(world_.visible_at(ref.kind));
  }
  during_round_.clear();
  // A later change may be the one that makes it visible.
  key.gone = result.gone && key.due.empty();
  key.wake = result.wake;
  if (result.failed) {
    // Exponential back-off, 200 ms to 30 s.
    const int doublings = std::min(key.failures++, 8);
    key.due.insert(cluster_.now() +
                   std::min<Duration>(std::chrono::milliseconds(200) * (1 << doublings),
                                      std::chrono::seconds(30)));
  } else {
    key.failures = 0;
  }
  if (after_round) after_round(event, result);
}

/// The leader's sweep: holders whose event a consistent answer says is gone are let go.
void Process::sweep() {
  sweep_at_ = cluster_.now() + kSweepEvery;
  if (world_.down()) return;
  for (const ServedKind& kind : cluster_.api().kinds) {
    if (kind.group == api::kGroup) continue;
    for (const ObjectRef& ref : cluster_.api().objects(kind.group, kind.kind)) tend(ref);
  }
}

planner::RoutesFact Process::routes_of(const std::string& ns) const {
  std::vector<planner::RouteSeen> out;
  for (const planner::Router& router : planner::routers()) {
    for (const ObjectRef& ref : cluster_.api().objects(router.group, router.kind)) {
      if (ref.ns != ns) continue;
      const planner::Fact fact = world_.fact(ref);
      if (std::holds_alternative<planner::Missing>(fact)) continue;  // Services come and go
      const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
      if (present == nullptr) return planner::Unread{"a route is not known"};
      out.push_back({&router, (*present)->object});
    }
  }
  return out;
}

planner::DeploymentsFact Process::deployments_of(const std::string& ns) const {
  std::vector<std::shared_ptr<const planner::Document>> out;
  for (const ObjectRef& ref : cluster_.api().objects("apps", "Deployment")) {
    if (ref.ns != ns) continue;
    const planner::Fact fact = world_.fact(ref);
    if (std::holds_alternative<planner::Missing>(fact)) continue;
    const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
    if (present == nullptr) return planner::Unread{"a Deployment is not known"};
    out.push_back((*present)->object);
  }
  return out;
}

void Process::tend_child(const ObjectRef& ref, const planner::Present& object) {
  const auto parent = planner::parent_of(*object.object);
  if (!parent) return;
  auto care = planner::care_for_child(ref, object, setup_.install, uid_of(parent->event));
  if (care.remove && planner::is_serving_child(ref, *object.object))
    care = planner::unless_routed(std::move(care), ref, *parent, routes_of(ref.ns));
  if (care.remove && ref.kind == "Deployment" && planner::is_serving_child(ref, *object.object))
    care = planner::unless_beside(std::move(care), *object.object, deployments_of(ref.ns));
  if (!care.kept.empty()) sweep_at_ = cluster_.now() + kSweepAgain;
  if (!care.remove) return;
  sweep_at_ = cluster_.now() + kSweepAgain;
  static_cast<void>(world_.remove(planner::Event{}, *care.remove));
}

void Process::tend(const ObjectRef& ref) {
  const planner::Fact fact = world_.fact(ref);
  const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
  if (present == nullptr) return;
  const bool in_own_ns = !setup_.ns.empty() && ref.ns == setup_.ns;
  if (in_own_ns || planner::is_serving_child(ref, *(*present)->object)) tend_child(ref, **present);
  if (in_own_ns) return;
  const bool labelled =
      (*present)->object->string("/metadata/labels/doorbuster.dev~1held") == setup_.install;
  if (!labelled && !orphans_.contains(ref)) return;
  std::map<planner::Holder, planner::Life> lives;
  for (const planner::Holder& holder : planner::holders_of(**present, setup_.install))
    lives[holder] = planner::life_of(holder, setup_.install, uid_of(holder.event));
  planner::Fact through = planner::Missing{};
  if (const auto autoscaler = planner::scales_through(ref, **present))
    through = world_.fact(*autoscaler);
  const auto* seen = std::get_if<std::shared_ptr<const planner::Present>>(&through);
  if (seen == nullptr && !std::holds_alternative<planner::Missing>(through)) return;
  const planner::Care care = planner::care_for(
      ref, **present, lives, setup_.install, world_.now(), seen == nullptr ? nullptr : seen->get());
  // Until nothing of us is left on it: letting go takes two requests.
  if (care.next == planner::Care::Next::None) {
    orphans_.erase(ref);
    return;
  }
  orphans_.insert(ref);
  sweep_at_ = cluster_.now() + kSweepAgain;
  if (care.write) static_cast<void>(world_.perform(planner::Event{}, *care.write));
}

Result<std::string> Process::uid_of(const std::string& event) const {
  const auto slash = event.find('/');
  const ObjectRef ref{.group = api::kGroup,
                      .kind = api::kSaleEventKind,
                      .ns = event.substr(0, slash),
                      .name = event.substr(slash + 1)};
  if (const StoredPtr object = cluster_.api().live(ref)) return object->uid();
  return Error{.kind = ErrorKind::NotFound, .message = "no such SaleEvent"};
}

}  // namespace doorbuster::simulator
