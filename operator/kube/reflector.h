#pragma once

#include "operator/base/instant.h"
#include "operator/base/log.h"
#include "operator/kube/sink.h"
#include "operator/kube/transport.h"
#include "operator/kube/watch.h"

#include <functional>
#include <memory>
#include <string>

namespace doorbuster::kube {

/// Where watches take time and chance from.
struct WatchWorld {
  std::shared_ptr<Transport> transport;
  std::function<Instant()> now;    ///< wall clock
  std::function<double()> jitter;  ///< in [0, 1); called on the I/O thread
  Log log;                         ///< may be empty
};

/// Lists and watches one kind in one namespace (empty: all) into a sink, until stopped. All work is
/// done on the transport's I/O thread; no thread of its own.
class Reflector {
 public:
  Reflector(WatchWorld world,
            Resource resource,
            std::string ns,
            std::shared_ptr<Sink> sink,
            WatchSettings settings = {});
  ~Reflector();  ///< stops
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  /// After it returns the sink is called no more, but for one on_state(Stopped) that it makes
  /// itself. From within a callback of this reflector's sink it returns at once. Repeatable.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace doorbuster::kube
