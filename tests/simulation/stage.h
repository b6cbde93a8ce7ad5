#pragma once

#include "tests/simulation/run.h"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace doorbuster::simulation {

/// The simulated world with a bug planted in what it passes on.
class StagedWorld : public simulator::SimulatedWorld {
 public:
  StagedWorld(simulator::Cluster& cluster, const Sabotage& sabotage)
      : SimulatedWorld(cluster), sabotage_(sabotage) {}
  Result<std::shared_ptr<const planner::Event>> event(const ObjectRef&) override;
  planner::Observation observe(const planner::Event&, const planner::Needs&) override;
  Result<std::string> publish(const planner::Event&, const api::SaleEventStatus&) override;
  Result<std::string> set_finalizer(const planner::Event&, bool present) override;
  Outcome perform(const planner::Event&, const planner::Write&) override;
  Outcome create(const planner::Event&, const planner::Create&) override;
  Outcome remove(const planner::Event&, const planner::Remove&) override;
  Outcome answer_action(const planner::Event&, const planner::ActionAnswer&) override;
  Result<std::string> set_frozen(const planner::Event&, bool frozen) override;
  /// In some order or other, as answers come in reality: nothing may depend on it.
  void side_by_side(const std::vector<Task>& tasks) override;
  std::function<void(const api::SaleActionStatus&)> on_answer;
  std::mt19937 order;  ///< chance of those orders
  /// What the check of these histories says: from each instant on; before: Good.
  std::map<Instant, std::string> check_says;
  /// What the server of gates says to who asks it now: Opens, Rejects, Fails; else it is silent.
  std::string server_says;
  /// Bodies of the questions that it has answered with 2xx.
  std::vector<std::string> opened;

 private:
  void ask_servers(const planner::Event&, planner::Observation&);
  const Sabotage& sabotage_;
};

/// One history on its way: cluster, operator, script, onlookers.
class Stage {
 public:
  Stage(const History& history, const Sabotage& sabotage, bool with_trace);
  Report play();

 private:
  // the play
  void set_up();
  void run_until_quiet();
  void look_again();
  Instant next_instant() const;
  bool quiet() const;
  bool awaits_sweep() const;
  bool disturbed() const;
  Scene scene() const;
  void say(const std::string& line);
  void count(const std::string& situation) { ++report_.situations[situation]; }

  // what happens to the cluster
  void act(const Step&);
  bool act_author(const Step&);
  bool act_people(const Step&);
  bool act_records(const Step&);
  bool act_objects(const Step&);
  bool act_around(const Step&);
  bool act_release(const Step&);
  void edit_route(const std::string& how);
  void want_stable(const std::string& event, bool unless_over);
  std::vector<ObjectRef> candidates() const;
  bool is_under_way(const api::SaleEventStatus&) const;
  void measure();
  void create_event(const EventPlan&);
  void edit_event(const std::string& name, const std::function<void(Tree&)>& change);
  void edit(const ObjectRef&, const std::string& manager, const std::function<void(Tree&)>& change);
  void put_back(const Step&, const StoredPtr& copy, const std::string& manager, bool whole);
  ObjectRef object_of(const std::string& shop) const;
  const simulator::Cluster::Shop& shop(const std::string& name) const;
  Instant at(Duration since) const { return kBegin + since; }
  void disturb(Duration span);

  // what the onlookers see
  void connect();
  simulator::Mishap mishap(simulator::Boundary, const ObjectRef&);
  void foreign_first(const ObjectRef&);
  void on_commit(const simulator::Commit&);
  void on_written(const Written&);
  void note_publish(const planner::Event&, const api::SaleEventStatus&);
  void note_written(const Written&);
  void note_answer(const api::SaleActionStatus&);
  void note_round(const planner::RoundResult&);
  void note_step(const Step&);
  std::string phase_word() const;

  const History& history_;
  const bool with_trace_;
  const bool live_;  ///< every line at once, for a history that does not end
  simulator::Cluster cluster_;
  StagedWorld world_;
  planner::Setup setup_;
  simulator::Process process_;
  Truth truth_;
  PlanFunction plan_;
  Ending ending_;
  std::vector<std::unique_ptr<Oracle>> oracles_;
  Report report_;
  std::size_t next_step_ = 0;
  std::vector<EventPlan> to_create_;
  std::map<simulator::Boundary, int> requests_;
  std::map<std::string, StoredPtr> copies_;
  std::set<std::string> terminated_;
  int at_once_ = 0, asked_ = 0;
  Instant next_measurement_{};
  Instant last_round_{};
  std::shared_ptr<const planner::Event> last_seen_;  ///< of the last round that looked at anything
  bool late_ = false;
  bool busy_ = false;
};

}  // namespace doorbuster::simulation
