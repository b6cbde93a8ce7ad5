#include "controllers/reconciler/swept.h"

#include <utility>

namespace doorbuster::reconciler {

Result<planner::Present> present_of(const kube::Object& object,
                                    const std::string& api_version,
                                    Instant now) {
  planner::Present present;
  present.uid = object.meta.uid;
  present.version = object.meta.resource_version;
  present.as_of = now;
  present.deleting = object.meta.deleting;
  present.api_version = api_version;
  auto document = planner::Document::parse(object.text);
  if (!document.ok()) return document.error();
  present.object = std::move(document).value();
  return present;
}

kube::Key event_key(const std::string& event) {
  const auto slash = event.find('/');
  if (slash == std::string::npos) return {"", event};
  return {event.substr(0, slash), event.substr(slash + 1)};
}

}  // namespace doorbuster::reconciler
