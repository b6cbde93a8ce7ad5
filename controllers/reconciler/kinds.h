#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace doorbuster::reconciler {

/// How kinds are served: discovery, and for custom kinds the paths that their CRD names for
/// scaling. Thread-safe.
class Kinds {
 public:
  Kinds(std::shared_ptr<kube::Client> client, std::function<Instant()> now);

  /// Group "*": found out, Invalid when two groups serve the kind. NotFound: not served.
  Result<kube::Resource> find(const std::string& group,
                              const std::string& kind,
                              const std::string& version = "");
  /// One kind, or with kind "*" every kind of a group. Empty when none is served.
  Result<std::vector<kube::Resource>> all_of(const std::string& group, const std::string& kind);
  planner::KindAnswer describe(const std::string& group, const std::string& kind);
  void forget();

 private:
  struct Paths {
    std::string spec, status;
    Instant read{};
  };
  /// `v1` of a group as `group/v1`. NotFound: the group is not served.
  Result<std::string> preferred_version(const std::string& group) const;
  Result<std::vector<std::string>> kinds_of(const std::string& group) const;
  Paths scale_paths(const kube::Resource& resource);

  std::shared_ptr<kube::Client> client_;
  std::function<Instant()> now_;
  kube::RestMapper mapper_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Paths>
      paths_;  ///< by group and kind; as many as kinds are named by events
};

/// `.spec.replicas`, as a CRD writes it, as a JSON Pointer. Empty when it is no such path.
std::string pointer_of_scale_path(const std::string& path);

}  // namespace doorbuster::reconciler
