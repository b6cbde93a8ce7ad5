#pragma once

#include "controllers/reconciler/interest.h"
#include "controllers/reconciler/record.h"
#include "operator/kube/client.h"
#include "operator/kube/watch_set.h"
#include "operator/kube/written.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace doorbuster::reconciler {

/// How long a watch may be silent before its view is not believed any more. The API server sends a
/// bookmark about once a minute.
inline constexpr Duration kSilence{150'000};

/// Objects of one kind that are kept as they were read one by one.
inline constexpr std::size_t kReadObjects = 4'096;

/// The cache of one kind: records from its watches, and whole objects that were read one by one
/// where the watch did not bring their text. Thread-safe.
class KindCache {
 public:
  /// Called on the I/O thread after a record changed; either side may be null. Watched: its watch
  /// is (again) up to date, or the server does not know the kind. `settling`: settled() may answer
  /// something else now.
  using Changed =
      std::function<void(const ObjectRef& object, const Record* before, const Record* after)>;

  using Watched = std::function<void(const KindCache&, kube::WatchState)>;

  KindCache(kube::Resource resource,
            std::shared_ptr<kube::Client> client,
            std::shared_ptr<const Interest> interest,
            Changed changed,
            Watched watched,
            const std::function<void()>& settling = {});

  const kube::Resource& resource() const { return resource_; }
  std::shared_ptr<kube::Sink> sink() const { return store_; }
  const RecordStore& store() const { return *store_; }

  /// What is known of an object, from a watched scope. Unread when the view is not synced, too old
  /// or behind our own last write. May read the object once, to get a text that the watch passed
  /// over.
  planner::Fact watched(const kube::Key& key, Instant now);
  /// The same by a read of this one object, not older than `fresh`.
  planner::Fact polled(const kube::Key& key, Instant now, Duration fresh);
  /// Has the view a consistent list that is not too old? Empty: yes; else why not.
  std::string not_believable(const std::string& ns, Instant now) const;
  bool denied(const std::string& ns) const;
  bool settled(const std::string& ns) const;  ///< synced, or known to be refused or not served

  /// Our write of it was answered with this: until the watch has caught up, that is the view.
  void wrote(const kube::Key& key, kube::Object answer, Instant now);
  /// A write met something newer than the view: find out how new.
  void reread(const kube::Key& key, Instant now);
  /// Nobody asks for it any more.
  void drop_text(const kube::Key& key);

 private:
  struct Read {
    planner::Fact fact;
    Instant at{};
  };
  ObjectRef ref_of(const kube::Key& key) const;
  Result<Record> make(const kube::Meta& meta, std::string_view text) const;
  planner::Fact read(const kube::Key& key, Instant now);
  planner::Fact answered(const kube::Key& key);
  void keep(const kube::Key& key, const planner::Fact& fact, Instant now);
  planner::Fact text_of(const kube::Key& key, const RecordStore::Entry& entry, Instant now);

  kube::Resource resource_;
  std::shared_ptr<kube::Client> client_;
  std::shared_ptr<const Interest> interest_;
  std::shared_ptr<RecordStore> store_;
  kube::Written written_;
  std::mutex mutex_;
  std::map<kube::Key, Read> read_;  ///< only of objects that some event asks for
};

}  // namespace doorbuster::reconciler
