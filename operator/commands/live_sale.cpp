#include "operator/commands/live_sale.h"

#include "controllers/reconciler/actions.h"
#include "controllers/reconciler/cluster_world.h"
#include "controllers/reconciler/zones.h"
#include "operator/base/json_read.h"
#include "operator/commands/cluster_objects.h"
#include "operator/commands/cluster_scenario.h"
#include "operator/kube/reflector.h"
#include "operator/kube/store.h"

#include <CLI/CLI.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace doorbuster::commands {
namespace {

using std::chrono::seconds;

/// An operator renews its lease every 2 s; another takes over after 15.
constexpr Duration kOperatorSilent = seconds(30);
/// The API server sends a bookmark about once a minute where nothing changes.
constexpr Duration kServerSilent = seconds(150);
constexpr double kNoJitter = 0.5;

constexpr std::size_t kMostOfAKind = 10'000;  ///< of one namespace

struct Beat {
  std::string renewed;
};

kube::Resource leases() {
  kube::Resource out;
  out.group = "coordination.k8s.io";
  out.version = "v1";
  out.plural = "leases";
  out.kind = "Lease";
  return out;
}

Result<Beat> beat_of(const kube::Meta&, std::string_view text) {
  const auto root = JsonView::parse(text);
  if (!root.ok()) return root.error();
  return Beat{text_at(*root, "/spec/renewTime")};
}

Result<api::SaleAction> action_of(const kube::Meta&, std::string_view text) {
  api::Reading read = api::read_sale_action(text);
  if (read.action) return std::move(*read.action);
  return Error{
      .kind = ErrorKind::Invalid, .message = "not readable", .causes = {}, .retry_after = {}};
}

/// Empty where nothing is wrong; `Stopped` is one that has not begun yet.
std::string trouble_of(const kube::WatchReport& report) {
  switch (report.state) {
    case kube::WatchState::Starting:
    case kube::WatchState::Current:
    case kube::WatchState::Stopped:
      return "";
    case kube::WatchState::Retrying:
    case kube::WatchState::Denied:
    case kube::WatchState::NotServed:
    case kube::WatchState::TooMany:
      break;
  }
  return report.why.empty() ? kube::to_string(report.state) : report.why;
}

std::string silent_operator(const LeaseName& lease) {
  return "the operator is silent: its lease " + lease.ns + "/" + lease.name + " is not renewed";
}

bool is_pending(const api::SaleAction& one, const std::string& event) {
  return one.spec.event == event && !one.status.completed_at && one.status.state != "Refused";
}

std::function<Duration(Instant)> offset_of(const api::WindowSpec& window) {
  return [window](Instant at) { return reconciler::offset_at(window, at); };
}

Error unavailable(ErrorKind kind, std::string message) {
  return {.kind = kind, .message = std::move(message), .causes = {}, .retry_after = {}};
}

SeenByObject seen_once(const Connected& connected) {
  SeenByObject out;
  for (const kube::Resource& kind : kinds_with_replicas()) {
    const auto all = all_of(*connected.client, kind, connected.ns, kMostOfAKind);
    for (const Doc& one : all.ok() ? *all : std::vector<Doc>{}) {
      const auto read = replicas_of(kind, one->text());
      const kube::Key key{connected.ns, one->string("/metadata/name")};
      if (read.ok()) out.emplace(object_name(kind, key), *read);
    }
  }
  return out;
}

std::vector<api::SaleAction> pending_once(const Connected& connected, const std::string& event) {
  std::vector<api::SaleAction> out;
  const auto all =
      all_of(*connected.client, reconciler::sale_actions(), connected.ns, kMostOfAKind);
  for (const Doc& one : all.ok() ? *all : std::vector<Doc>{}) {
    auto read = action_of({}, one->text());
    if (read.ok() && is_pending(*read, event)) out.push_back(std::move(read).value());
  }
  return out;
}

}  // namespace

std::optional<LeaseName> lease_name_of(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) return std::nullopt;
  return LeaseName{text.substr(0, slash), text.substr(slash + 1)};
}

void add_lease_option(CLI::App& command, std::string& lease) {
  command
      .add_option("--operator-lease",
                  lease,
                  "the Lease (NAMESPACE/NAME) by which a silent operator is known, where it may be "
                  "read; empty: none")
      ->capture_default_str();
}

Result<SaleLook> look_once(const Connected& connected,
                           const std::string& name,
                           const Around& around,
                           const std::function<Instant()>& now) {
  auto event = event_of_cluster(*connected.client, connected.ns, name);
  if (!event.ok()) return event.error();
  const Instant at = now();
  SaleLook out{.event = *event,
               .actions = {},
               .replicas = around.objects ? seen_once(connected) : SeenByObject{},
               .now = at,
               .observed = at,
               .silent = "",
               .offset = offset_of(event->spec.window)};
  if (around.objects) out.actions = pending_once(connected, name);
  const auto& lease = around.lease;
  if (!lease) return out;
  const auto found = connected.client->get(leases(), {lease->ns, lease->name});
  if (!found.ok()) return out;
  const auto beat = beat_of(found->meta, found->text);
  const auto renewed = beat.ok() ? parse_rfc3339(beat->renewed) : std::nullopt;
  if (!renewed) return out;
  out.observed = std::min(at, *renewed);
  if (at - *renewed > kOperatorSilent) out.silent = silent_operator(*lease);
  return out;
}

/// What the watches feed; they may outlive nothing of it.
struct LiveSale::State {
  State(std::string ns_of, std::string name_of, std::function<Instant()> clock, Around with)
      : ns(std::move(ns_of)),
        name(std::move(name_of)),
        now(std::move(clock)),
        settings(std::move(with)),
        wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~State() {
    if (wake >= 0) close(wake);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void tell() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake, &one, sizeof one);  // full: told already
  }

  void fill();
  void begin(const kube::WatchWorld& world);
  std::vector<api::SaleAction> pending() const;
  SeenByObject seen() const;
  std::string silent(Instant at) const;
  Instant observed(Instant at) const;

  std::string ns, name;
  std::function<Instant()> now;
  Around settings;
  int wake;
  std::shared_ptr<kube::Store<api::SaleEvent>> events;
  std::shared_ptr<kube::Store<api::SaleAction>> actions;
  std::vector<std::shared_ptr<kube::Store<ReplicasSeen>>> replicas;
  std::shared_ptr<kube::Store<Beat>> beats;
  std::atomic<Instant> beat_at{Instant{}};  ///< when the lease was last seen renewed; 0: never
  std::vector<std::unique_ptr<kube::Reflector>> watches;
};

void LiveSale::State::fill() {
  events = std::make_shared<kube::Store<api::SaleEvent>>(
      [](const kube::Meta&, std::string_view text) { return api::sale_event_of(text); });
  events->on_change([this](const kube::Key& key, const auto&, const auto&) {
    if (key.name == name) tell();
  });
  events->on_watch_state([this](const std::string&, const kube::WatchReport&) { tell(); });
  events->on_listed([this](const std::string&) { tell(); });
  actions = std::make_shared<kube::Store<api::SaleAction>>(action_of);
  actions->on_change([this](const kube::Key&, const auto&, const auto&) { tell(); });
  for (const kube::Resource& kind : kinds_with_replicas()) {
    replicas.push_back(std::make_shared<kube::Store<ReplicasSeen>>(
        [kind](const kube::Meta&, std::string_view text) { return replicas_of(kind, text); }));
    replicas.back()->on_change([this](const kube::Key&, const auto& before, const auto& after) {
      if (before == nullptr || after == nullptr || *before != *after) tell();
    });
  }
  beats = std::make_shared<kube::Store<Beat>>(beat_of);
  beats->on_change([this](const kube::Key& key, const auto& before, const auto& after) {
    if (!settings.lease || key.name != settings.lease->name || !after) return;
    // The operator's clock may differ from ours: but for the first time, ours counts.
    const auto written = parse_rfc3339(after->renewed);
    const bool first = before == nullptr;
    if (first && written) beat_at = std::min(now(), *written);
    if (!first && before->renewed != after->renewed) beat_at = now();
  });
}

void LiveSale::State::begin(const kube::WatchWorld& world) {
  watches.push_back(
      std::make_unique<kube::Reflector>(world, reconciler::sale_events(), ns, events));
  if (settings.objects) {
    watches.push_back(
        std::make_unique<kube::Reflector>(world, reconciler::sale_actions(), ns, actions));
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      watches.push_back(
          std::make_unique<kube::Reflector>(world, kinds_with_replicas()[i], ns, replicas[i]));
    }
  }
  if (settings.lease)
    watches.push_back(
        std::make_unique<kube::Reflector>(world, leases(), settings.lease->ns, beats));
  for (const auto& one : watches) one->start();
}

std::vector<api::SaleAction> LiveSale::State::pending() const {
  std::vector<api::SaleAction> out;
  for (const auto& [key, one] : actions->all()) {
    if (key.ns == ns && is_pending(*one, name)) out.push_back(*one);
  }
  return out;
}

SeenByObject LiveSale::State::seen() const {
  SeenByObject out;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    // A view that is not kept up to date is none.
    if (replicas[i]->report(ns).state != kube::WatchState::Current) continue;
    for (const auto& [key, one] : replicas[i]->all())
      out.emplace(object_name(kinds_with_replicas()[i], key), *one);
  }
  return out;
}

/// Without ages: the same text as long as the same is wrong.
std::string LiveSale::State::silent(Instant at) const {
  if (const std::string why = trouble_of(events->report(ns)); !why.empty())
    return "the API server does not tell of changes (" + why + ")";
  const Instant beat = beat_at;
  if (beat != Instant{} && at - beat > kOperatorSilent) return silent_operator(*settings.lease);
  if (at - events->last_heard(ns) > kServerSilent) return "the API server is silent";
  return "";
}

Instant LiveSale::State::observed(Instant at) const {
  const Instant beat = beat_at, heard = events->last_heard(ns);
  const bool current = events->report(ns).state == kube::WatchState::Current;
  return std::min(at, beat == Instant{} ? heard : current ? beat : std::min(beat, heard));
}

LiveSale::LiveSale(const Connected& connected,
                   const std::string& name,
                   const std::function<Instant()>& now,
                   Around around)
    : state_(std::make_unique<State>(connected.ns, name, now, std::move(around))) {
  state_->fill();
  const kube::WatchWorld world{
      .transport = connected.transport, .now = now, .jitter = [] { return kNoJitter; }, .log = {}};
  state_->begin(world);
}

LiveSale::~LiveSale() {
  for (const auto& one : state_->watches) one->stop();
}

int LiveSale::changed() const { return state_->wake; }

void LiveSale::calm() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(state_->wake, &count, sizeof count);
}

void LiveSale::await_change(Duration at_most) {
  pollfd one{.fd = state_->wake, .events = POLLIN, .revents = 0};
  poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(at_most.count(), 0, 60'000)));
  calm();
}

std::string LiveSale::trouble() const { return trouble_of(state_->events->report(state_->ns)); }

Result<std::optional<SaleLook>> LiveSale::look() const {
  const State& state = *state_;
  const kube::WatchReport seen = state.events->report(state.ns);
  if (!state.events->synced(state.ns)) {
    const bool denied = seen.state == kube::WatchState::Denied;
    const bool absent = seen.state == kube::WatchState::NotServed;
    const ErrorKind kind = denied   ? ErrorKind::Denied
                           : absent ? ErrorKind::NotFound
                                    : ErrorKind::Unavailable;
    return unavailable(kind, seen.why.empty() ? "not listed yet" : seen.why);
  }
  const auto entry = state.events->find({state.ns, state.name});
  if (!entry) return std::optional<SaleLook>();
  if (!entry->value) return unavailable(ErrorKind::Invalid, entry->unreadable);
  const Instant at = state.now();
  const auto event = entry->value;
  return std::optional(SaleLook{.event = *event,
                                .actions = state.pending(),
                                .replicas = state.seen(),
                                .now = at,
                                .observed = state.observed(at),
                                .silent = state.silent(at),
                                .offset = offset_of(event->spec.window)});
}

}  // namespace doorbuster::commands
