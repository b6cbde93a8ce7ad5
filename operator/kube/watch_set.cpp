#include "operator/kube/watch_set.h"

#include <map>
#include <mutex>
#include <utility>

namespace doorbuster::kube {
namespace {

/// Counts what passes on its way to the real sink.
class CountingSink final : public Sink {
 public:
  explicit CountingSink(std::shared_ptr<Sink> next) : next_(std::move(next)) {}

  void on_page(const std::string& ns, const ListedPage& page) override {
    if (page.last)
      count([&](RunningWatch& watch) { ++watch.lists, watch.last_heard = page.as_of; });
    next_->on_page(ns, page);
  }
  void on_upsert(const std::string& ns, const ObjectView& object, Instant at) override {
    count([&](RunningWatch& watch) { ++watch.events, watch.last_heard = at; });
    next_->on_upsert(ns, object, at);
  }
  void on_delete(const std::string& ns, const ObjectView& last, Instant at) override {
    count([&](RunningWatch& watch) { ++watch.events, watch.last_heard = at; });
    next_->on_delete(ns, last, at);
  }
  void on_bookmark(const std::string& ns, const std::string& version, Instant at) override {
    count([&](RunningWatch& watch) { watch.last_heard = at; });
    next_->on_bookmark(ns, version, at);
  }
  void on_state(const std::string& ns, const WatchReport& report) override {
    count([&](RunningWatch& watch) {
      watch.report = report;
      if (report.state != WatchState::Starting && report.state != WatchState::Current)
        ++watch.failures;
    });
    next_->on_state(ns, report);
  }
  void on_undecodable(const std::string& ns, const std::string& why) override {
    count([](RunningWatch& watch) { ++watch.undecodable; });
    next_->on_undecodable(ns, why);
  }
  RunningWatch counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  template <class F>
  void count(F change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
  }
  std::shared_ptr<Sink> next_;
  mutable std::mutex mutex_;
  RunningWatch counts_;
};

}  // namespace

struct WatchSet::State : std::enable_shared_from_this<WatchSet::State> {
  using Name = std::pair<Resource, std::string>;
  struct Watch {
    std::shared_ptr<CountingSink> sink;
    std::shared_ptr<Reflector> reflector;
    int claims = 0;
    std::uint64_t lingering = 0;  ///< which release its linger belongs to
  };

  /// Ends a claim when it goes; the set may have gone before.
  struct ClaimEnd {
    ClaimEnd(std::weak_ptr<State> set, Name watch)
        : state(std::move(set)), name(std::move(watch)) {}
    ~ClaimEnd() {
      if (const auto alive = state.lock()) alive->released(name);
    }
    ClaimEnd(const ClaimEnd&) = delete;
    ClaimEnd& operator=(const ClaimEnd&) = delete;
    std::weak_ptr<State> state;
    Name name;
  };

  State(WatchWorld given, WatchSettings chosen, Duration span)
      : world(std::move(given)), settings(chosen), linger(span) {}

  void released(const Name& name) {
    std::uint64_t number = 0;
    {
      const std::lock_guard lock(mutex);
      const auto found = watches.find(name);
      if (found == watches.end() || --found->second.claims > 0) return;
      number = found->second.lingering = ++releases;
    }
    world.transport->post(linger, [weak = weak_from_this(), name, number] {
      if (const auto self = weak.lock()) self->lingered(name, number);
    });
  }

  void lingered(const Name& name, std::uint64_t number) {
    std::shared_ptr<Reflector> ended;
    {
      const std::lock_guard lock(mutex);
      const auto found = watches.find(name);
      if (found == watches.end() || found->second.claims > 0 || found->second.lingering != number)
        return;
      ended = found->second.reflector;
    }
    // Stopped before it leaves the map, so that a new watch of the same sink cannot begin before
    // the old one's end.
    ended->stop();
    finished(name);
  }

  void finished(const Name& name) {
    const std::lock_guard lock(mutex);
    const auto found = watches.find(name);
    if (found == watches.end()) return;
    if (found->second.claims > 0 && !stopped) {
      begin(name, found->second);  // claimed again meanwhile
    } else {
      watches.erase(found);
    }
  }

  void begin(const Name& name, Watch& watch) {
    watch.reflector =
        std::make_shared<Reflector>(world, name.first, name.second, watch.sink, settings);
    watch.reflector->start();
  }

  WatchWorld world;
  WatchSettings settings;
  Duration linger;
  mutable std::mutex mutex;
  std::map<Name, Watch> watches;
  std::uint64_t releases = 0;
  bool stopped = false;
};

WatchSet::WatchSet(WatchWorld world, WatchSettings settings, Duration linger)
    : state_(std::make_shared<State>(std::move(world), settings, linger)) {}

WatchSet::~WatchSet() { stop(); }

WatchClaim WatchSet::acquire(const Resource& resource,
                             const std::string& ns,
                             std::shared_ptr<Sink> sink) {
  const State::Name name{resource, ns};
  const std::lock_guard lock(state_->mutex);
  if (state_->stopped) return {};
  const auto [place, fresh] = state_->watches.try_emplace(name);
  if (fresh) {
    place->second.sink = std::make_shared<CountingSink>(std::move(sink));
    state_->begin(name, place->second);
  }
  ++place->second.claims;
  return WatchClaim(std::make_shared<State::ClaimEnd>(state_, name));
}

std::vector<RunningWatch> WatchSet::running() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<RunningWatch> all;
  for (const auto& [name, watch] : state_->watches) {
    RunningWatch one = watch.sink->counts();
    one.resource = name.first;
    one.ns = name.second;
    one.claims = watch.claims;
    all.push_back(std::move(one));
  }
  return all;
}

void WatchSet::stop() {
  std::map<State::Name, State::Watch> ended;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    ended.swap(state_->watches);
  }
  for (auto& [name, watch] : ended) watch.reflector->stop();
}

}  // namespace doorbuster::kube
