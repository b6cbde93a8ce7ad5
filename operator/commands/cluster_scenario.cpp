#include "operator/commands/cluster_scenario.h"

#include "controllers/planner/demand.h"
#include "controllers/planner/in_charge.h"
#include "controllers/reconciler/cluster_world.h"
#include "controllers/reconciler/kinds.h"
#include "controllers/reconciler/node_zones.h"
#include "operator/kube/access.h"

#include <algorithm>
#include <set>
#include <utility>

namespace doorbuster::commands {
namespace {

using Doc = std::shared_ptr<const planner::Document>;

constexpr int kListPage = 500;
constexpr std::size_t kMaxAutoscalers = 5'000;

kube::Resource core(const char* plural, const char* kind, bool namespaced) {
  return {.group = "",
          .version = "v1",
          .plural = plural,
          .kind = kind,
          .namespaced = namespaced,
          .verbs = {},
          .subresources = {}};
}

/// Every object of a kind, page by page; Invalid when there are more than `most`.
Result<std::vector<Doc>> all_of(kube::Client& client,
                                const kube::Resource& resource,
                                const std::string& ns,
                                std::size_t most) {
  std::vector<Doc> out;
  std::string next;
  do {
    auto page = client.list(resource, ns, kListPage, next);
    if (!page.ok()) return page.error();
    for (kube::Object& one : page->items) {
      auto document = planner::Document::parse(std::move(one.text));
      if (document.ok()) out.push_back(std::move(document).value());
    }
    if (out.size() > most)
      return Error{.kind = ErrorKind::Invalid,
                   .message = "more " + resource.plural + " than are looked at",
                   .causes = {},
                   .retry_after = {}};
    next = page->continue_token;
  } while (!next.empty());
  return out;
}

std::int64_t units(const Value& value, api::Int128 nanos_per_unit) {
  if (!value) return 0;
  const auto quantity = api::quantity_of(*value);
  if (!quantity || quantity->nanos < 0) return 0;
  return static_cast<std::int64_t>(quantity->nanos / nanos_per_unit);
}

/// When a condition last became true.
std::optional<Instant> became(const planner::Document& pod, std::string_view type) {
  const auto list = pod.root().at("/status/conditions");
  if (!list) return std::nullopt;
  for (const JsonView& one : list->elements()) {
    const auto text = [&one](const char* name) {
      const auto member = one.member(name);
      return member ? member->string().value_or("") : std::string();
    };
    if (text("type") == type && text("status") == "True")
      return parse_rfc3339(text("lastTransitionTime"));
  }
  return std::nullopt;
}

/// Does a pod carry every label of a workload's selector.matchLabels?
bool selects(const planner::Document& workload, const planner::Document& pod) {
  const auto labels = workload.root().at("/spec/selector/matchLabels");
  const auto carried = pod.root().at("/metadata/labels");
  if (!labels || !carried || labels->members().empty()) return false;
  for (const auto& [name, value] : labels->members()) {
    const auto there = carried->member(name);
    if (!there || there->string() != value.string()) return false;
  }
  return true;
}

bool is_open_to_pods(const planner::Document& node) {
  if (node.at("/spec/unschedulable") == Value(Json{"true"})) return false;
  const auto taints = node.root().at("/spec/taints");
  if (!taints) return true;
  const auto elements = taints->elements();
  return std::none_of(elements.begin(), elements.end(), [](const JsonView& one) {
    const auto effect = one.member("effect");
    return effect && effect->string() != "PreferNoSchedule";
  });
}

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
        .allow = products::AllowList::standard()};
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

  Outcome targets() {
    const std::string& ns = out_.input.event.metadata.ns;
    for (const api::TargetSpec& spec : out_.input.event.spec.capacity.targets) {
      const ObjectRef ref{
          planner::group_of(spec.ref.api_version), spec.ref.kind, ns, spec.ref.name};
      auto workload = object(ref);
      if (!workload.ok()) return workload.error();
      targets_.push_back({&spec, ref, *workload, nullptr});
    }
    if (targets_.empty()) return Done{};
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
    const auto pods = all_of(*client_, core("pods", "Pod", true), "", kMaxPodsRead);
    if (!pods.ok()) {
      out_.assumed.push_back("pods cannot be read (" + pods.error().message +
                             "): how long they take to be ready is not known");
    } else {
      for (const Target& one : targets_) startup_of(one, *pods);
    }
    if (!flags_.nodes.empty()) return;  // described by hand
    const auto nodes = all_of(*client_, core("nodes", "Node", false), "", simulator::kMaxNodes);
    if (nodes.ok()) count_zones(*nodes);
    if (!nodes.ok() || !pods.ok()) {
      out_.assumed.push_back("room for every pod: nodes and pods cannot be read (" +
                             (nodes.ok() ? pods.error() : nodes.error()).message + ")");
      return;
    }
    fill_nodes(*nodes, *pods);
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
                           "--nodes); affinity, tolerations and quotas are not looked at");
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
  std::vector<Target> targets_;
  std::set<ObjectRef> seeded_;
  Scenario out_;
};

/// The first change of each object as a JSON patch of its own fields.
Json patch_of(const std::vector<simulator::FieldChange>& changes) {
  std::vector<Json> out;
  for (const simulator::FieldChange& one : changes) {
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
    account(entry.object, *resource);
    dry_run(entry, *resource);
  }

  std::vector<simulator::ForecastFinding> findings;

 private:
  void account(const ObjectRef& object, const kube::Resource& resource) {
    const auto answer = access_.service_account(
        event_.metadata.ns,
        event_.spec.service_account_name,
        {"patch", resource.group, resource.plural, "", object.ns, object.name});
    if (!answer.ok()) {
      findings.push_back({simulator::ForecastVerdict::Warn,
                          "AccessNotChecked",
                          "",
                          "whether the service account " + event_.spec.service_account_name +
                              " may patch what is to be held: " + answer.error().message});
    } else if (!answer->allowed) {
      findings.push_back({simulator::ForecastVerdict::NoGo,
                          "Forbidden",
                          to_text(object),
                          "the service account " + event_.spec.service_account_name + " of " +
                              event_.metadata.ns + " may not patch it"});
    }
  }

  void dry_run(const simulator::TimelineEntry& entry, const kube::Resource& resource) {
    const kube::WriteOptions options{.field_manager = "doorbuster",
                                     .subresource = "",
                                     .dry_run = true,
                                     .timeout = Duration(10'000)};
    const auto answer =
        client_->patch(resource,
                       {resource.namespaced ? entry.object.ns : "", entry.object.name},
                       kube::PatchType::Json,
                       patch_of(entry.changes),
                       options);
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
