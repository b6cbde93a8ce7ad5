// Bugs planted beside the operator while it releases.
#include "controllers/planner/ledger.h"
#include "tests/simulation/planted.h"
#include "tests/simulation/releases.h"

#include <algorithm>
#include <memory>

namespace doorbuster::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

History told_back() {
  return with(release(), {{.act = Act::DesireStable, .at = seconds(345), .subject = "sale-0"}});
}

/// Sizes of a candidate are written otherwise.
Sabotage sizing(std::function<std::int64_t(std::int64_t)> otherwise) {
  return performing([otherwise = std::move(otherwise)](const planner::Write& write) {
    const auto size = sized_to(write);
    if (!size) return std::vector{write};
    planner::Write bent = write;
    Tree patch = Tree::parse(write.patch.text);
    for (Tree& one : patch.elements()) {
      if (one.text_at("/path") == kReplicas) one.set("/value", Tree::integer(otherwise(*size)));
    }
    bent.patch = Json{patch.print()};
    return std::vector{bent};
  });
}

/// By a header too.
History matched_release() {
  History history = release();
  history.events.front().rollout->matched = true;
  return history;
}

/// Nobody knows how the first step does while its target grows.
History unknown_for_long() {
  History history = release();
  history.shops.front().max.reset();
  history.shops.front().min.reset();
  history.events.front().rollout->checked = true;
  history.events.front().rollout->deadline = minutes(6);
  return with(history,
              {{.act = Act::CheckTurns, .at = seconds(310), .field = "Unknown"},
               {.act = Act::ScaleByHand, .at = seconds(350), .subject = kReleased, .amount = 40},
               {.act = Act::CheckTurns, .at = seconds(700), .field = "Good"}});
}

using Bend = std::function<void(const ObjectRef&, Tree&)>;

/// Objects are seen otherwise than they are.
Sabotage seeing(Bend bend) {
  Sabotage out;
  out.see = [bend = std::move(bend)](planner::Observation& seen) {
    for (auto& [ref, fact] : seen.objects) {
      const auto* known = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
      if (known == nullptr) continue;
      const Tree before = Tree::of((*known)->object->root());
      Tree after = before;
      bend(ref, after);
      if (after == before) continue;
      auto bent = std::make_shared<planner::Present>(**known);
      bent->object = planner::Document::parse(after.print()).value();
      fact = std::shared_ptr<const planner::Present>(std::move(bent));
    }
  };
  return out;
}

/// Pods that a candidate asks for count as ready.
Sabotage asked_is_ready() {
  return seeing([](const ObjectRef& ref, Tree& object) {
    if (ref.kind == "Deployment" && is_candidate(ref))
      object.set("/status/availableReplicas", Tree::integer(object.number(kReplicas, 0)));
  });
}

/// What others made of a route looks as we left it.
void hide_others(const ObjectRef& ref, Tree& object) {
  const std::string text = object.text_at(kAnnotation);
  if (!is_route(ref) || text.empty()) return;
  const planner::Ledger record = planner::read_ledger(&text);
  const auto entry = record.fields.find(planner::FieldPath{field_of(ref), ""});
  if (entry != record.fields.end() && entry->second.requested)
    object.set(field_of(ref), Tree::parse(entry->second.requested->text));
}

bool is_rolling_back(const planner::Write& write) {
  return is_route(write.object) && !write.why.empty() && write.why.front().code == "RollingBack";
}

}  // namespace

History release() {
  History history = plain();
  history.routed = true;
  EventPlan& event = history.events.front();
  event.end = minutes(15);
  RolloutPlan plan;
  plan.steps = {{20, seconds(40)}, {100, seconds(20)}};
  plan.bake = seconds(20);
  event.rollout = plan;
  return history;
}

History by_pods(History history) {
  history.events.front().rollout->router = kByPods;
  for (auto& [weight, pause] : history.events.front().rollout->steps) weight = std::min(weight, 50);
  return history;
}

History lacking_pods() {
  History history = by_pods(release());
  history.shops.front().max.reset();
  history.shops.front().min.reset();
  std::erase_if(history.events.front().targets,
                [](const TargetPlan& one) { return one.name == kReleased; });
  return with(history,
              {{.act = Act::ScaleByHand, .at = seconds(60), .subject = kReleased, .amount = 20},
               {.act = Act::StickPods, .at = seconds(360), .subject = kReleased},
               {.act = Act::ScaleByHand, .at = seconds(364), .subject = kReleased, .amount = 2},
               {.act = Act::ScaleByHand, .at = seconds(372), .subject = kReleased, .amount = 20},
               {.act = Act::DesireStable, .at = seconds(384), .subject = "sale-0"},
               {.act = Act::UnstickPods, .at = seconds(600), .subject = kReleased}});
}

std::vector<PlantedBug> planted_in_releases() {
  return {
      {"no bug at all in a release", [] { return Sabotage{}; }, release, {}},
      {"pods that a candidate asks for count as ready",
       asked_is_ready,
       release,
       {"BackInTheRound", "SharedByCapacity"}},
      {"and requests by a header go there",
       asked_is_ready,
       matched_release,
       {"BackInTheRound", "RequestsNeedPods", "SharedByCapacity"}},
      {"a candidate is removed as soon as its traffic is back",
       [] {
         Sabotage out;
         out.recall = [](planner::Event& event) {
           if (event.spec && !event.spec->rollouts.empty())
             event.spec->rollouts.front().drain = {"0s", Duration(0)};
         };
         return out;
       },
       told_back,
       {"NeverRemovedWhileServing"}},
      {"a target is paused when it gets its template",
       [] {
         return performing([](const planner::Write& write) {
           planner::Write more = write;
           Tree patch = Tree::parse(write.patch.text);
           if (write.object.kind == "Deployment" && patch.at("/spec/template") != nullptr)
             patch.set("/spec/paused", Tree::boolean(true));
           more.patch = Json{patch.print()};
           return std::vector{more};
         });
       },
       release,
       {"StableIsTheUsers"}},
      {"the first write of a rollback is left out",
       [] {
         const auto left_out = std::make_shared<int>(0);
         return performing([left_out](const planner::Write& write) {
           if (is_rolling_back(write) && (*left_out)++ == 0) return std::vector<planner::Write>{};
           return std::vector{write};
         });
       },
       told_back,
       {"BackInTheRound"}},
      {"candidates are never removed",
       [] {
         Sabotage out;
         out.drop_removals = true;
         return out;
       },
       told_back,
       {"FinalizerWhileHeld", "LeavesNoTrace", "RouteBackAtTheEnd"}},
      {"what others make of a route is not seen",
       [] { return seeing(hide_others); },
       [] {
         return with(release(), {{.act = Act::EditRoute, .at = seconds(335), .field = "Rule"}});
       },
       {"ForeignRouteStays", "RouteBackAtTheEnd", "StatusTruthful"}},
      {"whoever ends a step opens its gate",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) {
           for (auto& action : seen.actions) {
             if (!action->spec || action->spec->action != api::ActionVerb::Promote) continue;
             auto bent = std::make_shared<planner::Action>(*action);
             bent->spec->action = api::ActionVerb::Approve;
             bent->spec->gate = kGate;
             bent->spec->requested_by = "ada";
             action = bent;
           }
         };
         return out;
       },
       [] {
         History history = release();
         history.events.front().rollout->gated = 1;
         return with(
             history,
             {{.act = Act::Ask, .at = seconds(400), .subject = "sale-0", .field = "Promote"}});
       },
       {"PeopleOpenGates"}},
      {"no bug at all in a release by pods",
       [] { return Sabotage{}; },
       [] { return by_pods(told_back()); },
       {}},
      {"a candidate gives all its pods up although its target has none for them",
       [] { return sizing([](std::int64_t size) { return size < 20 ? 0 : size; }); },
       lacking_pods,
       {"PodsServeTheTraffic"}},
      {"a candidate by pods gets twice as many",
       [] { return sizing([](std::int64_t size) { return 2 * size; }); },
       [] { return by_pods(release()); },
       {"SharedByPods"}},
      {"whatever a server says opens its gate",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) {
           for (auto& [name, history] : seen.checks) {
             if (!name.starts_with("gate/")) continue;
             history.back().says = planner::Measurement::Says::Value;
             history.back().value = 1;
           }
         };
         return out;
       },
       [] {
         History history = release();
         history.events.front().rollout->gated = 1;
         history.events.front().rollout->by_server = true;
         return with(history, {{.act = Act::ServerTurns, .at = seconds(310), .field = "Fails"}});
       },
       {"PeopleOpenGates"}},
      {"a candidate does not grow",
       [] {
         return performing([](const planner::Write& write) {
           return sized_to(write) ? std::vector<planner::Write>{} : std::vector{write};
         });
       },
       unknown_for_long,
       {"PausedKeepsCapacity"}},
  };
}

}  // namespace doorbuster::simulation
