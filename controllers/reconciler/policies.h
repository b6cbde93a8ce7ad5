#pragma once

#include "controllers/reconciler/side_by_side.h"
#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace doorbuster::reconciler {

/// The admission policies that are shipped beside the operator (charts/manifests).
inline constexpr const char* kActionPolicy = "saleactions.doorbuster.dev";
inline constexpr const char* kFreezePolicy = "freeze.doorbuster.dev";

/// Whether they are in force. Thread-safe; what it knows is at most a minute old.
class Policies {
 public:
  Policies(std::shared_ptr<kube::Client> client,
           std::shared_ptr<SideBySide> beside,
           std::function<Instant()> now)
      : client_(std::move(client)), beside_(std::move(beside)), now_(std::move(now)) {}

  /// Since when the ValidatingAdmissionPolicy of a name and its binding have both been there.
  /// NotFound: they are not; any other error: that could not be found out.
  Result<Instant> since(const std::string& name);

 private:
  Result<Instant> look(const std::string& name) const;
  Result<Instant> created(const kube::Resource&, const std::string& name) const;

  std::shared_ptr<kube::Client> client_;
  std::shared_ptr<SideBySide> beside_;
  std::function<Instant()> now_;
  std::mutex mutex_;
  std::map<std::string, std::pair<Instant, Result<Instant>>> known_;  ///< with when it was asked
};

}  // namespace doorbuster::reconciler
