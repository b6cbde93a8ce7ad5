// What the lines of a history's script do.
#include "controllers/planner/ledger.h"
#include "tests/simulation/stage.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using simulator::Writer;
using std::chrono::seconds;

std::int64_t clamped(std::int64_t value, std::int64_t low, std::int64_t high) {
  return std::max(low, std::min(value, std::max(low, high)));
}

/// Drops the elements of a named list that are called so.
void drop_named(Tree& spec, const char* pointer, const std::string& name) {
  Tree* list = spec.at(pointer);
  if (list == nullptr) return;
  std::erase_if(list->elements(), [&](const Tree& one) { return one.text_at("/name") == name; });
}

}  // namespace

const simulator::Cluster::Shop& Stage::shop(const std::string& name) const {
  const auto found = std::find_if(history_.shops.begin(),
                                  history_.shops.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == history_.shops.end() ? history_.shops.front() : *found;
}

ObjectRef Stage::object_of(const std::string& subject) const {
  if (subject == "front") return simulator::policy_ref(kShopNamespace, "front");
  const auto& one = shop(subject);
  if (!one.max) return simulator::deployment_ref(one.ns, one.name);
  return one.keda ? simulator::scaled_ref(one.ns, one.name)
                  : simulator::autoscaler_ref(one.ns, one.name);
}

void Stage::edit(const ObjectRef& ref,
                 const std::string& manager,
                 const std::function<void(Tree&)>& change) {
  const auto done = cluster_.api().edit(
      ref, Writer{.manager = manager, .apply = false, .subresource = {}}, change);
  if (!done) say("  refused: " + done.error().message);
}

void Stage::edit_event(const std::string& name, const std::function<void(Tree&)>& change) {
  edit(simulator::sale_ref(kShopNamespace, name), "kubectl-edit", change);
}

void Stage::act(const Step& step) {
  if (act_author(step) || act_people(step) || act_records(step) || act_objects(step) ||
      act_release(step))
    return;
  act_around(step);
  process_.poke();
}

bool Stage::act_author(const Step& step) {
  const auto move_end = [&](Duration by) {
    edit_event(step.subject, [&](Tree& tree) {
      const auto start = parse_rfc3339(tree.text_at("/spec/window/start")),
                 end = parse_rfc3339(tree.text_at("/spec/window/end"));
      if (!start || !end || cluster_.now() >= *end) return;
      tree.set("/spec/window/end",
               Tree::string(to_rfc3339(std::max(*end + by, *start + seconds(10)))));
    });
  };
  const auto set_need = [&](std::int64_t replicas) {
    edit_event(step.subject, [&](Tree& tree) {
      for (Tree& target : tree.at("/spec/capacity/targets")->elements()) {
        if (target.text_at("/name") != step.field) continue;
        target.erase("/need");
        target.erase("/profile");
        target.erase("/ceiling");
        target.set("/need/replicas", Tree::integer(replicas));
      }
    });
  };
  const ObjectRef event = simulator::sale_ref(kShopNamespace, step.subject);
  const auto is = [&](Act act) { return step.act == act; };
  if (is(Act::MoveEndLater)) {
    return move_end(step.span), true;
  }
  if (is(Act::MoveEndSooner)) {
    return move_end(-step.span), true;
  }
  if (is(Act::RaiseNeed)) {
    return set_need(step.amount + 20), true;
  }
  if (is(Act::LowerNeed)) {
    return set_need(step.amount), true;
  }
  if (is(Act::RemoveTarget)) {
    return edit_event(step.subject,
                      [&](Tree& tree) { drop_named(tree, "/spec/capacity/targets", step.field); }),
           true;
  }
  if (is(Act::RemoveHold)) {
    return edit_event(step.subject,
                      [&](Tree& tree) { drop_named(tree, "/spec/holds", step.field); }),
           true;
  }
  if (is(Act::Suspend)) {
    return edit_event(step.subject,
                      [](Tree& tree) { tree.set("/spec/suspend", Tree::boolean(true)); }),
           true;
  }
  if (is(Act::Unsuspend)) {
    return edit_event(step.subject, [](Tree& tree) { tree.erase("/spec/suspend"); }), true;
  }
  if (is(Act::DryRun)) {
    return edit_event(step.subject,
                      [](Tree& tree) { tree.set("/spec/mode", Tree::string("DryRun")); }),
           true;
  }
  if (is(Act::Live)) {
    return edit_event(step.subject, [](Tree& tree) { tree.erase("/spec/mode"); }), true;
  }
  if (is(Act::SetPolicy)) {
    return edit_event(
               step.subject,
               [&](Tree& tree) { tree.set("/spec/deletionPolicy", Tree::string(step.field)); }),
           true;
  }
  if (is(Act::DeleteEvent)) {
    if (!cluster_.api().remove(event)) say("  nothing to delete");
    return true;
  }
  if (is(Act::RecreateEvent)) {
    for (const EventPlan& one : history_.events) {
      if (one.name == step.subject && !cluster_.api().live(event)) create_event(one);
    }
    return true;
  }
  if (is(Act::Ask)) {
    Tree action = Tree::object();
    action.set("/spec/event", Tree::string(step.subject));
    action.set("/spec/action", Tree::string(step.field));
    if (step.field == "Extend")
      action.set("/spec/by", Tree::string(doorbuster::to_text(step.span)));
    const bool approves = step.field == "Approve", of_gate = approves || step.field == "Reject";
    if (step.field == "BreakGlass" || approves)
      action.set("/spec/requestedBy", Tree::string("ada"));
    if (of_gate) action.set("/spec/gate", Tree::string(kGate));
    const auto made = cluster_.api().create(
        simulator::action_ref(kShopNamespace, "ask-" + std::to_string(++asked_)),
        std::move(action),
        Writer{.manager = "kubectl-create", .apply = false, .subresource = {}});
    if (!made) say("  refused: " + made.error().message);
    return true;
  }
  if (is(Act::TakeFinalizer)) {
    return edit_event(step.subject, [](Tree& tree) { tree.erase("/metadata/finalizers"); }), true;
  }
  return false;
}

bool Stage::act_people(const Step& step) {
  const ObjectRef ref = object_of(step.subject);
  const char *const min = floor_field(ref), *const max = ceiling_field(ref);
  const auto set_field = [&](const std::string& manager, std::int64_t value) {
    edit(ref, manager, [&](Tree& tree) {
      // Never above the maximum of the manifest: who asks for that cannot have both back.
      const std::int64_t most = std::min(shop(step.subject).max.value_or(10), tree.number(max, 1));
      if (step.field == "min") tree.set(min, Tree::integer(clamped(value, 1, most)));
      if (step.field == "max") tree.set(max, Tree::integer(std::max(value, tree.number(min, 1))));
      if (step.field == "replicas")
        tree.set(kReplicas, Tree::integer(std::max<std::int64_t>(1, value)));
      if (step.field == "requests") tree.set(kRequests, Tree::integer(value));
    });
  };
  const auto& own = shop(step.subject);
  const auto restore_manifest = [&](Tree& tree) {
    if (ref.kind == "Deployment") return tree.set(kReplicas, Tree::integer(own.replicas));
    tree.set(min, Tree::integer(own.min.value_or(1)));
    tree.set(max, Tree::integer(own.max.value_or(10)));
  };
  const auto is = [&](Act act) { return step.act == act; };
  if (is(Act::PersonSets)) {
    return set_field("kubectl-edit", step.amount), true;
  }
  if (is(Act::GitSets)) {
    return set_field("argocd-controller", step.amount + 2), true;
  }
  if (is(Act::GitReverts)) {
    return edit(ref, "argocd-controller", restore_manifest), true;
  }
  if (is(Act::HelmUpgrade)) {
    return edit(ref, "helm", restore_manifest), true;
  }
  if (is(Act::GitApplies)) {
    Tree fields = Tree::object();
    restore_manifest(fields);
    if (!cluster_.api().apply(ref, fields, "kustomize-controller")) say("  refused");
    return true;
  }
  if (is(Act::ScaleByHand)) {
    const ObjectRef deployment = simulator::deployment_ref(own.ns, own.name);
    const auto done =
        cluster_.api().edit(deployment,
                            Writer{.manager = "kubectl", .apply = false, .subresource = "scale"},
                            [&](Tree& tree) { tree.set(kReplicas, Tree::integer(step.amount)); });
    if (!done) say("  refused");
    return true;
  }
  return false;
}

/// What a saved manifest brings back: values, record and label as they were then.
void Stage::put_back(const Step& step,
                     const StoredPtr& copy,
                     const std::string& manager,
                     bool whole) {
  truth_.copying = true;
  const std::string record = copy->tree.text_at(kAnnotation);
  if (planner::read_ledger(record.empty() ? nullptr : &record).state ==
      planner::Ledger::State::Corrupt)
    truth_.spoilt.insert(copy->ref);
  edit(object_of(step.subject), manager, [&](Tree& tree) {
    for (const std::string& pointer : holdable(copy->ref)) {
      const Tree* value = copy->tree.at(pointer);
      if (value != nullptr) tree.set(pointer, *value);
    }
    for (const char* pointer : {kAnnotation, kLabel}) {
      const Tree* value = copy->tree.at(pointer);
      if (value != nullptr) {
        tree.set(pointer, *value);
      } else if (whole) {
        tree.erase(pointer);
      }
    }
  });
  truth_.copying = false;
}

bool Stage::act_records(const Step& step) {
  const ObjectRef ref = object_of(step.subject);
  const StoredPtr object = cluster_.api().live(ref);
  const auto is = [&](Act act) { return step.act == act; };
  if (is(Act::SaveCopy)) {
    copies_[step.subject] = object;
    return true;
  }
  if (is(Act::ApplyCopy)) {
    if (copies_[step.subject])
      put_back(step, copies_[step.subject], "kubectl-client-side-apply", false);
    return true;
  }
  if (is(Act::ReplaceWithOld)) {
    if (object) put_back(step, cluster_.api().history(ref).front(), "kubectl-replace", true);
    return true;
  }
  if (is(Act::RolloutUndo)) {
    const StoredPtr copy = copies_[step.subject];
    if (ref.kind != "Deployment" || !copy || !object) return true;
    truth_.copying = true;
    edit(ref, "kubectl-rollout", [&](Tree& tree) {
      const Tree* record = copy->tree.at(kAnnotation);
      if (record != nullptr) {
        tree.set(kAnnotation, *record);
      } else {
        tree.erase(kAnnotation);
      }
      tree.set("/spec/template/spec/containers/0/image", Tree::string("shop:0"));
    });
    truth_.copying = false;
    return true;
  }
  if (is(Act::CorruptAnnotation)) {
    if (object && object->tree.at(kAnnotation) != nullptr) {
      truth_.spoilt.insert(ref);
      edit(ref, "kubectl-edit", [](Tree& tree) {
        std::string text = tree.text_at(kAnnotation);
        text[text.size() / 2] = text[text.size() / 2] == 'x' ? 'y' : 'x';
        tree.set(kAnnotation, Tree::string(text));
      });
    }
    return true;
  }
  if (is(Act::RemoveAnnotation)) {
    const bool held = object && object->tree.at(kAnnotation) != nullptr;
    truth_.spoilt.erase(ref);
    edit(ref, "kubectl-annotate", [](Tree& tree) { tree.erase(kAnnotation); });
    // Where no status has a copy (its event was taken away by hand) nobody knows what was there
    // before.
    if (held && !truth_.held(cluster_.api().live(ref))) truth_.leave(ref);
    return true;
  }
  if (is(Act::RemoveLabel)) {
    // Of an orphan nothing but the label says after a restart where to look.
    if (truth_.orphaned(ref)) truth_.spoilt.insert(ref);
    return edit(ref, "kubectl-label", [](Tree& tree) { tree.erase(kLabel); }), true;
  }
  if (is(Act::CopyAnnotation)) {
    if (object && object->tree.at(kAnnotation) != nullptr) {
      const ObjectRef other = simulator::policy_ref(kEdgeNamespace, "edge");
      truth_.spoilt.insert(other);
      edit(other, "kubectl-annotate", [&](Tree& tree) {
        tree.set(kAnnotation, *object->tree.at(kAnnotation));
      });
    }
    return true;
  }
  return false;
}

bool Stage::act_objects(const Step& step) {
  simulator::ApiServer& api = cluster_.api();
  const auto remove = [&](const ObjectRef& ref) {
    truth_.spoilt.erase(ref);
    if (!api.remove(ref)) say("  nothing to delete");
  };
  const auto is = [&](Act act) { return step.act == act; };
  if (is(Act::DeleteAutoscaler)) {
    const ObjectRef scaler = object_of(step.subject);
    if (scaler.kind != "Deployment") remove(scaler);
    return true;
  }
  if (is(Act::CreateAutoscaler)) {
    if (!cluster_.create_autoscaler(shop(step.subject))) say("  there is one");
    return true;
  }
  if (is(Act::RestoreAutoscaler)) {
    const StoredPtr copy = copies_[step.subject];
    if (!copy || copy->ref.kind == "Deployment" || api.live(copy->ref)) return true;
    Tree object = Tree::object();
    object.set("/spec", *copy->tree.at("/spec"));
    for (const char* part : {"/metadata/annotations", "/metadata/labels"}) {
      if (const Tree* kept = copy->tree.at(part)) object.set(part, *kept);
    }
    if (!api.create(copy->ref,
                    std::move(object),
                    Writer{.manager = "velero", .apply = false, .subresource = {}}))
      say("  refused");
    return true;
  }
  if (is(Act::DeleteWorkload)) {
    return remove(simulator::deployment_ref(kShopNamespace, step.subject)), true;
  }
  if (is(Act::CreateWorkload)) {
    if (!cluster_.create_deployment(shop(step.subject))) say("  there is one");
    return true;
  }
  if (is(Act::DeleteNamespace)) {
    api.terminate_namespace(kShopNamespace);
    process_.poke();
    return true;
  }
  return false;
}

bool Stage::act_around(const Step& step) {
  simulator::Weather& weather = world_.weather;
  simulator::Workload* pods =
      cluster_.workload(simulator::deployment_ref(kShopNamespace, step.subject));
  const auto is = [&](Act act) { return step.act == act; };
  if (is(Act::SetLoad)) {
    if (pods != nullptr) pods->load.from[cluster_.now()] = step.amount;
    return true;
  }
  if (is(Act::StickPods) || is(Act::UnstickPods)) {
    if (pods != nullptr) {
      pods->stuck = step.act == Act::StickPods;
      pods->settled_at = 0;
    }
    return true;
  }
  if (is(Act::BreakMetrics) || is(Act::MendMetrics)) {
    cluster_.metrics_broken = step.act == Act::BreakMetrics;
    return true;
  }
  if (is(Act::Kill)) {
    process_.kill(cluster_.now() + step.span);
    return true;
  }
  if (is(Act::StepClock)) {
    truth_.clock_stepped = true;
    disturb(std::chrono::minutes(5));
    weather.skew = seconds(step.amount);
    return true;
  }
  if (is(Act::Lag)) {
    if (step.span == Duration{}) {
      weather.lag.erase(step.subject);
    } else {
      weather.lag[step.subject] = step.span;
    }
    return true;
  }
  if (is(Act::Stall)) {
    weather.stalled_until[step.subject] =
        std::max(weather.stalled_until[step.subject], cluster_.now() + step.span);
    return true;
  }
  if (is(Act::Outage)) {
    weather.down_until =
        std::max(weather.down_until.value_or(Instant{}), cluster_.now() + step.span);
    return true;
  }
  if (is(Act::DenyKind)) {
    return weather.denied_kinds.insert(step.subject), true;
  }
  if (is(Act::AllowKind)) {
    return weather.denied_kinds.erase(step.subject), true;
  }
  if (is(Act::HideKind)) {
    return weather.kinds_vanish.insert(step.subject), true;
  }
  if (is(Act::ShowKind)) {
    return weather.kinds_vanish.erase(step.subject), true;
  }
  if (is(Act::DenyAccount)) {
    return weather.account_denied_kinds.insert(step.subject), true;
  }
  if (is(Act::AllowAccount)) {
    return weather.account_denied_kinds.erase(step.subject), true;
  }
  if (is(Act::FailReviews) || is(Act::AnswerReviews)) {
    weather.reviews_fail = step.act == Act::FailReviews;
    return true;
  }
  return false;
}

}  // namespace doorbuster::simulation
