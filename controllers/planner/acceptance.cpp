#include "controllers/planner/acceptance.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/check_hosts.h"
#include "controllers/planner/comparison.h"
#include "controllers/planner/freeze.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/router.h"
#include "controllers/planner/selection.h"
#include "controllers/products/scalers.h"
#include "crds/knative.h"
#include "crds/reader.h"

#include <algorithm>
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
  if (!autoscalers->canaries.empty())
    return scaled_fields(check, target, primary_of(workload), kind);
  // Of a ScaledObject and the autoscaler made from it, the first is what is written.
  const bool made = !autoscalers->scaled_objects.empty();
  for (const ObjectRef& one : made ? autoscalers->scaled_objects : autoscalers->objects) {
    const products::Bounds& bounds = *products::bounds_of(one);
    out.push_back({one, bounds.min, ""});
    out.push_back({one, bounds.max, ""});
  }
  if (out.empty() || (target.wake_from_zero && !made)) out.push_back(replicas);
  return out;
}

/// What the operator may hold is for its configuration to say, of a target as of a hold.
void check_scaled(Check& check,
                  const api::TargetSpec& target,
                  const KindFact& kind,
                  const std::string& path) {
  const auto workload = resolved(check.seen, workload_of(*target.ref, check.event.ref.ns));
  if (!workload) return;
  for (const FieldRef& field : scaled_fields(check, target, *workload, kind)) {
    const std::string why = products::why_not_scaled(check.setup.allow, field);
    if (why.empty()) continue;
    return check.add("FieldNotAllowed", path + ".ref", why);
  }
}

/// Of a kind that a target names; nullptr where it is not known or cannot be scaled.
const KindFact* scalable(Check& check,
                         const std::string& group,
                         const std::string& name,
                         const std::string& path,
                         bool held) {
  if (api::is_knative(group)) return nullptr;  // said of the spec alone
  const KindFact* kind = served(check, group, name, path, held);
  if (kind == nullptr || held) return nullptr;
  if (!kind->namespaced) {
    check.add("TargetNotNamespaced",
              path + ".kind",
              name + " lies in no namespace: name a workload of this namespace");
  } else if (api::is_knative(group_of(kind->api_version))) {
    check.add("NoScale",
              path + ".kind",
              name + " of Knative is not raised as a target: " + api::kInsteadOfKnative);
  } else if (!kind->has_scale) {
    check.add("NoScale",
              path + ".kind",
              name +
                  " has no scale subresource: name the workload that has replicas, such as a "
                  "Deployment");
  } else {
    return kind;
  }
  return nullptr;
}

/// Is anything held for a target that selects?
bool holds_found(const Check& check, const std::string& target) {
  return std::any_of(check.holds.begin(), check.holds.end(), [&target](const auto& one) {
    return one.first.first == "capacity" && selecting_target(one.first.second) == target;
  });
}

void check_selector(Check& check, const api::TargetSpec& target, const std::string& path) {
  if (holds_found(check, target.name)) return;
  for (const Selection& one : selections_of(target, check.event.ref.ns)) {
    scalable(check, one.group, one.kind, path + ".kinds", false);
    const auto found = check.seen.selected.find(one);
    const auto* known =
        found == check.seen.selected.end() ? nullptr : std::get_if<Selected>(&found->second);
    if (known == nullptr || !known->more) continue;
    check.add("TooManySelected",
              path + ".selector",
              "matches more than " + std::to_string(kSelected) + " objects of kind " + one.kind +
                  ": narrow it, or write a SaleEvent for each part");
  }
}

void check_target(Check& check, const api::TargetSpec& target, const std::string& path) {
  if (!target.ref) return check_selector(check, target, path);
  const bool held = check.holds.contains({"capacity", target.name});
  const KindFact* kind =
      scalable(check, group_of(target.ref->api_version), target.ref->kind, path + ".ref", held);
  if (kind != nullptr) check_scaled(check, target, *kind, path);
}

/// Two targets may spell one workload differently (with and without apiVersion).
void check_same_workload(Check& check, const api::SaleEventSpec& spec) {
  std::map<ObjectRef, std::string> named;
  for (std::size_t i = 0; i < spec.capacity.targets.size(); ++i) {
    const api::TargetSpec& target = spec.capacity.targets[i];
    if (!target.ref) continue;
    const auto served_as = resolved(check.seen, workload_of(*target.ref, check.event.ref.ns));
    if (!served_as) continue;
    const auto [found, fresh] = named.emplace(serving(check.seen, *served_as), target.name);
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

void check_router(Check& check, const RouterAsked& asked, const std::string& traffic, bool held) {
  const std::string member = traffic + asked.router->member;
  served(check, asked.object.group, asked.object.kind, member, held);
  if (held) return;
  const FieldRef shared{asked.object, asked.router->field, ""};
  if (const std::string why = products::why_not_allowed(check.setup.allow, shared, false, true);
      !why.empty())
    check.add("FieldNotAllowed", member, why);
}

/// In mid-sale a route's kind that vanishes, or a narrower list, is no reason to stop everything
/// else.
void check_rollout(Check& check, const api::RolloutSpec& rollout, const std::string& path) {
  const bool held = check.holds.contains({kRollouts, rollout.name});
  const std::string& ns = check.event.ref.ns;
  const RouterAsked asked = router_asked(rollout.traffic, ns);
  if (asked.router != nullptr) check_router(check, asked, path + ".traffic.", held);
  if (held) return;
  const FieldRef pods{{"apps", "Deployment", ns, rollout.target.name}, kTemplate, ""};
  if (const std::string why = products::why_not_allowed(check.setup.allow, pods, false, true);
      !why.empty() && rollout.promotion != api::Promotion::Report)
    check.add("FieldNotAllowed", path + ".promotion", why);
}

/// Which hosts may be asked is for the operator's configuration to say. In mid-sale a narrower one
/// is no reason to stop everything else: such a check is Unknown.
void check_asked_hosts(Check& check, const api::SaleEventSpec& spec) {
  if (!check.setup.checks || !check.holds.empty()) return;
  for (std::size_t i = 0; i < spec.checks.size(); ++i) {
    if (const auto no = why_not_asked(spec.checks[i], *check.setup.checks))
      check.add(no->code.c_str(), "spec.checks[" + std::to_string(i) + "]" + no->field, no->why);
  }
  for (std::size_t i = 0; i < spec.gates.size(); ++i) {
    if (!spec.gates[i].webhook) continue;
    api::CheckSpec asked;
    asked.http = api::HttpCheck{.url = spec.gates[i].webhook->url};
    if (const auto no = why_not_asked(asked, *check.setup.checks))
      check.add(no->code.c_str(), "spec.gates[" + std::to_string(i) + "].webhook.url", no->why);
  }
  for (std::size_t i = 0; i < spec.rollouts.size(); ++i) {
    const auto& usual = spec.rollouts[i].analysis.usual;
    if (!usual || !usual->compare) continue;
    const auto no = why_not_asked(errors_asked(*usual->compare, {}), *check.setup.checks);
    if (no)
      check.add(no->code.c_str(),
                "spec.rollouts[" + std::to_string(i) + "].analysis.default.compare.address",
                no->why);
  }
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
  if (const auto* window = std::get_if<Window>(&seen.window); window != nullptr && spec.freeze) {
    const FreezeSpan span = span_of(*spec.freeze, *window);
    if (span.until <= span.from)
      check.add("InvalidSpec",
                "spec.freeze.until",
                "must be later than `from`: it would last from " + to_rfc3339(span.from) +
                    " until " + to_rfc3339(span.until));
  }
  for (std::size_t i = 0; i < spec.capacity.targets.size(); ++i) {
    check_target(
        check, spec.capacity.targets[i], "spec.capacity.targets[" + std::to_string(i) + "]");
  }
  check_same_workload(check, spec);
  for (std::size_t i = 0; i < spec.holds.size(); ++i) {
    check_hold(check, spec.holds[i], "spec.holds[" + std::to_string(i) + "]");
  }
  check_asked_hosts(check, spec);
  for (std::size_t i = 0; i < spec.rollouts.size(); ++i)
    check_rollout(check, spec.rollouts[i], "spec.rollouts[" + std::to_string(i) + "]");
  return std::move(check.out);
}

}  // namespace doorbuster::planner
