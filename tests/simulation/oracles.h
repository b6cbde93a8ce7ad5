#pragma once

#include "controllers/planner/plan.h"
#include "controllers/simulator/world.h"
#include "tests/simulation/truth.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::simulation {

using PlanFunction = std::function<planner::Plan(
    const planner::Event&, const planner::Observation&, const planner::Setup&, Instant)>;

struct Violation {
  std::string oracle, text;
  Instant at;
};

/// How a history came to its end.
struct Ending {
  bool quiet = false;  ///< nothing was due any more, within the bound
  std::string busy;    ///< what was not, otherwise
  int late_requests =
      0;  ///< requests that change something, after a restart and another look when all was quiet
};

/// What an oracle may look at.
struct Scene {
  const simulator::Cluster& cluster;
  const Truth& truth;
  const simulator::SimulatedWorld& world;
  const planner::Setup& setup;
  const PlanFunction& plan;
  const Ending& ending;
  const std::vector<std::string>&
      opened;  ///< bodies of questions about gates that were answered 2xx
};

/// A write that was carried out.
struct Written {
  const planner::Event& event;
  const planner::Write& write;
  const StoredPtr& before;
  const StoredPtr& after;
};

/// One sentence that must be true of every history. Each watches what it needs and complains when
/// the sentence is broken.
class Oracle {
 public:
  virtual ~Oracle() = default;
  virtual const char* name() const = 0;
  virtual const char* sentence() const = 0;
  virtual void before_round(const Scene&) {}
  virtual void on_publish(const Scene&, const planner::Event&, const api::SaleEventStatus&) {}
  virtual void on_perform(const Scene&, const planner::Event&, const planner::Write&) {}
  virtual void on_written(const Scene&, const Written&) {}
  virtual void on_child(const Scene&, const planner::Event&, const planner::ChildEffect&) {}
  virtual void after_round(const Scene&) {}
  virtual void at_instant(const Scene&) {}
  virtual void at_end(const Scene&) {}

  std::vector<Violation> violations;

 protected:
  void complain(const Scene& scene, const std::string& text) {
    if (violations.size() < 3) violations.push_back({name(), text, scene.cluster.now()});
  }
};

/// All of them.
std::vector<std::unique_ptr<Oracle>> all_oracles();
/// In their order; so many functions make them.
std::vector<std::unique_ptr<Oracle>> oracles_of_values();
std::vector<std::unique_ptr<Oracle>> oracles_of_conduct();
std::vector<std::unique_ptr<Oracle>> oracles_of_memory();
std::vector<std::unique_ptr<Oracle>> oracles_of_children();
std::vector<std::unique_ptr<Oracle>> oracles_of_actions();
std::vector<std::unique_ptr<Oracle>> oracles_of_rollouts();
std::vector<std::unique_ptr<Oracle>> oracles_of_pods();

/// The object as a round saw it, under whichever name it asked for it; null when it did not see
/// one.
const planner::Present* seen_object(const planner::Observation&, const ObjectRef&);

/// What a patch makes of an object: the capacity fields that it lowers, with their new values, the
/// rules of a route, and the holders that it lets go.
struct Change {
  Value rules;                                  ///< where it moves traffic
  std::map<std::string, std::int64_t> lowered;  ///< by pointer
  std::set<std::string>
      released;  ///< "pointer feature/name of uid"; "trace" for what is left of us
};
Change change_of(const planner::Write&, const Tree& before);

}  // namespace doorbuster::simulation
