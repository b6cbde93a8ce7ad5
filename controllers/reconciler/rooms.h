#pragma once

#include "controllers/planner/plan.h"
#include "controllers/reconciler/room_fetch.h"
#include "operator/base/log.h"
#include "operator/kube/store.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace doorbuster::reconciler {

/// Room is read only for sales that start within this time.
inline constexpr Duration kRoomAhead = std::chrono::hours(24 * 14);
/// How old it may get, and in the last hour before preparation and until the start.
inline constexpr Duration kRoomFresh = std::chrono::minutes(5);
inline constexpr Duration kRoomFreshSoon = std::chrono::minutes(1);
inline constexpr Duration kRoomSoon = std::chrono::hours(1);
/// For an event that the last reading did not think of it is read anew, not sooner than this; a
/// failed one is tried again after the second; after one that took long comes a rest of so many
/// times what it took.
inline constexpr Duration kRoomLeast = std::chrono::seconds(5);
inline constexpr Duration kRoomRetry = std::chrono::seconds(30);
inline constexpr int kRoomRest = 20;
/// Nothing is read or judged so long before an edge of any window, nor right at it: what is due
/// then has the cluster and the processor for itself. One reading is kept back no longer than
/// kRoomPatience.
inline constexpr Duration kRoomQuiet = std::chrono::minutes(1);
inline constexpr Duration kRoomAfterEdge = std::chrono::seconds(5);
inline constexpr Duration kRoomPatience = std::chrono::minutes(1);
/// A reading is shown to an event for so long: a round that could not read everything, or whose
/// status was not taken, comes again within it.
inline constexpr Duration kRoomShown = std::chrono::seconds(15);

/// When an event's room is to be read and judged: arithmetic alone.
struct RoomTimes {
  Instant prepare, start;
  bool ahead(Instant now) const;  ///< it starts within kRoomAhead
  Duration fresh(Instant now) const;
  bool quiet(Instant now) const;  ///< an edge is near
};

/// Reads the cluster's room on a thread of its own while a sale lies ahead, and shows it to the
/// rounds of those sales. Nothing is read, and nothing kept, while none does. Thread-safe.
class Rooms {
 public:
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<Kinds> kinds;
    std::shared_ptr<kube::Store<planner::Event>> events;
    std::function<Instant()> now;
    std::function<Duration()> steady;
    std::function<bool()> leading;
    std::function<void(const kube::Key&)> look_again;  ///< at this event
    Log log;
  };
  explicit Rooms(Parts parts) : parts_(std::move(parts)) {}
  ~Rooms();  ///< stops

  void start();
  void stop();
  /// An event came, changed or went, or we lead now.
  void poke();

  /// What an event's round is to judge now; null: nothing new since it was judged.
  std::shared_ptr<const planner::Room> show(const planner::Event& event,
                                            const planner::Window& window);
  void forget(const kube::Key& event);

 private:
  /// What lies ahead.
  struct Ahead {
    RoomWanted wanted;
    std::map<kube::Key, RoomTimes> events;
    Duration fresh = kRoomFresh;
    bool quiet = false;
  };
  struct Shown {
    std::shared_ptr<const planner::Room> room;
    std::int64_t generation = -1;
    Instant at;
  };
  void run();
  /// False: to stop.
  bool wait();
  Ahead look_ahead() const;
  /// Is it time to read? What is not needed any more is dropped.
  bool is_due(const Ahead& ahead);
  void read(const Ahead& ahead);
  void tell(const Ahead& ahead);

  Parts parts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, poked_ = false;
  std::shared_ptr<const planner::Room> room_;
  RoomWanted covered_;              ///< by room_
  std::optional<Instant> read_at_;  ///< last, or last tried
  Duration rest_{};                 ///< from then on
  std::optional<Instant> since_;    ///< something lies ahead
  std::map<kube::Key, Shown> shown_;
  std::thread thread_;
};

/// Whose room an event asks for.
RoomWanted room_wanted(const planner::Event& event);

}  // namespace doorbuster::reconciler
