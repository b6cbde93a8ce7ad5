#include "operator/commands/cluster_scenario.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/demand.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/selection.h"
#include "controllers/reconciler/cluster_world.h"
#include "controllers/reconciler/kinds.h"
#include "controllers/reconciler/node_zones.h"
#include "controllers/reconciler/room_fetch.h"
#include "controllers/reconciler/selections.h"
#include "operator/commands/cluster_objects.h"
#include "operator/kube/access.h"

#include <algorithm>
#include <set>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr std::size_t kMaxAutoscalers = 5'000;

struct Target {
  const api::TargetSpec* spec;
  ObjectRef ref;
  Doc workload, autoscaler;
};

class Reading {
 public:
  Reading(std::shared_ptr<kube::Client> client,
          const api::SaleEvent& event,
          const ScenarioFlags& flags,
          const std::function<Instant()>& now)
      : client_(std::move(client)), kinds_(client_, now), flags_(flags), now_(now()) {
    out_.input.event = event;
  }

  Result<Scenario> read() {
    simulator::ForecastInput& input = out_.input;
    const auto window = fix_window(input.event);
    if (!window.ok()) return window.error();
    input.setup = {
        .install = input.event.status.install.empty() ? "planned" : input.event.status.install,
        .allow = products::AllowList::standard(),
        .ns = kOperatorNamespace};
    input.from = now_;
    if (const Outcome done = targets(); !done.ok()) return done.error();
    if (const Outcome done = held_objects(); !done.ok()) return done.error();
    pods_and_nodes();
    if (const Outcome done = apply_flags(flags_, *window, out_); !done.ok()) return done.error();
    for (const Target& one : targets_) load_of(one, *window);
    return std::move(out_);
  }

 private:
  /// Nothing when it does not exist; Denied says so in a sentence.
  Result<Doc> object(const ObjectRef& ref) {
    const auto resource = kinds_.find(ref.group, ref.kind);
    if (!resource.ok()) {
      if (resource.error().kind == ErrorKind::NotFound) return Doc();
      return resource.error();
    }
    note_kind(*resource);
    auto got = client_->get(*resource, {resource->namespaced ? ref.ns : "", ref.name});
    if (!got.ok()) {
      if (got.error().kind == ErrorKind::NotFound) return Doc();
      return got.error();
    }
    auto document = planner::Document::parse(std::move(got->text));
    if (!document.ok()) return document.error();
    if (seeded_.insert({resource->group, resource->kind, ref.ns, ref.name}).second) {
      out_.input.objects.push_back(
          {{resource->group, resource->kind, resource->namespaced ? ref.ns : "", ref.name},
           Json{(*document)->text()}});
    }
    return document;
  }

  void note_kind(const kube::Resource& resource) {
    for (const simulator::ServedKind& one : out_.input.kinds) {
      if (one.group == resource.group && one.kind == resource.kind) return;
    }
    simulator::ServedKind kind{.group = resource.group,
                               .kind = resource.kind,
                               .api_version = resource.api_version(),
                               .namespaced = resource.namespaced,
                               .has_scale = resource.has("scale")};
    const auto answer = kinds_.describe(resource.group, resource.kind);
    if (const auto* fact = std::get_if<planner::KindFact>(&answer)) {
      kind.spec_replicas_path = fact->spec_replicas_path;
      kind.status_replicas_path = fact->status_replicas_path;
      kind.paths_unknown = fact->paths_unknown;
    } else {
      kind.paths_unknown = std::get<planner::KindUnread>(answer).why;
    }
    out_.input.kinds.push_back(std::move(kind));
  }

  /// The targets, with what their selectors find.
  Outcome expand() {
    const api::SaleEvent& event = out_.input.event;
    planner::Observation seen;
    for (const api::TargetSpec& target : event.spec.capacity.targets) {
      for (const planner::Selection& one : planner::selections_of(target, event.metadata.ns)) {
        auto found = reconciler::select(*client_, kinds_, one);
        if (const auto* why = std::get_if<planner::Unread>(&found))
          return Error{.kind = ErrorKind::Unavailable,
                       .message = target.name + ": " + why->why,
                       .causes = {},
                       .retry_after = {}};
        seen.selected.emplace(one, std::move(found));
      }
    }
    specs_ = planner::expand(event.spec, event.metadata.ns, seen, {}).targets;
    return Done{};
  }

  Outcome targets() {
    const std::string& ns = out_.input.event.metadata.ns;
    if (const Outcome done = expand(); !done.ok()) return done;
    for (const api::TargetSpec& spec : specs_) {
      const ObjectRef ref = planner::workload_of(*spec.ref, ns);
      auto workload = object(ref);
      if (!workload.ok()) return workload.error();
      targets_.push_back({&spec, ref, *workload, nullptr});
    }
    if (targets_.empty()) return Done{};
    if (const Outcome done = primaries(); !done.ok()) return done;
    const auto resource = kinds_.find("autoscaling", "HorizontalPodAutoscaler");
    if (!resource.ok()) return resource.error();
    const auto autoscalers = all_of(*client_, *resource, ns, kMaxAutoscalers);
    if (!autoscalers.ok()) return autoscalers.error();
    for (const Doc& one : *autoscalers) {
      for (Target& target : targets_) {
        if (one->string("/spec/scaleTargetRef/kind") != target.ref.kind ||
            one->string("/spec/scaleTargetRef/name") != target.ref.name)
          continue;
        target.autoscaler = one;
        out_.input.objects.push_back(
            {simulator::autoscaler_ref(ns, one->string("/metadata/name")), Json{one->text()}});
      }
    }
    // Of KEDA's a paused one has no autoscaler to be found by.
    if (const Outcome done = naming({"keda.sh", "ScaledObject", ns, ""}, "scaleTargetRef");
        !done.ok())
      return done;
    if (const Outcome done =
            naming({"autoscaling.k8s.io", "VerticalPodAutoscaler", ns, ""}, "targetRef");
        !done.ok())
      return done;
    const auto& specs = out_.input.event.spec.capacity.targets;
    const bool guarded = std::any_of(specs.begin(), specs.end(), [](const api::TargetSpec& one) {
      return one.disruption_budget.has_value();
    });
    return guarded ? those_of({"policy", "PodDisruptionBudget", ns, ""},
                              [](const planner::Document&) { return true; })
                   : Outcome(Done{});
  }

  /// Of a target that a Flagger Canary names its primary is what serves.
  Outcome primaries() {
    const std::string& ns = out_.input.event.metadata.ns;
    const std::size_t before = out_.input.objects.size();
    const Outcome listed = naming({"flagger.app", "Canary", ns, ""}, "targetRef");
    if (!listed.ok() && listed.error().kind == ErrorKind::Denied) {
      out_.assumed.emplace_back(
          "no Flagger Canary names a target: Canaries may not be listed with these rights");
      return Done{};
    }
    if (!listed.ok()) return listed;
    std::set<ObjectRef> named;
    for (std::size_t i = before; i < out_.input.objects.size(); ++i) {
      const auto canary = planner::Document::parse(out_.input.objects[i].object.text);
      if (!canary.ok()) return canary.error();
      for (const Target& one : targets_) {
        if (one.ref.kind == (*canary)->string("/spec/targetRef/kind") &&
            one.ref.name == (*canary)->string("/spec/targetRef/name"))
          named.insert(one.ref);
      }
    }
    for (Target& one : targets_) {
      const auto maker = one.workload ? planner::canary_of(one.ref, *one.workload) : std::nullopt;
      if (maker) {
        if (const auto read = object(*maker); !read.ok()) return read.error();
      }
      if (!named.contains(one.ref)) continue;
      one.ref = planner::primary_of(one.ref);
      auto primary = object(one.ref);
      if (!primary.ok()) return primary.error();
      one.workload = *primary;
    }
    return Done{};
  }

  /// What names a target in that member of its spec, of one kind.
  Outcome naming(const ObjectRef& kind, const std::string& member) {
    return those_of(kind, [&](const planner::Document& one) {
      std::string named = one.string("/spec/" + member + "/kind");
      if (named.empty()) named = "Deployment";
      return std::any_of(targets_.begin(), targets_.end(), [&](const Target& target) {
        return target.ref.kind == named &&
               target.ref.name == one.string("/spec/" + member + "/name");
      });
    });
  }

  /// The objects of one kind and namespace that are `meant`; none where it is not served.
  Outcome those_of(const ObjectRef& kind,
                   const std::function<bool(const planner::Document&)>& meant) {
    const auto resource = kinds_.find(kind.group, kind.kind);
    if (!resource.ok())
      return resource.error().kind == ErrorKind::NotFound ? Outcome(Done{}) : resource.error();
    const auto found = all_of(*client_, *resource, kind.ns, kMaxAutoscalers);
    if (!found.ok()) return found.error();
    for (const Doc& one : *found) {
      if (!meant(*one)) continue;
      const auto read = object({kind.group, kind.kind, kind.ns, one->string("/metadata/name")});
      if (!read.ok()) return read.error();
    }
    return Done{};
  }

  Outcome held_objects() {
    const api::SaleEvent& event = out_.input.event;
    std::set<ObjectRef> refs;
    for (const api::HoldSpec& hold : event.spec.holds) {
      refs.insert({planner::group_of(hold.object.api_version),
                   hold.object.kind,
                   hold.object.ns.value_or(event.metadata.ns),
                   hold.object.name});
    }
    for (const api::HoldStatus& row : event.status.holds) {
      if (!row.copy.empty())
        refs.insert({row.object.group, row.object.kind, row.object.ns, row.object.name});
    }
    for (const ObjectRef& ref : refs) {
      const bool known = std::any_of(
          out_.input.objects.begin(), out_.input.objects.end(), [&ref](const auto& one) {
            return one.ref.kind == ref.kind && one.ref.ns == ref.ns && one.ref.name == ref.name;
          });
      if (known) continue;
      if (const auto found = object(ref); !found.ok()) return found.error();
    }
    return Done{};
  }

  void pods_and_nodes() {
    const auto pods = all_of(*client_, kube::core_resource("pods", "Pod"), "", kMaxPodsRead);
    if (!pods.ok()) {
      out_.assumed.push_back("pods cannot be read (" + pods.error().message +
                             "): how long they take to be ready is not known");
    } else {
      for (const Target& one : targets_) startup_of(one, *pods);
    }
    if (!flags_.nodes.empty()) return;  // described by hand
    const auto nodes =
        all_of(*client_, kube::core_resource("nodes", "Node", false), "", simulator::kMaxNodes);
    if (nodes.ok()) count_zones(*nodes);
    if (!nodes.ok() || !pods.ok()) {
      out_.assumed.push_back("room for every pod: nodes and pods cannot be read (" +
                             (nodes.ok() ? pods.error() : nodes.error()).message + ")");
      return;
    }
    fill_nodes(*nodes, *pods);
    read_room();
  }

  /// What the operator would judge by before the day.
  void read_room() {
    reconciler::RoomWanted wanted{{out_.input.event.metadata.ns}, {}};
    for (const Target& one : targets_)
      wanted.owners.insert({one.ref.ns, one.ref.kind, one.ref.name});
    auto room = reconciler::fetch_room(*client_, kinds_, wanted, [] { return false; });
    if (room.ok()) {
      out_.input.room = std::move(room).value();
    } else {
      out_.assumed.push_back("quotas and node pools in nobody's way: they cannot be read (" +
                             room.error().message + ")");
    }
  }

  /// As the operator counts them (reconciler/node_zones.h).
  void count_zones(const std::vector<Doc>& nodes) {
    std::set<std::string> zones;
    for (const Doc& one : nodes) {
      const std::string zone = one->string(reconciler::kZonePointer);
      if (!zone.empty() && !one->at(reconciler::kControlPlanePointer)) zones.insert(zone);
    }
    if (!zones.empty()) out_.input.zones = static_cast<std::int64_t>(zones.size());
  }

  bool is_of_a_target(const planner::Document& pod) const {
    if (pod.string("/metadata/namespace") != out_.input.event.metadata.ns) return false;
    return std::any_of(targets_.begin(), targets_.end(), [&pod](const Target& one) {
      return one.workload && selects(*one.workload, pod);
    });
  }

  void fill_nodes(const std::vector<Doc>& nodes, const std::vector<Doc>& pods) {
    std::map<std::string, simulator::Node> room;
    for (const Doc& one : nodes) {
      if (!is_open_to_pods(*one)) continue;
      room[one->string("/metadata/name")] = {
          .cpu_millis = units(one->at("/status/allocatable/cpu"), api::kNanosPerUnit / 1000),
          .memory_bytes = units(one->at("/status/allocatable/memory"), api::kNanosPerUnit),
          .pods = units(one->at("/status/allocatable/pods"), api::kNanosPerUnit)};
    }
    for (const Doc& pod : pods) {
      const std::string phase = pod->string("/status/phase");
      const auto at = room.find(pod->string("/spec/nodeName"));
      if (at == room.end() || phase == "Succeeded" || phase == "Failed" || is_of_a_target(*pod))
        continue;
      const auto containers = pod->root().at("/spec/containers");
      const simulator::PodRequest taken =
          containers ? simulator::request_of(*containers) : simulator::PodRequest{};
      at->second.taken.cpu_millis += taken.cpu_millis;
      at->second.taken.memory_bytes += taken.memory_bytes;
      ++at->second.taken_pods;
    }
    std::vector<simulator::Node> list;
    for (auto& [name, node] : room) list.push_back(node);
    out_.assumed.push_back(json_of(static_cast<std::int64_t>(list.size())).text +
                           " untainted nodes as they are now, none added (describe a pool with "
                           "--nodes), whatever pod finds room on any: affinity, tolerations, "
                           "quotas and node pools only count in the findings");
    out_.input.nodes = simulator::Nodes(std::move(list), {});
  }

  /// The 95th percentile of what its present pods took from their node to ready.
  void startup_of(const Target& target, const std::vector<Doc>& pods) {
    if (!target.workload) return;
    std::vector<Duration> took;
    for (const Doc& pod : pods) {
      if (pod->string("/metadata/namespace") != target.ref.ns || !selects(*target.workload, *pod))
        continue;
      const auto placed = became(*pod, "PodScheduled"), ready = became(*pod, "Ready");
      if (placed && ready && *ready >= *placed) took.push_back(*ready - *placed);
    }
    if (took.empty()) {
      out_.assumed.push_back(target.spec->name +
                             ": 30s from a node to ready, none of its pods tells");
      return;
    }
    std::sort(took.begin(), took.end());
    const Duration p95 = took[(took.size() * 95 + 99) / 100 - 1];
    out_.input.startup[target.spec->name] = std::max<Duration>(p95, std::chrono::seconds(1));
    out_.assumed.push_back(target.spec->name + ": " + to_text(p95) +
                           " from a node to ready, as 95 % of its " +
                           json_of(static_cast<std::int64_t>(took.size())).text + " pods took");
  }

  void load_of(const Target& target, const planner::Window& window) {
    if (!target.workload) return;
    std::int64_t usual = target.workload->integer("/spec/replicas").value_or(1);
    if (target.autoscaler) {
      const planner::Demand demand = planner::demand_of(*target.autoscaler);
      if (demand.says == planner::Demand::Says::Number) usual = demand.replicas;
    }
    assume_load(*target.spec, usual, window, out_);
  }

  std::shared_ptr<kube::Client> client_;
  reconciler::Kinds kinds_;
  const ScenarioFlags& flags_;
  const Instant now_;
  std::vector<api::TargetSpec> specs_;
  std::vector<Target> targets_;
  std::set<ObjectRef> seeded_;
  Scenario out_;
};

/// What a field lies in and the object does not have.
void add_surroundings(std::vector<Json>& out, Json& object, const std::string& pointer) {
  for (std::size_t at = pointer.find('/', 1); at != std::string::npos;
       at = pointer.find('/', at + 1)) {
    const std::string around = pointer.substr(0, at);
    const auto view = JsonView::parse(object.text);
    if (!view || view->at(around).ok()) continue;
    auto with = with_value(object, around, Json{"{}"});
    if (!with) return;
    object = std::move(with).value();
    out.push_back(
        JsonObject().add("op", "add").add("path", around).add("value", Json{"{}"}).build());
  }
}

/// The first change of each object as a JSON patch of its own fields.
Json patch_of(Json object, const std::vector<simulator::FieldChange>& changes) {
  std::vector<Json> out;
  for (const simulator::FieldChange& one : changes) {
    if (one.after) add_surroundings(out, object, one.pointer);
    JsonObject step;
    step.add("op", one.after ? "add" : "remove").add("path", one.pointer);
    if (one.after) step.add("value", *one.after);
    out.push_back(step.build());
  }
  return json_array(out);
}

class WriteCheck {
 public:
  WriteCheck(std::shared_ptr<kube::Client> client,
             const api::SaleEvent& event,
             const std::function<Instant()>& now)
      : client_(std::move(client)), kinds_(client_, now), access_(client_, now), event_(event) {}

  void entry(const simulator::TimelineEntry& entry) {
    if (!seen_.insert(entry.object).second) return;
    const auto resource = kinds_.find(entry.object.group, entry.object.kind);
    if (!resource.ok()) return;  // the forecast says so
    // Without the right to make a buffer there are placeholders, in the operator's own namespace,
    // which is nobody else's business.
    if (entry.child && entry.object.kind != "DaemonSet") return;
    account(entry, *resource);
    if (!entry.child) dry_run(entry, *resource);
  }

  std::vector<simulator::ForecastFinding> findings;

 private:
  /// The sale does without what it may not make, and not without what it may not raise.
  void account(const simulator::TimelineEntry& entry, const kube::Resource& resource) {
    const ObjectRef& object = entry.object;
    const std::string verb = entry.child ? "create" : "patch";
    const auto answer = access_.service_account(
        event_.metadata.ns,
        event_.spec.service_account_name,
        {verb, resource.group, resource.plural, "", object.ns, object.name});
    if (!answer.ok()) {
      findings.push_back({simulator::ForecastVerdict::Warn,
                          "AccessNotChecked",
                          "",
                          "whether the service account " + event_.spec.service_account_name +
                              " may do what the sale needs: " + answer.error().message});
    } else if (!answer->allowed) {
      findings.push_back(
          {entry.child ? simulator::ForecastVerdict::Warn : simulator::ForecastVerdict::NoGo,
           entry.child ? "PrepullForbidden" : "Forbidden",
           to_text(object),
           "the service account " + event_.spec.service_account_name + " of " + event_.metadata.ns +
               " may not " + verb + " it"});
    }
  }

  void dry_run(const simulator::TimelineEntry& entry, const kube::Resource& resource) {
    const kube::WriteOptions options{.field_manager = "doorbuster",
                                     .subresource = "",
                                     .dry_run = true,
                                     .timeout = Duration(10'000)};
    const kube::Key key{resource.namespaced ? entry.object.ns : "", entry.object.name};
    const auto there = client_->get(resource, key);
    const Json patch = patch_of(Json{there.ok() ? there->text : ""}, entry.changes);
    const auto answer = client_->patch(resource, key, kube::PatchType::Json, patch, options);
    if (answer.ok()) return;
    const bool refused = answer.error().kind == ErrorKind::Invalid;
    findings.push_back(
        {refused ? simulator::ForecastVerdict::NoGo : simulator::ForecastVerdict::Warn,
         refused ? "WriteRefused" : "DryRunFailed",
         to_text(entry.object),
         answer.error().message});
  }

  std::shared_ptr<kube::Client> client_;
  reconciler::Kinds kinds_;
  kube::AccessReviewer access_;
  const api::SaleEvent& event_;
  std::set<ObjectRef> seen_;
};

}  // namespace

Result<api::SaleEvent> event_of_cluster(kube::Client& client,
                                        const std::string& ns,
                                        const std::string& name) {
  const auto got = client.get(reconciler::sale_events(), {ns, name});
  if (!got.ok()) return got.error();
  return api::sale_event_of(got->text);
}

Result<Scenario> cluster_scenario(std::shared_ptr<kube::Client> client,
                                  const api::SaleEvent& event,
                                  const ScenarioFlags& flags,
                                  const std::function<Instant()>& now) {
  return Reading(std::move(client), event, flags, now).read();
}

std::vector<simulator::ForecastFinding> check_writes(std::shared_ptr<kube::Client> client,
                                                     const api::SaleEvent& event,
                                                     const simulator::Forecast& forecast,
                                                     const std::function<Instant()>& now) {
  WriteCheck check(std::move(client), event, now);
  for (const simulator::TimelineEntry& one : forecast.timeline) check.entry(one);
  std::vector<simulator::ForecastFinding> out;
  for (simulator::ForecastFinding& one : check.findings) {
    if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace doorbuster::commands
