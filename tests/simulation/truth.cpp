#include "tests/simulation/truth.h"

#include "controllers/planner/ledger.h"

#include <algorithm>

namespace doorbuster::simulation {

Decided decided_on(const simulator::Cluster& cluster,
                   const ObjectRef& event,
                   Instant start,
                   Instant end) {
  Decided out{.end = end};
  const StoredPtr stored = cluster.api().live(event);
  if (!stored || !stored->status) return out;
  const std::string window = to_rfc3339(start) + "/" + to_rfc3339(end);
  for (const api::Decision& one : stored->status->decisions) {
    if (one.run != stored->status->run.value_or(0) || one.hash != window) continue;
    if (one.kind == "Restore") out.restored = true;
    if (one.kind == "Abort") out.aborted = true;
    if (one.kind == "BreakGlass") out.thawed = true;
    if ((one.kind == "Abort" || one.kind == "EndNow") && one.at < out.end) out.end = one.at;
    if (one.kind == "Extend") out.end = parse_rfc3339(one.value).value_or(out.end);
  }
  return out;
}

const char* floor_field(const ObjectRef& ref) {
  if (ref.kind == "HorizontalPodAutoscaler") return kMin;
  if (ref.kind == "ScaledObject") return kKedaMin;
  return ref.kind == "Deployment" ? kReplicas : "";
}

const char* ceiling_field(const ObjectRef& ref) {
  if (ref.kind == "HorizontalPodAutoscaler") return kMax;
  return ref.kind == "ScaledObject" ? kKedaMax : "";
}

bool is_made_by_keda(const ObjectRef& ref) {
  return ref.kind == "HorizontalPodAutoscaler" && ref.name.starts_with("keda-hpa-");
}

bool is_candidate(const ObjectRef& ref) {
  return ref.name.find("-" + std::string(kRollout) + "-") != std::string::npos;
}

ObjectRef scaler_of(const simulator::Cluster& cluster, const ObjectRef& workload) {
  const ObjectRef scaled = simulator::scaled_ref(workload.ns, workload.name);
  return cluster.api().live(scaled) ? scaled
                                    : simulator::autoscaler_ref(workload.ns, workload.name);
}

std::vector<std::string> holdable(const ObjectRef& ref) {
  if (ref.ns == kOperatorNamespace || is_made_by_keda(ref) || is_candidate(ref)) return {};
  if (ref.kind == "HorizontalPodAutoscaler") return {kMin, kMax, kSelectPolicy};
  if (ref.kind == "ScaledObject") return {kKedaMin, kKedaMax, kKedaSelectPolicy};
  if (ref.kind == "Deployment") return {kReplicas};
  if (ref.kind == "PodDisruptionBudget") return {kMinAvailable};
  if (ref.kind == "VerticalPodAutoscaler") return {kUpdateMode};
  if (ref.kind == "BackendTrafficPolicy") return {kRequests};
  return {};
}

std::optional<std::int64_t> number(const Value& value) {
  return value ? integer_of(*value) : std::nullopt;
}

std::string shown(const Value& value) { return value ? value->text : "absent"; }

bool contains(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::optional<std::int64_t> lowest(const std::vector<Value>& values) {
  std::optional<std::int64_t> out;
  for (const Value& value : values) {
    if (!value) return std::nullopt;
    const auto one = number(value);
    if (one && (!out || *one < *out)) out = one;
  }
  return out;
}

const FieldTruth* Truth::field(const ObjectRef& ref, const std::string& pointer) const {
  const auto found = fields_.find(FieldRef{ref, pointer, ""});
  return found == fields_.end() ? nullptr : &found->second;
}

bool Truth::held(const StoredPtr& object) const {
  if (object->tree.at(kAnnotation) != nullptr) return true;
  for (const ObjectRef& event : cluster_.api().objects("doorbuster.dev", "SaleEvent")) {
    const StoredPtr live = cluster_.api().live(event);
    if (!live) continue;
    for (const auto& row : live->status->holds) {
      if (row.object.name == object->ref.name && row.object.kind == object->ref.kind &&
          row.uid == object->uid() && !row.copy.empty()) {
        return true;
      }
    }
  }
  return false;
}

bool Truth::orphaned(const ObjectRef& ref) const {
  const StoredPtr object = cluster_.api().live(ref);
  if (!object || object->tree.at(kAnnotation) == nullptr) return false;
  std::set<std::string> living;
  for (const ObjectRef& event : cluster_.api().objects("doorbuster.dev", "SaleEvent")) {
    if (const StoredPtr live = cluster_.api().live(event)) living.insert(live->uid());
  }
  const std::string text = object->tree.text_at(kAnnotation);
  for (const auto& [path, held] : planner::read_ledger(&text).fields) {
    for (const auto& [holder, ask] : held.holders) {
      if (living.contains(holder.uid)) return false;
    }
  }
  return true;
}

void Truth::lose_traces() {
  for (const auto& [field, truth] : fields_) {
    const StoredPtr object = cluster_.api().live(field.object);
    if (!object || object->tree.at(kAnnotation) != nullptr || object->tree.at(kLabel) != nullptr)
      continue;
    const bool entry =
        std::any_of(object->owners.begin(), object->owners.end(), [](const auto& one) {
          return one.first.manager == planner::kFieldManager;
        });
    if (entry && !remembered(field.object)) trace_left.insert(field.object);
  }
}

/// Does the status of any event have a row about an object that is still to be done with?
bool Truth::remembered(const ObjectRef& ref) const {
  for (const ObjectRef& event : cluster_.api().objects("doorbuster.dev", "SaleEvent")) {
    const StoredPtr live = cluster_.api().live(event);
    if (!live) continue;
    for (const auto& row : live->status->holds) {
      const bool same = row.object.name == ref.name && row.object.kind == ref.kind;
      if (same && (!row.copy.empty() || row.state == "Restoring")) return true;
    }
  }
  return false;
}

void Truth::note_trace(const Commit& commit) {
  const bool ours = commit.writer.manager == planner::kFieldManager;
  if (ours) trace_left.erase(commit.after->ref);
  if (!ours && commit.after->gone && commit.after->ref.kind == "SaleEvent") lose_traces();
}

void Truth::on_commit(const Commit& commit) {
  note_trace(commit);
  const ObjectRef& ref = commit.after->ref;
  for (const std::string& pointer : holdable(ref)) {
    const FieldRef field{ref, pointer, ""};
    FieldTruth& truth = fields_[field];
    if (commit.after->gone) {
      truth.gone = true;
      continue;
    }
    const Value now = commit.after->tree.value_at(pointer);
    if (!commit.before || truth.uid.empty()) {
      created(commit, field, now);
    } else if (!(truth.live == now)) {
      changed(commit, field, now);
    }
  }
}

void Truth::leave(const ObjectRef& ref) {
  for (auto& [field, truth] : fields_) {
    if (field.object != ref || truth.gone) continue;
    truth.touched = true;
    truth.allowed.push_back(truth.live);
    truth.legit.push_back(truth.live);
    // What the server filled in beside it is nobody's from now on. Should a saved copy bring the
    // record back, only the value itself can be taken away again: the server's own takes its place.
    if (field.pointer.starts_with("/spec/behavior/")) truth.allowed.emplace_back(Json{"\"Max\""});
  }
}

void Truth::created(const Commit& commit, const FieldRef& field, const Value& now) {
  FieldTruth& truth = fields_[field];
  const bool copied = now && truth.ours.contains(now->text);
  truth.touched = truth.touched || !truth.uid.empty();
  truth.gone = false;
  truth.uid = commit.after->uid();
  truth.live = now;
  truth.writer = commit.writer.manager;
  truth.fought = false;
  if (copied) {
    // Made anew with a value of ours: what was there before us is right, or, where nobody
    // remembers, the value itself.
    truth.allowed.push_back(now);
    if (field.pointer == kSelectPolicy) truth.allowed.push_back(Json{"\"Max\""});
    return;
  }
  truth.allowed = {now};
  truth.legit.push_back(now);
}

void Truth::changed(const Commit& commit, const FieldRef& field, const Value& now) {
  FieldTruth& truth = fields_[field];
  const bool ours = commit.writer.manager == "doorbuster";
  const bool control_plane = commit.writer.manager == "kube-controller-manager";
  truth.live = now;
  truth.writer = commit.writer.manager;
  if (ours) {
    if (!contains(truth.allowed, now) && now) truth.ours.insert(now->text);
    return;
  }
  const bool copied = now && truth.ours.contains(now->text);
  if (control_plane) {
    if (!copied) truth.legit.push_back(now);
    truth.allowed.push_back(now);
    return;
  }
  truth.touched = true;
  if (copying) {
    // What a saved manifest says of the time before counts as well as what was there last.
    const std::string text = commit.after->tree.text_at(kAnnotation);
    const planner::Ledger saved = planner::read_ledger(text.empty() ? nullptr : &text);
    const auto entry = saved.fields.find(planner::FieldPath{field.pointer, ""});
    if (entry != saved.fields.end()) {
      truth.allowed.push_back(entry->second.baseline);
      truth.legit.push_back(entry->second.baseline);
    }
    // A copy of behavior is the copier's: what the server puts where our leaf was stays.
    if (field.pointer == kSelectPolicy) {
      truth.allowed.push_back(Json{"\"Max\""});
      truth.legit.push_back(Json{"\"Max\""});
    }
  }
  if (copied && copying) {
    truth.fought = true;
    return;
  }
  if (held(commit.before)) {
    truth.fought = true;
    truth.allowed.push_back(now);
    truth.legit.push_back(now);
  } else {
    truth.allowed = {now};
    truth.legit.push_back(now);
  }
}

}  // namespace doorbuster::simulation
