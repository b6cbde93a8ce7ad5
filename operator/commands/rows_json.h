#pragma once

#include "crds/sale_event.h"
#include "operator/base/json.h"

#include <vector>

namespace doorbuster::commands {

/// Rows of a status as they are stored.
template <class Row>
Json rows_json(const std::vector<Row>& rows) {
  std::vector<Json> out;
  for (const Row& one : rows) out.push_back(api::to_json(one));
  return json_array(out);
}

}  // namespace doorbuster::commands
