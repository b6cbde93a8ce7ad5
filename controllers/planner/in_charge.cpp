#include "controllers/planner/in_charge.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/scaled_object.h"
#include "controllers/products/scalers.h"
#include "crds/knative.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

InCharge none(InCharge out, InCharge::Who who, std::string code, std::string why) {
  out.who = who;
  out.code = std::move(code);
  out.why = std::move(why);
  return out;
}

/// Where an object is not there to be looked at.
InCharge absent(InCharge out, const Observation& seen, const ObjectRef& object) {
  const std::string state = absence(seen, object);
  if (state == "Missing")
    return none(std::move(out),
                InCharge::Who::Missing,
                "TargetMissing",
                to_text(object) + " does not exist");
  if (state == "Forbidden") {
    return none(std::move(out),
                InCharge::Who::Forbidden,
                "TargetForbidden",
                "the operator may not read " + to_text(object));
  }
  return none(
      std::move(out), InCharge::Who::Unknown, "NotRead", to_text(object) + " is not read yet");
}

void add_to_chain(InCharge& out, const ObjectRef& object) {
  out.chain += " < " + object.kind + " " + object.name;
}

/// What scales it is there to be looked at, as `out.object`; else why not.
bool look_at_scaler(const View& view, InCharge& out) {
  out.scaler = present(view.seen, out.object);
  if (out.scaler != nullptr) return true;
  const ObjectRef object = out.object;
  out = absent(std::move(out), view.seen, object);
  // Listed and not there: the two views are of different moments.
  if (out.who == InCharge::Who::Missing) out.who = InCharge::Who::Unknown;
  return false;
}

InCharge if_allowed(const View& view, InCharge out) {
  const products::Bounds& bounds = *products::bounds_of(out.object);
  for (const char* pointer : {bounds.min, bounds.max}) {
    const std::string why = products::why_not_scaled(view.setup.allow, {out.object, pointer, ""});
    if (!why.empty()) return none(std::move(out), InCharge::Who::Refused, "FieldNotAllowed", why);
  }
  out.who = InCharge::Who::Autoscaler;
  out.rewritten = out.canary && canary_of(out.object, *out.scaler->object) == out.canary;
  return out;
}

/// KEDA writes its autoscaler anew from the ScaledObject: that is what is held.
InCharge by_scaled_object(const View& view, InCharge out, const ObjectRef& scaled_object) {
  out.object = scaled_object;
  add_to_chain(out, scaled_object);
  if (!look_at_scaler(view, out)) return out;
  const std::string paused = paused_by(*out.scaler->object);
  if (paused.empty()) return if_allowed(view, std::move(out));
  const std::string annotation = paused.substr(0, paused.find(':'));
  return none(std::move(out),
              InCharge::Who::Paused,
              "ScaledObjectPaused",
              to_text(scaled_object) + " is paused (annotation " + paused +
                  "): its floor is neither raised nor lowered. To have it raised: kubectl annotate "
                  "scaledobject -n " +
                  scaled_object.ns + " " + scaled_object.name + " " + annotation + "-");
}

InCharge by_autoscaler(const View& view, InCharge out, const ObjectRef& autoscaler) {
  out.object = autoscaler;
  add_to_chain(out, autoscaler);
  if (!look_at_scaler(view, out)) return out;
  out.autoscaler = out.scaler;
  const std::string owner = owner_of(*out.autoscaler->object);
  const bool made_by_canary =
      out.canary && canary_of(autoscaler, *out.autoscaler->object) == out.canary;
  if (owner.empty() || made_by_canary) return if_allowed(view, std::move(out));
  if (const auto maker = maker_of(autoscaler, *out.autoscaler->object))
    return by_scaled_object(view, std::move(out), *maker);
  return none(std::move(out),
              InCharge::Who::Refused,
              "AutoscalerOwned",
              to_text(autoscaler) + " is owned by " + owner +
                  ", which would undo what is held here: hold a field of " + owner);
}

/// More than one that would each scale it: their names.
std::string rivals_of(const View& view, const Autoscalers& found) {
  std::vector<ObjectRef> all = found.objects;
  for (const ObjectRef& one : found.scaled_objects) {
    const bool made =
        std::any_of(found.objects.begin(), found.objects.end(), [&](const ObjectRef& autoscaler) {
          const Present* seen = present(view.seen, autoscaler);
          // Of one that is not read yet nothing is said.
          return seen == nullptr || maker_of(autoscaler, *seen->object) == one;
        });
    if (!made) all.push_back(one);
  }
  if (all.size() < 2) return "";
  std::string names;
  for (const ObjectRef& one : all) names += (names.empty() ? "" : " and ") + one.name;
  return names;
}

/// No autoscaler names it: its own replicas are what can be held.
InCharge by_itself(const View& view, InCharge out) {
  if (!out.kind.has_scale) {
    const std::string kind = out.workload.kind;
    return none(
        std::move(out), InCharge::Who::Refused, "NoScale", kind + " has no scale subresource");
  }
  out.object = out.workload;
  const bool made_by_canary =
      out.canary && canary_of(out.workload, *out.seen->object) == out.canary;
  if (const std::string owner = owner_of(*out.seen->object); !owner.empty() && !made_by_canary) {
    const std::string text = to_text(out.workload);
    const bool knative = api::is_knative(controller_of(*out.seen->object)->group);
    return none(std::move(out),
                InCharge::Who::Refused,
                "WorkloadOwned",
                text + " is owned by " + owner + ", which would undo what is held here: " +
                    (knative ? api::kInsteadOfKnative : "name the owner"));
  }
  const std::string why =
      products::why_not_scaled(view.setup.allow, {out.workload, out.kind.spec_replicas_path, ""});
  if (!why.empty()) return none(std::move(out), InCharge::Who::Refused, "FieldNotAllowed", why);
  out.who = InCharge::Who::Workload;
  return out;
}

}  // namespace

std::optional<ObjectRef> controller_of(const Document& object) {
  const auto owners = object.root().at("/metadata/ownerReferences");
  if (!owners) return std::nullopt;
  for (const JsonView& one : owners->elements()) {
    const auto controller = one.member("controller");
    if (!controller || !controller->boolean().value_or(false)) continue;
    return ObjectRef{
        group_of(text_of(one, "apiVersion")), text_of(one, "kind"), "", text_of(one, "name")};
  }
  return std::nullopt;
}

std::string owner_of(const Document& object) {
  const auto owner = controller_of(object);
  return owner ? owner->kind + " " + owner->name : "";
}

const Present* autoscaler_of(const View& view, const ObjectRef& held) {
  if (is_autoscaler(held)) return present(view.seen, held);
  for (const auto& [object, fact] : view.seen.objects) {
    if (!is_autoscaler(object) || object.ns != held.ns) continue;
    const Present* seen = present(view.seen, object);
    if (seen != nullptr && maker_of(object, *seen->object) == held) return seen;
  }
  return nullptr;
}

bool is_autoscaler(const ObjectRef& object) {
  return object.group == "autoscaling" && object.kind == "HorizontalPodAutoscaler";
}

bool is_scaler(const ObjectRef& object) { return products::bounds_of(object) != nullptr; }

namespace {

/// The workload itself, as far as it is there to be looked at and has replicas to scale.
InCharge found_workload(const View& view, const api::TargetRef& ref) {
  InCharge out;
  const ObjectRef asked = workload_of(ref, view.event.ref.ns);
  out.workload = resolved(view.seen, asked).value_or(asked);
  out.chain = ref.kind + " " + out.workload.ns + "/" + ref.name;
  const auto kind = view.seen.kinds.find({asked.group, asked.kind});
  if (kind == view.seen.kinds.end() || std::holds_alternative<KindUnread>(kind->second)) {
    return none(std::move(out),
                InCharge::Who::Unknown,
                "NotRead",
                "it is not known yet how " + ref.kind + " is served");
  }
  out.kind = std::get<KindFact>(kind->second);
  if (!out.kind.served)
    return none(std::move(out),
                InCharge::Who::Missing,
                "TargetMissing",
                ref.kind + " is not served by this cluster");
  if (out.kind.has_scale && !out.kind.paths_unknown.empty()) {
    std::string why =
        "it is not known where " + ref.kind + " keeps its replicas: " + out.kind.paths_unknown;
    return none(std::move(out), InCharge::Who::Refused, "ScalePathsUnknown", std::move(why));
  }
  out.seen = present(view.seen, out.workload);
  if (out.seen != nullptr) return out;
  const ObjectRef workload = out.workload;
  return absent(std::move(out), view.seen, workload);
}

/// By what scales it, or by itself; `out.seen` is there.
InCharge by_what_scales(const View& view, InCharge out) {
  const auto listed = view.seen.autoscalers.find(out.workload);
  if (listed == view.seen.autoscalers.end() || std::holds_alternative<Unread>(listed->second)) {
    return none(std::move(out),
                InCharge::Who::Unknown,
                "NotRead",
                "it is not known yet which autoscaler is in charge of it");
  }
  const Autoscalers& found = std::get<Autoscalers>(listed->second);
  if (const std::string names = rivals_of(view, found); !names.empty()) {
    const std::string workload = to_text(out.workload);
    return none(std::move(out),
                InCharge::Who::Refused,
                "AmbiguousAutoscaler",
                workload + " has more than one autoscaler (" + names + "): keep one");
  }
  if (!found.objects.empty()) return by_autoscaler(view, std::move(out), found.objects.front());
  if (!found.scaled_objects.empty())
    return by_scaled_object(view, std::move(out), found.scaled_objects.front());
  return by_itself(view, std::move(out));
}

/// Which Canary decides what runs of it, if one does: one that names it, or the one that made it.
/// Two would each scale it to zero.
std::vector<ObjectRef> canaries_of(const View& view, const InCharge& found) {
  const auto listed = view.seen.autoscalers.find(found.workload);
  const auto* known =
      listed == view.seen.autoscalers.end() ? nullptr : std::get_if<Autoscalers>(&listed->second);
  if (known != nullptr && !known->canaries.empty()) return known->canaries;
  if (const auto maker = canary_of(found.workload, *found.seen->object)) return {*maker};
  return {};
}

/// What serves is the Canary's primary, and what scales that is held: Flagger leaves it alone until
/// it promotes a release.
InCharge by_canary(const View& view, InCharge out, const ObjectRef& canary) {
  const bool named = serving(view.seen, out.workload) != out.workload;
  out.canary = canary;
  if (named) {
    out.workload = primary_of(out.workload);
    out.chain = out.workload.kind + " " + out.workload.ns + "/" + out.workload.name;
    out.seen = present(view.seen, out.workload);
  }
  if (present(view.seen, canary) == nullptr) {
    out = absent(std::move(out), view.seen, canary);
    if (out.who == InCharge::Who::Missing) out.who = InCharge::Who::Unknown;
  } else if (out.seen == nullptr) {
    const ObjectRef primary = out.workload;
    out = absent(std::move(out), view.seen, primary);
    out.why += ", which " + to_text(canary) + " has to make";
  } else {
    out = by_what_scales(view, std::move(out));
  }
  add_to_chain(out, canary);
  return out;
}

}  // namespace

InCharge in_charge(const View& view, const api::TargetRef& ref) {
  InCharge out = found_workload(view, ref);
  if (out.seen == nullptr) return out;
  const std::vector<ObjectRef> canaries = canaries_of(view, out);
  if (canaries.size() > 1) {
    const std::string workload = to_text(out.workload);
    return none(std::move(out),
                InCharge::Who::Refused,
                "AmbiguousCanary",
                workload + " is named by more than one Canary (" + canaries[0].name + " and " +
                    canaries[1].name + "): keep one");
  }
  return canaries.empty() ? by_what_scales(view, std::move(out))
                          : by_canary(view, std::move(out), canaries.front());
}

}  // namespace doorbuster::planner
