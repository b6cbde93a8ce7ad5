#include "controllers/reconciler/pod_reasons.h"

#include "controllers/planner/pending.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::reconciler {
namespace {

/// When an event was last seen, by whichever of its fields its writer fills in.
std::optional<Instant> seen_at(const JsonView& event) {
  for (const char* field : {"/series/lastObservedTime", "/lastTimestamp", "/eventTime"}) {
    if (const auto at = parse_rfc3339(text_at(event, field))) return at;
  }
  return std::nullopt;
}

/// What the youngest event of a list says; empty when all are too old.
std::string youngest(const std::string& body, Instant now) {
  const auto list = JsonView::parse(body);
  std::string out;
  Instant newest = now - kPodEventLasts;
  if (!list.ok()) return out;
  for (const JsonView& one : elements_of(*list, "items")) {
    const auto at = seen_at(one);
    if (!at || *at < newest) continue;
    newest = *at;
    out = text_at(one, "/message");
  }
  return out;
}

/// Of a Deployment its own status says it (condition ReplicaFailure); of these only events.
std::string not_created(const kube::Client& client, const ObjectRef& workload, Instant now) {
  if (workload.kind != "StatefulSet" && workload.kind != "DaemonSet") return "";
  const auto events = client.raw(
      "/api/v1/namespaces/" + workload.ns + "/events?limit=" + std::to_string(kPodEvents) +
      "&fieldSelector=involvedObject.kind%3D" + workload.kind + "%2CinvolvedObject.name%3D" +
      workload.name + "%2Creason%3DFailedCreate");
  return events.ok() ? youngest(*events, now) : "";
}

/// A DaemonSet has no scale; those that are looked at are our own, which select by one label.
std::string selector_of(const kube::Object& daemon_set) {
  const auto root = JsonView::parse(daemon_set.text);
  const auto labels = root.ok() ? root->at("/spec/selector/matchLabels") : root;
  std::string out;
  if (!labels.ok()) return out;
  for (const auto& [name, value] : labels->members())
    out += (out.empty() ? "" : ",") + std::string(name) + "=" + value.string().value_or("");
  return out;
}

/// As the scale subresource tells it.
std::string scale_selector_of(const kube::Object& scale) {
  const auto root = JsonView::parse(scale.text);
  return root.ok() ? text_at(*root, "/status/selector") : "";
}

}  // namespace

std::optional<planner::PodsSeen> PodReasons::read(const ObjectRef& workload, Instant now) const {
  const auto resource = kinds_->find(workload.group, workload.kind);
  if (!resource.ok()) return std::nullopt;
  const bool scales = workload.kind != "DaemonSet";
  const auto read = client_->get(*resource, {workload.ns, workload.name}, scales ? "scale" : "");
  if (!read.ok()) return std::nullopt;
  const std::string selector = scales ? scale_selector_of(*read) : selector_of(*read);
  if (selector.empty()) return std::nullopt;
  const auto page =
      client_->list(kube::core_resource("pods", "Pod"), workload.ns, kPodsLookedAt, "", selector);
  if (!page.ok()) return std::nullopt;
  planner::PodTally tally;
  for (const kube::Object& one : page->items) {
    if (const auto pod = JsonView::parse(one.text); pod.ok()) tally.add(*pod);
  }
  return planner::PodsSeen{.reasons = tally.reasons(),
                           .not_created = not_created(*client_, workload, now)};
}

std::map<ObjectRef, planner::PodsSeen> PodReasons::look(const kube::Key& event,
                                                        const std::map<ObjectRef, Instant>& asked,
                                                        Instant now,
                                                        Reading reading) {
  auto before = asked_.of(event);
  std::map<ObjectRef, Look> after;
  std::vector<std::function<void()>> readings;
  for (const auto& [workload, from] : asked) {
    Look& one = after[workload] = before[workload];
    one.from = from;
    if (one.due() > now || reading != Reading::Fresh) continue;
    readings.emplace_back([this, now, &workload, &one] {
      one = {.from = one.from, .looked_at = now, .seen = read(workload, now)};
    });
  }
  beside_->run(readings);
  std::map<ObjectRef, planner::PodsSeen> out;
  for (const auto& [workload, one] : after) {
    if (one.seen) out.emplace(workload, *one.seen);
  }
  asked_.put(event, std::move(after));
  return out;
}

}  // namespace doorbuster::reconciler
