#pragma once

#include "operator/base/instant.h"
#include "operator/base/log.h"
#include "operator/kube/client.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace doorbuster::kube {

/// Time since boot, suspended time included (CLOCK_BOOTTIME): no step of the wall clock moves it.
using SinceBoot = Duration;
SinceBoot since_boot();

struct LeaseSettings {
  std::string ns, name = "doorbuster";
  std::string identity;    ///< unique to this process, e.g. pod name and a random number
  Duration lasts{15'000};  ///< others wait this long after our last renewal
  Duration renew_within{
      10'000};            ///< we stop writing this long after the last successful renewal was sent
  Duration retry{2'000};  ///< between attempts
};
/// lasts > renew_within > 1.2 x retry, whole seconds for lasts, names present; else Invalid.
Outcome check(const LeaseSettings& settings);

/// What one process knows of the lease. Times are its own clock's: when it saw something, never
/// what others wrote.
struct LeaseView {
  bool known = false;  ///< it has been read, or found missing, at least once
  bool exists = false;
  std::string holder;      ///< empty: released
  Duration lasts{15'000};  ///< as its holder wrote it
  SinceBoot changed{};     ///< when we first saw it as it is
  std::optional<SinceBoot>
      renewed;  ///< when our last successful renewal was sent; nothing: we do not lead
};

enum class LeaseMove {
  Acquire,  ///< it is free or has run out: try to take it
  Renew,
  Wait,  ///< read it again later
  Lost,  ///< we led and may not any longer
};
LeaseMove decide(const LeaseView& view, const LeaseSettings& settings, SinceBoot now);

/// Leader election on a coordination.k8s.io/v1 Lease, on a thread of its own.
///
/// Guarantees: two electors with clocks of the same rate never both pass the gate; a loss is
/// noticed without the API server. Caveat: a request that the API server has already queued may
/// still take effect after the lease ran out, so every write carries its own precondition as well.
class Elector {
 public:
  struct World {
    std::shared_ptr<Client>
        client;  ///< with a connection of its own and no gate: a bulk list must not delay a renewal
    std::function<SinceBoot()> since_boot;  ///< decides
    std::function<Instant()> now;           ///< only written into the lease, for people
    std::function<double()> jitter;         ///< in [0, 1)
    Log log;
  };
  struct Callbacks {
    std::function<void()> elected;  ///< on the elector's thread
    std::function<void(const std::string& why)>
        lost;  ///< at once, once for each election; not after stop()
    std::function<void(const std::string& identity)>
        leader;  ///< whoever it is now; may be left out
  };
  Elector(LeaseSettings settings, World world, Callbacks callbacks);
  ~Elector();  ///< stops

  void start();
  /// Closes the gate, and if it leads gives the lease back so that a successor need not wait. Call
  /// it when the last write has been answered.
  void stop();
  bool leading() const;                           ///< would the gate let a write through now?
  std::string leader() const;                     ///< last seen holder
  std::optional<Duration> since_renewal() const;  ///< while leading

  /// For Client: lets a write pass while the last successful renewal was sent less than
  /// renew_within ago, and caps its time so that it ends before the lease runs out. It may outlive
  /// the elector (then it refuses).
  WriteGate gate() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace doorbuster::kube
