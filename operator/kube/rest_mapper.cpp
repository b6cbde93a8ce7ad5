#include "operator/kube/discovery.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace doorbuster::kube {
namespace {

constexpr Duration kMissedAgain{2'000};      ///< a kind that is missing is looked for again so soon
constexpr std::size_t kMissedKinds = 1'000;  ///< whose pace is remembered

}  // namespace

struct RestMapper::State {
  std::shared_ptr<Client> client;
  std::function<Instant()> now;
  Duration refresh_every;

  std::mutex refreshing;  // held over the network; taken before mutex
  std::mutex mutex;       // everything below
  std::shared_ptr<const Discovered> known;
  std::optional<Instant> asked_at;        // the last attempt
  std::optional<Error> failure;           // how it ended, when it failed
  std::map<std::string, Duration> waits;  // by name: how old the discovery may be that lacks it

  Duration wait_for(const std::string& name) const {
    const auto found = waits.find(name);
    return found == waits.end() ? std::min(kMissedAgain, refresh_every) : found->second;
  }
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

Result<Resource> RestMapper::find(const std::string& group,
                                  const std::string& version,
                                  const std::string& kind) {
  State& state = *state_;
  const std::string name = name_of(group, version, kind);
  const auto look = [&]() -> std::optional<Result<Resource>> {
    const std::lock_guard lock(state.mutex);
    if (state.known) {
      auto found = search(*state.known, group, version, kind);
      if (found || found.error().kind == ErrorKind::Invalid) return found;
      if (!state.failure && state.asked_at && state.now() - *state.asked_at < state.wait_for(name))
        return found;
    }
    if (state.failure && state.asked_at &&
        state.now() - *state.asked_at < std::min(state.refresh_every, kAfterFailure)) {
      return Result<Resource>(*state.failure);
    }
    return std::nullopt;
  };
  if (auto known = look()) return *std::move(known);
  const std::lock_guard one_at_a_time(state.refreshing);
  if (auto known = look()) return *std::move(known);  // somebody else has just asked
  const Instant asked_at = state.now();
  auto found = discover(*state.client);
  const std::lock_guard lock(state.mutex);
  state.asked_at = asked_at;
  if (!found) {
    state.failure = found.error();
    return found.error();
  }
  state.failure.reset();
  state.known = std::make_shared<const Discovered>(std::move(*found));
  auto answer = search(*state.known, group, version, kind);
  state.note(name, answer.ok());
  return answer;
}

void RestMapper::forget() {
  const std::lock_guard lock(state_->mutex);
  state_->known.reset();
  state_->failure.reset();
  state_->asked_at.reset();
}

}  // namespace doorbuster::kube
