#include "controllers/reconciler/rooms.h"

#include "controllers/planner/lowering.h"
#include "controllers/reconciler/zones.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr std::chrono::milliseconds kWait{1'000};  ///< between two looks at what lies ahead
constexpr int kIdleWaits = 5;                      ///< where nobody pokes

bool is_near(Instant edge, Instant now) {
  return edge - now <= kRoomQuiet && now - edge < kRoomAfterEdge;
}

}  // namespace

bool RoomTimes::ahead(Instant now) const { return now < start && start - now <= kRoomAhead; }

Duration RoomTimes::fresh(Instant now) const {
  return prepare - now <= kRoomSoon ? kRoomFreshSoon : kRoomFresh;
}

bool RoomTimes::quiet(Instant now) const { return is_near(prepare, now) || is_near(start, now); }

RoomWanted room_wanted(const planner::Event& event) {
  RoomWanted out;
  if (!event.spec.ok()) return out;
  out.namespaces.insert(event.ref.ns);
  for (const api::TargetSpec& one : event.spec->capacity.targets) {
    if (one.ref) out.owners.insert({event.ref.ns, one.ref->kind, one.ref->name});
  }
  // Of those that a selector finds the rows tell.
  for (const api::TargetStatus& row : event.status.targets) {
    if (const auto found = planner::workload_told(row); found && found->ns == event.ref.ns)
      out.owners.insert({found->ns, found->kind, found->name});
  }
  return out;
}

Rooms::~Rooms() { stop(); }

void Rooms::start() {
  thread_ = std::thread([this] { run(); });
}

void Rooms::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Rooms::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  changed_.notify_all();
}

Rooms::Ahead Rooms::look_ahead() const {
  Ahead out;
  const Instant now = parts_.now();
  for (const auto& [key, event] : parts_.events->all()) {
    if (!event || event->deleting || !event->spec.ok()) continue;
    const auto window = resolve_window(event->spec->window);
    if (!window.ok()) continue;
    const RoomTimes times{window->prepare, window->start};
    // Of all: also one further ahead may prepare now.
    out.quiet = out.quiet || times.quiet(now);
    if (!times.ahead(now)) continue;
    RoomWanted wanted = room_wanted(*event);
    out.wanted.namespaces.merge(wanted.namespaces);
    out.wanted.owners.merge(wanted.owners);
    out.fresh = std::min(out.fresh, times.fresh(now));
    out.events.emplace(key, times);
  }
  return out;
}

bool Rooms::is_due(const Ahead& ahead) {
  const std::lock_guard lock(mutex_);
  const Instant now = parts_.now();
  if (ahead.events.empty()) {
    room_.reset();
    shown_.clear();
    covered_ = {};
    since_.reset();
    return false;
  }
  if (!since_) since_ = now;
  if (!read_at_ || now < *read_at_)  // never yet, or the clock was set back
    return !ahead.quiet || now - *since_ > kRoomPatience;
  const bool lacks = room_ && !covered_.covers(ahead.wanted);
  const Duration fresh = !room_ ? kRoomRetry : lacks ? kRoomLeast : ahead.fresh;
  const Duration over = now - *read_at_ - std::max(fresh, rest_);
  return over >= Duration(0) && (!ahead.quiet || over > kRoomPatience);
}

void Rooms::read(const Ahead& ahead) {
  const Duration began = parts_.steady();
  const auto stop = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_ || !parts_.leading();
  };
  auto room = fetch_room(*parts_.client, *parts_.kinds, ahead.wanted, stop);
  if (!room.ok()) parts_.log({LogLevel::Debug, "room not read", {{"error", room.error().message}}});
  const std::lock_guard lock(mutex_);
  read_at_ = parts_.now();
  rest_ = (parts_.steady() - began) * kRoomRest;
  if (!room.ok()) {
    rest_ = std::max(rest_, kRoomRetry);
    return;
  }
  room_ = std::move(room).value();
  covered_ = ahead.wanted;
}

void Rooms::tell(const Ahead& ahead) {
  const Instant now = parts_.now();
  for (const auto& [key, times] : ahead.events) {
    {
      const std::lock_guard lock(mutex_);
      const auto last = shown_.find(key);
      if (last != shown_.end() && now - last->second.at < times.fresh(now)) continue;
    }
    parts_.look_again(key);
  }
}

bool Rooms::wait() {
  std::unique_lock lock(mutex_);
  // At least once: many events that change make one look.
  for (int i = 0; i < kIdleWaits && (i == 0 || !poked_); ++i) {
    changed_.wait_for(lock, kWait, [this] { return stopping_; });
    if (stopping_) return false;
  }
  poked_ = false;
  return true;
}

void Rooms::run() {
  do {
    const Ahead ahead = parts_.leading() ? look_ahead() : Ahead{};
    if (!is_due(ahead)) continue;
    read(ahead);
    tell(ahead);
  } while (wait());
}

std::shared_ptr<const planner::Room> Rooms::show(const planner::Event& event,
                                                 const planner::Window& window) {
  const Instant now = parts_.now();
  const RoomTimes times{window.prepare, window.start};
  const std::lock_guard lock(mutex_);
  if (!room_ || !times.ahead(now) || times.quiet(now)) return nullptr;
  if (!covered_.covers(room_wanted(event))) return nullptr;
  Shown& last = shown_[{event.ref.ns, event.ref.name}];
  const bool anew = last.generation != event.generation;
  const bool newer = last.room != room_ && now - last.at >= times.fresh(now);
  if (anew || newer) {
    last = {room_, event.generation, now};
  } else if (now - last.at >= kRoomShown) {
    return nullptr;
  }
  return last.room;
}

void Rooms::forget(const kube::Key& event) {
  const std::lock_guard lock(mutex_);
  shown_.erase(event);
}

}  // namespace doorbuster::reconciler
