#pragma once

#include "controllers/planner/seen.h"
#include "operator/kube/client.h"

#include <string>
#include <utility>

namespace doorbuster::reconciler {

/// The kind of our own objects in our own namespace.
inline const std::pair<std::string, std::string> kRoomKind{"apps", "Deployment"};

/// An object that was just read.
Result<planner::Present> present_of(const kube::Object& object,
                                    const std::string& api_version,
                                    Instant now);

/// `shop/flash` as a key.
kube::Key event_key(const std::string& event);

}  // namespace doorbuster::reconciler
