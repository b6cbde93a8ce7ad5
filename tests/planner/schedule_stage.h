#pragma once

#include "controllers/planner/schedule_round.h"
#include "crds/reader.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// One schedule and its events as a ScheduleWorld: what a server would store, at once in view
/// unless told otherwise.
class ScheduleStage : public ScheduleWorld {
 public:
  ScheduleStage(const std::string& name, Instant created) {
    schedule_.ref = {.group = "doorbuster.dev", .kind = "SaleSchedule", .ns = "shop", .name = name};
    schedule_.uid = "uid-of-" + name;
    schedule_.version = "1";
    schedule_.generation = 1;
    schedule_.created = created;
    schedule_.status.observed_generation = -1;
    clock = created;
  }

  /// Applies a spec, as an edit does.
  void apply(api::SaleScheduleSpec spec) {
    if (schedule_.spec.ok()) ++schedule_.generation;
    schedule_.spec = std::move(spec);
  }
  RoundResult round() {
    told.clear();
    writes = 0;
    return run_schedule_round(*this, schedule_.ref);
  }
  /// Rounds until `until`, each when the one before wanted it.
  void run(Instant until) {
    while (true) {
      const RoundResult result = round();
      const auto wake = result.wrote ? std::optional(clock) : result.wake;
      if (!wake || *wake > until) break;
      clock = *wake;
    }
    clock = until;
  }
  void put(const std::string& name, const Json& manifest) {
    const auto read = api::sale_event_of(manifest.text);
    if (!read.ok()) throw std::logic_error(manifest.text + read.error().causes.front().field);
    auto event = std::make_shared<Event>();
    event->ref = {.group = "doorbuster.dev", .kind = "SaleEvent", .ns = "shop", .name = name};
    event->uid = "uid-" + std::to_string(++uids_);
    event->version = event->uid;
    event->created = clock;
    event->spec = read->spec;
    const JsonView root = *JsonView::parse(manifest.text);
    const auto text = [&](const char* at) {
      const auto found = root.at(at);
      return found.ok() ? found->string().value_or("") : "";
    };
    event->schedule = text("/metadata/labels/doorbuster.dev~1schedule");
    event->template_hash = text("/metadata/annotations/doorbuster.dev~1template-hash");
    if (root.at("/metadata/ownerReferences").ok())
      event->owners.emplace_back(text("/metadata/ownerReferences/0/uid"), Json{"{}"});
    events[name] = event;
  }
  /// What the event's own rounds bring about.
  void edit(const std::string& name, const std::function<void(Event&)>& change) {
    auto next = std::make_shared<Event>(*events.at(name));
    change(*next);
    events[name] = next;
  }
  void complete(const std::string& name, bool restored = true) {
    edit(name, [&](Event& event) {
      event.has_finalizer = false;
      api::Decision done;
      done.kind = "Completed";
      event.status.decisions.push_back(done);
      api::Condition condition;
      condition.type = "Restored";
      condition.status = restored ? api::ConditionStatus::True : api::ConditionStatus::False;
      event.status.conditions = {condition};
    });
  }

  const api::SaleScheduleStatus& status() const { return schedule_.status; }
  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& [name, event] : events) out.insert(name);
    return out;
  }
  std::string state(const std::string& name) const {
    for (const api::OccurrenceStatus& row : status().occurrences) {
      if (row.name == name) return row.state;
    }
    return "";
  }
  std::string ready() const {
    for (const api::Condition& one : status().conditions) {
      if (one.type == "Ready") return one.reason;
    }
    return "";
  }
  Schedule& raw() { return schedule_; }

  Instant clock;
  std::map<std::string, std::shared_ptr<const Event>> events;
  std::set<std::string> not_in_view;
  std::optional<Error> create_fails;
  std::string install = "here";
  std::vector<std::string> told;  ///< reasons, of the last round
  int writes = 0;                 ///< of the last round
  std::function<LocalTime(Instant local)> zone = [](Instant local) {
    return LocalTime{LocalTime::Is::Once, local};
  };
  std::optional<Error> zone_fails;

  Instant now() override { return clock; }
  Result<std::shared_ptr<const Schedule>> schedule(const ObjectRef&) override {
    return std::make_shared<const Schedule>(schedule_);
  }
  Result<ScheduleSeen> observe(const Schedule&, const std::set<Instant>& times) override {
    ScheduleSeen seen;
    seen.install = install;
    LocalTimes resolved;
    for (const Instant one : times) resolved.emplace(one, zone(one));
    seen.times = std::move(resolved);
    if (zone_fails) seen.times = *zone_fails;
    for (const auto& [name, event] : events) {
      if (!not_in_view.contains(name))
        seen.events.emplace(name, ScheduledEvent{event, window(*event)});
    }
    return seen;
  }
  Outcome look_for(const Schedule&, const std::string& event) override {
    if (events.contains(event)) return Done{};
    return Error{.kind = ErrorKind::NotFound, .message = "not found"};
  }
  Outcome create(const Schedule&, const CreateEvent& create) override {
    if (create_fails) return *create_fails;
    if (events.contains(create.name))
      return Error{.kind = ErrorKind::Conflict, .message = "exists"};
    ++writes;
    put(create.name, create.manifest);
    return Done{};
  }
  Result<std::string> publish(const Schedule&, const api::SaleScheduleStatus& status) override {
    ++writes;
    schedule_.status = status;
    return schedule_.version = std::to_string(++versions_);
  }
  Outcome remove(const Schedule&, const DeleteEvent& remove) override {
    const auto found = events.find(remove.name);
    if (found == events.end()) return Error{.kind = ErrorKind::NotFound, .message = "not found"};
    if (found->second->version != remove.version)
      return Error{.kind = ErrorKind::Conflict, .message = "moved on"};
    ++writes;
    if (found->second->has_finalizer) {
      edit(remove.name, [](Event& event) { event.deleting = true; });
    } else {
      events.erase(found);
    }
    return Done{};
  }
  Outcome let_go(const Schedule&, const LetGo& let_go) override {
    ++writes;
    edit(let_go.name, [](Event& event) { event.owners.clear(); });
    return Done{};
  }
  void tell(const Schedule&, const Notice& notice) override { told.push_back(notice.reason.code); }

 private:
  static std::optional<Window> window(const Event& event) {
    if (!event.spec.ok()) return std::nullopt;
    Window out;
    out.start = *parse_rfc3339(event.spec->window.start);
    out.end = *parse_rfc3339(event.spec->window.end);
    out.prepare = out.start - event.spec->window.prepare.value;
    out.restored_by = out.end + event.spec->window.cooldown.value;
    return out;
  }

  Schedule schedule_;
  int uids_ = 0, versions_ = 1;
};

}  // namespace doorbuster::planner
