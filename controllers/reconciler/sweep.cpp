#include "controllers/reconciler/sweep.h"

#include "controllers/planner/ledger.h"
#include "controllers/reconciler/swept.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kIdleWait{1'000};
/// A sweep waits so long at most for the first list of the events to whom it shows what it finds,
/// and looks so often whether it is there.
constexpr Duration kBlindAtMost{10'000}, kBlindWait{50};

/// Kinds of which clusters have very many, and of which nobody wants a field kept, unless the
/// allow-list names them.
bool is_crowded(const kube::Resource& resource) {
  return resource.kind == "Pod" || resource.kind == "Event" || resource.kind == "Endpoints" ||
         resource.kind == "EndpointSlice";
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
    if (!parts_.setup.ns.empty()) turns_[kRoomKind].at = parts_.now();
    look_at_ = parts_.now();
    blind_until_ = parts_.now() + kBlindAtMost;
  }
  changed_.notify_all();
}

void Sweep::suspect(const ObjectRef& object, Duration after) {
  {
    const std::lock_guard lock(mutex_);
    if (orphans_.size() >= kOrphans) return;  // the next sweep finds it
    orphans_.emplace(object, parts_.now() + after);
  }
  changed_.notify_all();
}

bool Sweep::wait_until_due(Due& due) {
  for (;;) {
    // One that is not known yet would not be shown what it holds. Asked without our lock: changes
    // come in under the store's.
    const bool sees = knows_all(*parts_.events, parts_.namespaces);
    std::unique_lock lock(mutex_);
    if (stopping_) return false;
    const Instant now = parts_.now();
    const bool blind = !sees && now < blind_until_;
    if (parts_.leading() && !blind) {
      due.look = look_at_ && *look_at_ <= now;
      for (const auto& [name, turn] : turns_) {
        if (turn.at <= now) due.kinds.insert(name);
      }
      for (const auto& [object, at] : orphans_) {
        if (at <= now) due.objects.push_back(object);
      }
      if (due.look || !due.kinds.empty() || !due.objects.empty()) return true;
    }
    changed_.wait_for(lock, blind ? kBlindWait : kIdleWait);
  }
}

void Sweep::run() {
  for (;;) {
    Due due;
    if (!wait_until_due(due)) return;
    if (due.look) due.kinds.merge(look_for_kinds());
    if (!due.kinds.empty()) sweep(due.kinds);
    for (const ObjectRef& object : due.objects) {
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

bool Sweep::is_listed(const kube::Resource& resource) const {
  return std::any_of(parts_.setup.allow.kinds.begin(),
                     parts_.setup.allow.kinds.end(),
                     [&resource](const products::AllowedKind& one) {
                       return one.group == resource.group &&
                              (one.kind == "*" || one.kind == resource.kind);
                     });
}

bool Sweep::may_list(const kube::Resource& resource) const {
  std::vector<std::string> scopes = parts_.namespaces;
  if (scopes.empty() || !resource.namespaced) scopes = {""};
  return std::any_of(scopes.begin(), scopes.end(), [&](const std::string& ns) {
    const auto answer = parts_.access->self({.verb = "list",
                                             .group = resource.group,
                                             .resource = resource.plural,
                                             .subresource = "",
                                             .ns = ns,
                                             .name = ""});
    return !answer.ok() || answer->allowed;  // not answered: the list itself will tell
  });
}

Result<std::set<Sweep::KindName>> Sweep::other_kinds() const {
  const Result<std::vector<kube::Resource>> served = parts_.kinds->all();
  if (!served.ok()) return served.error();
  std::set<KindName> out;
  for (const kube::Resource& one : *served) {
    if (!parts_.leading()) break;
    const bool patched = std::find(one.verbs.begin(), one.verbs.end(), "patch") != one.verbs.end();
    if (!patched || is_listed(one) || is_crowded(one)) continue;
    if (products::is_never_held(one.group, one.kind) || !may_list(one)) continue;
    if (out.size() >= kSweptKinds) {
      parts_.log({LogLevel::Warn, "too many kinds to sweep", {{"kind", one.kind}}});
      break;
    }
    out.emplace(one.group, one.kind);
  }
  return out;
}

std::set<Sweep::KindName> Sweep::look_for_kinds() {
  const Result<std::set<KindName>> found = other_kinds();
  if (!found.ok())
    parts_.log({LogLevel::Warn,
                "kinds beyond the allow-list not swept",
                {{"error", found.error().message}}});
  const std::lock_guard lock(mutex_);
  const Instant now = parts_.now();
  look_at_ = now + (found.ok() ? parts_.every : std::min(kSweepAgain, parts_.every));
  std::set<KindName> fresh;
  if (!found.ok()) return fresh;
  for (const KindName& name : *found) {
    if (turns_.emplace(name, Turn{.at = now}).second) fresh.insert(name);
  }
  return fresh;
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
    all = sweep_children(resource, child_scopes(name)) && all;
  }
  return all ? std::optional(held) : std::nullopt;
}

std::string Sweep::ours_by(const char* label) const {
  // Appended to: of a sum of temporaries g++ 12 warns at -O2.
  return std::string(label).append("=").append(parts_.setup.install);
}

std::optional<std::size_t> Sweep::sweep_kind(const kube::Resource& resource) {
  const std::string selector = ours_by(planner::kHeldLabel);
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

void Sweep::inspect(const kube::Resource& resource, const kube::Object& object) {
  const Result<planner::Present> present = present_of(object, resource.api_version(), parts_.now());
  if (!present.ok()) return;
  const ObjectRef ref{.group = resource.group,
                      .kind = resource.kind,
                      .ns = object.meta.ns,
                      .name = object.meta.name};
  const std::size_t holders = planner::holders_of(*present, parts_.setup.install).size();
  // What no living event answers for, or not all of it: looked at holder by holder.
  if (show(ref, *present) == 0 || holders > 1) suspect(ref);
}

std::size_t Sweep::show(const ObjectRef& ref, const planner::Present& present) {
  std::size_t living = 0;
  for (const planner::Holder& holder : planner::holders_of(present, parts_.setup.install)) {
    const kube::Key key = event_key(holder.event);
    const auto entry = parts_.events->find(key);
    if (!entry || entry->uid != holder.uid) continue;
    ++living;
    parts_.world->also_look_at(key, ref);
    parts_.look_again(key);
  }
  return living;
}

Result<std::string> Sweep::uid_of(const std::string& event) const {
  const Result<kube::Object> read = parts_.client->get(sale_events(), event_key(event));
  if (!read.ok()) return read.error();
  return read->meta.uid;
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
  const auto parent = planner::parent_of(*present->object);
  const bool serves = planner::is_serving_child(object, *present->object);
  if (parent && (serves || object.ns == parts_.setup.ns)) {
    const auto again = settle_child(object, *resource, *present, *parent);
    if (again || !serves) return again;
  }
  show(object, *present);
  return settle(object, *resource, *present);
}

Result<std::optional<planner::Present>> Sweep::read_one(const ObjectRef& object) const {
  const Result<kube::Resource> resource = parts_.kinds->find(object.group, object.kind);
  if (!resource.ok()) return resource.error();
  const Result<kube::Object> read = parts_.client->get(*resource, {object.ns, object.name});
  if (!read.ok()) {
    if (read.error().kind == ErrorKind::NotFound) return std::optional<planner::Present>();
    return read.error();
  }
  const Result<planner::Present> present = present_of(*read, resource->api_version(), parts_.now());
  if (!present.ok()) return present.error();
  return std::optional(*present);
}

std::optional<Duration> Sweep::settle(const ObjectRef& ref,
                                      const kube::Resource& resource,
                                      const planner::Present& present) {
  std::map<planner::Holder, planner::Life> lives;
  for (const planner::Holder& holder : planner::holders_of(present, parts_.setup.install))
    lives[holder] = planner::life_of(holder, parts_.setup.install, uid_of(holder.event));
  std::optional<planner::Present> through;
  if (const auto autoscaler = planner::scales_through(ref, present)) {
    Result<std::optional<planner::Present>> read = read_one(*autoscaler);
    if (!read.ok()) return kOrphanAgain;
    through = std::move(read).value();
  }
  const planner::Care care = planner::care_for(
      ref, present, lives, parts_.setup.install, parts_.now(), through ? &*through : nullptr);
  switch (care.next) {
    case planner::Care::Next::None:
      return std::nullopt;
    case planner::Care::Next::Later:
      return kOrphanLater;
    case planner::Care::Next::Timed:
      return std::clamp<Duration>(*care.at - parts_.now(), kOrphanAgain, kOrphanLater);
    case planner::Care::Next::Soon:
      break;
  }
  if (!parts_.leading()) return kOrphanAgain;
  const auto type = care.write->type == planner::Write::Type::Json ? kube::PatchType::Json
                                                                   : kube::PatchType::Merge;
  const Result<kube::Object> answer =
      parts_.client->patch(resource, {ref.ns, ref.name}, type, care.write->patch);
  parts_.log({answer.ok() ? LogLevel::Info : LogLevel::Warn,
              answer.ok() ? "dead holds let go" : "dead holds not let go",
              {{"object", to_text(ref)},
               {"holders", std::to_string(care.dead.size())},
               {"error", answer.ok() ? "" : answer.error().message}}});
  return kOrphanAgain;
}

}  // namespace doorbuster::reconciler
