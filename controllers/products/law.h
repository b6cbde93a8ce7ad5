#pragma once

#include "operator/base/object_ref.h"

#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::products {

/// How several holders of one field are reconciled; belongs to the field, never to a want.
enum class Law {
  Highest,  ///< floors and ceilings: nobody gets less than asked for
  Lowest,
  Pick,  ///< one value for all: rank, priority, then name
};

/// `replicas`: the kind says that its replicas are here (the scale subresource's specReplicasPath).
Law law_of(const FieldRef&, bool replicas = false);

/// Does a field say where traffic goes: routes, weights, a Service's selector? Whoever else changes
/// it wins at once (DESIGN.md section 3, "Fighting writers").
bool steers_traffic(const FieldRef&);

/// Order of writes going up, lowest first (nodes, pools, max, min, proxies, limits, flags,
/// traffic); down is the reverse.
int order_of(const ObjectRef&);

}  // namespace doorbuster::products
