#include "operator/kube/discovery.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace doorbuster::kube {
namespace {

constexpr Duration kMissedAgain{2'000};      ///< a kind that is missing is looked for again so soon
constexpr std::size_t kMissedKinds = 1'000;  ///< whose pace is remembered

}  // namespace

struct RestMapper::State {
  std::shared_ptr<Client> client;
  std::function<Instant()> now;
  Duration refresh_every;

  std::mutex refreshing;     // held over the network; taken before mutex
  mutable std::mutex mutex;  // everything below
  std::shared_ptr<const Discovered> known;
  std::optional<Instant> asked_at;  // the last attempt
  std::optional<Error> failure;     // how it ended, when it failed
  bool doubted = false;
  std::map<std::string, Duration> waits;  // by name: how old the discovery may be that lacks it

  Duration wait_for(const std::string& name) const {
    const auto found = waits.find(name);
    return found == waits.end() ? std::min(kMissedAgain, refresh_every) : found->second;
  }
  struct Look {
    std::optional<Result<Resource>> answer;
    bool usable = false;  // names a kind, or why none can be chosen
    bool good = false;    // to be given without asking again
  };
  Look look(const std::string& group, const std::string& version, const std::string& kind) const;
  void note(const std::string& name, bool found) {
    if (found) {
      waits.erase(name);
      return;
    }
    const Duration wait = wait_for(name);
    const bool again = waits.contains(name);
    if (waits.size() >= kMissedKinds) waits.clear();  // soon at first, for all of them
    waits.insert_or_assign(name, again ? std::min(wait * 2, refresh_every) : wait);
  }
};

namespace {

/// A server that did not answer is asked again so soon: it may be back.
constexpr Duration kAfterFailure{1'000};

std::string name_of(const std::string& group, const std::string& version, const std::string& kind) {
  std::string name = kind;
  if (!group.empty() && group != "*") name += "." + group;
  return version.empty() ? name : name + "/" + version;
}

/// Found, NotFound, Invalid (two groups serve the kind) or Unavailable (what might serve it does
/// not answer).
Result<Resource> search(const Discovered& known,
                        const std::string& group,
                        const std::string& version,
                        const std::string& kind) {
  const Resource* found = nullptr;
  for (const Resource& resource : known.resources) {
    if (resource.kind != kind || (group != "*" && resource.group != group)) continue;
    if (!version.empty() && resource.version != version) continue;
    if (!found) found = &resource;
    if (resource.group != found->group) {
      const std::string groups = quoted(found->group) + " and " + quoted(resource.group);
      return Error{ErrorKind::Invalid,
                   "kind " + kind + " is served by the groups " + groups + "; name one",
                   {},
                   {}};
    }
  }
  if (found) return *found;
  const bool unknown = group == "*" ? !known.stale.empty() : known.stale.contains(group);
  if (unknown) {
    return Error{ErrorKind::Unavailable,
                 "the server that may serve " + name_of(group, version, kind) + " does not answer",
                 {},
                 {}};
  }
  return Error{ErrorKind::NotFound, name_of(group, version, kind) + " is not served", {}, {}};
}

}  // namespace

RestMapper::RestMapper(std::shared_ptr<Client> client,
                       std::function<Instant()> now,
                       Duration refresh_every)
    : state_(std::make_shared<State>()) {
  state_->client = std::move(client);
  state_->now = std::move(now);
  state_->refresh_every = refresh_every;
}

RestMapper::State::Look RestMapper::State::look(const std::string& group,
                                                const std::string& version,
                                                const std::string& kind) const {
  const std::lock_guard lock(mutex);
  const auto younger_than = [this](Duration age) { return asked_at && now() - *asked_at < age; };
  Look out;
  if (known) {
    out.answer = search(*known, group, version, kind);
    const bool there = out.answer->ok() || out.answer->error().kind == ErrorKind::Invalid;
    out.usable = there;
    out.good = there ? !doubted || younger_than(refresh_every)
                     : !failure && younger_than(wait_for(name_of(group, version, kind)));
    if (there || out.good) return out;
  }
  out.good = failure && younger_than(std::min(refresh_every, kAfterFailure));
  if (failure) out.answer = *failure;
  return out;
}

Outcome RestMapper::refresh() {
  State& state = *state_;
  const Instant asked_at = state.now();
  auto found = discover(*state.client);
  const std::lock_guard lock(state.mutex);
  state.asked_at = asked_at;
  if (!found) {
    state.failure = found.error();
    return found.error();
  }
  state.failure.reset();
  state.doubted = false;
  state.known = std::make_shared<const Discovered>(std::move(*found));
  return Done{};
}

Result<std::vector<Resource>> RestMapper::all() {
  const std::lock_guard one_at_a_time(state_->refreshing);
  if (auto asked = refresh(); !asked) return asked.error();
  const std::lock_guard lock(state_->mutex);
  std::vector<Resource> all;
  std::set<std::pair<std::string, std::string>> names;
  for (const Resource& one : state_->known->resources) {
    if (names.emplace(one.group, one.kind).second) all.push_back(one);
  }
  return all;
}

Result<Resource> RestMapper::find(const std::string& group,
                                  const std::string& version,
                                  const std::string& kind) {
  State::Look known = state_->look(group, version, kind);
  if (known.good) return *std::move(known.answer);
  std::unique_lock one_at_a_time(state_->refreshing, std::defer_lock);
  if (!known.usable) {
    one_at_a_time.lock();
    known = state_->look(group, version, kind);
    if (known.good) return *std::move(known.answer);  // somebody else has just asked
  } else if (!one_at_a_time.try_lock()) {
    return *std::move(known.answer);  // only doubted: nobody waits for who asks
  }
  if (auto asked = refresh(); !asked)
    return known.usable ? *std::move(known.answer) : Result<Resource>(asked.error());
  const std::lock_guard lock(state_->mutex);
  auto found = search(*state_->known, group, version, kind);
  state_->note(name_of(group, version, kind), found.ok());
  return found;
}

void RestMapper::doubt() {
  const std::lock_guard lock(state_->mutex);
  state_->doubted = true;
}

}  // namespace doorbuster::kube
