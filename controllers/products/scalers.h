#pragma once

#include "operator/base/object_ref.h"

#include <cstdint>

namespace doorbuster::products {

/// Where a kind that scales workloads keeps the least and the most that it makes of them.
struct Bounds {
  const char *min, *max;                      ///< JSON Pointers
  std::int64_t min_if_absent, max_if_absent;  ///< what the product takes an absent one for
  const char* scale_down;                     ///< selectPolicy of the way down: Max, Min, Disabled
};

/// Nothing where an object of that kind scales no workload.
const Bounds* bounds_of(const ObjectRef&);

/// Is it the most that something makes of a workload? It comes down only once what runs fits.
bool is_ceiling(const FieldRef&);

/// Does it say whether something may scale down at all?
bool is_scale_down(const FieldRef&);

}  // namespace doorbuster::products
