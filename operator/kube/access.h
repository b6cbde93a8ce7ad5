#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/client.h"

#include <compare>
#include <functional>
#include <memory>
#include <string>

namespace doorbuster::kube {

/// May somebody do `verb` on this? Empty ns: cluster-scoped or all namespaces; empty name: any
/// object.
struct AccessAsk {
  std::string verb, group, resource, subresource, ns, name;
  auto operator<=>(const AccessAsk&) const = default;
};

struct AccessAnswer {
  bool allowed = false;
  std::string reason;  ///< the authorizer's words; may be empty
  Instant at{};        ///< when the server was asked
};

/// Access reviews, remembered for a few seconds. An answer that could not be had is an Error, never
/// "no". Thread-safe.
class AccessReviewer {
 public:
  static constexpr Duration kTtl{15'000};
  static constexpr std::size_t kLimit = 20'000;  ///< answers remembered; the oldest goes first

  AccessReviewer(std::shared_ptr<Client> client,
                 std::function<Instant()> now,
                 Duration ttl = kTtl,
                 std::size_t limit = kLimit);

  /// May we ourselves? (SelfSubjectAccessReview)
  Result<AccessAnswer> self(const AccessAsk& ask);
  /// May this service account, with the groups that every token of it carries?
  /// (SubjectAccessReview)
  Result<AccessAnswer> service_account(const std::string& ns,
                                       const std::string& name,
                                       const AccessAsk& ask);
  void forget();
  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace doorbuster::kube
