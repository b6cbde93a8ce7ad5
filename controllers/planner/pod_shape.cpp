#include "controllers/planner/pod_shape.h"

#include "controllers/planner/selection.h"
#include "crds/fields.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000;

std::vector<LabelRule> rules_of(const JsonView& term, std::string_view name) {
  std::vector<LabelRule> out;
  for (const JsonView& one : elements_of(term, name))
    out.push_back({text_of(one, "key"), text_of(one, "operator"), texts_of(one, "values")});
  return out;
}

/// Does a label selector choose these labels? An absent one chooses nothing.
bool chooses(const std::optional<JsonView>& selector, const Labels& labels) {
  return selector && selector->type() == JsonType::Object &&
         selects(selector_of(*selector), labels);
}

ContainerShape container_of(const JsonView& one) {
  ContainerShape out{.name = text_of(one, "name"), .requests = {}, .limits = {}};
  if (const auto limits = one.at("/resources/limits"))
    out.limits = amounts_of(*limits, Rounding::Up);
  out.requests = out.limits;
  if (const auto asked = one.at("/resources/requests")) {
    for (const auto& [name, amount] : amounts_of(*asked, Rounding::Up)) out.requests[name] = amount;
  }
  return out;
}

void at_least(Amounts& sum, const Amounts& other) {
  for (const auto& [name, amount] : other) {
    std::int64_t& here = sum[name];
    here = std::max(here, amount);
  }
}

/// The sums over containers, sidecars and init containers.
Amounts sum_of(const JsonView& spec,
               const std::vector<ContainerShape>& containers,
               Amounts ContainerShape::*side) {
  Amounts sum, sidecars, starting;
  for (const ContainerShape& one : containers) add_to(sum, one.*side);
  for (const JsonView& one : elements_at(spec, "/initContainers")) {
    const ContainerShape init = container_of(one);
    if (text_of(one, "restartPolicy") == "Always") {
      add_to(sidecars, init.*side);
      at_least(starting, sidecars);
      continue;
    }
    Amounts now = sidecars;
    add_to(now, init.*side);
    at_least(starting, now);
  }
  add_to(sum, sidecars);
  at_least(sum, starting);
  return sum;
}

void read_resources(PodShape& out, const JsonView& spec) {
  for (const JsonView& one : elements_at(spec, "/containers"))
    out.containers.push_back(container_of(one));
  out.requests = sum_of(spec, out.containers, &ContainerShape::requests);
  out.limits = sum_of(spec, out.containers, &ContainerShape::limits);
  for (const auto& [pointer, side] : {std::pair{"/resources/limits", &PodShape::limits},
                                      std::pair{"/resources/requests", &PodShape::requests}}) {
    const auto found = spec.at(pointer);
    if (!found) continue;
    for (const auto& [name, amount] : amounts_of(*found, Rounding::Up)) (out.*side)[name] = amount;
  }
  if (const auto overhead = spec.at("/overhead")) {
    const Amounts more = amounts_of(*overhead, Rounding::Up);
    add_to(out.requests, more);
    for (auto& [name, amount] : out.limits) {
      if (const auto found = more.find(name); found != more.end()) amount += found->second;
    }
  }
  out.requests["pods"] = 1;
}

void read_affinity(PodShape& out, const JsonView& spec, const Labels& labels) {
  constexpr const char* kNode =
      "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
  constexpr const char* kApart =
      "/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";
  for (const JsonView& term : elements_at(spec, kNode)) {
    std::vector<LabelRule> rules = rules_of(term, "matchExpressions");
    // metadata.name is the only field; a node carries its name as a label of that key here.
    for (LabelRule& rule : rules_of(term, "matchFields")) rules.push_back(std::move(rule));
    if (!rules.empty()) out.affinity.push_back(std::move(rules));
  }
  for (const JsonView& term : elements_at(spec, kApart)) {
    if (chooses(term.member("labelSelector"), labels)) {
      out.apart.push_back(text_of(term, "topologyKey"));
    } else {
      out.not_looked_at.emplace_back("anti-affinity against other pods");
    }
  }
  if (!elements_at(spec, "/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution")
           .empty())
    out.not_looked_at.emplace_back("affinity to other pods");
}

void read_spread(PodShape& out, const JsonView& spec, const Labels& labels) {
  for (const JsonView& one : elements_at(spec, "/topologySpreadConstraints")) {
    if (text_of(one, "whenUnsatisfiable") != "DoNotSchedule") continue;
    if (!chooses(one.member("labelSelector"), labels)) {
      out.not_looked_at.emplace_back("a topology spread over other pods");
      continue;
    }
    const auto number = [&one](const char* name, std::int64_t otherwise) {
      const auto member = one.member(name);
      return member ? member->integer().value_or(otherwise) : otherwise;
    };
    out.spread.push_back({.key = text_of(one, "topologyKey"),
                          .skew = number("maxSkew", 1),
                          .domains = number("minDomains", 0),
                          .honours_taints = text_of(one, "nodeTaintsPolicy") == "Honor",
                          .honours_affinity = text_of(one, "nodeAffinityPolicy") != "Ignore"});
  }
}

bool takes_host_ports(const JsonView& spec) {
  for (const JsonView& container : elements_at(spec, "/containers")) {
    for (const JsonView& port : elements_at(container, "/ports")) {
      const auto host = port.member("hostPort");
      if (host && host->integer().value_or(0) > 0) return true;
    }
  }
  return false;
}

}  // namespace

bool holds(const LabelRule& rule, const Labels& labels) {
  const auto found = labels.find(rule.key);
  const bool there = found != labels.end();
  const auto listed = [&] {
    return there &&
           std::find(rule.values.begin(), rule.values.end(), found->second) != rule.values.end();
  };
  if (rule.op == "In") return listed();
  if (rule.op == "NotIn") return !listed();
  if (rule.op == "Exists") return there;
  if (rule.op == "DoesNotExist") return !there;
  if (!there || rule.values.empty()) return false;
  const auto has = integer_of(Json{found->second}), than = integer_of(Json{rule.values.front()});
  if (!has || !than) return false;
  return rule.op == "Gt" ? *has > *than : rule.op == "Lt" && *has < *than;
}

std::optional<std::int64_t> amount_of(const std::string& resource,
                                      const JsonView& value,
                                      Rounding rounding) {
  const auto quantity = api::quantity_of(Json{std::string(value.text())});
  if (!quantity || quantity->nanos < 0) return std::nullopt;
  const bool cpu = resource == "cpu" || resource.ends_with(".cpu");
  const api::Int128 unit = cpu ? api::kNanosPerUnit / 1000 : api::kNanosPerUnit;
  const api::Int128 up = rounding == Rounding::Up ? unit - 1 : 0;
  return static_cast<std::int64_t>(std::min<api::Int128>((quantity->nanos + up) / unit, kMost));
}

Amounts amounts_of(const JsonView& resources, Rounding rounding) {
  Amounts out;
  for (const auto& [name, value] : resources.members()) {
    if (const auto amount = amount_of(name, value, rounding)) out[name] = *amount;
  }
  return out;
}

void add_to(Amounts& sum, const Amounts& more, std::int64_t times) {
  for (const auto& [name, amount] : more) {
    const api::Int128 total = static_cast<api::Int128>(amount) * times + sum[name];
    sum[name] = static_cast<std::int64_t>(std::min<api::Int128>(total, kMost));
  }
}

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(), [&taint](const Toleration& one) {
    if (!one.effect.empty() && one.effect != taint.effect) return false;
    if (one.key.empty()) return one.op == "Exists";
    if (one.key != taint.key) return false;
    return one.op == "Exists" || one.value == taint.value;
  });
}

Amounts requests_of(const JsonView& spec) {
  PodShape out;
  read_resources(out, spec);
  return out.requests;
}

PodShape shape_of(const JsonView& pod_template) {
  PodShape out;
  const auto spec = pod_template.member("spec");
  if (!spec) return out;
  const Labels labels = labels_at(pod_template, "/metadata/labels");
  read_resources(out, *spec);
  for (const auto& [key, value] : labels_at(*spec, "/nodeSelector"))
    out.selector.push_back({key, "In", {value}});
  if (const std::string name = text_of(*spec, "nodeName"); !name.empty())
    out.selector.push_back({"metadata.name", "In", {name}});
  for (const JsonView& one : elements_at(*spec, "/tolerations"))
    out.tolerations.push_back({text_of(one, "key"),
                               text_of(one, "operator"),
                               text_of(one, "value"),
                               text_of(one, "effect")});
  read_affinity(out, *spec, labels);
  read_spread(out, *spec, labels);
  if (takes_host_ports(*spec)) out.apart.emplace_back("kubernetes.io/hostname");
  out.priority_class = text_of(*spec, "priorityClassName");
  out.ends = spec->member("activeDeadlineSeconds").has_value();
  const auto host_network = spec->member("hostNetwork");
  out.host_network = host_network && host_network->boolean().value_or(false);
  return out;
}

PodShape with_defaults(PodShape shape, const std::vector<LimitRoom>& limits) {
  for (const LimitRoom& one : limits) {
    if (one.type != "Container") continue;
    for (ContainerShape& container : shape.containers) {
      const auto fill = [](Amounts& side, Amounts& sum, const Amounts& otherwise) {
        for (const auto& [name, amount] : otherwise) {
          if (side.emplace(name, amount).second) add_to(sum, {{name, amount}});
        }
      };
      fill(container.requests, shape.requests, one.otherwise_requested);
      fill(container.limits, shape.limits, one.otherwise);
    }
  }
  return shape;
}

}  // namespace doorbuster::planner
