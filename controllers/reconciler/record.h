#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/object_ref.h"
#include "operator/kube/store.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace doorbuster::reconciler {

/// What is kept of a watched object. Its text only while somebody asks for it or it carries our
/// label.
struct Record {
  std::string uid, version;
  bool deleting = false;
  bool names_target = false;  ///< it scales a workload: target_* say which
  std::string target_api_version, target_kind, target_name;
  std::shared_ptr<const planner::Document> document;  ///< may be null
};
using RecordStore = kube::Store<Record>;

/// The name of the index from a workload to the autoscalers that name it, and its values.
inline constexpr const char* kTargetIndex = "target";
std::string target_value(const std::string& ns, const std::string& kind, const std::string& name);

/// A kind whose objects name the workload that they scale, in a member of their spec.
struct Naming {
  std::string_view group, kind, member;
  std::string_view means_version, means_kind;  ///< where they do not say; empty: they must
};
inline constexpr Naming kAutoscalers{
    "autoscaling", "HorizontalPodAutoscaler", "scaleTargetRef", "", ""};
inline constexpr Naming kScaledObjects{
    "keda.sh", "ScaledObject", "scaleTargetRef", "apps/v1", "Deployment"};
inline constexpr Naming kVerticals{
    "autoscaling.k8s.io", "VerticalPodAutoscaler", "targetRef", "", ""};
inline constexpr Naming kCanaries{"flagger.app", "Canary", "targetRef", "", ""};
inline constexpr std::array kNamings = {&kAutoscalers, &kScaledObjects, &kVerticals, &kCanaries};
/// Nothing for any other kind.
const Naming* naming_of(std::string_view group, std::string_view kind);

/// Of such a kind: reads which workload it names. At least kube::kTextPadding bytes after the text
/// may be read.
Result<Record> read_naming(const Naming&, const kube::Meta& meta, std::string_view text);
/// Of anything else: nothing but what its Meta says.
Record plain_record(const kube::Meta& meta);

bool is_budget(std::string_view group, std::string_view kind);
/// The name of the index from a namespace to what is in it, of PodDisruptionBudgets.
inline constexpr const char* kNamespaceIndex = "namespace";

/// May the text carry our label? Never false when it does.
bool may_be_held(std::string_view text);

/// Does an autoscaler that names this apiVersion (may be empty) and kind mean that group's kind?
bool means_group(const std::string& target_api_version, const std::string& group);

}  // namespace doorbuster::reconciler
