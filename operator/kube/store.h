#pragma once

#include "operator/kube/sink.h"
#include "operator/kube/written.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::kube {

/// A typed cache of one kind, fed by one or several watches (one a namespace, or one of all). It
/// keeps of each object what `Make` makes of its text and nothing else. Thread-safe; what it hands
/// out is immutable.
template <class T>
class Store final : public Sink {
 public:
  using Pointer = std::shared_ptr<const T>;
  using Make = std::function<Result<T>(const Meta&, std::string_view text)>;
  using Indexer = std::function<std::vector<std::string>(const Key&, const T&)>;
  /// Null: not there (or unreadable) before, or after. Called on the I/O thread, outside the
  /// store's lock.
  using Listener = std::function<void(const Key&, const Pointer& before, const Pointer& after)>;
  using StateListener = std::function<void(const std::string& ns, const WatchReport&)>;
  /// A whole list of a namespace was taken in. Called like the others.
  using ListListener = std::function<void(const std::string& ns)>;

  struct Entry {
    Pointer value;  ///< null when the object could not be made into a T
    std::string uid, version;
    std::string unreadable;  ///< why value is null
  };

  explicit Store(Make make) : make_(std::move(make)) {}

  // Before the store is given to a watch:
  void add_index(const std::string& name, Indexer values) { indexers_[name] = std::move(values); }
  void on_change(Listener listener) { listener_ = std::move(listener); }
  void on_watch_state(StateListener listener) { state_listener_ = std::move(listener); }
  void on_listed(ListListener listener) { list_listener_ = std::move(listener); }

  /// What is known of an object; nothing: it is not in the view. Whether that means anything,
  /// synced() and last_heard() say.
  std::optional<Entry> find(const Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? std::nullopt : std::optional(found->second);
  }
  Pointer get(const Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second.value;
  }
  /// Those for which the index names this value, ordered by key.
  std::vector<std::pair<Key, Pointer>> by_index(const std::string& index,
                                                const std::string& value) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Key, Pointer>> found;
    if (const auto keys = indexes_.find({index, value}); keys != indexes_.end()) {
      for (const Key& key : keys->second) found.emplace_back(key, entries_.at(key).value);
    }
    return found;
  }
  std::vector<std::pair<Key, Pointer>> all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Key, Pointer>> found;
    found.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) {
      if (entry.value) found.emplace_back(key, entry.value);
    }
    return found;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

  /// Has a whole list of this namespace been taken in? (`ns` empty: of all namespaces.)
  bool synced(const std::string& ns = "") const {
    return with_scope(ns, false, [](const Scope& scope) { return scope.synced; });
  }
  /// When something last proved that the view was current: a list, an event or a bookmark (the API
  /// server sends one about once a minute). The epoch when not synced.
  Instant last_heard(const std::string& ns = "") const {
    return with_scope(
        ns, Instant{}, [](const Scope& scope) { return scope.synced ? scope.heard : Instant{}; });
  }
  /// The view has everything up to this resourceVersion; empty when not synced.
  std::string version(const std::string& ns = "") const {
    return with_scope(
        ns, std::string(), [](const Scope& scope) { return scope.synced ? scope.version : ""; });
  }
  WatchReport report(const std::string& ns = "") const {
    return with_scope(ns, WatchReport{WatchState::Stopped, "", {}}, [](const Scope& scope) {
      return scope.report;
    });
  }
  /// Objects that could not be read so far, made or named.
  std::uint64_t undecodable() const {
    const std::lock_guard lock(mutex_);
    return undecodable_;
  }
  /// Does the view include our last write of this object?
  bool shows(Written& written, const Key& key, Instant now) const {
    std::optional<std::string> cached;
    if (const auto entry = find(key)) cached = entry->version;
    return written.visible(key, cached, version(key.ns), now);
  }

  void on_page(const std::string& ns, const ListedPage& page) override {
    std::map<Key, Entry> staged;
    {
      const std::lock_guard lock(mutex_);
      if (!page.first) staged = std::move(staged_[ns]);
      staged_.erase(ns);
    }
    for (const ObjectView& object : page.items) {
      staged.insert_or_assign(Key{object.meta.ns, object.meta.name}, made(object));
    }
    if (page.last) {
      replace(ns, std::move(staged), page);
      return;
    }
    const std::lock_guard lock(mutex_);
    staged_[ns] = std::move(staged);
  }

  void on_upsert(const std::string& ns, const ObjectView& object, Instant at) override {
    Entry entry = made(object);
    const Key key{object.meta.ns, object.meta.name};
    Pointer before;
    const Pointer after = entry.value;
    {
      const std::lock_guard lock(mutex_);
      before = put(key, std::move(entry));
      heard(ns, object.meta.resource_version, at);
    }
    if (listener_) listener_(key, before, after);
  }

  void on_delete(const std::string& ns, const ObjectView& last, Instant at) override {
    const Key key{last.meta.ns, last.meta.name};
    Pointer before;
    {
      const std::lock_guard lock(mutex_);
      before = drop(key);
      heard(ns, last.meta.resource_version, at);
    }
    if (listener_) listener_(key, before, nullptr);
  }

  void on_bookmark(const std::string& ns, const std::string& version, Instant at) override {
    const std::lock_guard lock(mutex_);
    heard(ns, version, at);
  }

  void on_state(const std::string& ns, const WatchReport& report) override {
    {
      const std::lock_guard lock(mutex_);
      if (report.state == WatchState::Stopped) {
        stopped(ns);
      } else {
        scopes_[ns].report = report;
      }
    }
    if (state_listener_) state_listener_(ns, report);
  }

  void on_undecodable(const std::string&, const std::string&) override {
    const std::lock_guard lock(mutex_);
    ++undecodable_;
  }

 private:
  struct Scope {
    bool synced = false;
    Instant heard{};
    std::string version;
    WatchReport report;
  };
  struct Change {
    Key key;
    Pointer before, after;
  };

  /// The scope that answers for a namespace: the one of all namespaces, unless only its own has
  /// been listed.
  template <class V, class F>
  V with_scope(const std::string& ns, V otherwise, F read) const {
    const std::lock_guard lock(mutex_);
    const auto all = scopes_.find("");
    const auto own = scopes_.find(ns);
    if (all != scopes_.end() &&
        (all->second.synced || own == scopes_.end() || !own->second.synced)) {
      return read(all->second);
    }
    return own == scopes_.end() ? otherwise : read(own->second);
  }

  /// Only the feeding thread of a scope changes its entries, so looking first and making outside
  /// the lock is safe.
  Entry made(const ObjectView& object) {
    const Meta& meta = object.meta;
    if (const auto old = find(Key{meta.ns, meta.name}); old && old->value && !meta.uid.empty() &&
                                                        old->uid == meta.uid &&
                                                        old->version == meta.resource_version) {
      return *old;
    }
    Entry entry{
        .value = nullptr, .uid = meta.uid, .version = meta.resource_version, .unreadable = ""};
    Result<T> value = make_(meta, object.text);
    if (value.ok()) {
      entry.value = std::make_shared<const T>(std::move(value).value());
    } else {
      entry.unreadable = value.error().message;
      const std::lock_guard lock(mutex_);
      ++undecodable_;
    }
    return entry;
  }

  void replace(const std::string& ns, std::map<Key, Entry> staged, const ListedPage& page) {
    std::vector<Change> changes;
    {
      const std::lock_guard lock(mutex_);
      std::vector<Key> gone;
      for (const auto& [key, entry] : entries_) {
        if ((ns.empty() || key.ns == ns) && !staged.contains(key)) gone.push_back(key);
      }
      for (const Key& key : gone) changes.push_back({key, drop(key), nullptr});
      for (auto& [key, entry] : staged) {
        const Pointer after = entry.value;
        const Pointer before = put(key, std::move(entry));
        if (before != after || !after) changes.push_back({key, before, after});
      }
      Scope& scope = scopes_[ns];
      scope.synced = true;
      scope.heard = page.as_of;
      scope.version = page.version;
    }
    if (list_listener_) list_listener_(ns);
    if (!listener_) return;
    for (const Change& change : changes) listener_(change.key, change.before, change.after);
  }

  void heard(const std::string& ns, const std::string& version, Instant at) {
    Scope& scope = scopes_[ns];
    scope.heard = at;
    if (!version.empty()) scope.version = version;
  }

  Pointer put(const Key& key, Entry entry) {
    Pointer before = drop(key);
    if (entry.value) {
      for (const auto& [name, values] : indexers_) {
        for (std::string& value : values(key, *entry.value))
          indexes_[{name, std::move(value)}].insert(key);
      }
    }
    entries_.emplace(key, std::move(entry));
    return before;
  }

  Pointer drop(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    Pointer before = found->second.value;
    entries_.erase(found);
    if (before) {
      for (const auto& [name, values] : indexers_) {
        for (const std::string& value : values(key, *before)) {
          const auto keys = indexes_.find({name, value});
          if (keys == indexes_.end()) continue;
          keys->second.erase(key);
          if (keys->second.empty()) indexes_.erase(keys);
        }
      }
    }
    return before;
  }

  void stopped(const std::string& ns) {
    scopes_.erase(ns);
    staged_.erase(ns);
    if (scopes_.contains("")) return;
    std::vector<Key> gone;
    for (const auto& [key, entry] : entries_) {
      if (ns.empty() ? !scopes_.contains(key.ns) : key.ns == ns) gone.push_back(key);
    }
    for (const Key& key : gone) drop(key);
  }

  Make make_;
  Listener listener_;
  StateListener state_listener_;
  ListListener list_listener_;
  std::map<std::string, Indexer> indexers_;

  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::map<std::string, std::map<Key, Entry>>
      staged_;  ///< by namespace: pages of a list not yet complete
  std::map<std::pair<std::string, std::string>, std::set<Key>> indexes_;
  std::map<std::string, Scope> scopes_;
  std::uint64_t undecodable_ = 0;
};

}  // namespace doorbuster::kube
