#include "tests/planner/shop.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/intent.h"
#include "controllers/planner/scaled_object.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr int kMostRounds = 50;

std::string api_version_of(const ObjectRef& ref) {
  if (ref.group.empty()) return "v1";
  return ref.group + (ref.group == "autoscaling" ? "/v2" : "/v1");
}

/// {"f:spec":{"f:minReplicas":{}}} of a set of pointers (no lists in these tests).
Json fields_v1(const std::set<std::string>& pointers) {
  Json out{"{}"};
  for (const std::string& pointer : pointers) {
    std::vector<PointerStep> steps = *parse_pointer(pointer);
    for (PointerStep& step : steps) step.name = "f:" + step.name;
    out = *with_value(out, pointer_of(steps), Json{"{}"});
  }
  return out;
}

/// Leaves that a merge patch sets, metadata's guards aside.
void leaves_of(const JsonView& node, const std::string& at, std::set<std::string>& out) {
  for (const auto& [name, child] : node.members()) {
    if (at.empty() && name == "status") continue;
    const std::string pointer = at + pointer_of({PointerStep{name, {}}});
    if (pointer == "/metadata/uid" || pointer == "/metadata/resourceVersion") continue;
    if (child.type() == JsonType::Object) {
      leaves_of(child, pointer, out);
    } else {
      out.insert(pointer);
    }
  }
}

std::string autoscaler_body(const std::string& target, std::int64_t max) {
  return R"({"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":")" +
         target + R"("},"maxReplicas":)" + std::to_string(max) +
         R"(,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]},"status":{}})";
}

/// Of a kind, by a reference without a name.
bool may_not_list(const std::map<ObjectRef, Fact>& instead, const ObjectRef& kind) {
  const auto found = instead.find(kind);
  return found != instead.end() && std::holds_alternative<Forbidden>(found->second);
}

}  // namespace

Shop::Shop() : clock(kStart - hours(2)) {
  window = {.prepare = kStart - minutes(30),
            .start = kStart,
            .end = kStart + hours(4),
            .restored_by = kStart + hours(5),
            .zone = "",
            .tzdata = "test"};
  sale.ref = {"doorbuster.dev", "SaleEvent", "shop", "flash"};
  sale.uid = "event-1";
  sale.version = "1";
  sale.generation = 1;
  sale.spec = api::SaleEventSpec{};
}

void Shop::add(const ObjectRef& ref, const std::string& body) {
  Json object{body};
  const auto put = [&object](const std::string& pointer, const std::string& text) {
    object = *with_value(object, pointer, json_of_string(text));
  };
  put("/apiVersion", api_version_of(ref));
  put("/kind", ref.kind);
  put("/metadata/name", ref.name);
  if (!ref.ns.empty()) put("/metadata/namespace", ref.ns);
  put("/metadata/uid", ref.kind + "-" + ref.name + "-" + std::to_string(++version_));
  put("/metadata/resourceVersion", std::to_string(version_));
  owners_.erase(ref);
  objects[ref] = object;
}

void Shop::add_workload(const std::string& name, std::int64_t replicas) {
  const std::string count = std::to_string(replicas);
  add({"apps", "Deployment", "shop", name},
      R"({"spec":{"replicas":)" + count + R"(},"status":{"replicas":)" + count +
          R"(,"readyReplicas":)" + count + "}}");
}

void Shop::add_autoscaler(const std::string& name, const Value& min, std::int64_t max) {
  const ObjectRef ref{"autoscaling", "HorizontalPodAutoscaler", "shop", name};
  add(ref, autoscaler_body(name, max));
  if (min) objects[ref] = *with_value(objects[ref], "/spec/minReplicas", min);
  autoscale();
}

void Shop::add_scaled_object(const std::string& name, const Value& min, const Value& max) {
  const ObjectRef ref{"keda.sh", "ScaledObject", "shop", name};
  add(ref, R"({"spec":{"scaleTargetRef":{"name":")" + name + R"("},"triggers":[]}})");
  if (min) objects[ref] = *with_value(objects[ref], "/spec/minReplicaCount", min);
  if (max) objects[ref] = *with_value(objects[ref], "/spec/maxReplicaCount", max);
  autoscale();
}

void Shop::set(const ObjectRef& ref, const std::string& pointer, const Value& value) {
  objects[ref] = *with_value(objects[ref], pointer, value);
  objects[ref] = *with_value(
      objects[ref], "/metadata/resourceVersion", json_of_string(std::to_string(++version_)));
}

void Shop::own(const ObjectRef& ref,
               const std::string& manager,
               const std::set<std::string>& pointers) {
  auto& owners = owners_[ref];
  for (auto& [other, fields] : owners) {
    for (const std::string& one : pointers) fields.second.erase(one);
  }
  owners[manager].first = clock;
  owners[manager].second.insert(pointers.begin(), pointers.end());
  std::vector<Json> entries;
  for (const auto& [name, fields] : owners) {
    if (fields.second.empty()) continue;
    const auto at = std::chrono::floor<std::chrono::seconds>(fields.first);
    entries.push_back(JsonObject()
                          .add("manager", name)
                          .add("operation", "Update")
                          .add("time", to_rfc3339(at))
                          .add("fieldsType", "FieldsV1")
                          .add("fieldsV1", fields_v1(fields.second))
                          .build());
  }
  objects[ref] = *with_value(objects[ref], "/metadata/managedFields", json_array(entries));
}

void Shop::change(const ObjectRef& ref,
                  const std::string& pointer,
                  const Value& value,
                  const std::string& manager) {
  set(ref, pointer, value);
  own(ref, manager, {pointer});
  autoscale();
}

/// What KEDA does with its autoscalers (controllers/keda/hpa.go) and with idle workloads.
void Shop::run_keda() {
  for (const auto& [ref, text] : std::map(objects)) {
    if (ref.kind != "ScaledObject") continue;
    const auto parsed = Document::parse(text.text).value();
    const ObjectRef made{"autoscaling", "HorizontalPodAutoscaler", ref.ns, "keda-hpa-" + ref.name};
    if (!paused_by(*parsed).empty()) {
      objects.erase(made);
      continue;
    }
    const std::string target = parsed->string("/spec/scaleTargetRef/name");
    if (!objects.contains(made)) {
      add(made, autoscaler_body(target, 100));
      set(made,
          "/metadata/ownerReferences",
          Json{R"([{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","name":")" + ref.name +
               R"(","controller":true,"uid":"x"}])"});
    }
    const std::int64_t min = parsed->integer("/spec/minReplicaCount").value_or(0);
    const std::int64_t max = parsed->integer("/spec/maxReplicaCount").value_or(100);
    if (number(made, "/spec/minReplicas") != std::max<std::int64_t>(1, min))
      set(made, "/spec/minReplicas", json_of(std::max<std::int64_t>(1, min)));
    if (number(made, "/spec/maxReplicas") != max) set(made, "/spec/maxReplicas", json_of(max));
    const ObjectRef workload{"apps", "Deployment", ref.ns, target};
    const bool idles = parsed->integer("/spec/idleReplicaCount").has_value();
    if (!idles && number(workload, "/spec/replicas") < min)
      set(workload, "/spec/replicas", json_of(min));
  }
}

/// What the autoscaler and the Deployment controller do, in one moment.
void Shop::autoscale() {
  run_keda();
  for (auto& [ref, text] : objects) {
    if (ref.kind != "HorizontalPodAutoscaler") continue;
    const auto parsed = Document::parse(text.text).value();
    const std::string name = parsed->string("/spec/scaleTargetRef/name");
    const ObjectRef workload{"apps", "Deployment", ref.ns, name};
    const std::int64_t running =
        objects.contains(workload) ? number(workload, "/spec/replicas") : 0;
    if (running == 0) continue;
    const std::int64_t min = parsed->integer("/spec/minReplicas").value_or(1);
    const std::int64_t max = parsed->integer("/spec/maxReplicas").value_or(1);
    const std::int64_t wants = load.contains(name) ? load.at(name) : running;
    const std::int64_t keeps = kept.contains(name) ? std::max(wants, kept.at(name)) : wants;
    const std::int64_t desired = std::clamp(keeps, min, max);
    const Value scaled = desired == running ? at(ref, "/status/lastScaleTime")
                                            : Value(json_of_string(to_rfc3339(clock)));
    if (desired != running) set(workload, "/spec/replicas", json_of(desired));
    // 50 % is the target: utilisation so that ceil(current x ratio) is the load.
    const std::string status =
        R"({"currentReplicas":)" + std::to_string(desired) + R"(,"desiredReplicas":)" +
        std::to_string(desired) +
        R"(,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":)" +
        std::to_string(wants * 50 / std::max<std::int64_t>(1, desired)) +
        R"(,"averageValue":"1"}}}],"conditions":[{"type":"ScalingActive","status":")" +
        (inactive.empty() ? "True" : "False") + R"(","reason":")" +
        (inactive.empty() ? "ValidMetricFound" : inactive) + R"("},)" +
        R"({"type":"ScalingLimited","status":")" + (keeps < min || keeps > max ? "True" : "False") +
        R"(","reason":")" +
        (keeps < min   ? "TooFewReplicas"
         : keeps > max ? "TooManyReplicas"
                       : "DesiredWithinRange") +
        R"("},{"type":"AbleToScale","status":"True","reason":")" +
        (keeps > wants ? "ScaleDownStabilized" : "ReadyForNewScale") + "\"}]" +
        (scaled ? R"(,"lastScaleTime":)" + scaled->text : "") + "}";
    if (!(at(ref, "/status") == Value(Json{status}))) set(ref, "/status", Json{status});
    if (clock >= window.start && clock < window.end) {
      floors[name] = floors.contains(name) ? std::min(floors[name], min) : min;
    }
  }
  for (auto& [ref, text] : objects) {
    if (ref.kind != "Deployment") continue;
    const std::int64_t count = number(ref, "/spec/replicas");
    if (number(ref, "/status/replicas") != count) set(ref, "/status/replicas", json_of(count));
    const std::int64_t ready = number(ref, "/status/readyReplicas");
    const std::int64_t next = unready.contains(ref.name) ? std::min(ready, count) : count;
    if (ready != next) set(ref, "/status/readyReplicas", json_of(next));
  }
  run_others();
}

void Shop::run_others() {
  if (others) others(*this);
}

Value Shop::at(const ObjectRef& ref, const std::string& pointer) const {
  const auto found = objects.find(ref);
  return found == objects.end() ? std::nullopt
                                : Document::parse(found->second.text).value()->at(pointer);
}

std::int64_t Shop::number(const ObjectRef& ref, const std::string& pointer) const {
  return integer_of(at(ref, pointer)).value_or(-1);
}

const api::TargetStatus* Shop::target(const std::string& name) const {
  for (const auto& one : sale.status.targets) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const api::HoldStatus* Shop::hold(const std::string& object, const std::string& field) const {
  for (const auto& one : sale.status.holds) {
    if (one.object.name == object && one.field == field) return &one;
  }
  return nullptr;
}

std::string Shop::condition(const std::string& type) const {
  for (const auto& one : sale.status.conditions) {
    if (one.type == type) return std::string(api::to_string(one.status)) + " " + one.reason;
  }
  return "";
}

Result<std::shared_ptr<const Event>> Shop::event(const ObjectRef&) {
  return std::make_shared<const Event>(sale);
}

std::vector<Labelled> Shop::labelled() const {
  std::vector<Labelled> out;
  for (const auto& [ref, text] : objects)
    out.push_back({ref.kind, ref.name, labels_of(*JsonView::parse(text.text))});
  return out;
}

std::vector<ObjectRef> Shop::naming(const std::string& kind,
                                    const std::string& member,
                                    const ObjectRef& workload) const {
  std::vector<ObjectRef> out;
  for (const auto& [ref, text] : objects) {
    if (ref.kind != kind) continue;
    if (Document::parse(text.text).value()->string("/spec/" + member + "/name") == workload.name)
      out.push_back(ref);
  }
  return out;
}

Observation Shop::observe(const Event& event, const Needs& named) {
  Observation seen;
  Needs needs = named;
  if (event.spec) seen.selected = found_among(*event.spec, event.ref.ns, labelled());
  for (auto& [selection, found] : seen.selected) {
    if (unread.contains("selection")) found = Unread{"the list cannot be read"};
  }
  add_found(needs, seen.selected);
  if (window_error) {
    seen.window = *window_error;
  } else {
    seen.window = window;
  }
  seen.namespace_terminating = namespace_terminating;
  if (needs.zones) seen.zones = zones;
  for (const auto& [workload, from] : needs.pods) {
    if (pods.contains(workload) && from <= clock) seen.pods[workload] = pods.at(workload);
  }
  seen.last_occurrence = last_occurrence;
  seen.room = room;
  seen.checks = checks;
  seen.events = {event.uid};
  for (const auto& [name, action] : actions) {
    if (!action.status.completed_at) seen.actions.push_back(std::make_shared<const Action>(action));
  }
  seen.policy_since = policy_since;
  seen.freeze_enforced = freeze_enforced;
  seen.refusals = refusals.known();
  for (const auto& [group, kind] : needs.kinds) {
    if (unread.contains(kind)) {
      seen.kinds[{group, kind}] = KindUnread{"discovery lacks it"};
      continue;
    }
    KindFact fact;
    fact.served = !unserved.contains(kind);
    fact.has_scale = kind == "Deployment" || kind == "StatefulSet" || scaled.contains(kind);
    if (scaled.contains(kind)) fact.spec_replicas_path = scaled.at(kind);
    fact.paths_unknown = paths_unknown;
    fact.namespaced = kind != "NodePool";
    for (const auto& [ref, text] : objects) {
      if (ref.kind == kind) fact.api_version = api_version_of(ref);
    }
    if (fact.api_version.empty())
      fact.api_version = kind == "Deployment" ? "apps/v1" : group == "*" ? "v1" : group + "/v1";
    seen.kinds[{group, kind}] = fact;
  }
  const auto look = [&](const ObjectRef& asked) {
    ObjectRef ref = asked;
    for (const auto& [one, text] : objects) {
      if (one.kind == asked.kind && one.name == asked.name &&
          (asked.group == "*" || asked.group == one.group))
        ref = one;
    }
    if (unread.contains(ref.kind)) {
      seen.objects[asked] = Unread{"discovery lacks its kind"};
    } else if (instead.contains(ref)) {
      seen.objects[asked] = instead.at(ref);
    } else if (!objects.contains(ref)) {
      seen.objects[asked] = Missing{clock};
    } else {
      auto parsed = Document::parse(objects.at(ref).text).value();
      seen.objects[asked] = std::make_shared<const Present>(
          Present{.uid = parsed->string("/metadata/uid"),
                  .version = parsed->string("/metadata/resourceVersion"),
                  .as_of = clock,
                  .deleting = false,
                  .api_version = parsed->string("/apiVersion"),
                  .object = parsed});
    }
  };
  for (const ObjectRef& one : needs.objects) look(one);
  for (const ObjectRef& workload : std::set(needs.workloads)) {
    const bool unlisted = may_not_list(instead, {"flagger.app", "Canary", "shop", ""});
    if (!unlisted && !naming("Canary", "targetRef", workload).empty())
      needs.workloads.insert(primary_of(workload));
  }
  for (const ObjectRef& workload : needs.workloads) {
    look(workload);
    if (unread.contains(workload.kind) || unread.contains(kCheckoutHpa.kind)) {
      seen.autoscalers[workload] = Unread{"discovery lacks a kind"};
      continue;
    }
    const bool unlisted = may_not_list(instead, {"flagger.app", "Canary", "shop", ""});
    const Autoscalers found{
        .objects = naming("HorizontalPodAutoscaler", "scaleTargetRef", workload),
        .scaled_objects = naming("ScaledObject", "scaleTargetRef", workload),
        .verticals = naming("VerticalPodAutoscaler", "targetRef", workload),
        .canaries = unlisted ? std::vector<ObjectRef>() : naming("Canary", "targetRef", workload),
        .canaries_unread = unlisted};
    for (const ObjectRef& one : found.all()) look(one);
    seen.autoscalers[workload] = found;
  }
  if (needs.budgets && may_not_list(instead, {"policy", "PodDisruptionBudget", "shop", ""})) {
    seen.budgets = Forbidden{"list"};
  } else if (needs.budgets && !unread.contains("PodDisruptionBudget")) {
    std::vector<ObjectRef> budgets;
    for (const auto& [ref, text] : objects) {
      if (ref.kind == "PodDisruptionBudget") budgets.push_back(ref);
    }
    for (const ObjectRef& one : budgets) look(one);
    seen.budgets = std::move(budgets);
  }
  for (auto more = led_to(seen); !more.empty(); more = led_to(seen)) {
    for (const ObjectRef& one : more) look(one);
  }
  return seen;
}

/// What stands there, or a list of what does.
Answer Shop::read(const ObjectRef& about) const {
  std::vector<Json> items;
  for (const auto& [ref, text] : objects) {
    if (ref == about) return {.at = clock, .says = Answer::Says::Yes, .why = "", .body = text};
    if (ref.group == about.group && ref.kind == about.kind && ref.ns == about.ns)
      items.push_back(text);
  }
  if (!about.name.empty()) return {.at = clock, .says = Answer::Says::No, .why = "not found"};
  return {.at = clock,
          .says = Answer::Says::Yes,
          .why = "",
          .body = JsonObject().add("items", json_array(items)).build()};
}

Answer Shop::answer(const Event&, const Question& question) {
  if (question.kind == Question::Kind::Read && !asks_fail) return read(question.about);
  const bool dry =
      question.kind != Question::Kind::Access && question.kind != Question::Kind::AccessAhead;
  const bool no = (dry ? refused : denied).contains(question.about.kind);
  return {
      .at = clock,
      .says = asks_fail ? Answer::Says::Unknown
              : no      ? Answer::Says::No
                        : Answer::Says::Yes,
      .why = no && dry ? "spec.minReplicas: must be an even number" : "",
      .body = question.kind == Question::Kind::Render && render ? render(*this, question) : Json{}};
}

Result<std::string> Shop::publish(const Event& event, const api::SaleEventStatus& status) {
  if (event.version != sale.version)
    return Error{.kind = ErrorKind::Conflict, .message = "moved on"};
  requests.emplace_back("status");
  sale.status = status;
  sale.version = std::to_string(++version_);
  ++publishes;
  return sale.version;
}

Result<std::string> Shop::set_finalizer(const Event& event, bool present) {
  if (event.version != sale.version)
    return Error{.kind = ErrorKind::Conflict, .message = "moved on"};
  requests.emplace_back("finalizer");
  sale.has_finalizer = present;
  sale.version = std::to_string(++version_);
  return sale.version;
}

Result<std::string> Shop::set_frozen(const Event& event, bool frozen) {
  if (event.version != sale.version)
    return Error{.kind = ErrorKind::Conflict, .message = "moved on"};
  requests.emplace_back(frozen ? "freeze" : "thaw");
  sale.frozen = frozen;
  sale.version = std::to_string(++version_);
  return sale.version;
}

void Shop::act(const std::string& name, api::SaleActionSpec spec) {
  spec.event = sale.ref.name;
  actions[name] = {.ns = sale.ref.ns,
                   .name = name,
                   .uid = "uid-" + name,
                   .version = "1",
                   .generation = 1,
                   .created = clock,
                   .spec = std::move(spec),
                   .status = {}};
}

Outcome Shop::answer_action(const Event&, const ActionAnswer& answer) {
  if (lose_action_answers)
    return Error{.kind = ErrorKind::Unavailable, .message = "the answer was lost"};
  requests.push_back("action " + answer.action->name);
  actions.at(answer.action->name).status = answer.status;
  return Done{};
}

Outcome Shop::perform(const Event&, const Write& write) {
  if (refuse_writes) return Error{.kind = ErrorKind::Unavailable, .message = "no answer"};
  if (!objects.contains(write.object)) return Error{.kind = ErrorKind::NotFound, .message = "gone"};
  const auto parsed = Document::parse(objects.at(write.object).text).value();
  if (parsed->string("/metadata/uid") != write.only_if_uid ||
      parsed->string("/metadata/resourceVersion") != write.only_if_version) {
    return Error{.kind = ErrorKind::Conflict, .message = "moved on"};
  }
  if (const auto rule = invalid.find(write.object.kind);
      rule != invalid.end() && JsonView::parse(write.patch.text)->at(rule->second.first).ok()) {
    ++refused_writes;
    refusals.note(write, rule->second.second, clock);
    return rule->second.second;
  }
  refusals.note(write, Done{}, clock);
  ++writes;
  log.push_back(write.object.kind + "/" + write.object.name);
  requests.push_back(log.back());
  const bool trace = write.patch.text.find("/metadata/managedFields") != std::string::npos;
  if (write.type == Write::Type::Json && parent_of(*parsed) && !trace) {
    for (const JsonView& step : JsonView::parse(write.patch.text)->elements()) {
      if (step.at("/op")->string() == "replace")
        set(write.object,
            step.at("/path")->string().value(),
            Json{std::string(step.at("/value")->text())});
    }
  } else if (write.type == Write::Type::Json) {
    owners_[write.object].erase(kFieldManager);
    own(write.object, "nobody", {});
    set(write.object, "/status/touched", json_of(true));
  } else {
    objects[write.object] = *merge_patched(objects.at(write.object), write.patch);
    set(write.object, "/metadata/generation", json_of(std::int64_t{version_}));
    std::set<std::string> leaves;
    leaves_of(*JsonView::parse(write.patch.text), "", leaves);
    own(write.object, kFieldManager, leaves);
  }
  const std::int64_t min = number(write.object, "/spec/minReplicas"),
                     max = number(write.object, "/spec/maxReplicas");
  EXPECT_TRUE(write.object.kind != "HorizontalPodAutoscaler" || min <= max)
      << "the server would refuse min above max";
  autoscale();
  if (lose_answers) return Error{.kind = ErrorKind::Unavailable, .message = "the answer was lost"};
  return Done{};
}

Outcome Shop::create(const Event&, const Create& create) {
  if (refuse_writes) return Error{.kind = ErrorKind::Unavailable, .message = "no answer"};
  requests.push_back("create " + create.object.kind + "/" + create.object.name);
  if (objects.contains(create.object))
    return Error{.kind = ErrorKind::Conflict, .message = "AlreadyExists"};
  ++writes;
  log.push_back(requests.back());
  add(create.object, create.manifest.text);
  set(create.object, "/metadata/creationTimestamp", json_of_string(to_rfc3339(clock)));
  std::set<std::string> leaves;
  leaves_of(*JsonView::parse(create.manifest.text), "", leaves);
  own(create.object, kFieldManager, leaves);
  autoscale();
  if (lose_answers) return Error{.kind = ErrorKind::Unavailable, .message = "the answer was lost"};
  return Done{};
}

Outcome Shop::remove(const Event&, const Remove& remove) {
  if (refuse_writes) return Error{.kind = ErrorKind::Unavailable, .message = "no answer"};
  requests.push_back("remove " + remove.object.kind + "/" + remove.object.name);
  if (!objects.contains(remove.object)) return Done{};
  if (at(remove.object, "/metadata/uid") != Value(json_of_string(remove.only_if_uid)))
    return Error{.kind = ErrorKind::Conflict, .message = "another uid"};
  ++writes;
  log.push_back(requests.back());
  objects.erase(remove.object);
  return Done{};
}

Plan Shop::plan_now() {
  Observation seen = observe(sale, needs_of(sale, setup));
  Plan made = plan(sale, seen, setup, clock);
  for (int i = 0; i < kQuestionRounds && !made.questions.empty(); ++i) {
    for (const Question& one : made.questions) seen.answers[one.id] = answer(sale, one);
    made = plan(sale, seen, setup, clock);
  }
  return made;
}

RoundResult Shop::round() {
  autoscale();
  return run_round(*this, sale.ref, setup);
}

int Shop::settle() {
  const int before = writes;
  for (int i = 0; i < kMostRounds; ++i) {
    if (const RoundResult made = round(); !made.wrote && !made.failed && !made.refused) {
      // Planning again after one's own effects gives nothing.
      const Plan again = plan_now();
      EXPECT_TRUE(again.writes.empty());
      EXPECT_TRUE(again.children.empty());
      EXPECT_TRUE(again.status == sale.status);
      EXPECT_TRUE(again.notices.empty());
      return writes - before;
    }
  }
  ADD_FAILURE() << "does not come to rest at " << to_rfc3339(clock);
  return writes - before;
}

void Shop::run_until(Instant until) {
  while (true) {
    settle();
    const Plan next = plan_now();
    if (!next.wake || *next.wake > until) break;
    EXPECT_GT(*next.wake, clock) << "wakes at once for nothing, at " << to_rfc3339(clock);
    if (*next.wake <= clock) break;
    clock = *next.wake - clock > kAhead ? *next.wake - kAhead : *next.wake;
  }
  clock = until;
  settle();
}

api::TargetSpec target_of(const std::string& name, std::int32_t replicas) {
  api::TargetSpec out;
  out.name = name;
  out.ref = api::TargetRef{.api_version = "apps/v1", .kind = "Deployment", .name = name};
  out.need = api::NeedReplicas{replicas};
  return out;
}

api::TargetSpec target_times(const std::string& name, const std::string& multiplier) {
  api::TargetSpec out = target_of(name, 1);
  out.need =
      api::NeedMultiplier{.value = *api::parse_quantity(multiplier), .of = api::NeedOf::Current};
  return out;
}

api::HoldSpec hold_of(const std::string& name,
                      const ObjectRef& object,
                      const std::string& field,
                      api::HoldValue value) {
  api::HoldSpec out;
  out.name = name;
  out.object.api_version = api_version_of(object);
  out.object.kind = object.kind;
  out.object.name = object.name;
  if (object.ns != "shop" && !object.ns.empty()) out.object.ns = object.ns;
  out.field = field;
  out.value = std::move(value);
  return out;
}

}  // namespace doorbuster::planner
