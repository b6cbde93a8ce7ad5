// What the ways forward and back are made of.
#include "controllers/planner/demand.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/rollout_draft.h"
#include "controllers/planner/rollout_source.h"
#include "controllers/products/scalers.h"

namespace doorbuster::planner {
namespace {

constexpr Duration kStepDown = std::chrono::minutes(1);
constexpr std::int64_t kSteps = 10;  ///< of the way down, a tenth each

Ask ask(Ask::Op op, Json operand, Rank rank) {
  return {.op = op, .operand = std::move(operand), .rank = rank, .priority = 0};
}

/// What load keeps of the target whatever the floor; nothing: not to be told now, or more than that
/// is kept only for a while and would go down to the floor of then at once. Neither is waited for
/// when `gave_up`.
std::optional<std::int64_t> carried_by_load(const RolloutDraft& draft, bool gave_up) {
  const Present* scaler = autoscaler_of(draft.view, draft.facts.floor->field.object);
  if (scaler == nullptr) return 0;
  if (!gave_up && keeps_for_a_while(*scaler->object)) return std::nullopt;
  const Demand demand = demand_of(*scaler->object);
  switch (demand.says) {
    case Demand::Says::Number:
      return demand.replicas;
    case Demand::Says::Less:
    case Demand::Says::Free:
      return 0;
    case Demand::Says::Unknown:
      break;
  }
  return gave_up ? std::optional<std::int64_t>(0) : std::nullopt;
}

/// When we last wrote a field, by managedFields.
Instant last_change_of(const RolloutDraft& draft, const FieldRef& field) {
  const Present* object = present(draft.view.seen, field.object);
  if (object == nullptr) return Instant{};
  const FieldWriter writer = writer_of(*object->object, field.pointer);
  if (writer.manager != kFieldManager) return Instant{};
  return parse_rfc3339(writer.time).value_or(Instant{});
}

/// What a floor goes down to. What starting pods make of a load is no reason to drop it at once.
std::int64_t least_after(std::int64_t asked,
                         std::int64_t by_time,
                         std::optional<std::int64_t> carried) {
  if (!carried) return asked;
  return *carried >= asked ? by_time : std::max(by_time, *carried);
}

/// Pods that serve, the target's and the candidate's: as seen, or as seen last.
std::int64_t last_serving(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const api::RolloutStatus* row = row_of(draft.view.event.status, draft.name);
  if (row == nullptr) return facts.stable_ready + facts.ready;
  return (facts.stable ? facts.stable_ready : row->stable_ready.value_or(0)) +
         (facts.deployment ? facts.ready : row->ready.value_or(0));
}

/// Others may let go of the target's least just now, and with it of the most: until more is known
/// it stays as it is, or goes up to what is known to be needed.
void keep_least(RolloutDraft& draft) {
  const bool under_way = draft.decided(rollout_kind::kStarted) &&
                         !draft.decided(rollout_kind::kDrained) &&
                         !draft.decided(rollout_kind::kPromoted);
  const RolloutFacts& facts = draft.facts;
  if (!under_way || !facts.charge || facts.charge->who != InCharge::Who::Autoscaler) return;
  const products::Bounds& bounds = *products::bounds_of(facts.charge->object);
  const std::int64_t now =
      facts.charge->scaler->object->integer(bounds.min).value_or(bounds.min_if_absent);
  const bool back = draft.decided(rollout_kind::kRolledBack) != nullptr;
  want_floor(
      draft, std::max({now, needed_of(draft), back ? last_serving(draft) : 0}), "TargetKept");
}

/// Without a route the record of the target's least says that it was raised for the way back.
Rank rank_of_floor(const RolloutDraft& draft) {
  const bool back = draft.decided(rollout_kind::kRolledBack) != nullptr;
  return back && draft.facts.by_pods ? Rank::Rollback : Rank::Rollout;
}

/// Was it let go of already, by a write that status does not know of?
bool is_back(const RolloutDraft& draft) {
  const OurHold& floor = *draft.facts.floor;
  const Present* object = present(draft.view.seen, floor.field.object);
  return object != nullptr && !floor.there &&
         equal_values(object->object->at(floor.field.pointer), floor.entry.baseline);
}

}  // namespace

std::int64_t asked_floor(const RolloutDraft& draft) {
  return draft.facts.floor ? integer_of(draft.facts.floor->asked.operand).value_or(0) : 0;
}

int possible_share(const RolloutDraft& draft, int percent) {
  const RolloutFacts& facts = draft.facts;
  if (!facts.router->whole || percent <= 0 || percent >= 100) return percent;
  // What somebody else put back is not taken for what we ask for.
  return facts.contested || facts.weight.value_or(0) > 0 ? 100 : 0;
}

Split split_of(const RolloutStep& step) {
  return {.percent = step.weight, .match = step.match, .mirror = step.mirror};
}

bool want_split(RolloutDraft& draft, const Split& split, Rank rank) {
  const RolloutFacts& facts = draft.facts;
  const Router& router = *facts.router;
  const Value written = written_field(draft);
  if (!written) {
    keep_all(draft, to_text(facts.route) + " has no " + router.what);
    return false;
  }
  const auto authors = JsonView::parse(written->text);
  auto value = shared_out(facts, *authors, split);
  const bool less = !value && split.has_requests();
  if (less) {
    // Its share follows its pods all the same.
    draft.warnings.push_back({"RolloutRefused", draft.name + ": " + value.error().message});
    value = shared_out(facts, *authors, {.percent = split.percent});
  }
  // What others made of it stays, also once the candidate is out of it.
  const bool as_it_is =
      facts.contested || (facts.weight == 0 && !facts.requests && facts.traffic != nullptr);
  if (rank == Rank::Rollback && as_it_is && split.percent == 0 && facts.routing != nullptr &&
      !facts.backend.name.empty()) {
    if (const auto live = facts.routing->object->root().find(router.field))
      value = router.take_out(*live, *authors, facts.sides);
  }
  if (!value) {
    keep_all(draft, value.error().message);
    return false;
  }
  const OurHold* held = facts.traffic;
  const bool stands =
      !less && held != nullptr && held->landed && equal_values(held->asked.operand, *value);
  const std::string besides = less ? "" : requests_in_words(split);
  // Of a copy of ours it is known what it was made with, whatever stands there by now.
  std::optional<Value> baseline;
  if (router.by_copy) baseline = Value(*router.share_out(*authors, facts.sides, {}));
  draft.items.emplace_back(
      HoldWant{.field = {facts.route, router.field, ""},
               .ask = ask(Ask::Op::Set, std::move(*value), rank),
               .name = draft.name,
               .reason = {rank == Rank::Rollback ? "RollingBack" : "TrafficShifted",
                          draft.name + ": " + std::to_string(split.percent) +
                              " % of the traffic to the candidate" +
                              (besides.empty() ? "" : ", " + besides)},
               .baseline = std::move(baseline),
               .replicas = false});
  return stands;
}

void want_floor(RolloutDraft& draft, std::int64_t pods, const char* reason) {
  const auto& charge = draft.facts.charge;
  // Without an autoscaler nobody takes pods of the target away while its traffic is elsewhere.
  if (!charge || charge->who != InCharge::Who::Autoscaler) return;
  const products::Bounds& bounds = *products::bounds_of(charge->object);
  const std::int64_t most =
      charge->scaler->object->integer(bounds.max).value_or(bounds.max_if_absent);
  pods = std::min(std::max(pods, asked_floor(draft)), most);
  draft.items.emplace_back(
      HoldWant{.field = {charge->object, bounds.min, ""},
               .ask = ask(Ask::Op::Max, json_of(pods), rank_of_floor(draft)),
               .name = draft.name,
               .reason = {reason, draft.name + ": the target keeps " + std::to_string(pods)},
               .baseline = std::nullopt,
               .replicas = false});
}

void lower_floor(RolloutDraft& draft, const api::Decision& drained) {
  const OurHold* floor = draft.facts.floor;
  if (floor == nullptr) return;
  const Ending ending = draft.view.ending;
  if (ending == Ending::Immediate || ending == Ending::Orphan)
    return let_go(draft, floor->field, why_over(draft.view), ending == Ending::Orphan);
  const std::int64_t asked = asked_floor(draft);
  const std::int64_t before = integer_of(floor->entry.baseline).value_or(1);
  const std::int64_t from = std::max(asked, integer_of(Json{drained.value}).value_or(asked));
  const Instant due = std::max(drained.at, last_change_of(draft, floor->field)) + kStepDown;
  const bool gave_up = draft.view.now >= draft.view.window.restored_by +
                                             draft.view.spec.capacity.restore_timeout.value;
  if (draft.view.now < due)
    draft.wake = sooner(draft.wake, due);
  else if (!gave_up)  // for load to be told, or to go
    draft.wake = sooner(draft.wake, draft.view.now + kStepDown);
  const auto carried = carried_by_load(draft, gave_up);
  // A step that did not reach the object is made again, not the next one with it.
  const bool open = floor->there && !floor->landed;
  const std::int64_t lower =
      open || draft.view.now < due ? asked : asked - (from + kSteps - 1) / kSteps;
  const std::int64_t next = least_after(asked, lower, carried);
  if (is_back(draft) || (carried && before >= next))
    return let_go(draft, floor->field, "the target has its traffic back", false);
  HoldWant want{.field = floor->field,
                .ask = ask(Ask::Op::Max, json_of(next), Rank::Rollout),
                .name = draft.name,
                .reason = {kLowering, draft.name + ": the target keeps " + std::to_string(next)},
                .baseline = std::nullopt,
                .replicas = false};
  draft.items.emplace_back(std::move(want));
}

void let_go(RolloutDraft& draft, const FieldRef& field, const char* why, bool leave_value) {
  draft.items.emplace_back(Release{.name = draft.name,
                                   .only = {field},
                                   .reason = {kRestoring, draft.name + ": " + why},
                                   .leave_value = leave_value});
}

void let_go_of_traffic(RolloutDraft& draft, const char* why) {
  const OurHold* traffic = draft.facts.traffic;
  if (traffic == nullptr) return;
  const Present* routing = draft.facts.routing;
  if (draft.facts.by_copy() && absence(draft.view.seen, traffic->field.object) == "Missing")
    draft.gone.insert(traffic->field.object);
  const Value live = routing ? routing->object->at(traffic->field.pointer) : Value();
  let_go(draft, traffic->field, why, !equal_values(live, traffic->entry.baseline));
}

Rendering answered(RolloutDraft& draft, const Question& question) {
  const auto answer = draft.view.seen.answers.find(question.id);
  if (answer == draft.view.seen.answers.end()) {
    draft.questions.push_back(question);
    return {};
  }
  switch (answer->second.says) {
    case Answer::Says::Yes:
      break;
    case Answer::Says::No:
      return {.is = Rendering::Is::Refused, .why = answer->second.why};
    case Answer::Says::Unknown:
      return {.is = Rendering::Is::Unknown, .why = answer->second.why};
  }
  auto document = Document::parse(answer->second.body.text);
  if (!document) return {.is = Rendering::Is::Unknown, .why = "the answer cannot be read"};
  return {.is = Rendering::Is::Made, .document = std::move(*document)};
}

Rendering rendering(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const bool taken = draft.spec->template_from.has_value();
  if (taken && facts.source == nullptr) {
    if (!facts.source_unread.empty())
      return {.is = Rendering::Is::Unknown, .why = facts.source_unread};
    return {.is = Rendering::Is::Refused,
            .why = to_text(facts.source_ref) + " does not exist, or may not be read"};
  }
  // What was tried is what is promoted.
  const api::Decision* began = draft.decided(rollout_kind::kStarted);
  if (taken && began != nullptr && template_hash(*facts.source) != started_on(*began).source)
    return {.is = Rendering::Is::Refused,
            .why = to_text(facts.source_ref) + " has another template than when it began"};
  const Question question = template_question(
      facts.target,
      *facts.stable,
      taken ? template_patch(*facts.stable->object, *facts.source->object) : draft.spec->patch);
  return answered(draft, question);
}

void keep_all(RolloutDraft& draft, const std::string& why) {
  draft.items.emplace_back(Retain{draft.name, {"NotRead", why}});
  keep_least(draft);
  if (!draft.facts.unread.empty() || !draft.facts.original_unread.empty())
    draft.wake = sooner(draft.wake, draft.view.now + kLookAgain);
}

void remove_candidate(RolloutDraft& draft, const char* why) {
  if (!draft.view.children.contains({kRollouts, draft.name})) return;
  draft.candidates.emplace_back(
      Release{.name = draft.name, .only = {}, .reason = {"CandidateReleased", why}});
}

}  // namespace doorbuster::planner
