#include "controllers/reconciler/kind_cache.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

planner::Fact present_of(const Record& record, const std::string& api_version, Instant as_of) {
  auto present = std::make_shared<planner::Present>();
  present->uid = record.uid;
  present->version = record.version;
  present->as_of = as_of;
  present->deleting = record.deleting;
  present->api_version = api_version;
  present->object = record.document;
  return std::shared_ptr<const planner::Present>(std::move(present));
}

}  // namespace

KindCache::KindCache(kube::Resource resource,
                     std::shared_ptr<kube::Client> client,
                     std::shared_ptr<const Interest> interest,
                     Changed changed,
                     Watched watched,
                     const std::function<void()>& settling)
    : resource_(std::move(resource)), client_(std::move(client)), interest_(std::move(interest)) {
  store_ = std::make_shared<RecordStore>(
      [this](const kube::Meta& meta, std::string_view text) { return make(meta, text); });
  store_->add_index(kTargetIndex, [](const kube::Key& key, const Record& record) {
    std::vector<std::string> values;
    if (record.names_target)
      values.push_back(target_value(key.ns, record.target_kind, record.target_name));
    return values;
  });
  if (is_budget(resource_.group, resource_.kind)) {
    store_->add_index(kNamespaceIndex, [](const kube::Key& key, const Record&) {
      return std::vector<std::string>{key.ns};
    });
  }
  store_->on_change([this, changed = std::move(changed)](const kube::Key& key,
                                                         const RecordStore::Pointer& before,
                                                         const RecordStore::Pointer& after) {
    changed(ref_of(key), before.get(), after.get());
  });
  store_->on_watch_state([this, watched = std::move(watched), settling](
                             const std::string&, const kube::WatchReport& report) {
    if (settling) settling();
    if (report.state == kube::WatchState::Current || report.state == kube::WatchState::NotServed)
      watched(*this, report.state);
  });
  if (settling) store_->on_listed([settling](const std::string&) { settling(); });
}

ObjectRef KindCache::ref_of(const kube::Key& key) const {
  return {.group = resource_.group, .kind = resource_.kind, .ns = key.ns, .name = key.name};
}

Result<Record> KindCache::make(const kube::Meta& meta, std::string_view text) const {
  Record record = plain_record(meta);
  if (const Naming* naming = naming_of(resource_.group, resource_.kind)) {
    Result<Record> named = read_naming(*naming, meta, text);
    if (!named.ok()) return named;
    record = std::move(named).value();
  }
  const bool budget = is_budget(resource_.group, resource_.kind);
  const bool wanted = (budget && interest_->wants_budgets_of(meta.ns)) ||
                      interest_->wants(ref_of({meta.ns, meta.name})) || may_be_held(text) ||
                      (record.names_target && interest_->wants_autoscalers_of(
                                                  meta.ns, record.target_kind, record.target_name));
  if (wanted) {
    Result<std::shared_ptr<const planner::Document>> document =
        planner::Document::parse(std::string(text));
    if (!document.ok()) return document.error();
    record.document = std::move(document).value();
  }
  return record;
}

std::string KindCache::not_believable(const std::string& ns, Instant now) const {
  if (!store_->synced(ns)) {
    const kube::WatchReport report = store_->report(ns);
    return "not listed yet" + (report.why.empty() ? "" : ": " + report.why);
  }
  const Duration silent = now - store_->last_heard(ns);
  if (silent > kSilence) return "the watch has been silent for " + to_text(silent);
  return "";
}

bool KindCache::denied(const std::string& ns) const {
  return store_->report(ns).state == kube::WatchState::Denied;
}

bool KindCache::settled(const std::string& ns) const {
  if (store_->synced(ns)) return true;
  const kube::WatchState state = store_->report(ns).state;
  return state == kube::WatchState::Denied || state == kube::WatchState::NotServed ||
         state == kube::WatchState::TooMany;
}

planner::Fact KindCache::watched(const kube::Key& key, Instant now) {
  if (std::string why = not_believable(key.ns, now); !why.empty())
    return planner::Unread{std::move(why)};
  if (!store_->shows(written_, key, now)) return answered(key);
  const auto entry = store_->find(key);
  const Instant heard = store_->last_heard(key.ns);
  if (!entry) return planner::Missing{heard};
  if (!entry->value) return planner::Unread{"cannot be read: " + entry->unreadable};
  if (entry->value->document) {
    drop_text(key);
    return present_of(*entry->value, resource_.api_version(), heard);
  }
  return text_of(key, *entry, now);
}

planner::Fact KindCache::text_of(const kube::Key& key,
                                 const RecordStore::Entry& entry,
                                 Instant now) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = read_.find(key);
    if (known != read_.end()) {
      const auto* seen = std::get_if<std::shared_ptr<const planner::Present>>(&known->second.fact);
      if (seen != nullptr && (*seen)->uid == entry.uid && (*seen)->version == entry.version)
        return *seen;
    }
  }
  planner::Fact fact = read(key, now);
  if (std::holds_alternative<planner::Missing>(fact)) {
    return planner::Unread{"gone, but the watch does not show it yet"};
  }
  return fact;
}

planner::Fact KindCache::polled(const kube::Key& key, Instant now, Duration fresh) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = read_.find(key);
    if (known != read_.end() && now - known->second.at < fresh) return known->second.fact;
  }
  return read(key, now);
}

planner::Fact KindCache::read(const kube::Key& key, Instant now) {
  Result<kube::Object> object = client_->get(resource_, key);
  planner::Fact fact = planner::Unread{};
  if (object.ok()) {
    Record record = plain_record(object->meta);
    Result<std::shared_ptr<const planner::Document>> document =
        planner::Document::parse(std::move(object.value().text));
    if (!document.ok()) return planner::Unread{document.error().message};
    record.document = std::move(document).value();
    fact = present_of(record, resource_.api_version(), now);
  } else {
    switch (object.error().kind) {
      case ErrorKind::NotFound:
        fact = planner::Missing{now};
        break;
      case ErrorKind::Denied:
        fact = planner::Forbidden{"get"};
        break;
      case ErrorKind::Conflict:
      case ErrorKind::Invalid:
      case ErrorKind::Throttled:
      case ErrorKind::Unavailable:
      case ErrorKind::Gone:
        return planner::Unread{object.error().message};
    }
  }
  keep(key, fact, now);
  return fact;
}

/// The watch is behind our own last write: what the server answered to that is the newer view.
planner::Fact KindCache::answered(const kube::Key& key) {
  const std::lock_guard lock(mutex_);
  const auto known = read_.find(key);
  if (known != read_.end() &&
      std::holds_alternative<std::shared_ptr<const planner::Present>>(known->second.fact)) {
    return known->second.fact;
  }
  return planner::Unread{"the view is older than our own last write"};
}

void KindCache::wrote(const kube::Key& key, kube::Object answer, Instant now) {
  written_.wrote(key, answer.meta.resource_version, now);
  Record record = plain_record(answer.meta);
  auto document = planner::Document::parse(std::move(answer.text));
  if (!document.ok()) return drop_text(key);
  record.document = std::move(document).value();
  keep(key, present_of(record, resource_.api_version(), now), now);
}

void KindCache::keep(const kube::Key& key, const planner::Fact& fact, Instant now) {
  const std::lock_guard lock(mutex_);
  if (read_.size() >= kReadObjects) read_.clear();  // read again by whoever still asks
  read_[key] = {fact, now};
}

void KindCache::reread(const kube::Key& key, Instant now) {
  const planner::Fact fact = read(key, now);
  if (const auto* seen = std::get_if<std::shared_ptr<const planner::Present>>(&fact)) {
    written_.wrote(key, (*seen)->version, now);
  }
}

void KindCache::drop_text(const kube::Key& key) {
  const std::lock_guard lock(mutex_);
  read_.erase(key);
}

}  // namespace doorbuster::reconciler
