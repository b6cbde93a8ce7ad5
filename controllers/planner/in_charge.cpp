#include "controllers/planner/in_charge.h"

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

InCharge by_autoscaler(const View& view, InCharge out, const ObjectRef& autoscaler) {
  out.object = autoscaler;
  out.autoscaler = present(view.seen, autoscaler);
  if (out.autoscaler == nullptr) {
    InCharge gone = absent(out, view.seen, autoscaler);
    // Listed and not there: the two views are of different moments.
    if (gone.who == InCharge::Who::Missing) gone.who = InCharge::Who::Unknown;
    return gone;
  }
  if (const std::string owner = owner_of(*out.autoscaler->object); !owner.empty()) {
    return none(std::move(out),
                InCharge::Who::Refused,
                "AutoscalerOwned",
                to_text(autoscaler) + " is owned by " + owner +
                    ", which would undo what is held here: hold a field of " + owner);
  }
  for (const char* pointer : {kMinReplicas, kMaxReplicas}) {
    const std::string why = products::why_not_scaled(view.setup.allow, {autoscaler, pointer, ""});
    if (!why.empty()) return none(std::move(out), InCharge::Who::Refused, "FieldNotAllowed", why);
  }
  out.who = InCharge::Who::Autoscaler;
  return out;
}

/// No autoscaler names it: its own replicas are what can be held.
InCharge by_itself(const View& view, InCharge out) {
  if (!out.kind.has_scale) {
    const std::string kind = out.workload.kind;
    return none(
        std::move(out), InCharge::Who::Refused, "NoScale", kind + " has no scale subresource");
  }
  out.object = out.workload;
  if (const std::string owner = owner_of(*out.seen->object); !owner.empty()) {
    const std::string text = to_text(out.workload);
    return none(
        std::move(out),
        InCharge::Who::Refused,
        "WorkloadOwned",
        text + " is owned by " + owner + ", which would undo what is held here: name the owner");
  }
  const std::string why =
      products::why_not_scaled(view.setup.allow, {out.workload, out.kind.spec_replicas_path, ""});
  if (!why.empty()) return none(std::move(out), InCharge::Who::Refused, "FieldNotAllowed", why);
  out.who = InCharge::Who::Workload;
  return out;
}

}  // namespace

std::string owner_of(const Document& object) {
  const auto owners = object.root().at("/metadata/ownerReferences");
  if (!owners) return "";
  for (const JsonView& one : owners->elements()) {
    const auto controller = one.member("controller");
    if (!controller || !controller->boolean().value_or(false)) continue;
    const auto text = [&one](std::string_view name) {
      const auto member = one.member(name);
      return member ? member->string().value_or("") : std::string();
    };
    return text("kind") + " " + text("name");
  }
  return "";
}

bool is_autoscaler(const ObjectRef& object) {
  return object.group == "autoscaling" && object.kind == "HorizontalPodAutoscaler";
}

InCharge in_charge(const View& view, const api::TargetRef& ref) {
  InCharge out;
  const ObjectRef asked{group_of(ref.api_version), ref.kind, view.event.ref.ns, ref.name};
  out.workload = resolved(view.seen, asked).value_or(asked);
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
  if (out.seen == nullptr) {
    const ObjectRef workload = out.workload;
    return absent(std::move(out), view.seen, workload);
  }
  const auto autoscalers = view.seen.autoscalers.find(out.workload);
  if (autoscalers == view.seen.autoscalers.end() ||
      std::holds_alternative<Unread>(autoscalers->second)) {
    return none(std::move(out),
                InCharge::Who::Unknown,
                "NotRead",
                "it is not known yet which autoscaler is in charge of it");
  }
  const auto& found = std::get<Autoscalers>(autoscalers->second).objects;
  if (found.size() > 1) {
    std::string names;
    for (const ObjectRef& one : found) names += (names.empty() ? "" : " and ") + one.name;
    const std::string workload = to_text(out.workload);
    return none(std::move(out),
                InCharge::Who::Refused,
                "AmbiguousAutoscaler",
                workload + " has more than one autoscaler (" + names + "): keep one");
  }
  if (found.size() == 1) return by_autoscaler(view, std::move(out), found.front());
  return by_itself(view, std::move(out));
}

}  // namespace doorbuster::planner
