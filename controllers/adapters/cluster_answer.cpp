#include "controllers/adapters/cluster_answer.h"

#include "operator/base/json_read.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace doorbuster::adapters {
namespace {

std::string in_condition(const JsonView& object, const char* type, const char* field) {
  return text_at(object, std::string("/status/conditions/[type=") + type + "]/" + field);
}

bool is_true(const JsonView& object, const char* type) {
  return in_condition(object, type, "status") == "True";
}

/// One status a container, those of init containers and sidecars too.
std::vector<JsonView> containers_of(const JsonView& pod) {
  std::vector<JsonView> out;
  for (const char* list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
    const auto elements = elements_at(pod, list);
    out.insert(out.end(), elements.begin(), elements.end());
  }
  return out;
}

/// Did the container that `state` speaks of end then or later? Not told of one whose end nobody
/// saw.
bool ended(const JsonView& container, const std::string& state, Instant since) {
  const auto at = parse_rfc3339(text_at(container, state + "/terminated/finishedAt"));
  return at && *at >= since;
}

std::int64_t restarts_of(const JsonView& pod, Instant since) {
  const auto made = parse_rfc3339(text_at(pod, "/metadata/creationTimestamp"));
  const bool young = made && *made >= since;
  std::int64_t out = 0;
  for (const JsonView& one : containers_of(pod)) {
    const std::int64_t last = ended(one, "/lastState", since) ? 1 : 0;
    const auto count = one.member("restartCount");
    // As the API has it, an int32; sums of it stay in bounds whatever is there.
    const std::int64_t all = std::clamp<std::int64_t>(
        count ? count->integer().value_or(0) : 0, 0, std::numeric_limits<std::int32_t>::max());
    out += young ? std::max(all, last) : last;
  }
  return out;
}

std::int64_t out_of_memory(const JsonView& pod, Instant since) {
  const auto containers = containers_of(pod);
  return std::count_if(containers.begin(), containers.end(), [since](const JsonView& one) {
    const auto killed = [&one, since](const std::string& state) {
      return text_at(one, state + "/terminated/reason") == "OOMKilled" && ended(one, state, since);
    };
    return killed("/state") || killed("/lastState");
  });
}

std::int64_t count_of(const JsonView& pod, PodTrouble what, Instant since) {
  switch (what) {
    case PodTrouble::NotReady:
      return text_at(pod, "/status/phase") != "Succeeded" && !is_true(pod, "Ready") ? 1 : 0;
    case PodTrouble::Restarts:
      return restarts_of(pod, since);
    case PodTrouble::OutOfMemory:
      return out_of_memory(pod, since);
  }
  return 0;
}

}  // namespace

Reading read_pods(const kube::Page& page, PodTrouble what, Instant since) {
  if (page.items.size() > kPodsCounted || !page.continue_token.empty())
    return failed("more than " + std::to_string(kPodsCounted) +
                  " pods have these labels: name more labels");
  if (page.items.empty()) return missing("no pod has these labels");
  std::int64_t sum = 0;
  bool any = false;
  for (const kube::Object& one : page.items) {
    const auto pod = JsonView::parse(one.text);
    if (!pod.ok()) return failed("a pod cannot be read");
    if (pod->find("/metadata/deletionTimestamp")) continue;
    any = true;
    sum += count_of(*pod, what, since);
  }
  if (!any) return missing("the pods with these labels are all on their way out");
  return {Reading::Says::Value, static_cast<double>(sum), std::to_string(sum)};
}

Reading read_job(const std::string& name, std::string_view job) {
  const auto view = JsonView::parse(job);
  if (!view.ok()) return failed("Job " + name + " cannot be read");
  if (is_true(*view, "Failed")) {
    const std::string why = in_condition(*view, "Failed", "reason");
    return {Reading::Says::Value, 0, why.empty() ? "failed" : "failed: " + why};
  }
  if (is_true(*view, "Complete")) return {Reading::Says::Value, 1, "complete"};
  return missing("Job " + name + (is_true(*view, "Suspended") ? " is suspended" : " still runs"));
}

}  // namespace doorbuster::adapters
