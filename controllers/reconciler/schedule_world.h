#pragma once

#include "controllers/planner/schedule_round.h"
#include "controllers/reconciler/cluster_world.h"

#include <functional>
#include <memory>
#include <string>

namespace doorbuster::reconciler {

using ScheduleStore = kube::Store<planner::Schedule>;

/// The SaleSchedules' kind, as our own CRD serves it.
kube::Resource sale_schedules();
/// A cache of SaleSchedules.
std::shared_ptr<ScheduleStore> make_schedule_store();

/// A real cluster as the planner's ScheduleWorld. Thread-safe.
class ClusterScheduleWorld final : public planner::ScheduleWorld {
 public:
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<EventStore> events;
    std::shared_ptr<ScheduleStore> schedules;
    std::shared_ptr<kube::EventRecorder> recorder;
    std::string install;
    std::function<Instant()> now;
    Log log;
  };
  explicit ClusterScheduleWorld(Parts parts) : parts_(std::move(parts)) {}

  /// Are schedules and events listed, and does the view show our own last write of this one?
  bool current(const kube::Key& schedule);

  Instant now() override { return parts_.now(); }
  Result<std::shared_ptr<const planner::Schedule>> schedule(const ObjectRef& ref) override;
  Result<planner::ScheduleSeen> observe(const planner::Schedule& schedule,
                                        const std::set<Instant>& times) override;
  Outcome look_for(const planner::Schedule& schedule, const std::string& event) override;
  Outcome create(const planner::Schedule& schedule, const planner::CreateEvent& create) override;
  Result<std::string> publish(const planner::Schedule& schedule,
                              const api::SaleScheduleStatus& status) override;
  Outcome remove(const planner::Schedule& schedule, const planner::DeleteEvent& remove) override;
  Outcome let_go(const planner::Schedule& schedule, const planner::LetGo& let_go) override;
  void tell(const planner::Schedule& schedule, const planner::Notice& notice) override;

 private:
  Outcome told(const planner::Schedule& schedule,
               const char* what,
               const std::string& event,
               Outcome done) const;

  Parts parts_;
  kube::Written written_;  ///< of SaleSchedules
};

}  // namespace doorbuster::reconciler
