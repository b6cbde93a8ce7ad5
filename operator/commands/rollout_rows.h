#pragma once

#include "crds/sale_event.h"
#include "operator/commands/painted.h"

#include <string>

namespace doorbuster::commands {

/// A row for each rollout: step, share of the traffic, pods of both sides, analysis.
Tree rollout_tree(const api::SaleEventStatus&);

/// `checkout-v43 running 2/5 10%`, one after the other; empty: there are none.
std::string rollouts_text(const api::SaleEventStatus&);

}  // namespace doorbuster::commands
