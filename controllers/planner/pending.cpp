#include "controllers/planner/pending.h"

#include "controllers/planner/status_rows.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

struct Words {
  std::string_view code, some;  ///< what some pods do
  bool stuck;
};
constexpr std::array kWords = {
    Words{"QuotaExceeded", "are refused by a quota", true},
    Words{"NotCreated", "are not created", true},
    Words{"ImageNotPulled", "cannot pull their image", true},
    Words{"ConfigMissing", "lack a ConfigMap or Secret that they name", true},
    Words{"Crashing", "crash and are started again", true},
    Words{"PodFailed", "have failed", true},
    Words{kUnschedulable, "find no room on any node", false},
    Words{"SchedulingGated", "are held back by a scheduling gate", false},
    Words{"NotScheduled", "wait for the scheduler", false},
    Words{"ReadinessProbe", "run and do not pass their readiness probe", false},
    Words{"Starting", "are starting", false},
};

const Words* words_of(const std::string& code) {
  const auto* found = std::find_if(
      kWords.begin(), kWords.end(), [&code](const Words& one) { return one.code == code; });
  return found == kWords.end() ? nullptr : found;
}

std::size_t rank_of(const std::string& code) {
  const Words* words = words_of(code);
  return words == nullptr ? kWords.size() : static_cast<std::size_t>(words - kWords.data());
}

/// A field of a condition of a pod or workload; empty when there is none.
std::string in_condition(const JsonView& object, const char* type, const char* field) {
  return text_at(object, std::string("/status/conditions/[type=") + type + "]/" + field);
}

bool is_any_of(const std::string& text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string with_detail(std::string first, const std::string& detail) {
  if (detail.empty()) return first;
  return first.empty() ? detail : first + ": " + detail;
}

std::string how_it_ended(const JsonView& container) {
  const std::string why = text_at(container, "/lastState/terminated/reason");
  const auto code = container.at("/lastState/terminated/exitCode");
  if (why == "OOMKilled") return "out of memory";
  return code.ok() ? "exit code " + std::string(code->text()) : why;
}

/// Of one container's status; nothing when it is not what keeps its pod.
std::optional<PodTrouble> trouble_of_container(const JsonView& container) {
  const std::string why = text_at(container, "/state/waiting/reason");
  const std::string detail = text_at(container, "/state/waiting/message");
  if (is_any_of(why,
                {"ErrImagePull",
                 "ImagePullBackOff",
                 "InvalidImageName",
                 "ErrImageNeverPull",
                 "RegistryUnavailable",
                 "ImageInspectError"})) {
    return PodTrouble{"ImageNotPulled", with_detail(text_at(container, "/image"), why)};
  }
  if (why == "CreateContainerConfigError") return PodTrouble{"ConfigMissing", detail};
  if (is_any_of(why, {"CrashLoopBackOff", "RunContainerError", "CreateContainerError"}))
    return PodTrouble{"Crashing", with_detail(why, how_it_ended(container))};
  return std::nullopt;
}

std::vector<JsonView> containers_of(const JsonView& pod) {
  std::vector<JsonView> out;
  for (const char* list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
    const auto elements = elements_at(pod, list);
    out.insert(out.end(), elements.begin(), elements.end());
  }
  return out;
}

/// All of its containers run, past any startup probe.
bool runs(const JsonView& pod) {
  const auto list = pod.at("/status/containerStatuses");
  if (!list.ok()) return false;
  const auto elements = list->elements();
  return std::all_of(elements.begin(), elements.end(), [](const JsonView& one) {
    return is_true_at(one, "/started") && one.at("/state/running").ok();
  });
}

/// Why the pods that are missing are not created; nothing when that is not known.
std::optional<PodTrouble> why_not_created(const Document& workload, const PodsSeen* pods) {
  std::string message;
  if (in_condition(workload.root(), "ReplicaFailure", "status") == "True") {
    message = in_condition(workload.root(), "ReplicaFailure", "message");
  } else if (pods != nullptr) {
    message = pods->not_created;
  }
  if (message.empty()) return std::nullopt;
  const std::size_t quota = message.find("exceeded quota");
  if (quota != std::string::npos) return PodTrouble{"QuotaExceeded", message.substr(quota)};
  // `pods "checkout-6c-" is forbidden: …`: the name changes with every revision.
  const std::size_t forbidden = message.find("is forbidden: ");
  if (forbidden != std::string::npos) message = message.substr(forbidden + 14);
  return PodTrouble{"NotCreated", message};
}

}  // namespace

std::optional<PodTrouble> trouble_of(const JsonView& pod) {
  const std::string phase = text_at(pod, "/status/phase");
  if (pod.at("/metadata/deletionTimestamp").ok() || phase == "Succeeded") return std::nullopt;
  if (phase == "Failed") return PodTrouble{"PodFailed", text_at(pod, "/status/reason")};
  if (in_condition(pod, "Ready", "status") == "True") return std::nullopt;
  if (in_condition(pod, "PodScheduled", "status") != "True") {
    const std::string why = in_condition(pod, "PodScheduled", "reason");
    if (why == "SchedulingGated") return PodTrouble{why, ""};
    if (why == kUnschedulable) return PodTrouble{why, in_condition(pod, "PodScheduled", "message")};
    if (text_at(pod, "/spec/nodeName").empty()) return PodTrouble{"NotScheduled", ""};
  }
  for (const JsonView& container : containers_of(pod)) {
    if (auto trouble = trouble_of_container(container)) return trouble;
  }
  return PodTrouble{runs(pod) ? "ReadinessProbe" : "Starting", ""};
}

void PodTally::add(const JsonView& pod) {
  const auto trouble = trouble_of(pod);
  if (!trouble) return;
  PendingReason& known = by_code_[trouble->code];
  known.code = trouble->code;
  ++known.count;
  if (known.message.empty()) known.message = cut(trouble->message, kPendingMessage);
}

std::vector<PendingReason> PodTally::reasons() const {
  std::vector<PendingReason> out;
  for (const auto& [code, one] : by_code_) out.push_back(one);
  std::sort(out.begin(), out.end(), [](const PendingReason& a, const PendingReason& b) {
    return rank_of(a.code) < rank_of(b.code);
  });
  return out;
}

std::vector<PendingReason> pending_of(const Document& workload,
                                      std::int64_t asked,
                                      std::int64_t existing,
                                      const PodsSeen* pods) {
  std::vector<PendingReason> out;
  if (existing < asked) {
    if (const auto why = why_not_created(workload, pods))
      out.push_back({why->code, asked - existing, cut(why->message, kPendingMessage)});
  }
  if (pods != nullptr) out.insert(out.end(), pods->reasons.begin(), pods->reasons.end());
  if (out.size() > kPendingReasons) out.resize(kPendingReasons);
  return out;
}

bool is_stuck(const PendingReason& reason) {
  const Words* words = words_of(reason.code);
  return words != nullptr && words->stuck;
}

std::string in_words_of(const PendingReason& reason) {
  const Words* words = words_of(reason.code);
  std::string out = words == nullptr ? "are not ready" : std::string(words->some);
  if (!reason.message.empty()) out += " (" + reason.message + ")";
  return out;
}

std::string in_words(const std::vector<PendingReason>& reasons) {
  std::string out;
  for (const PendingReason& one : reasons) {
    out += (out.empty() ? "" : ", ") + std::to_string(one.count) + " " + in_words_of(one);
  }
  return out;
}

}  // namespace doorbuster::planner
