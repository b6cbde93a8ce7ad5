// What happens to a release, and what its check says.
#include "controllers/planner/webhook_gate.h"
#include "tests/simulation/releases.h"
#include "tests/simulation/stage.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using std::chrono::seconds;

constexpr Duration kMeasured = seconds(10);
constexpr const char* kImage = "/spec/template/spec/containers/0/image";

bool has_webhook(const Tree& event) { return event.at("/spec/gates/0/webhook") != nullptr; }

bool is_over(const std::string& state) { return state == "Promoted" || state == "RolledBack"; }

}  // namespace

planner::Observation StagedWorld::observe(const planner::Event& event,
                                          const planner::Needs& needs) {
  planner::Observation out = SimulatedWorld::observe(event, needs);
  const bool checked = event.spec && !event.spec->checks.empty();
  const Instant last = now() - now().time_since_epoch() % kMeasured;
  for (Instant at = last - std::chrono::minutes(2); checked && at <= last; at += kMeasured) {
    const auto after = check_says.upper_bound(at - weather.skew);
    const std::string says = after == check_says.begin() ? "Good" : std::prev(after)->second;
    planner::Measurement one{.at = at, .says = planner::Measurement::Says::Value, .text = "0"};
    one.value = says == "Bad" ? 1 : 0;
    if (says == "Unknown") one.says = planner::Measurement::Says::Error;
    out.checks[kCheck].push_back(std::move(one));
  }
  ask_servers(event, out);
  if (sabotage_.see) sabotage_.see(out);
  return out;
}

/// At every look anew: what was answered before nobody remembers, as after a restart.
void StagedWorld::ask_servers(const planner::Event& event, planner::Observation& seen) {
  if (server_says.empty() || server_says == "Silent") return;
  for (const planner::GateQuestion& one : planner::gate_questions(event, now())) {
    planner::Measurement said{.at = now(), .says = planner::Measurement::Says::Value, .text = ""};
    said.value = server_says == "Opens" ? 1 : 0;
    if (server_says == "Opens") opened.push_back(one.body);
    if (server_says == "Fails") said.says = planner::Measurement::Says::Error;
    seen.checks[one.check.name].push_back(std::move(said));
  }
}

std::vector<ObjectRef> Stage::candidates() const {
  std::vector<ObjectRef> out;
  for (const auto& [ref, pods] : cluster_.workloads()) {
    if (is_candidate(ref) && cluster_.api().live(ref)) out.push_back(ref);
  }
  return out;
}

bool Stage::is_under_way(const api::SaleEventStatus& status) const {
  return std::any_of(status.rollouts.begin(), status.rollouts.end(), [](const auto& row) {
    return !is_over(row.state) && row.state != "Waiting";
  });
}

/// A new measurement brings a round.
void Stage::measure() {
  if (!history_.routed || cluster_.now() < next_measurement_) return;
  next_measurement_ = cluster_.now() + kMeasured;
  for (const ObjectRef& ref : cluster_.api().objects("doorbuster.dev", "SaleEvent")) {
    const StoredPtr event = cluster_.api().live(ref);
    if (!event || !is_under_way(*event->status)) continue;
    if (event->tree.at("/spec/checks") != nullptr || has_webhook(event->tree))
      return process_.poke();
  }
}

/// As people and tools do it who know nothing of a release, or want it otherwise.
void Stage::edit_route(const std::string& how) {
  const ObjectRef ref = shop_route(cluster_);
  const auto& versions = cluster_.api().history(ref);
  if (versions.empty()) return;
  const Tree written = *versions.front()->tree.at(field_of(ref));
  edit(ref, how == "Revert" ? "argocd-controller" : "kubectl-edit", [&](Tree& tree) {
    if (how == "Revert" || ref.kind == "Service") return tree.set(field_of(ref), written);
    Tree& rules = *tree.at(kRules);
    if (how == "Rule") {
      Tree rule = written.elements().front();
      rule.set("/matches", Tree::parse(R"([{"path":{"type":"PathPrefix","value":"/new"}}])"));
      return rules.elements().push_back(std::move(rule));
    }
    for (Tree& one : rules.elements().front().at("/backendRefs")->elements())
      one.set("/weight", Tree::integer(one.number("/weight", 1) + 7));
  });
}

void Stage::want_stable(const std::string& event, bool unless_over) {
  const StoredPtr live = cluster_.api().live(simulator::sale_ref(kShopNamespace, event));
  if (!live || live->tree.at("/spec/rollouts") == nullptr) return;
  if (unless_over && !is_under_way(*live->status)) return;
  edit_event(event, [](Tree& tree) {
    for (Tree& one : tree.at("/spec/rollouts")->elements())
      one.set("/desired", Tree::string("Stable"));
  });
}

bool Stage::act_release(const Step& step) {
  const auto is = [&](Act act) { return step.act == act; };
  if (is(Act::CandidateSticks)) {
    cluster_.candidates.stuck = true;
    for (const ObjectRef& ref : candidates()) cluster_.workload(ref)->stuck = true;
    return true;
  }
  if (is(Act::CandidateCrashes)) {
    for (const ObjectRef& ref : candidates()) cluster_.crash(ref);
    return true;
  }
  if (is(Act::CheckTurns)) {
    world_.check_says[cluster_.now()] = step.field;
    return true;
  }
  if (is(Act::ServerTurns)) {
    world_.server_says = step.field;
    return true;
  }
  if (is(Act::EditRoute)) {
    return edit_route(step.field), true;
  }
  if (is(Act::EditTemplate)) {
    const ObjectRef target = simulator::deployment_ref(kShopNamespace, step.subject);
    return edit(target,
                "kubectl-edit",
                [&](Tree& tree) { tree.set(kImage, Tree::string(step.field)); }),
           true;
  }
  if (is(Act::DesireStable)) {
    return want_stable(step.subject, step.field == "late"), true;
  }
  if (is(Act::ChangePatch)) {
    return edit_event(step.subject,
                      [](Tree& tree) {
                        if (Tree* rollouts = tree.at("/spec/rollouts"))
                          rollouts->elements().front().set(
                              "/patch/spec/containers",
                              Tree::parse(R"([{"name":"app","image":"shop:3"}])"));
                      }),
           true;
  }
  return false;
}

}  // namespace doorbuster::simulation
