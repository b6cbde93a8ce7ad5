#pragma once

#include "tests/planner/shop.h"

#include <string>

namespace doorbuster::planner {

inline const ObjectRef kRoute{"gateway.networking.k8s.io", "HTTPRoute", "shop", "shop"};
inline const ObjectRef kBackend{"", "Service", "shop", "checkout"};

/// 10 pods of checkout behind a Service and a route; the sale ships v2 at its start: 10 %, 50 %,
/// a minute each, then bakes for ten. Gateway and Deployment controller act at once.
Shop rollout_shop();
api::RolloutSpec rollout_of(const std::string& image);

/// The same, judged by the check `errors`: above 0.01 is bad.
Shop shop_with_check();
/// What that check measures now.
void measure(Shop&, double value);

ObjectRef candidate_of(const Shop&);  ///< the Deployment
ObjectRef candidate_service_of(const Shop&);
ObjectRef copy_of(const Shop&);  ///< the canary Ingress
const api::RolloutStatus& rollout_row(const Shop&);
/// "100/0", as what shares out says: the target's percent and the candidate's.
std::string split_of(const Shop&);
/// Image of the target's container.
std::string image_of(const Shop&, const ObjectRef& deployment);
bool stands(const Shop&);  ///< anything of the candidate

/// What was decided, "kind value", in order.
std::vector<std::string> decided_in(const Shop&);

}  // namespace doorbuster::planner
