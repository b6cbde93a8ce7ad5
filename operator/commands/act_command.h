#pragma once

#include "crds/sale_action.h"
#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/client.h"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// `abort`, `end-now`, `extend`, `restore`, `break-glass`, and of rollouts `rollback`, `start`,
/// `promote`, `pause`, `resume`, `retry`: each creates a SaleAction, prints its name and waits for
/// its answer; `rollback` until all is back. What they decide is the operator's business
/// (controllers/planner/action.h).
void add_act_commands(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

/// What a waiting command makes of an action's status.
enum class Waited { On, Done, Refused };
Waited waited_for(const api::SaleActionStatus&, bool until_complete);

/// What there is to say of a status after an earlier one of the same action.
std::vector<std::string> progress_lines(const api::SaleActionStatus& before,
                                        const api::SaleActionStatus& after);

/// Creates it in the name of whoever asks; how it is called then. The API server must say who that
/// is where an action counts by it.
Result<std::string> create_action(const kube::Client&,
                                  const std::string& ns,
                                  api::SaleActionSpec,
                                  bool dry_run);

/// The object that is created: `generateName` says event and verb.
Json action_object(const std::string& ns, const api::SaleActionSpec&);

}  // namespace doorbuster::commands
