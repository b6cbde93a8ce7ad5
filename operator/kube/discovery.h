#pragma once

#include "operator/base/result.h"
#include "operator/kube/client.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::kube {

inline constexpr std::size_t kMaxResources = 20'000;

/// What a server serves, as far as it could be found out.
struct Discovered {
  std::vector<Resource>
      resources;  ///< groups in the server's order, within a group its preferred version first
  std::set<std::string>
      stale;  ///< groups whose own API server did not answer: what they serve is not fully known
};

/// Asks for the aggregated documents (apidiscovery.k8s.io/v2, KEP-3352), else for the plain ones,
/// group by group. A group that cannot be read is stale; the core group and the list of groups must
/// be readable.
Result<Discovered> discover(const Client& client);

/// One aggregated document, of /api or /apis, added to what is known.
Outcome add_aggregated(std::string_view document, Discovered& into);

}  // namespace doorbuster::kube
