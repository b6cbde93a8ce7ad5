#pragma once

#include "operator/base/instant.h"
#include "operator/base/log.h"
#include "operator/kube/client.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace doorbuster::kube {

/// The object that an event is about.
struct Regarding {
  std::string api_version, kind, ns, name, uid;
};

/// One thing worth telling people who look at an object. Two with the same object uid, type,
/// reason, action and `about` are one event that happened again; the note is not part of that.
struct EventNote {
  Regarding regarding;
  bool warning = false;
  std::string reason;  ///< UpperCamelCase, stable, at most 128 bytes
  std::string action;  ///< what was done or tried, UpperCamelCase, at most 128 bytes
  std::string note;    ///< for people; cut to 1024 bytes
  std::string about;   ///< tells apart what one reason covers, e.g. the target's name; may be empty
};

struct EventSettings {
  std::string controller = "doorbuster.dev/doorbuster";  ///< reportingController
  std::string instance;                                  ///< reportingInstance
  Duration hold_back{0};          ///< a new event is written this long after it was recorded: never
                                  ///< in the way of what it tells of
  Duration update_every{30'000};  ///< a repeated event's series is written at most this often
  Duration series_ends{360'000};  ///< silence after which the next one is a new event
  std::size_t queue = 1'000;      ///< events waiting; more are dropped and counted
  std::size_t remembered = 4'096;  ///< events known for deduplication
  int tries = 3;
  Duration between_tries{1'000};
  Duration timeout{2'000};  ///< of one write; stopping may wait as long
};

/// Writes events.k8s.io/v1 Events on a thread of its own. Recording never blocks and never fails:
/// what cannot be written is dropped and counted. Thread-safe.
class EventRecorder {
 public:
  struct Counts {
    std::uint64_t recorded = 0, created = 0, updated = 0, dropped = 0, failed = 0;
  };
  EventRecorder(std::shared_ptr<Client> client,
                EventSettings settings,
                std::function<Instant()> now,
                Log log);
  ~EventRecorder();  ///< stops

  void record(EventNote note);
  /// Writes what is due within `at_most`, then ends the thread. Repeatable.
  void stop(Duration at_most = Duration(1'000));
  Counts counts() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace doorbuster::kube
