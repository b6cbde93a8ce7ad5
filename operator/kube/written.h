#pragma once

#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace doorbuster::kube {

/// Remembers our last write of each object of one kind until the cache shows it, so that a decision
/// is not taken twice from a view that is older than what we did ourselves. Thread-safe.
class Written {
 public:
  static constexpr std::size_t kLimit = 20'000;  ///< keys; the oldest is dropped beyond it
  /// An entry that cannot be decided (versions that do not compare) is given up after this long.
  static constexpr Duration kPatience{30'000};

  explicit Written(std::size_t limit = kLimit) : limit_(limit) {}

  /// Our write of `key` was answered with this resourceVersion.
  void wrote(const Key& key, const std::string& version, Instant now);
  /// Does a view that shows `cached` (nothing: the object is not in it) and has everything up to
  /// `seen_up_to` (empty: unknown) include our last write? True when there was none. Forgets the
  /// entry when it does.
  bool visible(const Key& key,
               const std::optional<std::string>& cached,
               const std::string& seen_up_to,
               Instant now);
  void forget(const Key& key);  ///< the object is known to be deleted
  std::size_t size() const;

 private:
  struct Entry {
    std::string version;
    Instant at;
    std::list<Key>::iterator place;
  };
  std::size_t limit_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::list<Key> order_;  ///< oldest first
};

}  // namespace doorbuster::kube
