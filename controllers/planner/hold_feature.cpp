#include "controllers/planner/hold_feature.h"

#include "controllers/planner/capacity.h"
#include "controllers/planner/consumers.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/schedule.h"
#include "controllers/products/owners.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

Ask ask_of(const api::HoldSpec& hold) {
  Ask out;
  out.priority = hold.priority;
  struct Reader {
    Ask& ask;
    void operator()(const api::HoldLiteral& one) { ask.op = Ask::Op::Set, ask.operand = one.value; }
    void operator()(const api::HoldMultiply& one) {
      ask.op = Ask::Op::Multiply, ask.operand = one.value.source;
    }
    void operator()(const api::HoldAdd& one) {
      ask.op = Ask::Op::Add, ask.operand = one.value.source;
    }
    void operator()(const api::HoldMin& one) {
      ask.op = Ask::Op::Min, ask.operand = one.value.source;
    }
    void operator()(const api::HoldMax& one) {
      ask.op = Ask::Op::Max, ask.operand = one.value.source;
    }
  };
  std::visit(Reader{out}, hold.value);
  return out;
}

const std::vector<OurHold>& held_under(const View& view, const std::string& name) {
  static const std::vector<OurHold> none;
  const auto found = view.holds.find({kHolds, name});
  return found == view.holds.end() ? none : found->second;
}

bool holds_field(const View& view, const std::string& name, const FieldRef& field) {
  const auto& held = held_under(view, name);
  return std::any_of(
      held.begin(), held.end(), [&](const OurHold& one) { return one.field == field; });
}

/// Is a hold in force? Field and record are one write: what the object's record says was done.
bool in_force(const View& view, const std::string& name) {
  const auto& held = held_under(view, name);
  return !held.empty() && std::all_of(held.begin(), held.end(), [&view](const OurHold& one) {
    return one.landed && present(view.seen, one.field.object) != nullptr;
  });
}

/// Is a field where its kind says that its replicas are?
bool holds_replicas(const View& view, const FieldRef& field) {
  for (const std::string& group : {field.object.group, std::string("*")}) {
    const auto found = view.seen.kinds.find({group, field.object.kind});
    if (found == view.seen.kinds.end()) continue;
    const auto* kind = std::get_if<KindFact>(&found->second);
    if (kind == nullptr || !kind->served || group_of(kind->api_version) != field.object.group)
      continue;
    return kind->has_scale && kind->spec_replicas_path == field.pointer;
  }
  return false;
}

/// What keeps a hold that is due from being written the first time; empty: nothing.
std::string why_wait(const View& view, const api::HoldSpec& hold, bool kept_back) {
  if (hold.during.from == api::SalePhase::Live && kept_back) {
    return "kept back until the targets are ready (onNotReady Block)";
  }
  for (const std::string& other : hold.after) {
    if (!in_force(view, other)) return "waits until the hold " + other + " is in force";
  }
  return "";
}

Release release_of(const View& view, const std::string& name, std::string text) {
  return {.name = name,
          .only = {},
          .reason = {kRestoring, name + ": " + std::move(text)},
          .leave_value = view.ending == Ending::Orphan,
          .for_good = view.ending == Ending::Orphan};
}

/// One hold of the spec while its span lasts.
void keep(HoldFeatureWants& out,
          const View& view,
          const api::HoldSpec& hold,
          const FieldRef& field,
          bool kept_back) {
  const bool held = holds_field(view, hold.name, field);
  const std::string state = absence(view.seen, field.object);
  const auto note = [&](std::string what, std::string message) {
    out.notes.push_back({hold.name, field, std::move(what), message});
    out.wants.items.emplace_back(Retain{hold.name, {"Waiting", std::move(message)}});
  };
  if (!state.empty()) {
    out.prepared = out.prepared && state != "Unknown";
    if (state != "Unknown") {
      out.wants.warnings.push_back({"Hold" + state,
                                    hold.name + ": " + to_text(field.object) + " is " +
                                        (state == "Missing" ? "missing" : "not ours to read")});
    }
    return note(
        state,
        to_text(field.object) + (state == "Missing" ? " does not exist" : " cannot be read"));
  }
  if (!held) {
    const std::string owner = owner_of(*present(view.seen, field.object)->object);
    if (!owner.empty() && !products::owner_leaves(field)) {
      const std::string why = to_text(field.object) + " is owned by " + owner +
                              ", which would undo what is held here: hold a field of " + owner;
      out.wants.warnings.push_back({"ObjectOwned", hold.name + ": " + why});
      return note("Refused", why);
    }
    const ConsumerFindings found =
        consumer_findings(field, *present(view.seen, field.object)->object);
    if (!found.refused.empty()) return note("Refused", found.refused);
    if (const std::string why = why_wait(view, hold, kept_back); !why.empty()) {
      out.prepared = false;
      return note("Blocked", why);
    }
  }
  if (!in_force(view, hold.name)) out.prepared = false;
  // Fields held under the name before its object or pointer was edited go back.
  std::vector<FieldRef> former;
  for (const OurHold& one : held_under(view, hold.name)) {
    if (one.field != field) former.push_back(one.field);
  }
  if (!former.empty()) {
    Release release = release_of(view, hold.name, "the hold names another field now");
    release.only = std::move(former);
    out.wants.items.emplace_back(std::move(release));
  }
  out.wants.items.emplace_back(HoldWant{
      .field = field,
      .ask = ask_of(hold),
      .name = hold.name,
      .reason = {"Holding", hold.name + ": " + field.pointer + " of " + to_text(field.object)},
      .baseline = std::nullopt,
      .replicas = holds_replicas(view, field)});
}

/// Told as soon as the object is seen, long before the hold is due.
void warn_of_consumers(HoldFeatureWants& out,
                       const View& view,
                       const api::HoldSpec& hold,
                       const FieldRef& field) {
  const Present* object = present(view.seen, field.object);
  if (object == nullptr) return;
  const ConsumerFindings found = consumer_findings(field, *object->object);
  if (!found.refused.empty())
    out.wants.warnings.push_back({"ObjectImmutable", hold.name + ": " + found.refused});
  for (const Reason& one : found.warnings)
    out.wants.warnings.push_back({one.code, hold.name + ": " + one.text});
}

void plan_hold(HoldFeatureWants& out, const View& view, const api::HoldSpec& hold, bool kept_back) {
  const auto field = field_of(view, hold);
  const Span span = span_of(view.window, hold.during);
  if (view.now < span.from) out.wants.wake = sooner(out.wants.wake, span.from);
  if (view.now < span.until) out.wants.wake = sooner(out.wants.wake, span.until);
  const bool due = view.ending == Ending::None && span.from <= view.now && view.now < span.until;
  if (!field) {
    out.wants.items.emplace_back(Retain{hold.name, {"NotRead", "its kind is not known yet"}});
    return;
  }
  if (view.ending == Ending::None && view.now < span.until)
    warn_of_consumers(out, view, hold, *field);
  if (due && view.seen.namespace_terminating && field->object.ns == view.event.ref.ns) {
    out.wants.items.emplace_back(
        Retain{hold.name, {"NamespaceTerminating", "the namespace is being deleted"}});
    return;
  }
  if (due) return keep(out, view, hold, *field, kept_back);
  if (!held_under(view, hold.name).empty()) {
    out.wants.items.emplace_back(
        release_of(view, hold.name, "its time is over: back to what was there before"));
  } else if (view.now < span.from) {
    out.notes.push_back({hold.name, *field, "Waiting", ""});
  }
}

}  // namespace

std::optional<FieldRef> field_of(const View& view, const api::HoldSpec& hold) {
  const ObjectRef asked{group_of(hold.object.api_version),
                        hold.object.kind,
                        hold.object.ns.value_or(view.event.ref.ns),
                        hold.object.name};
  const auto kind = view.seen.kinds.find({asked.group, asked.kind});
  if (kind == view.seen.kinds.end() || std::holds_alternative<KindUnread>(kind->second))
    return std::nullopt;
  const auto object = resolved(view.seen, asked);
  const auto steps = parse_pointer(hold.field);
  if (!object || !steps) return std::nullopt;
  return FieldRef{*object, pointer_of(*steps), ""};
}

HoldFeatureWants hold_feature(const View& view) {
  HoldFeatureWants out;
  out.wants.feature = kHolds;
  const bool kept_back = !view.spec.holds.empty() &&
                         view.spec.window.on_not_ready == api::OnNotReady::Block &&
                         !targets_ready(view);
  std::set<std::string> named;
  for (const api::HoldSpec& hold : view.spec.holds) {
    named.insert(hold.name);
    plan_hold(out, view, hold, kept_back);
  }
  for (const auto& [key, held] : view.holds) {
    if (key.first != kHolds || named.contains(key.second)) continue;
    out.wants.items.emplace_back(release_of(view, key.second, "it is not in the spec any more"));
  }
  return out;
}

}  // namespace doorbuster::planner
