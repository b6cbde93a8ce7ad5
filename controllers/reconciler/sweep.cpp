#include "controllers/reconciler/sweep.h"

#include "controllers/planner/ledger.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kIdleWait{1'000};

Result<planner::Present> present_of(const kube::Object& object,
                                    const std::string& api_version,
                                    Instant now) {
  planner::Present present;
  present.uid = object.meta.uid;
  present.version = object.meta.resource_version;
  present.as_of = now;
  present.deleting = object.meta.deleting;
  present.api_version = api_version;
  auto document = planner::Document::parse(object.text);
  if (!document.ok()) return document.error();
  present.object = std::move(document).value();
  return present;
}

std::string annotation_pointer() {
  return pointer_of({{.name = "metadata", .keys = {}},
                     {.name = "annotations", .keys = {}},
                     {.name = planner::kHoldsAnnotation, .keys = {}}});
}

kube::Key event_key(const std::string& event) {
  const auto slash = event.find('/');
  if (slash == std::string::npos) return {"", event};
  return {event.substr(0, slash), event.substr(slash + 1)};
}

}  // namespace

Sweep::Sweep(Parts parts) : parts_(std::move(parts)) {}

Sweep::~Sweep() { stop(); }

void Sweep::start() {
  thread_ = std::thread([this] { run(); });
}

void Sweep::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sweep::lead() {
  {
    const std::lock_guard lock(mutex_);
    turns_.clear();
    for (const products::AllowedKind& one : parts_.setup.allow.kinds)
      turns_[{one.group, one.kind}].at = parts_.now();
  }
  changed_.notify_all();
}

void Sweep::suspect(const ObjectRef& object) {
  {
    const std::lock_guard lock(mutex_);
    if (orphans_.size() >= kOrphans) return;  // the next sweep finds it
    orphans_.emplace(object, parts_.now());
  }
  changed_.notify_all();
}

bool Sweep::wait_until_due(std::vector<ObjectRef>& due, std::set<KindName>& kinds) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return false;
    if (parts_.leading()) {
      const Instant now = parts_.now();
      for (const auto& [name, turn] : turns_) {
        if (turn.at <= now) kinds.insert(name);
      }
      for (const auto& [object, at] : orphans_) {
        if (at <= now) due.push_back(object);
      }
      if (!kinds.empty() || !due.empty()) return true;
    }
    changed_.wait_for(lock, kIdleWait);
  }
}

void Sweep::run() {
  for (;;) {
    std::vector<ObjectRef> due;
    std::set<KindName> kinds;
    if (!wait_until_due(due, kinds)) return;
    if (!kinds.empty()) sweep(kinds);
    for (const ObjectRef& object : due) {
      const std::optional<Duration> again = tend(object);
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      if (again) {
        orphans_[object] = parts_.now() + *again;
      } else {
        orphans_.erase(object);
      }
    }
  }
}

void Sweep::sweep(const std::set<KindName>& kinds) {
  for (const KindName& name : kinds) {
    if (!parts_.leading()) return;  // nor while it is being stopped: that must not take long
    set_turn(name, sweep_named(name));
  }
  std::size_t orphans = 0, held = 0, missed = 0;
  {
    const std::lock_guard lock(mutex_);
    orphans = orphans_.size();
    for (const auto& [name, turn] : turns_) {
      held += turn.held;
      missed += turn.failures > 0 ? 1 : 0;
    }
  }
  if (parts_.meter) parts_.meter->on_sweep(held, orphans);
  parts_.log({LogLevel::Info,
              "sweep done",
              {{"kinds", std::to_string(kinds.size())},
               {"held", std::to_string(held)},
               {"orphans", std::to_string(orphans)},
               {"missed", std::to_string(missed)}}});
}

/// When a kind is swept next: after the interval, or soon where it could not be.
void Sweep::set_turn(const KindName& name, std::optional<std::size_t> held) {
  const std::lock_guard lock(mutex_);
  const auto turn = turns_.find(name);
  if (turn == turns_.end()) return;
  Duration pause = parts_.every;
  if (held) {
    turn->second.failures = 0;
    turn->second.held = *held;
  } else {
    pause = kSweepAgain;
    for (int i = 0; i < turn->second.failures && pause < parts_.every; ++i) pause *= 2;
    ++turn->second.failures;
  }
  turn->second.at = parts_.now() + std::min(pause, parts_.every);
}

void Sweep::not_swept(const std::string& group, const std::string& kind, const Error& error) const {
  parts_.log({LogLevel::Warn,
              "kind not swept",
              {{"group", group}, {"kind", kind}, {"error", error.message}}});
}

std::optional<std::size_t> Sweep::sweep_named(const KindName& name) {
  const auto& [group, kind] = name;
  const Result<std::vector<kube::Resource>> resources = parts_.kinds->all_of(group, kind);
  if (!resources.ok()) {
    not_swept(group, kind, resources.error());
    return std::nullopt;
  }
  std::size_t held = 0;
  bool all = true;
  for (const kube::Resource& resource : *resources) {
    const std::optional<std::size_t> found = sweep_kind(resource);
    held += found.value_or(0);
    all = all && found.has_value();
  }
  return all ? std::optional(held) : std::nullopt;
}

std::optional<std::size_t> Sweep::sweep_kind(const kube::Resource& resource) {
  const std::string selector = std::string(planner::kHeldLabel) + "=" + parts_.setup.install;
  std::vector<std::string> scopes = parts_.namespaces;
  if (scopes.empty() || !resource.namespaced) scopes = {""};
  std::size_t held = 0;
  bool all = true;
  for (const std::string& ns : scopes) {
    std::string token;
    do {
      Result<kube::Page> page = parts_.client->list(resource, ns, kSweepPage, token, selector);
      if (!page.ok()) {
        not_swept(resource.group, resource.kind, page.error());
        all = false;
        break;
      }
      for (const kube::Object& one : page->items) inspect(resource, one);
      held += page->items.size();
      token = page->continue_token;
    } while (!token.empty() && parts_.leading());
    all = all && token.empty();
  }
  return all ? std::optional(held) : std::nullopt;
}

std::set<planner::Holder> Sweep::holders_of(const planner::Present& present) const {
  std::set<planner::Holder> holders;
  const Value annotation = present.object->at(annotation_pointer());
  if (!annotation) return holders;
  const std::string text = present.object->string(annotation_pointer());
  for (const auto& [path, field] : planner::read_ledger(&text).fields) {
    for (const auto& [holder, ask] : field.holders) {
      if (holder.install == parts_.setup.install) holders.insert(holder);
    }
  }
  return holders;
}

void Sweep::inspect(const kube::Resource& resource, const kube::Object& object) {
  const Result<planner::Present> present = present_of(object, resource.api_version(), parts_.now());
  if (!present.ok()) return;
  const ObjectRef ref{.group = resource.group,
                      .kind = resource.kind,
                      .ns = object.meta.ns,
                      .name = object.meta.name};
  const std::set<planner::Holder> holders = holders_of(*present);
  bool any_lives = false;
  for (const planner::Holder& holder : holders) {
    const kube::Key key = event_key(holder.event);
    const auto entry = parts_.events->find(key);
    if (!entry || entry->uid != holder.uid) continue;
    any_lives = true;
    parts_.world->also_look_at(key, ref);
    parts_.look_again(key);
  }
  // What no living event answers for, or not all of it: looked at holder by holder.
  if (!any_lives || holders.size() > 1) suspect(ref);
}

Sweep::Life Sweep::life_of(const planner::Holder& holder) {
  if (holder.install != parts_.setup.install) return Life::Unknown;
  const Result<kube::Object> event = parts_.client->get(sale_events(), event_key(holder.event));
  if (event.ok()) return event->meta.uid == holder.uid ? Life::Lives : Life::Dead;
  return event.error().kind == ErrorKind::NotFound ? Life::Dead : Life::Unknown;
}

std::optional<Duration> Sweep::tend(const ObjectRef& object) {
  const Result<kube::Resource> resource = parts_.kinds->find(object.group, object.kind);
  if (!resource.ok())
    return resource.error().kind == ErrorKind::NotFound ? std::nullopt
                                                        : std::optional(kOrphanLater);
  const Result<kube::Object> read = parts_.client->get(*resource, {object.ns, object.name});
  if (!read.ok()) {
    if (read.error().kind == ErrorKind::NotFound) return std::nullopt;
    return is_transient(read.error().kind) ? kOrphanAgain : kOrphanLater;
  }
  const Result<planner::Present> present = present_of(*read, resource->api_version(), parts_.now());
  if (!present.ok()) return std::nullopt;
  if (present->object->string(pointer_of({{.name = "metadata", .keys = {}},
                                          {.name = "labels", .keys = {}},
                                          {.name = planner::kHeldLabel, .keys = {}}})) !=
          parts_.setup.install &&
      holders_of(*present).empty()) {
    return std::nullopt;
  }
  return settle(object, *resource, *present);
}

std::optional<Duration> Sweep::settle(const ObjectRef& ref,
                                      const kube::Resource& resource,
                                      const planner::Present& present) {
  std::set<planner::Holder> dead;
  bool unknown = false, lives = false;
  for (const planner::Holder& holder : holders_of(present)) {
    switch (life_of(holder)) {
      case Life::Dead:
        dead.insert(holder);
        break;
      case Life::Lives:
        lives = true;
        break;
      case Life::Unknown:
        unknown = true;
        break;
    }
  }
  if (dead.empty() && (lives || unknown))
    return unknown ? std::optional(kOrphanLater) : std::nullopt;
  const planner::Settled settled =
      planner::settle_orphan(ref, present, dead, parts_.setup.install, parts_.now());
  if (!settled.write) {
    if (settled.clean) return std::nullopt;
    if (!settled.wake) return kOrphanLater;
    return std::clamp(*settled.wake - parts_.now(), kOrphanAgain, kOrphanLater);
  }
  if (!parts_.leading()) return kOrphanAgain;
  const auto type = settled.write->type == planner::Write::Type::Json ? kube::PatchType::Json
                                                                      : kube::PatchType::Merge;
  const Result<kube::Object> answer =
      parts_.client->patch(resource, {ref.ns, ref.name}, type, settled.write->patch);
  parts_.log({answer.ok() ? LogLevel::Info : LogLevel::Warn,
              answer.ok() ? "dead holds let go" : "dead holds not let go",
              {{"object", to_text(ref)},
               {"holders", std::to_string(dead.size())},
               {"error", answer.ok() ? "" : answer.error().message}}});
  return kOrphanAgain;
}

}  // namespace doorbuster::reconciler
