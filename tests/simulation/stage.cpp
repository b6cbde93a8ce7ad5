#include "tests/simulation/stage.h"

#include "controllers/planner/buffer.h"
#include "tests/simulation/releases.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace doorbuster::simulation {
namespace {

using simulator::Boundary;
using simulator::Mishap;
using std::chrono::minutes;
using std::chrono::seconds;

/// So long nothing must be due before a history counts as over: longer than the autoscaler's
/// stabilisation.
constexpr Duration kQuiet = minutes(7);
/// Time that the operator is given to recover from a disturbance before it is held to its promises
/// again: its longest back-off (30 s), a slow watch, a step of the ramp.
constexpr Duration kRecovery = seconds(100);

/// Where the nodes are labelled they are known: one a zone, for a dozen pods each, so that some
/// floors fit and others do not.
std::shared_ptr<const planner::Room> room_of(const History& history) {
  if (!history.zones) return nullptr;
  auto out = std::make_shared<planner::Room>();
  for (std::int64_t i = 0; i < *history.zones; ++i) {
    planner::NodeRoom node;
    node.name = "node-" + std::to_string(i);
    node.allocatable = {{"pods", 12}};
    out->nodes.push_back(std::move(node));
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const planner::Event>> StagedWorld::event(const ObjectRef& ref) {
  auto read = SimulatedWorld::event(ref);
  if (!read || !sabotage_.recall) return read;
  auto altered = std::make_shared<planner::Event>(**read);
  sabotage_.recall(*altered);
  return std::shared_ptr<const planner::Event>(std::move(altered));
}

Result<std::string> StagedWorld::publish(const planner::Event& event,
                                         const api::SaleEventStatus& status) {
  if (!sabotage_.publish) return SimulatedWorld::publish(event, status);
  api::SaleEventStatus altered = status;
  sabotage_.publish(event, altered);
  return SimulatedWorld::publish(event, altered);
}

Result<std::string> StagedWorld::set_finalizer(const planner::Event& event, bool present) {
  if (sabotage_.drop_finalizers && present) return event.version;
  return SimulatedWorld::set_finalizer(event, present);
}

void StagedWorld::side_by_side(const std::vector<Task>& tasks) {
  std::vector<const Task*> mixed;
  for (const Task& one : tasks) mixed.push_back(&one);
  std::shuffle(mixed.begin(), mixed.end(), order);
  for (const Task* one : mixed) (*one)();
}

Outcome StagedWorld::perform(const planner::Event& event, const planner::Write& write) {
  if (!sabotage_.perform) return SimulatedWorld::perform(event, write);
  Outcome last = Done{};
  for (const planner::Write& one : sabotage_.perform(event, write)) {
    const Outcome done = SimulatedWorld::perform(event, one);
    if (!done) last = done;
  }
  return last;
}

Outcome StagedWorld::create(const planner::Event& event, const planner::Create& create) {
  planner::Create altered = create;
  if (sabotage_.create) sabotage_.create(altered);
  return SimulatedWorld::create(event, altered);
}

Outcome StagedWorld::remove(const planner::Event& event, const planner::Remove& remove) {
  if (sabotage_.drop_removals) return Done{};
  return SimulatedWorld::remove(event, remove);
}

Outcome StagedWorld::answer_action(const planner::Event& event,
                                   const planner::ActionAnswer& answer) {
  if (on_answer) on_answer(answer.status);
  if (sabotage_.drop_answers) return Done{};
  return SimulatedWorld::answer_action(event, answer);
}

Result<std::string> StagedWorld::set_frozen(const planner::Event& event, bool frozen) {
  if (sabotage_.drop_thaws && !frozen) return event.version;
  return SimulatedWorld::set_frozen(event, frozen);
}

Stage::Stage(const History& history, const Sabotage& sabotage, bool with_trace)
    : history_(history),
      with_trace_(with_trace),
      live_(std::getenv("DOORBUSTER_LIVE") != nullptr),
      cluster_(kBegin - minutes(10)),
      world_(cluster_, sabotage),
      setup_{.install = "shop-install",
             .allow = products::AllowList::standard(),
             .ns = kOperatorNamespace},
      process_(cluster_, world_, setup_),
      truth_(cluster_),
      plan_([&sabotage](const planner::Event& event,
                        const planner::Observation& seen,
                        const planner::Setup& setup,
                        Instant now) {
        if (!sabotage.see) return planner::plan(event, seen, setup, now);
        planner::Observation altered = seen;
        sabotage.see(altered);
        return planner::plan(event, altered, setup, now);
      }),
      oracles_(all_oracles()),
      to_create_(history.events) {
  std::stable_sort(to_create_.begin(), to_create_.end(), [](const auto& a, const auto& b) {
    return a.created < b.created;
  });
  world_.order.seed(static_cast<std::uint32_t>(history.seed));
  cluster_.zones = history.zones;
  cluster_.room = room_of(history);
  connect();
}

Scene Stage::scene() const {
  return Scene{.cluster = cluster_,
               .truth = truth_,
               .world = world_,
               .setup = setup_,
               .plan = plan_,
               .ending = ending_,
               .opened = world_.opened};
}

void Stage::say(const std::string& line) {
  if (!with_trace_) return;
  report_.trace.push_back(to_rfc3339(cluster_.now()).substr(11) + " " + line);
  if (live_) std::cerr << report_.trace.back() << std::endl;
}

void Stage::disturb(Duration span) { truth_.disturb(cluster_.now() + span + kRecovery); }

void Stage::connect() {
  cluster_.api().on_commit = [this](const simulator::Commit& commit) { on_commit(commit); };
  world_.mishap = [this](Boundary boundary, const ObjectRef& ref) { return mishap(boundary, ref); };
  world_.write_first = [this](const ObjectRef& ref) { foreign_first(ref); };
  world_.on_answer = [this](const api::SaleActionStatus& status) { note_answer(status); };
  world_.on_publish = [this](const planner::Event& event, const api::SaleEventStatus& status) {
    for (auto& oracle : oracles_) oracle->on_publish(scene(), event, status);
    note_publish(event, status);
  };
  world_.on_perform = [this](const planner::Event& event, const planner::Write& write) {
    for (auto& oracle : oracles_) oracle->on_perform(scene(), event, write);
  };
  world_.on_written = [this](const planner::Event& event,
                             const planner::Write& write,
                             const StoredPtr& before,
                             const StoredPtr& after) {
    on_written(Written{.event = event, .write = write, .before = before, .after = after});
  };
  world_.on_child = [this](const planner::Event& event, const planner::ChildEffect& effect) {
    for (auto& oracle : oracles_) oracle->on_child(scene(), event, effect);
    const ObjectRef& child = std::visit([](const auto& one) { return one.object; }, effect);
    const std::string what = is_candidate(child)                  ? "parts of candidates"
                             : child.kind == "DaemonSet"          ? "pullers"
                             : child.kind == planner::kBufferKind ? "buffers"
                                                                  : "placeholders";
    count(what + (std::holds_alternative<planner::Create>(effect) ? " are made" : " are removed"));
    if (event.uid.empty()) count("orphaned " + what + " are removed");
  };
  world_.on_notice = [this](const planner::Event& event, const planner::Notice& notice) {
    say("  notice " + event.ref.name + " " + notice.reason.code + ": " + notice.reason.text);
  };
  process_.before_round = [this](const ObjectRef&) {
    for (auto& oracle : oracles_) oracle->before_round(scene());
  };
  process_.after_round = [this](const ObjectRef& event, const planner::RoundResult& result) {
    say("round " + event.name + (result.wrote ? " wrote" : "") +
        (result.failed ? " failed: " + result.failed->message : "") +
        (result.wake ? " wake " + to_rfc3339(*result.wake).substr(11) : ""));
    note_round(result);
    for (auto& oracle : oracles_) oracle->after_round(scene());
  };
  process_.killed = [this] {
    say("killed");
    if (!late_) truth_.lose_traces();  // the restart at the end excuses nothing
    disturb(process_.downtime);
  };
}

void Stage::on_commit(const simulator::Commit& commit) {
  truth_.on_commit(commit);
  process_.changed(commit.after->ref);
  if (!with_trace_ || commit.writer.subresource == "status") return;
  std::string line =
      "  " + commit.writer.manager + " " + commit.after->ref.kind + " " + commit.after->ref.name;
  if (commit.after->gone) line += " deleted";
  for (const std::string& pointer : holdable(commit.after->ref)) {
    line += " " + pointer.substr(pointer.rfind('/') + 1) + "=" +
            shown(commit.after->tree.value_at(pointer));
  }
  if (is_route(commit.after->ref)) {
    const char* field = field_of(commit.after->ref);
    line += std::string(" ") + field + "=" + shown(commit.after->tree.value_at(field));
  }
  if (is_candidate(commit.after->ref)) {
    for (const char* pointer : kFloorFields)
      line += " " + shown(commit.after->tree.value_at(pointer));
  }
  say(line + (commit.after->tree.at(kAnnotation) != nullptr
                  ? " " + commit.after->tree.text_at(kAnnotation)
                  : ""));
}

void Stage::on_written(const Written& written) {
  const auto& event = written.event;
  const bool orphans =
      event.deleting && event.spec && event.spec->deletion_policy == api::DeletionPolicy::Orphan;
  if (orphans) truth_.leave(written.after->ref);
  for (auto& oracle : oracles_) oracle->on_written(scene(), written);
  note_written(written);
}

Mishap Stage::mishap(Boundary boundary, const ObjectRef& ref) {
  ++report_.requests;
  if (late_) ++ending_.late_requests;
  const int nth = ++requests_[boundary];
  for (const Step& step : history_.steps) {
    if (step.act != Act::GoWrong || step.boundary != boundary || step.nth != nth) continue;
    say("  " + to_text(step) + " on " + ref.name);
    process_.downtime = std::max<Duration>(step.span, seconds(1));
    disturb(process_.downtime);
    note_step(step);
    return step.mishap;
  }
  return Mishap::None;
}

void Stage::foreign_first(const ObjectRef& ref) {
  edit(ref, "somebody", [&](Tree& tree) {
    tree.set("/metadata/labels/touched", Tree::string(std::to_string(report_.requests)));
  });
}

void Stage::set_up() {
  world_.weather.lag = history_.lag;
  cluster_.acts_on_buffers = history_.acts_on_buffers;
  if (history_.buffers)
    cluster_.api().kinds.push_back({.group = planner::kBufferGroup,
                                    .kind = planner::kBufferKind,
                                    .api_version = "autoscaling.x-k8s.io/v1beta1"});
  if (history_.clamp) {
    cluster_.api().admission = [most = *history_.clamp](const ObjectRef& ref, Tree& tree) {
      if (ref.kind == "BackendTrafficPolicy" && tree.number(kRequests, 0) > most)
        tree.set(kRequests, Tree::integer(most));
    };
  }
  for (const auto& one : history_.shops) {
    cluster_.deploy(one);
    if (!history_.routed || one.name != kReleased) continue;
    cluster_.create_route(one, history_.events.front().rollout->router);
    cluster_.candidates.startup = one.startup;
  }
  cluster_.create_policy(kShopNamespace, "front", kRateLimit, "kubectl-client-side-apply");
  cluster_.create_policy(kEdgeNamespace, "edge", kRateLimit, "argocd-controller");
  cluster_.advance(kBegin);
}

void Stage::create_event(const EventPlan& event) {
  const auto made = cluster_.api().create(
      simulator::sale_ref(kShopNamespace, event.name),
      manifest(event, kBegin),
      simulator::Writer{.manager = "kubectl-create", .apply = false, .subresource = {}});
  say("event " + event.name + (made ? " created" : " not created: " + made.error().message));
  disturb(Duration(0));
}

Instant Stage::next_instant() const {
  Instant next = cluster_.next_tick();
  if (!to_create_.empty()) next = std::min(next, at(to_create_.front().created));
  if (next_step_ < history_.steps.size()) next = std::min(next, at(history_.steps[next_step_].at));
  if (const auto due = process_.next()) next = std::min(next, *due);
  return std::max(next, cluster_.now());
}

bool Stage::disturbed() const {
  const simulator::Weather& weather = world_.weather;
  const bool stalled = std::any_of(weather.stalled_until.begin(),
                                   weather.stalled_until.end(),
                                   [&](const auto& one) { return cluster_.now() < one.second; });
  return stalled || world_.down() || !weather.denied_kinds.empty() ||
         !weather.kinds_vanish.empty() || !weather.account_denied_kinds.empty() ||
         weather.reviews_fail || weather.skew != Duration{} || !process_.running();
}

/// Something is still held: the leader's next sweep, an hour away at most, and the way down that it
/// begins must have had their time.
bool Stage::awaits_sweep() const {
  if (cluster_.now() > truth_.calm_at + minutes(150)) return false;
  for (const ObjectRef& ref : cluster_.api().objects("apps", "Deployment")) {
    if (ref.ns == kOperatorNamespace && cluster_.api().live(ref)) return true;
  }
  for (const auto& [group, kind] :
       {std::pair{"apps", "DaemonSet"}, std::pair{planner::kBufferGroup, planner::kBufferKind}}) {
    for (const ObjectRef& ref : cluster_.api().objects(group, kind)) {
      if (cluster_.api().live(ref)) return true;
    }
  }
  const StoredPtr route = cluster_.api().live(shop_route(cluster_));
  if (!candidates().empty() || (route && route->tree.at(kLabel) != nullptr)) return true;
  for (const auto& [field, truth] : truth_.fields()) {
    if (truth.gone || truth_.spoilt.contains(field.object)) continue;
    const StoredPtr object = cluster_.api().live(field.object);
    if (object && object->tree.at(kLabel) != nullptr) return true;
  }
  return false;
}

bool Stage::quiet() const {
  return next_step_ == history_.steps.size() && to_create_.empty() && process_.running() &&
         !process_.next_key();
}

void Stage::run_until_quiet() {
  Instant since = cluster_.now();
  while (!busy_) {
    cluster_.advance(next_instant());
    while (!to_create_.empty() && at(to_create_.front().created) <= cluster_.now()) {
      create_event(to_create_.front());
      to_create_.erase(to_create_.begin());
    }
    while (next_step_ < history_.steps.size() &&
           at(history_.steps[next_step_].at) <= cluster_.now()) {
      const Step& step = history_.steps[next_step_++];
      if (step.act == Act::GoWrong) continue;
      say("* " + to_text(step));
      note_step(step);
      disturb(step.span);
      act(step);
    }
    measure();
    process_.run_due();
    if (disturbed()) disturb(Duration(0));
    for (auto& oracle : oracles_) oracle->at_instant(scene());
    if (!quiet() || awaits_sweep()) since = cluster_.now();
    if (cluster_.now() - since >= kQuiet) break;
    if (cluster_.now() - kBegin > kLongest) {
      busy_ = true;
      ending_.busy = "still something due after " + doorbuster::to_text(kLongest);
    }
  }
}

/// All is quiet: a new process that looks at everything must find nothing to do either.
void Stage::look_again() {
  late_ = true;
  process_.kill(cluster_.now());
  const Instant until = cluster_.now() + minutes(2);
  while (cluster_.now() < until && !busy_) {
    cluster_.advance(next_instant());
    process_.run_due();
  }
}

Report Stage::play() {
  set_up();
  run_until_quiet();
  ending_.quiet = !busy_;
  for (const auto& [ref, pods] : cluster_.workloads()) {
    if (pods.gives_way || is_candidate(ref)) continue;
    // Of a workload that is gone its autoscaler says what ran last: an orphan's ceiling waits for
    // it to be there again, which costs nothing (hack/decisions/0008).
    const ObjectRef autoscaler = scaler_of(cluster_, ref);
    if (!cluster_.api().live(ref) && truth_.orphaned(autoscaler)) truth_.spoilt.insert(autoscaler);
    // Demand that never went away keeps what it needs, and so does what the maximum that somebody
    // set meanwhile has no room for (DemandAboveBaseline).
    const std::int64_t load = pods.load.at(cluster_.now());
    const FieldTruth* ceiling = truth_.field(autoscaler, ceiling_field(autoscaler));
    const auto room = ceiling == nullptr ? std::nullopt : lowest(ceiling->allowed);
    const bool fits = !room || load <= *room * simulator::kTargetUtilisation;
    // So does an autoscaler that somebody told never to scale down.
    const StoredPtr live = cluster_.api().live(autoscaler);
    const bool stays = live &&
                       (live->tree.text_at(kSelectPolicy) == "Disabled" ||
                        live->tree.text_at(kKedaSelectPolicy) == "Disabled") &&
                       room && static_cast<std::int64_t>(pods.pods.size()) > *room;
    if (load <= pods.load.from.begin()->second && fits && !stays) continue;
    truth_.spoilt.insert(ref);
    truth_.spoilt.insert(autoscaler);
  }
  if (ending_.quiet) look_again();
  for (auto& oracle : oracles_) {
    oracle->at_end(scene());
    for (const Violation& one : oracle->violations) {
      report_.violations.push_back(one);
      say("VIOLATION " + one.oracle + " at " + to_rfc3339(one.at).substr(11) + ": " + one.text);
    }
  }
  return std::move(report_);
}

}  // namespace doorbuster::simulation
