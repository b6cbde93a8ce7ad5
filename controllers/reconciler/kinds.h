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

/// A kind that was served is not called gone before so long; until then nothing is known of it.
inline constexpr Duration kGoneAfter{60'000};
/// And then the server is asked so often whether it is.
inline constexpr Duration kConfirmEvery{10'000};
/// Two looks that are further apart say nothing of what was between them.
inline constexpr Duration kLooksInARow{300'000};
/// Kinds that are remembered as served; of more of them none is called gone any more.
inline constexpr std::size_t kKnownKinds = 4'096;

/// How kinds are served: discovery, and for custom kinds the paths that their CRD names for
/// scaling. Thread-safe.
///
/// Guarantees: a kind that was ever served is NotFound only when discovery has lacked it for
/// kGoneAfter and a server that is ready says so; before that it is Unavailable, for an API server
/// that starts serves discovery before it has read its CRDs.
class Kinds {
 public:
  Kinds(std::shared_ptr<kube::Client> client, std::function<Instant()> now);

  /// Group "*": found out, Invalid when two groups serve the kind. NotFound: not served. Of one
  /// version: Unavailable when that is not served.
  Result<kube::Resource> find(const std::string& group,
                              const std::string& kind,
                              const std::string& version = "");
  /// One kind, or with kind "*" every kind of a group. Empty when none is served.
  Result<std::vector<kube::Resource>> all_of(const std::string& group, const std::string& kind);
  /// Every kind that is served, in its group's preferred version.
  Result<std::vector<kube::Resource>> all();
  planner::KindAnswer describe(const std::string& group, const std::string& kind);
  /// It was served once, as somebody remembers who held something of it: not seeing it is no proof
  /// that it is gone.
  void expect(const std::string& group, const std::string& kind);
  /// Something of a kind that is served as far as is known was answered with 404: look again.
  void doubt();

 private:
  using Name = std::pair<std::string, std::string>;  ///< group (or "*") and kind
  struct Standing {
    std::optional<kube::Resource> served_as;
    std::optional<Instant> missing_since, missing_at;  ///< first and last not seen, in a row
    std::optional<Instant> asked;                      ///< whether it is gone
    bool gone = false;
  };
  /// Where a custom kind keeps its replicas, or why that is not known.
  struct Paths {
    std::string spec, status, unknown;
    Instant until{};  ///< good until then
  };
  /// `v1` of a group as `group/v1`. NotFound: the group is not served.
  Result<std::string> preferred_version(const std::string& group) const;
  Result<std::vector<std::string>> kinds_of(const std::string& group) const;
  /// Never a guess: transient errors are errors, a refusal says which right is missing.
  Result<Paths> scale_paths(const kube::Resource& resource);
  void note_served(const kube::Resource& resource);
  /// The known kinds that a question means; "*": of any group.
  std::vector<Name> known_as(const std::string& group, const std::string& kind) const;
  /// Why a known kind that discovery lacks is not called gone; nothing: it is gone.
  std::optional<Error> not_gone(const Name& name);
  /// Does the server say so? Asked over the network.
  std::optional<std::string> why_unconfirmed(const std::optional<kube::Resource>& served_as) const;

  std::shared_ptr<kube::Client> client_;
  std::function<Instant()> now_;
  kube::RestMapper mapper_;
  mutable std::mutex mutex_;
  std::map<std::string, Paths> paths_;  ///< by group, version and kind; as many as events name
  std::map<Name, Standing> known_;      ///< kinds that were served
};

/// `.spec.replicas`, as a CRD writes it, as a JSON Pointer. Empty when it is no such path.
std::string pointer_of_scale_path(const std::string& path);

}  // namespace doorbuster::reconciler
