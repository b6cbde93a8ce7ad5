#pragma once

#include "operator/base/random.h"
#include "tests/simulation/history.h"

namespace doorbuster::simulation {

/// Whole seconds, both ends included.
Duration between(Random&, Duration low, Duration high);

/// Writes a history's script: each call adds one thing that somebody does, with what goes with it.
class Script {
 public:
  Script(Random& random, History& history) : random_(random), history_(history) {}

  void by_author();
  void by_others();
  void by_demand();
  void by_weather();
  void by_mishap();

 private:
  /// Whom others are at, when, and with which field of it.
  struct Place {
    const simulator::Cluster::Shop& shop;
    Duration at;
    std::string field;
  };
  void by_people(std::uint64_t which, const Place&);
  void by_records(std::uint64_t which, const Place&);
  void by_objects(std::uint64_t which, const Place&);
  /// Values that the operator never writes itself, so that whose they are is never in doubt.
  std::int64_t foreign_value(bool limit);
  void add(Step step);

  Random& random_;
  History& history_;
};

}  // namespace doorbuster::simulation
