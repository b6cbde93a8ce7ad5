#pragma once

#include "crds/sale_action.h"
#include "operator/commands/screen.h"

#include <functional>
#include <future>
#include <optional>
#include <string>

namespace doorbuster::commands {

/// What the keys of the live screen do: each asks first, and a second key answers.
class WatchKeys {
 public:
  /// Creates the action; its name. Called on a thread of its own, so that a slow API server stops
  /// no screen.
  using Create = std::function<Result<std::string>(const api::SaleActionSpec&)>;
  explicit WatchKeys(Create create) : create_(std::move(create)) {}

  /// False: the screen ends. What a key is for, depends on what is on it.
  bool press(int key, const api::SaleEvent* shown);
  /// What the last line says; `none` where no sale is shown.
  std::string line(const api::SaleEvent* shown);
  /// Is an action under way to the API server?
  bool sending() const { return sent_.valid(); }

 private:
  void send(api::ActionVerb verb, const std::string& event);

  Create create_;
  std::optional<api::ActionVerb> asked_;
  std::string told_;  ///< what came of the last one
  std::future<Result<std::string>> sent_;
};

}  // namespace doorbuster::commands
