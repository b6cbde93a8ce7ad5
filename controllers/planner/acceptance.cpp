#include "controllers/planner/acceptance.h"

#include "controllers/planner/in_charge.h"
#include "crds/reader.h"

#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kFindings = 16;  ///< told at once

struct Check {
  const Event& event;
  const Observation& seen;
  const Setup& setup;
  const OurHolds& holds;
  Acceptance out;

  void add(const char* reason, std::string field, std::string message) {
    if (out.reason.empty()) out.reason = reason;
    if (out.findings.size() < kFindings)
      out.findings.push_back({std::move(field), std::move(message)});
  }
};

void add_causes(Check& check, const char* reason, const Error& error, const std::string& path) {
  for (const FieldCause& one : error.causes) check.add(reason, one.field, one.message);
  if (error.causes.empty()) check.add(reason, path, error.message);
}

/// How a kind is served; nullptr (and said so) when that is not known or it is not served. Of what
/// is held it is not said: what holds it waits by itself.
const KindFact* served(Check& check,
                       const std::string& group,
                       const std::string& kind,
                       const std::string& path,
                       bool held) {
  const auto found = check.seen.kinds.find({group, kind});
  if (found == check.seen.kinds.end() || std::holds_alternative<KindUnread>(found->second)) {
    if (!held) check.out.unread.push_back("how " + kind + " is served");
    return nullptr;
  }
  const KindFact& fact = std::get<KindFact>(found->second);
  if (fact.served) return &fact;
  // In mid-sale a kind that vanishes is a missing target, not a reason to stop everything else.
  if (!held) {
    check.add("UnknownKind",
              path + ".kind",
              kind + (group == "*" ? "" : " of " + group) +
                  " is not served by this cluster, or by more than one group: check the spelling, "
                  "install its CRD, or set apiVersion");
  }
  return nullptr;
}

/// The fields that a target's floor and ceiling would be written to, as far as it is known who is
/// in charge.
std::vector<FieldRef> scaled_fields(const Check& check,
                                    const api::TargetSpec& target,
                                    const ObjectRef& workload,
                                    const KindFact& kind) {
  std::vector<FieldRef> out;
  const FieldRef replicas{workload, kind.spec_replicas_path, ""};
  const auto found = check.seen.autoscalers.find(workload);
  if (found == check.seen.autoscalers.end()) return out;
  const auto* autoscalers = std::get_if<Autoscalers>(&found->second);
  if (autoscalers == nullptr) return out;
  for (const ObjectRef& one : autoscalers->objects) {
    out.push_back({one, kMinReplicas, ""});
    out.push_back({one, kMaxReplicas, ""});
  }
  if (out.empty() || target.wake_from_zero) out.push_back(replicas);
  return out;
}

/// What the operator may hold is for its configuration to say, of a target as of a hold.
void check_scaled(Check& check,
                  const api::TargetSpec& target,
                  const KindFact& kind,
                  const std::string& path) {
  const ObjectRef asked{
      group_of(target.ref.api_version), target.ref.kind, check.event.ref.ns, target.ref.name};
  const auto workload = resolved(check.seen, asked);
  if (!workload) return;
  for (const FieldRef& field : scaled_fields(check, target, *workload, kind)) {
    const std::string why = products::why_not_scaled(check.setup.allow, field);
    if (why.empty()) continue;
    return check.add("FieldNotAllowed", path + ".ref", why);
  }
}

void check_target(Check& check, const api::TargetSpec& target, const std::string& path) {
  const bool held = check.holds.contains({"capacity", target.name});
  const std::string group = group_of(target.ref.api_version);
  const KindFact* kind = served(check, group, target.ref.kind, path + ".ref", held);
  if (kind == nullptr || held) return;
  if (!kind->namespaced) {
    check.add("TargetNotNamespaced",
              path + ".ref.kind",
              target.ref.kind + " lies in no namespace: name a workload of this namespace");
  } else if (!kind->has_scale) {
    check.add(
        "NoScale",
        path + ".ref.kind",
        target.ref.kind +
            " has no scale subresource: name the workload that has replicas, such as a Deployment");
  } else {
    check_scaled(check, target, *kind, path);
  }
}

/// Two targets may spell one workload differently (with and without apiVersion).
void check_same_workload(Check& check, const api::SaleEventSpec& spec) {
  std::map<ObjectRef, std::string> named;
  for (std::size_t i = 0; i < spec.capacity.targets.size(); ++i) {
    const api::TargetSpec& target = spec.capacity.targets[i];
    const ObjectRef asked{
        group_of(target.ref.api_version), target.ref.kind, check.event.ref.ns, target.ref.name};
    const auto served_as = resolved(check.seen, asked);
    if (!served_as) continue;
    const auto [found, fresh] = named.emplace(*served_as, target.name);
    if (fresh) continue;
    check.add("DuplicateTarget",
              "spec.capacity.targets[" + std::to_string(i) + "].ref",
              "is the workload of the target " + found->second + " too: name each workload once");
  }
}

void check_hold(Check& check, const api::HoldSpec& hold, const std::string& path) {
  const bool held = check.holds.contains({"holds", hold.name});
  const std::string group = group_of(hold.object.api_version);
  const KindFact* kind = served(check, group, hold.object.kind, path + ".object", held);
  if (kind == nullptr) return;
  const ObjectRef asked{
      group, hold.object.kind, hold.object.ns.value_or(check.event.ref.ns), hold.object.name};
  const auto object = resolved(check.seen, asked);
  if (!object) return;
  const std::string why = products::why_not_allowed(
      check.setup.allow, {*object, hold.field, ""}, hold.one_way, hold.allow_template);
  if (!why.empty()) check.add("FieldNotAllowed", path + ".field", why);
}

}  // namespace

Acceptance check_spec(const Event& event,
                      const Observation& seen,
                      const Setup& setup,
                      const OurHolds& holds) {
  Check check{event, seen, setup, holds, {}};
  if (!event.spec) {
    add_causes(check, "InvalidSpec", event.spec.error(), "spec");
    return std::move(check.out);
  }
  const api::SaleEventSpec& spec = *event.spec;
  for (const api::Finding& one : api::check_meaning(spec)) {
    if (one.severity != api::Severity::Error) continue;
    check.add("InvalidSpec", one.path, one.message + (one.hint.empty() ? "" : "; " + one.hint));
  }
  if (const auto* error = std::get_if<Error>(&seen.window)) {
    if (is_transient(error->kind)) {
      check.out.unread.push_back("the window: " + error->message);
    } else {
      add_causes(check, "InvalidWindow", *error, "spec.window");
    }
  }
  for (std::size_t i = 0; i < spec.capacity.targets.size(); ++i) {
    check_target(
        check, spec.capacity.targets[i], "spec.capacity.targets[" + std::to_string(i) + "]");
  }
  check_same_workload(check, spec);
  for (std::size_t i = 0; i < spec.holds.size(); ++i) {
    check_hold(check, spec.holds[i], "spec.holds[" + std::to_string(i) + "]");
  }
  return std::move(check.out);
}

}  // namespace doorbuster::planner
