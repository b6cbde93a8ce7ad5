#include "controllers/planner/feasibility.h"

#include "controllers/planner/namespace_limits.h"
#include "controllers/planner/node_growth.h"
#include "controllers/planner/placement.h"
#include "controllers/planner/status_rows.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

std::string count(std::int64_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

/// "cpu 500m, memory 1Gi": of one pod.
std::string asked_of(const PodShape& shape) {
  std::string out;
  for (const auto& [name, amount] : shape.requests) {
    if (name != "pods" && amount > 0)
      out += (out.empty() ? "" : ", ") + name + " " + amount_text(name, amount);
  }
  return out;
}

class Judge {
 public:
  Judge(const Asked& asked, const Room& room) : asked_(asked), room_(room), growth_(room) {
    if (const auto ns = room.namespaces.find(asked.ns); ns != room.namespaces.end())
      ns_ = &ns->second;
    for (const PeakNeed& need : asked.needs) take_up(need);
  }

  api::FeasibilityStatus judge() {
    unknowns();
    if (ns_ != nullptr) {
      judge_limits(ns_->limits, targets_, findings_);
      judge_quotas(ns_->quotas, targets_, findings_);
    }
    if (room_.nodes_unknown.empty()) nodes();
    for (const FurtherInput& one : asked_.further) further(one);
    return told();
  }

 private:
  void warn(std::string code, std::string subject, std::string message) {
    findings_.push_back({Level::Warn, std::move(code), std::move(subject), std::move(message)});
  }

  void take_up(const PeakNeed& need) {
    api::FeasibleTarget row;
    row.name = need.target;
    row.needed = need.needed;
    rows_.push_back(std::move(row));
    if (need.needed <= 0) return;
    if (!need.shape) {
      warn("ShapeUnknown",
           need.target,
           "what its pods ask for is not known, as " + need.owner.kind +
               " has no pod template at spec.template: whether " + count(need.needed, "pod") +
               " fit is not known");
      return;
    }
    Judged one{.need = need, .shape = *need.shape, .allowed = need.needed, .bound = ""};
    if (!room_.nodes_unknown.empty()) one.present = need.running;
    if (ns_ != nullptr) {
      one.shape = with_defaults(std::move(one.shape), ns_->limits);
      const auto pods = ns_->pods.find(need.owner);
      if (pods != ns_->pods.end()) one.present = pods->second;
    }
    for (const NodeRoom& node : room_.nodes) {
      const auto pods = node.pods.find(need.owner);
      if (pods != node.pods.end()) one.on_nodes += pods->second;
    }
    doubts(one);
    targets_.push_back(std::move(one));
  }

  void doubts(const Judged& one) {
    if (!one.shape.requests.contains("cpu") && !one.shape.requests.contains("memory")) {
      warn("NoRequests",
           one.need.target,
           "its pods ask for neither cpu nor memory, so any number of them fits on paper: write "
           "resources.requests");
    }
    std::vector<std::string> said;
    for (const std::string& what : one.shape.not_looked_at) {
      if (std::find(said.begin(), said.end(), what) == said.end()) said.push_back(what);
    }
    for (const std::string& what : said)
      warn("NotLookedAt",
           one.need.target,
           "its pods ask for " + what + ", which is not looked at: they may find fewer nodes");
  }

  void unknowns() {
    if (!room_.nodes_unknown.empty())
      warn("RoomUnknown", "", "whether the pods find nodes is not known: " + room_.nodes_unknown);
    if (ns_ == nullptr) return;
    if (!ns_->quotas_unknown.empty())
      warn("RoomUnknown", "", "whether a quota is in the way is not known: " + ns_->quotas_unknown);
    if (!ns_->limits_unknown.empty())
      warn("RoomUnknown",
           "",
           "whether a LimitRange is in the way is not known: " + ns_->limits_unknown);
  }

  api::FeasibleTarget& row_of(const std::string& name) {
    return *std::find_if(
        rows_.begin(), rows_.end(), [&name](const auto& one) { return one.name == name; });
  }

  /// The share of all that there is that one pod takes: the biggest are placed first.
  std::int64_t share_of(const PodShape& shape) const {
    std::int64_t out = 0;
    for (const char* name : {"cpu", "memory"}) {
      std::int64_t all = 0;
      for (const NodeRoom& node : room_.nodes) {
        const auto has = node.allocatable.find(name);
        if (has != node.allocatable.end()) all += has->second;
      }
      const auto asked = shape.requests.find(name);
      if (asked != shape.requests.end() && all > 0)
        out = std::max(out, asked->second / std::max<std::int64_t>(all / 1'000'000'000, 1));
    }
    return out;
  }

  void nodes() {
    std::vector<std::pair<std::int64_t, Judged*>> order;
    for (Judged& one : targets_) order.emplace_back(-share_of(one.shape), &one);
    std::stable_sort(
        order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Placement placement(room_.nodes);
    std::vector<const Judged*> whole;
    for (const auto& [share, one] : order) {
      const std::int64_t more = std::max<std::int64_t>(one->need.needed - one->on_nodes, 0);
      const Fit fit = placement.place(one->shape, one->need.owner, more);
      api::FeasibleTarget& row = row_of(one->need.target);
      const std::int64_t fits = one->need.needed - more + fit.placed;
      row.achievable = std::min(fits, one->allowed);
      row.bound_by = one->bound;
      if (fit.placed == more) {
        whole.push_back(one);
      } else {
        if (fits < one->allowed || row.bound_by.empty()) row.bound_by = to_text(fit.bound);
        short_of_nodes(*one, fit, fits, row);
      }
    }
    surges(placement, whole);
    if (const std::int64_t nodes = placement.short_of_addresses(); nodes > 0)
      warn("FewAddresses",
           "",
           "on " + count(nodes, "node") +
               " there would be more pods than spec.podCIDR has addresses: if the network takes "
               "them from there, fewer fit; larger node ranges, or more nodes, help");
  }

  void short_of_nodes(const Judged& one,
                      const Fit& fit,
                      std::int64_t fits,
                      api::FeasibleTarget& row) {
    const std::int64_t missing = fit.asked - fit.placed;
    const std::string& name = one.need.target;
    const std::string seen = std::to_string(fits) + " of " + count(one.need.needed, "pod") +
                             " find a node" +
                             (fit.bound.empty() ? "" : " (" + to_text(fit.bound) + ")");
    const std::string ask = asked_of(one.shape);
    const std::string remedy = "Add nodes for " + count(missing, "pod") +
                               (ask.empty() ? "" : " of " + ask) + ", or ask for " +
                               std::to_string(fits);
    const std::string who = growth_.text(one.shape);
    const std::int64_t more = growth_.take(one.shape, missing);
    switch (growth_.who(one.shape)) {
      case NodeGrowth::Who::Nobody:
        findings_.push_back({Level::NoGo, "NoRoom", name, seen + ", and " + who + ". " + remedy});
        return;
      case NodeGrowth::Who::Unknown:
        warn("NoRoom",
             name,
             seen + "; whether nodes are added is not known: " + who + ". " + remedy);
        return;
      case NodeGrowth::Who::Known:
        break;
    }
    row.with_new_nodes = std::min(fits + more, one.allowed);
    grows_ = grows_ || more > 0;
    if (more == missing) {
      warn("NodesToAdd",
           name,
           seen + ", for the others nodes have to be added by " + who +
               ". Whether the machines can be had is not known: add them before the day, or "
               "prepare early");
      return;
    }
    findings_.push_back({Level::NoGo,
                         "NodePoolLimit",
                         name,
                         seen + ", and nodes for " + std::to_string(more) + " of the other " +
                             std::to_string(missing) + " may be added by " + who +
                             ". Raise the limit for " + count(missing - more, "pod") +
                             (ask.empty() ? "" : " of " + ask) + ", or ask for " +
                             std::to_string(fits + more)});
  }

  /// Each rollout by itself, on what all peaks leave.
  void surges(const Placement& full, const std::vector<const Judged*>& targets) {
    for (const Judged* one : targets) {
      if (one->need.surge <= 0 || growth_.who(one->shape) != NodeGrowth::Who::Nobody) continue;
      Placement trial = full;
      const Fit fit = trial.place(one->shape, one->need.owner, one->need.surge);
      if (fit.placed == fit.asked) continue;
      warn("SurgeDoesNotFit",
           one->need.target,
           "a rollout in the sale starts " + count(fit.asked, "pod") + " more, and " +
               std::to_string(fit.placed) + " of them find a node (" + to_text(fit.bound) +
               "): roll out before or after, or with a smaller maxSurge; a release of the event in "
               "smaller steps");
    }
  }

  void further(const FurtherInput& one) {
    findings_.push_back(one.finding);
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&one](const auto& each) {
      return each.name == one.finding.subject;
    });
    if (!one.achievable || row == rows_.end()) return;
    if (row->achievable && *row->achievable <= *one.achievable) return;
    row->achievable = one.achievable;
    row->bound_by = one.finding.code;
  }

  api::FeasibilityStatus told() {
    api::FeasibilityStatus out;
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return a.level > b.level;
    });
    const Level worst = findings_.empty() ? Level::Go : findings_.front().level;
    out.verdict = to_string(worst);
    if (worst != Level::NoGo) out.latest_safe_start = latest();
    for (const Finding& one : findings_) {
      if (out.findings.size() == kFindings) break;
      out.findings.push_back(
          {to_string(one.level), one.code, cut(one.subject, 253), cut(one.message, 1024)});
    }
    if (findings_.size() > kFindings) {
      const std::size_t more = findings_.size() - kFindings + 1;
      out.findings.back() = {out.findings.back().level,
                             "MoreFindings",
                             "",
                             std::to_string(more) + " more, no worse than this"};
    }
    for (api::FeasibleTarget& row : rows_) row.bound_by = cut(row.bound_by, 512);
    out.targets = std::move(rows_);
    return out;
  }

  /// Each target's last call (hack/decisions/0002), and before it what nodes take.
  std::optional<Instant> latest() const {
    std::optional<Instant> out;
    for (const PeakNeed& one : asked_.needs) {
      const Instant at = asked_.start - one.to_ready - (grows_ ? kNodeLead : Duration(0));
      if (!out || at < *out) out = at;
    }
    return out;
  }

  const Asked& asked_;
  const Room& room_;
  NodeGrowth growth_;
  const NamespaceRoom* ns_ = nullptr;
  std::vector<Judged> targets_;
  std::vector<api::FeasibleTarget> rows_;
  std::vector<Finding> findings_;
  bool grows_ = false;
};

}  // namespace

const char* to_string(Level level) {
  switch (level) {
    case Level::Go:
      return "Go";
    case Level::Warn:
      return "Warn";
    case Level::NoGo:
      return "NoGo";
  }
  return "NoGo";
}

Level level_of(const std::string& verdict) {
  if (verdict == "NoGo") return Level::NoGo;
  return verdict == "Warn" ? Level::Warn : Level::Go;
}

std::string amount_text(const std::string& resource, std::int64_t amount) {
  const bool cpu = resource == "cpu" || resource.ends_with(".cpu");
  if (cpu) return amount % 1000 == 0 ? std::to_string(amount / 1000) : std::to_string(amount) + "m";
  const bool bytes = resource.ends_with("memory") || resource.ends_with("storage");
  if (!bytes) return std::to_string(amount);
  constexpr std::int64_t kMi = 1LL << 20, kGi = 1LL << 30;
  if (amount >= kGi && amount % kGi == 0) return std::to_string(amount / kGi) + "Gi";
  if (amount >= kMi) return std::to_string((amount + kMi - 1) / kMi) + "Mi";
  return std::to_string(amount);
}

api::FeasibilityStatus feasibility(const Asked& asked, const Room& room) {
  return Judge(asked, room).judge();
}

}  // namespace doorbuster::planner
