#include "operator/commands/scenario.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/need.h"
#include "controllers/planner/selection.h"
#include "controllers/products/scalers.h"
#include "controllers/reconciler/zones.h"
#include "operator/base/json.h"
#include "operator/base/json_read.h"
#include "operator/base/yaml.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr std::int64_t kMostPods = 100'000;
constexpr Duration kLeadIn = std::chrono::minutes(5);  ///< shown before preparation begins

Error invalid(std::string message) {
  return {
      .kind = ErrorKind::Invalid, .message = std::move(message), .causes = {}, .retry_after = {}};
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = std::min(text.find(at), text.size());
    out.emplace_back(text.substr(0, end));
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

Result<std::string> text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return invalid("cannot read " + file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > kMaxInputBytes) return invalid(file + " must be at most 1 MiB");
  return text;
}

/// `start`, `end`, `-30m`, `+45m`, `end+10m`.
std::optional<Instant> instant_of(std::string text, const planner::Window& window) {
  Instant from = window.start;
  if (text.starts_with("start")) text.erase(0, 5);
  if (text.starts_with("end")) {
    text.erase(0, 3);
    from = window.end;
  }
  if (text.empty()) return from;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  const auto span = parse_duration(text.substr(1));
  if (!span) return std::nullopt;
  return text[0] == '-' ? from - *span : from + *span;
}

Result<std::vector<std::string>> lines_of(const std::string& flag) {
  if (!flag.starts_with("@")) return std::vector{flag};
  const auto text = text_of(flag.substr(1));
  if (!text.ok()) return text.error();
  std::vector<std::string> out;
  for (const std::string& line : split(*text, '\n')) {
    if (!line.empty() && line[0] != '#') out.push_back(line);
  }
  return out;
}

Outcome read_load_line(const std::string& line,
                       const planner::Window& window,
                       std::map<std::string, std::map<Instant, std::int64_t>>& out) {
  const std::size_t equals = line.find('=');
  if (equals == std::string::npos || equals == 0)
    return invalid("--load: `" + line + "` must be TARGET=AT:PODS[,AT:PODS...]");
  auto& points = out[line.substr(0, equals)];
  for (const std::string& point : split(std::string_view(line).substr(equals + 1), ',')) {
    const std::size_t colon = point.rfind(':');
    const auto at =
        colon == std::string::npos ? std::nullopt : instant_of(point.substr(0, colon), window);
    const auto pods = colon == std::string::npos ? std::nullopt
                                                 : whole(std::string_view(point).substr(colon + 1));
    if (!at || !pods || *pods < 0 || *pods > kMostPods) {
      return invalid("--load: `" + point +
                     "` must be AT:PODS, such as start:12, -30m:3 or end+10m:4");
    }
    points[*at] = *pods;
  }
  return Done{};
}

Outcome read_startup(const std::vector<std::string>& flags, simulator::ForecastInput& input) {
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    const auto span =
        parse_duration(equals == std::string::npos ? std::string_view(flag)
                                                   : std::string_view(flag).substr(equals + 1));
    if (!span)
      return invalid("--startup: `" + flag + "` must be a duration such as 90s, or TARGET=90s");
    if (equals == std::string::npos) {
      input.startup_otherwise = *span;
    } else {
      input.startup[flag.substr(0, equals)] = *span;
    }
  }
  return Done{};
}

/// A quantity member of a node's description, in units of 10^-9 / `unit`.
Result<std::int64_t> amount(const Node& node,
                            const char* name,
                            api::Int128 nanos_per_unit,
                            std::optional<std::int64_t> otherwise) {
  const Node* found = node.find(name);
  if (found == nullptr) {
    if (otherwise) return *otherwise;
    return invalid("--nodes: each entry needs `" + std::string(name) + "`");
  }
  const auto value = api::parse_quantity(found->text);
  if (!value || value->nanos < 0)
    return invalid("--nodes: `" + std::string(name) + "` must be a quantity, not `" + found->text +
                   "`");
  return static_cast<std::int64_t>(value->nanos / nanos_per_unit);
}

Result<simulator::Node> shape_of(const Node& node) {
  simulator::Node out;
  const auto cpu = amount(node, "cpu", api::kNanosPerUnit / 1000, std::nullopt);
  const auto memory = amount(node, "memory", api::kNanosPerUnit, std::nullopt);
  const auto pods = amount(node, "pods", api::kNanosPerUnit, out.pods);
  for (const auto* one : {&cpu, &memory, &pods}) {
    if (!one->ok()) return one->error();
  }
  out.cpu_millis = *cpu;
  out.memory_bytes = *memory;
  out.pods = *pods;
  return out;
}

/// Empty where there is none.
std::string text_in(const Json& object, std::string_view pointer) {
  const auto view = JsonView::parse(object.text);
  return view ? text_at(*view, pointer) : "";
}

Value value_in(const Json& object, std::string_view pointer) {
  const auto view = JsonView::parse(object.text);
  const auto found = view ? view->find(pointer) : std::nullopt;
  return found ? Value(Json{std::string(found->text())}) : std::nullopt;
}

/// Where the pointer cannot be followed the object stays as it is: the forecast will say so.
void put(Json& object, std::string_view pointer, const Value& value) {
  if (auto made = with_value(object, pointer, value)) object = std::move(made).value();
}

/// The objects of the files beside SaleEvents.
class Manifests {
 public:
  Manifests(const std::vector<InputFile>& files, std::string ns) : ns_(std::move(ns)) {
    for (const InputFile& file : files) {
      if (!file.text.ok()) continue;
      for (const api::Document& one : api::read_documents(*file.text)) take(one);
    }
  }

  bool has(const ObjectRef& ref) const {
    return std::any_of(objects.begin(), objects.end(), [&ref](const simulator::SeedObject& one) {
      return one.ref == ref;
    });
  }
  bool has_autoscaler_of(const ObjectRef& workload) const {
    return scaled_.contains({workload.kind, workload.name});
  }

  Json* find(const ObjectRef& ref) {
    const auto found = std::find_if(
        objects.begin(), objects.end(), [&ref](const auto& one) { return one.ref == ref; });
    return found == objects.end() ? nullptr : &found->object;
  }
  /// The Flagger Canary that names a workload.
  const simulator::SeedObject* canary_naming(const ObjectRef& workload) const {
    for (const simulator::SeedObject& one : objects) {
      if (!planner::is_canary(one.ref) || one.ref.ns != workload.ns) continue;
      if (text_in(one.object, "/spec/targetRef/kind") == workload.kind &&
          text_in(one.object, "/spec/targetRef/name") == workload.name)
        return &one;
    }
    return nullptr;
  }

  std::vector<simulator::SeedObject> objects;
  std::vector<simulator::ServedKind> kinds;

 private:
  static std::string member(const Node& node, std::initializer_list<const char*> path) {
    const Node* at = &node;
    for (const char* step : path) {
      at = at->find(step);
      if (at == nullptr) return {};
    }
    return at->text;
  }

  void take(const api::Document& document) {
    const Node& root = document.root;
    const std::string version = member(root, {"apiVersion"}),
                      name = member(root, {"metadata", "name"});
    if (document.kind.empty() || document.kind == api::kSaleEventKind || name.empty()) return;
    const std::size_t slash = version.find('/');
    const std::string group = slash == std::string::npos ? "" : version.substr(0, slash);
    std::string ns = member(root, {"metadata", "namespace"});
    if (ns.empty()) ns = ns_;
    const ObjectRef ref{group, document.kind, ns, name};
    if (has(ref)) return;
    const bool standard = std::any_of(simulator::standard_kinds().begin(),
                                      simulator::standard_kinds().end(),
                                      [&](const simulator::ServedKind& one) {
                                        return one.group == group && one.kind == document.kind;
                                      });
    if (!standard) kinds.push_back({.group = group, .kind = document.kind, .api_version = version});
    if (planner::is_scaler(ref)) {
      const std::string kind = member(root, {"spec", "scaleTargetRef", "kind"});
      scaled_.insert(
          {kind.empty() ? "Deployment" : kind, member(root, {"spec", "scaleTargetRef", "name"})});
    }
    objects.push_back({ref, json_of(root)});
  }

  std::string ns_;
  std::set<std::pair<std::string, std::string>> scaled_;
};

Json assumed_workload(const ObjectRef& ref, std::int64_t replicas) {
  return JsonObject()
      .add("metadata", JsonObject().add("name", ref.name).build())
      .add("spec", JsonObject().add("replicas", replicas).build())
      .build();
}

Json assumed_autoscaler(const ObjectRef& workload, std::int64_t replicas) {
  const Json target = JsonObject()
                          .add("apiVersion", workload.group + "/v1")
                          .add("kind", workload.kind)
                          .add("name", workload.name)
                          .build();
  return JsonObject()
      .add("metadata", JsonObject().add("name", workload.name).build())
      .add("spec",
           JsonObject()
               .add("scaleTargetRef", target)
               .add("minReplicas", replicas)
               .add("maxReplicas", replicas * 5)
               .build())
      .build();
}

class Builder {
 public:
  Builder(const api::SaleEvent& event, Manifests manifests, const ScenarioFlags& flags)
      : manifests_(std::move(manifests)), flags_(flags) {
    out_.input.event = event;
  }

  Result<Scenario> build(Instant now) {
    simulator::ForecastInput& input = out_.input;
    const auto window = fix_window(input.event);
    if (!window.ok()) return window.error();
    input.setup = {
        .install = "simulated", .allow = products::AllowList::standard(), .ns = kOperatorNamespace};
    const api::CapacitySpec& capacity = input.event.spec.capacity;
    Duration lead = kLeadIn;
    if (capacity.headroom) lead = std::max(lead, capacity.headroom->lead.value + kLeadIn);
    if (capacity.image_prepull) lead = std::max(lead, capacity.image_prepull->lead.value + kLeadIn);
    input.from = std::max(now, window->prepare - lead);
    if (window->end <= now) {
      input.from = window->prepare - kLeadIn;
      out_.assumed.push_back("the window is over: played as if it were " + to_rfc3339(input.from));
    }
    if (const Outcome done = apply_flags(flags_, *window, out_); !done.ok()) return done.error();
    if (!input.nodes.known())
      out_.assumed.emplace_back("room for every pod (describe nodes with --nodes)");
    for (const api::TargetSpec& target : targets()) this->target(target, *window);
    std::erase_if(input.event.spec.holds, [this](const api::HoldSpec& one) { return !plays(one); });
    input.objects = std::move(manifests_.objects);
    input.kinds = std::move(manifests_.kinds);
    return std::move(out_);
  }

 private:
  std::vector<api::TargetSpec> targets() {
    out_.input.objects = manifests_.objects;
    std::vector<api::TargetSpec> out = simulator::targets_in(out_.input);
    for (const api::TargetSpec& one : out_.input.event.spec.capacity.targets) {
      const bool found = std::any_of(out.begin(), out.end(), [&one](const auto& made) {
        return planner::selecting_target(made.name) == one.name;
      });
      if (!found) out_.assumed.push_back(one.name + ": its selector matches nothing in the files");
    }
    return out;
  }

  void target(const api::TargetSpec& target, const planner::Window& window) {
    const std::string group = planner_group(*target.ref);
    const ObjectRef ref{group, target.ref->kind, out_.input.event.metadata.ns, target.ref->name};
    std::int64_t usual = flags_.replicas;
    if (!manifests_.has(ref)) {
      manifests_.objects.push_back({ref, assumed_workload(ref, usual)});
      if (!manifests_.has_autoscaler_of(ref)) {
        manifests_.objects.push_back(
            {simulator::autoscaler_ref(ref.ns, ref.name), assumed_autoscaler(ref, usual)});
      }
      out_.assumed.push_back(target.name + ": " + to_text(ref) + " is in no file: " +
                             json_of(usual).text + " replicas with an autoscaler of " +
                             json_of(usual).text + " to " + json_of(usual * 5).text);
    } else {
      usual = replicas_of(ref);
    }
    if (const simulator::SeedObject* canary = manifests_.canary_naming(ref))
      usual = assume_primary(target.name, ref, *canary);
    assume_load(target, usual, window, out_);
  }

  /// A copy under the primary's name, as the Canary's own.
  static Json copied(const Json& from, const std::string& name, const std::string& canary) {
    Json out = from;
    put(out, "/metadata", JsonObject().add("name", name).build());
    const Json owner = JsonObject()
                           .add("apiVersion", "flagger.app/v1beta1")
                           .add("kind", "Canary")
                           .add("name", canary)
                           .add("uid", canary)
                           .add("controller", true)
                           .build();
    put(out, "/metadata/ownerReferences", json_array({owner}));
    put(out, "/status", std::nullopt);
    return out;
  }

  /// What Flagger makes of a Canary where the files do not have it (pkg/canary), and how it leaves
  /// the workload between releases. How many replicas serve.
  std::int64_t assume_primary(const std::string& target,
                              const ObjectRef& workload,
                              const simulator::SeedObject& found) {
    const simulator::SeedObject canary = found;
    const ObjectRef primary = planner::primary_of(workload);
    if (manifests_.has(primary)) return replicas_of(primary);
    const std::int64_t usual = std::max<std::int64_t>(1, replicas_of(workload));
    Json& source = *manifests_.find(workload);
    Json made = copied(source, primary.name, canary.ref.name);
    put(made, "/spec/replicas", json_of(usual));
    put(source, "/spec/replicas", json_of(std::int64_t{0}));
    manifests_.objects.push_back({primary, std::move(made)});
    const std::string scaler = assume_primary_scaler(primary, canary);
    out_.assumed.push_back(target + ": " + to_text(canary.ref) + " names it: " + to_text(primary) +
                           (scaler.empty() ? "" : " and its " + scaler) +
                           ", which Flagger makes, are as between two releases, " +
                           json_of(usual).text + " replicas; no release is played");
    return usual;
  }

  /// Its kind and name; empty: the Canary names none, or one that is in no file.
  std::string assume_primary_scaler(const ObjectRef& primary, const simulator::SeedObject& canary) {
    const std::string kind = text_in(canary.object, "/spec/autoscalerRef/kind");
    const std::string name = text_in(canary.object, "/spec/autoscalerRef/name");
    const ObjectRef from = kind == "ScaledObject" ? simulator::scaled_ref(primary.ns, name)
                                                  : simulator::autoscaler_ref(primary.ns, name);
    Json* source = manifests_.find(from);
    const products::Bounds* bounds = products::bounds_of(from);
    const ObjectRef to = planner::primary_of(from);
    if (source == nullptr || bounds == nullptr || manifests_.has(to)) return "";
    Json made = copied(*source, to.name, canary.ref.name);
    put(made, "/spec/scaleTargetRef/name", json_of_string(primary.name));
    for (const auto& [pointer, said] :
         {std::pair{bounds->min, planner::kPrimaryMin}, {bounds->max, planner::kPrimaryMax}}) {
      if (const Value value = value_in(canary.object, said)) put(made, pointer, value);
    }
    if (kind == "ScaledObject")
      put(*source,
          "/metadata/annotations/autoscaling.keda.sh~1paused-replicas",
          json_of_string("0"));
    manifests_.objects.push_back({to, std::move(made)});
    return to.kind + " " + to.name;
  }

  bool plays(const api::HoldSpec& hold) {
    const bool known =
        std::any_of(manifests_.objects.begin(), manifests_.objects.end(), [&](const auto& one) {
          return one.ref.kind == hold.object.kind && one.ref.name == hold.object.name;
        });
    if (!known) {
      out_.assumed.push_back("hold " + hold.name + ": " + hold.object.kind + " " +
                             hold.object.name + " is in no file, so it is not played");
    }
    return known;
  }

  static std::string planner_group(const api::TargetRef& ref) {
    if (ref.api_version) return ref.api_version->substr(0, ref.api_version->find('/'));
    return simulator::served({"*", ref.kind, "", ""}).group;
  }

  std::int64_t replicas_of(const ObjectRef& ref) const {
    for (const simulator::SeedObject& one : manifests_.objects) {
      if (one.ref != ref) continue;
      const auto view = JsonView::parse(one.object.text);
      if (!view) break;
      const auto count = view->at("/spec/replicas");
      if (count) return count->integer().value_or(1);
    }
    return 1;
  }

  Manifests manifests_;
  const ScenarioFlags& flags_;
  Scenario out_;
};

}  // namespace

Outcome apply_flags(const ScenarioFlags& flags, const planner::Window& window, Scenario& scenario) {
  auto load = read_load(flags.load, window);
  if (!load.ok()) return load.error();
  scenario.input.load = std::move(load).value();
  for (const auto& [name, points] : scenario.input.load) {
    const auto& targets = scenario.input.event.spec.capacity.targets;
    const bool known = std::any_of(
        targets.begin(),
        targets.end(),
        [target = planner::selecting_target(name)](const auto& one) { return one.name == target; });
    if (!known) return invalid("--load: the event has no target `" + name + "`");
  }
  if (const Outcome done = read_startup(flags.startup, scenario.input); !done.ok()) return done;
  if (flags.nodes.empty()) return Done{};
  const auto text = text_of(flags.nodes);
  if (!text.ok()) return invalid("--nodes: " + text.error().message);
  auto nodes = read_nodes(*text);
  if (!nodes.ok()) return nodes.error();
  scenario.input.nodes = std::move(nodes).value();
  scenario.input.zones = zones_of(*text);
  return Done{};
}

void assume_load(const api::TargetSpec& target,
                 std::int64_t usual,
                 const planner::Window& window,
                 Scenario& scenario) {
  if (scenario.input.load.contains(target.name)) return;
  const planner::NeedBasis basis{.usual = usual, .minimum = usual, .zones = scenario.input.zones};
  auto& load = scenario.input.load[target.name];
  load[scenario.input.from] = usual;
  std::int64_t busiest = usual;
  const auto add = [&](Duration since_start) {
    if (window.start + since_start >= window.end) return;
    const std::int64_t need = planner::busy_replicas(target, basis, since_start);
    const std::int64_t busy = std::max(usual, need * 8 / 10);
    load[window.start + since_start] = busy;
    busiest = std::max(busiest, busy);
  };
  add(Duration(0));
  for (const api::ProfileStep& step : target.profile) add(step.at.value);
  load[window.end] = usual;
  scenario.assumed.push_back(target.name + ": load for " + json_of(busiest).text +
                             " pods from start to end" +
                             (target.profile.empty() ? ", " : " at most, by its profile, ") +
                             json_of(usual).text + " otherwise (say another with --load)");
}

Result<planner::Window> fix_window(api::SaleEvent& event) {
  auto window = reconciler::resolve_window(event.spec.window);
  if (!window.ok()) return window;
  event.spec.window.start = to_rfc3339(window->start);
  event.spec.window.end = to_rfc3339(window->end);
  event.spec.window.time_zone.reset();
  return window;
}

Result<std::map<std::string, std::map<Instant, std::int64_t>>> read_load(
    const std::vector<std::string>& flags, const planner::Window& window) {
  std::map<std::string, std::map<Instant, std::int64_t>> out;
  for (const std::string& flag : flags) {
    const auto lines = lines_of(flag);
    if (!lines.ok()) return invalid("--load: " + lines.error().message);
    for (const std::string& line : *lines) {
      if (const Outcome done = read_load_line(line, window, out); !done.ok()) return done.error();
    }
  }
  return out;
}

Result<simulator::Nodes> read_nodes(const std::string& yaml) {
  const YamlText text = read_yaml(yaml);
  if (text.problem) return invalid("--nodes: " + to_text(*text.problem));
  if (text.documents.size() != 1) return invalid("--nodes: must be one document");
  const Node& root = text.documents.front().root;
  std::vector<simulator::Node> nodes;
  if (const Node* list = root.find("nodes")) {
    for (const Node& one : list->items) {
      const auto shape = shape_of(one);
      if (!shape.ok()) return shape.error();
      const auto count = amount(one, "count", api::kNanosPerUnit, 1);
      if (!count.ok()) return count.error();
      if (nodes.size() + static_cast<std::size_t>(*count) > simulator::kMaxNodes)
        return invalid("--nodes: more than 10000 nodes");
      nodes.insert(nodes.end(), static_cast<std::size_t>(*count), *shape);
    }
  }
  simulator::NodePool pool;
  if (const Node* described = root.find("pool")) {
    const auto shape = shape_of(*described);
    if (!shape.ok()) return shape.error();
    pool.shape = *shape;
    const auto most = amount(*described, "most", api::kNanosPerUnit, std::nullopt);
    if (!most.ok()) return most.error();
    pool.most = *most;
    if (const Node* startup = described->find("startup")) {
      const auto span = parse_duration(startup->text);
      if (!span) return invalid("--nodes: `startup` must be a duration such as 3m");
      pool.startup = *span;
    }
  }
  if (nodes.empty() && pool.most == 0) return invalid("--nodes: needs `nodes`, `pool` or both");
  return simulator::Nodes(std::move(nodes), pool);
}

std::optional<std::int64_t> zones_of(const std::string& yaml) {
  const YamlText text = read_yaml(yaml);
  if (text.documents.empty()) return std::nullopt;
  const Node& root = text.documents.front().root;
  std::set<std::string> zones;
  const auto add = [&zones](const Node& described) {
    if (const Node* zone = described.find("zone")) zones.insert(zone->text);
  };
  if (const Node* list = root.find("nodes")) {
    for (const Node& one : list->items) add(one);
  }
  if (const Node* pool = root.find("pool")) add(*pool);
  if (zones.empty()) return std::nullopt;
  return static_cast<std::int64_t>(zones.size());
}

Result<api::SaleEvent> choose_event(const CheckedFiles& checked, const std::string& name) {
  std::vector<const api::SaleEvent*> found;
  for (const api::SaleEvent& one : checked.accepted) {
    if (name.empty() || one.metadata.name == name) found.push_back(&one);
  }
  if (found.size() == 1) return *found.front();
  if (found.empty())
    return invalid("the files hold no SaleEvent" + (name.empty() ? "" : " named " + name));
  return invalid("the files hold several SaleEvents: choose one with --event");
}

void add_scenario_options(CLI::App& command, ScenarioFlags& flags) {
  command.add_option(
      "--load",
      flags.load,
      "what load asks for, in pods: checkout=-30m:3,start:12,+45m:8,end:3; or @FILE of such lines");
  command.add_option("--startup",
                     flags.startup,
                     "how long a pod takes from its node to ready: 90s, or checkout=90s");
  command.add_option("--nodes", flags.nodes, "a YAML file that describes the nodes");
}

Result<Scenario> scenario_of(const std::vector<InputFile>& files,
                             const CheckedFiles& checked,
                             const std::string& event_name,
                             const ScenarioFlags& flags,
                             Instant now) {
  const auto event = choose_event(checked, event_name);
  if (!event.ok()) return event.error();
  // Who says no namespace means the same one in every file.
  api::SaleEvent named = *event;
  if (named.metadata.ns.empty()) named.metadata.ns = "default";
  return Builder(named, Manifests(files, named.metadata.ns), flags).build(now);
}

}  // namespace doorbuster::commands
