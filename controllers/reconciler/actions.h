#pragma once

#include "controllers/planner/action.h"
#include "controllers/reconciler/policies.h"
#include "operator/base/log.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"
#include "operator/kube/watch_set.h"
#include "operator/kube/written.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::reconciler {

using ActionStore = kube::Store<planner::Action>;

/// The SaleActions' kind, as our own CRD serves it.
kube::Resource sale_actions();

/// Which SaleActions an event has before it, and what they are told. Thread-safe.
class Actions {
 public:
  using Pointer = std::shared_ptr<const planner::Action>;
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<kube::WatchSet> watches;
    std::shared_ptr<Policies> policies;
    std::vector<std::string> namespaces;  ///< empty: all
    std::function<Instant()> now;
    std::function<void(const kube::Key& event)> look_again;
    Log log;
  };
  explicit Actions(Parts);

  void start();
  /// We lead now: every event that an action waits for is looked at.
  void lead();
  void stop();

  /// Those that are not over, oldest first, at most planner::kActionsOfRound and RollBacks before
  /// all; none whose view is older than our own last write.
  std::vector<Pointer> pending(const kube::Key& event);
  /// Since when the shipped admission policy has been in force; nothing: it is not, or that could
  /// not be found out.
  std::optional<Instant> policy_since();
  /// Writes an action's status and, once, whose it is: the garbage collector removes it with its
  /// event. `event_uid` empty: of none.
  Outcome answer(const planner::ActionAnswer&, const std::string& event_uid);
  /// Answers those that name an event which does not exist; when to ask again for younger ones.
  std::optional<Instant> refuse_without_event(const kube::Key& event);

 private:
  void on_change(const kube::Key&, const ActionStore::Pointer&, const ActionStore::Pointer&);
  void own(const planner::Action&, const std::string& event_uid);

  Parts parts_;
  std::shared_ptr<ActionStore> store_;
  kube::Written written_;
  std::vector<kube::WatchClaim> claims_;
  std::atomic<bool> told_{false};  ///< that the CRD is missing
};

}  // namespace doorbuster::reconciler
