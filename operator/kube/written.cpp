#include "operator/kube/written.h"

namespace doorbuster::kube {

void Written::wrote(const Key& key, const std::string& version, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    order_.erase(found->second.place);
    entries_.erase(found);
  }
  order_.push_back(key);
  entries_.emplace(key, Entry{version, now, std::prev(order_.end())});
  if (entries_.size() > limit_) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

bool Written::visible(const Key& key,
                      const std::optional<std::string>& cached,
                      const std::string& seen_up_to,
                      Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return true;
  const std::string& ours = found->second.version;
  const auto reached = [&ours](const std::string& version) {
    if (version == ours) return true;
    const std::optional<int> order = compare_versions(version, ours);
    return order.has_value() && *order >= 0;
  };
  // A view that is past our write includes it even where it no longer shows the object: that was
  // deleted since.
  const bool seen = (cached && reached(*cached)) || (!seen_up_to.empty() && reached(seen_up_to));
  const bool comparable = !seen_up_to.empty() && compare_versions(seen_up_to, ours).has_value();
  const auto waited = now - found->second.at;
  if (!seen && (comparable || waited < kPatience)) return false;
  order_.erase(found->second.place);
  entries_.erase(found);
  return true;
}

void Written::forget(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  order_.erase(found->second.place);
  entries_.erase(found);
}

std::size_t Written::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace doorbuster::kube
