#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/object_ref.h"
#include "operator/kube/store.h"

#include <memory>
#include <string>
#include <string_view>

namespace doorbuster::reconciler {

/// What is kept of a watched object. Its text only while somebody asks for it or it carries our
/// label.
struct Record {
  std::string uid, version;
  bool deleting = false;
  bool names_target = false;  ///< an autoscaler: target_* are its scaleTargetRef
  std::string target_api_version, target_kind, target_name;
  std::shared_ptr<const planner::Document> document;  ///< may be null
};
using RecordStore = kube::Store<Record>;

/// The name of the index from a workload to the autoscalers that name it, and its values.
inline constexpr const char* kTargetIndex = "target";
std::string target_value(const std::string& ns, const std::string& kind, const std::string& name);

/// Of a HorizontalPodAutoscaler: reads its scaleTargetRef. At least kube::kTextPadding bytes after
/// the text may be read.
Result<Record> read_autoscaler(const kube::Meta& meta, std::string_view text);
/// Of anything else: nothing but what its Meta says.
Record plain_record(const kube::Meta& meta);

/// May the text carry our label? Never false when it does.
bool may_be_held(std::string_view text);

/// Does an autoscaler that names this apiVersion (may be empty) and kind mean that group's kind?
bool means_group(const std::string& target_api_version, const std::string& group);

}  // namespace doorbuster::reconciler
