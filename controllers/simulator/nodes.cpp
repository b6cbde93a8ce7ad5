#include "controllers/simulator/nodes.h"

#include "crds/fields.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

/// A quantity in units of so many 10^-9, rounded up; 0 when there is none.
std::int64_t rounded_up(const Result<JsonView>& value, api::Int128 nanos_per_unit) {
  if (!value) return 0;
  const auto quantity = api::quantity_of(Json{std::string(value->text())});
  if (!quantity || quantity->nanos < 0) return 0;
  return static_cast<std::int64_t>((quantity->nanos + nanos_per_unit - 1) / nanos_per_unit);
}

void take(Node& node, const PodRequest& pod) {
  node.taken.cpu_millis += pod.cpu_millis;
  node.taken.memory_bytes += pod.memory_bytes;
  ++node.taken_pods;
}

/// kube-scheduler's LeastAllocated: the mean of the free shares after the pod was placed, in parts
/// of a thousand (pkg/scheduler/framework/plugins/noderesources/least_allocated.go).
std::int64_t score(const Node& node, const PodRequest& pod) {
  const auto share = [](std::int64_t has, std::int64_t taken) {
    return has <= 0 ? 0 : (has - taken) * 1000 / has;
  };
  return (share(node.cpu_millis, node.taken.cpu_millis + pod.cpu_millis) +
          share(node.memory_bytes, node.taken.memory_bytes + pod.memory_bytes)) /
         2;
}

}  // namespace

PodRequest request_of(const JsonView& containers) {
  PodRequest out;
  for (const JsonView& one : containers.elements()) {
    out.cpu_millis += rounded_up(one.at("/resources/requests/cpu"), api::kNanosPerUnit / 1000);
    out.memory_bytes += rounded_up(one.at("/resources/requests/memory"), api::kNanosPerUnit);
  }
  return out;
}

bool Node::fits(const PodRequest& pod) const {
  return taken_pods < pods && taken.cpu_millis + pod.cpu_millis <= cpu_millis &&
         taken.memory_bytes + pod.memory_bytes <= memory_bytes;
}

int Nodes::place(const PodRequest& pod) {
  if (!known_) return 0;
  int best = kNowhere;
  std::int64_t most = -1;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].fits(pod)) continue;
    const std::int64_t points = score(nodes_[i], pod);
    if (points <= most) continue;
    most = points;
    best = static_cast<int>(i);
  }
  if (best != kNowhere) take(nodes_[static_cast<std::size_t>(best)], pod);
  return best;
}

void Nodes::free(int node, const PodRequest& pod) {
  if (!known_ || node == kNowhere) return;
  Node& at = nodes_[static_cast<std::size_t>(node)];
  at.taken.cpu_millis -= pod.cpu_millis;
  at.taken.memory_bytes -= pod.memory_bytes;
  --at.taken_pods;
}

bool Nodes::fits_without(int node,
                         const PodRequest& pod,
                         const std::vector<PodRequest>& going) const {
  if (!known_) return true;
  Node there = nodes_[static_cast<std::size_t>(node)];
  for (const PodRequest& one : going) {
    there.taken.cpu_millis -= one.cpu_millis;
    there.taken.memory_bytes -= one.memory_bytes;
    --there.taken_pods;
  }
  return there.fits(pod);
}

void Nodes::advance(Instant now) {
  const auto due =
      std::count_if(coming_.begin(), coming_.end(), [now](Instant at) { return at <= now; });
  std::erase_if(coming_, [now](Instant at) { return at <= now; });
  for (std::ptrdiff_t i = 0; i < due; ++i) nodes_.push_back(pool_.shape);
}

void Nodes::ask_for_room(const std::vector<PodRequest>& waiting, Instant now) {
  if (waiting.empty() || added_ >= pool_.most) return;
  std::vector<Node> fresh(coming_.size(), pool_.shape);
  for (const PodRequest& pod : waiting) {
    const auto room =
        std::find_if(fresh.begin(), fresh.end(), [&pod](const Node& one) { return one.fits(pod); });
    if (room != fresh.end()) {
      take(*room, pod);
      continue;
    }
    if (!pool_.shape.fits(pod) || added_ >= pool_.most || nodes_.size() + fresh.size() >= kMaxNodes)
      continue;
    fresh.push_back(pool_.shape);
    take(fresh.back(), pod);
    coming_.push_back(now + pool_.startup);
    ++added_;
  }
}

}  // namespace doorbuster::simulator
