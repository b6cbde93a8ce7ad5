#include "controllers/planner/placement.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kUnschedulable = "node.kubernetes.io/unschedulable";
constexpr const char* kTaint = "a taint that it does not tolerate";
constexpr const char* kSelector = "its node selector or affinity";
constexpr std::size_t kBoundsTold = 4;

/// Nodes that are for other pods: told last.
bool is_not_meant(const std::string& bound) { return bound == kTaint || bound == kSelector; }

using Requests = std::vector<std::pair<std::size_t, std::int64_t>>;

/// The taint that keeps a pod away; nothing: none does.
bool taints_refuse(const std::vector<Taint>& taints, const std::vector<Toleration>& tolerations) {
  return std::any_of(taints.begin(), taints.end(), [&tolerations](const Taint& one) {
    return one.effect != "PreferNoSchedule" && !tolerates(tolerations, one);
  });
}

bool cordoned(const NodeRoom& node, const PodShape& shape) {
  return node.unschedulable && !tolerates(shape.tolerations, {kUnschedulable, "", "NoSchedule"});
}

bool chosen(const Labels& labels, const PodShape& shape) {
  const auto all = [&labels](const std::vector<LabelRule>& rules) {
    return std::all_of(
        rules.begin(), rules.end(), [&](const LabelRule& one) { return holds(one, labels); });
  };
  return all(shape.selector) &&
         (shape.affinity.empty() || std::any_of(shape.affinity.begin(), shape.affinity.end(), all));
}

std::string plain(const std::string& resource) {
  if (resource == "pods") return "its limit of pods";
  return resource;
}

}  // namespace

std::string to_text(const std::map<std::string, std::int64_t>& bound) {
  std::vector<std::tuple<bool, std::int64_t, std::string>> ordered;
  std::int64_t nodes = 0;
  for (const auto& [what, count] : bound) {
    ordered.emplace_back(is_not_meant(what), -count, what);
    nodes += count;
  }
  std::sort(ordered.begin(), ordered.end());
  std::string out;
  for (std::size_t i = 0; i < std::min(ordered.size(), kBoundsTold); ++i) {
    const auto& [never, count, what] = ordered[i];
    out += (i == 0 ? "" : ", ") + what + " on " + std::to_string(-count);
    if (i == 0) out += " of " + std::to_string(nodes) + (nodes == 1 ? " node" : " nodes");
  }
  if (ordered.size() > kBoundsTold) out += ", and others";
  return out;
}

/// A node that may take a pod of this shape, with its domains by rule.
struct Placement::Candidate {
  std::size_t slot;
  std::int64_t score = 0;
  std::vector<std::size_t> domains{};
};

/// How a workload's pods stand over the domains of its spread and anti-affinity rules.
class Placement::Topology {
 public:
  Topology(const PodShape& shape, const PodOwner& owner, const std::vector<Slot>& slots)
      : shape_(shape), rules_(shape.spread.size() + shape.apart.size()) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      for (const Slot& slot : slots) count(rules_[i], i, slot, owner);
    }
  }

  std::size_t size() const { return rules_.size(); }
  /// The domains of a node; nothing: it lacks a label that a spread rule asks for.
  std::optional<std::vector<std::size_t>> domains_of(const Slot& slot) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const auto label = slot.node->labels.find(key(i));
      const bool there = label != slot.node->labels.end();
      if (!there && i < shape_.spread.size()) return std::nullopt;
      out.push_back(there ? rules_[i].index.at(label->second) : kNone);
    }
    return out;
  }
  /// Which rule says no to one more pod there; empty: none.
  const char* refuses(const std::vector<std::size_t>& domains) const {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (domains[i] == kNone) continue;
      const std::int64_t here = rules_[i].pods[domains[i]];
      if (i >= shape_.spread.size()) {
        if (here > 0) return "its own anti-affinity";
      } else if (here + 1 - rules_[i].least > shape_.spread[i].skew) {
        return "its topology spread";
      }
    }
    return "";
  }
  void put(const std::vector<std::size_t>& domains) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (domains[i] == kNone) continue;
      ++rules_[i].pods[domains[i]];
      if (i < shape_.spread.size()) level(i);
    }
  }
  void level() {
    for (std::size_t i = 0; i < shape_.spread.size(); ++i) level(i);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Rule {
    std::map<std::string, std::size_t> index;  ///< by value of the label
    std::vector<std::int64_t> pods;
    std::vector<bool> counts;  ///< does a node there pass the rule's own inclusion policies?
    std::int64_t least = 0;
  };

  const std::string& key(std::size_t i) const {
    return i < shape_.spread.size() ? shape_.spread[i].key : shape_.apart[i - shape_.spread.size()];
  }

  void count(Rule& rule, std::size_t i, const Slot& slot, const PodOwner& owner) {
    const auto label = slot.node->labels.find(key(i));
    if (label == slot.node->labels.end()) return;
    const std::size_t at = rule.index.emplace(label->second, rule.pods.size()).first->second;
    if (at == rule.pods.size()) {
      rule.pods.push_back(0);
      rule.counts.push_back(false);
    }
    if (i < shape_.spread.size()) {
      const SpreadRule& spread = shape_.spread[i];
      if (spread.honours_affinity && !chosen(slot.node->labels, shape_)) return;
      const bool refused =
          cordoned(*slot.node, shape_) || taints_refuse(slot.node->taints, shape_.tolerations);
      if (spread.honours_taints && refused) return;
    }
    rule.counts[at] = true;
    for (const auto* pods : {&slot.node->pods, &slot.placed}) {
      const auto found = pods->find(owner);
      if (found != pods->end()) rule.pods[at] += found->second;
    }
  }

  /// The fewest pods in any domain that counts; none, where there are fewer than minDomains.
  void level(std::size_t i) {
    Rule& rule = rules_[i];
    std::int64_t least = -1, domains = 0;
    for (std::size_t at = 0; at < rule.pods.size(); ++at) {
      if (!rule.counts[at]) continue;
      ++domains;
      if (least < 0 || rule.pods[at] < least) least = rule.pods[at];
    }
    rule.least = domains < shape_.spread[i].domains ? 0 : std::max<std::int64_t>(least, 0);
  }

  const PodShape& shape_;
  std::vector<Rule> rules_;
};

Placement::Placement(const std::vector<NodeRoom>& nodes) {
  for (const NodeRoom& node : nodes) {
    for (const auto& [name, amount] : node.allocatable) index_of(name);
  }
  slots_.reserve(nodes.size());
  for (const NodeRoom& node : nodes) {
    Slot slot{.node = &node,
              .has = std::vector<std::int64_t>(names_.size(), 0),
              .left = {},
              .placed = {},
              .addresses_taken = node.addresses_taken};
    for (const auto& [name, amount] : node.allocatable) slot.has[index_.at(name)] = amount;
    slot.left = slot.has;
    for (const auto& [name, amount] : node.requested) {
      if (const auto at = index_.find(name); at != index_.end()) slot.left[at->second] -= amount;
    }
    slots_.push_back(std::move(slot));
  }
}

std::size_t Placement::index_of(const std::string& resource) {
  const auto [at, fresh] = index_.emplace(resource, names_.size());
  if (fresh) names_.push_back(resource);
  return at->second;
}

std::string Placement::why_never(const Slot& slot, const PodShape& shape) const {
  if (cordoned(*slot.node, shape)) return "a cordon";
  if (taints_refuse(slot.node->taints, shape.tolerations)) return kTaint;
  if (!chosen(slot.node->labels, shape)) return kSelector;
  for (const auto& [name, amount] : shape.requests) {
    if (amount > 0 && !index_.contains(name)) return plain(name);
  }
  return "";
}

std::string Placement::why_full(const Slot& slot, const Requests& requests) const {
  for (const auto& [at, amount] : requests) {
    if (slot.left[at] < amount) return plain(names_[at]);
  }
  return "";
}

std::int64_t Placement::score_of(const Slot& slot, const Requests& requests) const {
  // NodeResourcesFit's LeastAllocated, in parts of ten thousand, over cpu and memory.
  std::int64_t out = 0;
  for (const char* name : {"cpu", "memory"}) {
    const auto at = index_.find(name);
    if (at == index_.end() || slot.has[at->second] <= 0) continue;
    std::int64_t left = slot.left[at->second];
    for (const auto& [which, amount] : requests) {
      if (which == at->second) left -= amount;
    }
    out += left / std::max<std::int64_t>(slot.has[at->second] / 10'000, 1);
  }
  return out;
}

Fit Placement::place(const PodShape& shape, const PodOwner& owner, std::int64_t count) {
  Fit out{.asked = count, .placed = 0, .bound = {}};
  Requests requests;
  for (const auto& [name, amount] : shape.requests) {
    if (amount <= 0) continue;
    if (const auto at = index_.find(name); at != index_.end())
      requests.emplace_back(at->second, amount);
  }
  Topology topology(shape, owner, slots_);
  topology.level();
  std::vector<Candidate> open;
  std::map<std::string, std::int64_t> shut;
  const auto shuts = [&](std::size_t slot) {
    const std::string why = why_full(slots_[slot], requests);
    if (!why.empty()) ++shut[why];
    return !why.empty();
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::string why = why_never(slots_[i], shape);
    const auto domains = topology.domains_of(slots_[i]);
    if (!why.empty() || !domains) {
      ++shut[why.empty() ? "no label of its topology spread" : why];
    } else if (!shuts(i)) {
      open.push_back({i, score_of(slots_[i], requests), *domains});
    }
  }
  while (out.placed < count) {
    std::size_t best = open.size();
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (best < open.size() && open[i].score <= open[best].score) continue;
      if (*topology.refuses(open[i].domains) == '\0') best = i;
    }
    if (best == open.size()) break;
    Candidate& to = open[best];
    Slot& slot = slots_[to.slot];
    for (const auto& [at, amount] : requests) slot.left[at] -= amount;
    if (!shape.host_network) ++slot.addresses_taken;
    ++slot.placed[owner];
    ++out.placed;
    topology.put(to.domains);
    to.score = score_of(slot, requests);
    if (shuts(to.slot)) open.erase(open.begin() + static_cast<std::ptrdiff_t>(best));
  }
  if (out.placed == count) return out;
  out.bound = std::move(shut);
  for (const Candidate& one : open) ++out.bound[topology.refuses(one.domains)];
  return out;
}

std::int64_t Placement::short_of_addresses() const {
  return std::count_if(slots_.begin(), slots_.end(), [](const Slot& one) {
    return one.node->addresses > 0 && one.addresses_taken > one.node->addresses;
  });
}

std::int64_t Placement::free(const std::string& resource) const {
  const auto at = index_.find(resource);
  std::int64_t out = 0;
  if (at == index_.end()) return out;
  for (const Slot& one : slots_) out += std::max<std::int64_t>(one.left[at->second], 0);
  return out;
}

}  // namespace doorbuster::planner
