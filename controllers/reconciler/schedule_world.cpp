#include "controllers/reconciler/schedule_world.h"

#include "controllers/planner/action.h"
#include "controllers/reconciler/event_reading.h"
#include "controllers/reconciler/own_objects.h"
#include "controllers/reconciler/zones.h"
#include "crds/reader.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

kube::Key key_of(const ObjectRef& ref) { return {ref.ns, ref.name}; }

Error later(std::string why) {
  return {
      .kind = ErrorKind::Unavailable, .message = std::move(why), .causes = {}, .retry_after = {}};
}

planner::ScheduledEvent scheduled(std::shared_ptr<const planner::Event> event) {
  planner::ScheduledEvent out{.event = std::move(event), .window = {}};
  if (!out.event->spec.ok()) return out;
  Result<planner::Window> window = resolve_window(out.event->spec->window);
  if (window.ok()) out.window = planner::effective_window(*out.event, *window);
  return out;
}

}  // namespace

kube::Resource sale_schedules() {
  return own_resource(api::kSaleSchedules, api::kSaleScheduleKind);
}

std::shared_ptr<ScheduleStore> make_schedule_store() {
  return std::make_shared<ScheduleStore>(
      [](const kube::Meta&, std::string_view text) { return read_schedule(text); });
}

bool ClusterScheduleWorld::current(const kube::Key& schedule) {
  return parts_.schedules->synced(schedule.ns) && parts_.events->synced(schedule.ns) &&
         parts_.schedules->shows(written_, schedule, parts_.now());
}

Result<std::shared_ptr<const planner::Schedule>> ClusterScheduleWorld::schedule(
    const ObjectRef& ref) {
  const kube::Key key = key_of(ref);
  if (!current(key)) return later("not listed yet, or older than our own last write");
  const auto entry = parts_.schedules->find(key);
  if (!entry) {
    return Error{.kind = ErrorKind::NotFound,
                 .message = "no such SaleSchedule",
                 .causes = {},
                 .retry_after = {}};
  }
  if (!entry->value) {
    return Error{
        .kind = ErrorKind::Invalid, .message = entry->unreadable, .causes = {}, .retry_after = {}};
  }
  return entry->value;
}

Result<planner::ScheduleSeen> ClusterScheduleWorld::observe(const planner::Schedule& schedule,
                                                            const std::set<Instant>& times) {
  const std::string& ns = schedule.ref.ns;
  planner::ScheduleSeen seen;
  seen.install = parts_.install;
  seen.tzdata = tzdata_version();
  if (schedule.spec.ok()) seen.times = resolve_local_times(schedule.spec->time_zone, times);
  const std::string prefix = planner::schedule_prefix(schedule.ref.name);
  for (const auto& [key, event] : parts_.events->all()) {
    if (key.ns != ns) continue;
    if (event->schedule == prefix || key.name.starts_with(prefix + "-"))
      seen.events.emplace(key.name, scheduled(event));
  }
  return seen;
}

Outcome ClusterScheduleWorld::look_for(const planner::Schedule& schedule,
                                       const std::string& event) {
  const Result<kube::Object> found = parts_.client->get(sale_events(), {schedule.ref.ns, event});
  if (!found.ok()) return found.error();
  return Done{};
}

Outcome ClusterScheduleWorld::told(const planner::Schedule& schedule,
                                   const char* what,
                                   const std::string& event,
                                   Outcome done) const {
  LogLine line{.level = LogLevel::Info, .message = what, .fields = {}};
  if (!done.ok()) {
    const bool usual =
        done.error().kind == ErrorKind::Conflict || done.error().kind == ErrorKind::NotFound;
    line.level = usual ? LogLevel::Debug : LogLevel::Warn;
    line.fields.emplace_back("error", done.error().message);
  }
  line.fields.emplace_back("schedule", schedule.ref.ns + "/" + schedule.ref.name);
  line.fields.emplace_back("event", event);
  parts_.log(line);
  return done;
}

Outcome ClusterScheduleWorld::create(const planner::Schedule& schedule,
                                     const planner::CreateEvent& create) {
  const Result<kube::Object> made =
      parts_.client->create(sale_events(), schedule.ref.ns, create.manifest);
  return told(
      schedule, "occurrence created", create.name, made.ok() ? Outcome(Done{}) : made.error());
}

Result<std::string> ClusterScheduleWorld::publish(const planner::Schedule& schedule,
                                                  const api::SaleScheduleStatus& status) {
  const OwnObject object{
      api::kSaleScheduleKind, schedule.ref.ns, schedule.ref.name, schedule.uid, schedule.version};
  kube::WriteOptions options;
  options.subresource = "status";
  const kube::Key key = key_of(schedule.ref);
  const Result<kube::Object> answer = parts_.client->update(
      sale_schedules(), key, status_update(object, api::to_json(status)), options);
  if (!answer.ok()) return answer.error();
  written_.wrote(key, answer->meta.resource_version, parts_.now());
  return answer->meta.resource_version;
}

Outcome ClusterScheduleWorld::remove(const planner::Schedule& schedule,
                                     const planner::DeleteEvent& remove) {
  kube::DeleteOptions options;
  options.uid = remove.uid;
  options.resource_version = remove.version;
  return told(schedule,
              "occurrence deleted",
              remove.name,
              parts_.client->remove(sale_events(), {schedule.ref.ns, remove.name}, options));
}

Outcome ClusterScheduleWorld::let_go(const planner::Schedule& schedule,
                                     const planner::LetGo& let_go) {
  const Result<kube::Object> done = parts_.client->patch(
      sale_events(), {schedule.ref.ns, let_go.name}, kube::PatchType::Json, let_go.patch);
  if (done.ok()) return told(schedule, "occurrence let go of", let_go.name, Done{});
  Error error = done.error();
  // A `test` that did not hold is answered with 422: the event moved on.
  if (error.kind == ErrorKind::Invalid) error.kind = ErrorKind::Conflict;
  return told(schedule, "occurrence let go of", let_go.name, error);
}

void ClusterScheduleWorld::tell(const planner::Schedule& schedule, const planner::Notice& notice) {
  if (!parts_.recorder) return;
  parts_.recorder->record({.regarding = {.api_version = api::kApiVersion,
                                         .kind = api::kSaleScheduleKind,
                                         .ns = schedule.ref.ns,
                                         .name = schedule.ref.name,
                                         .uid = schedule.uid},
                           .warning = notice.type == planner::Notice::Type::Warning,
                           .reason = notice.reason.code,
                           .action = "Schedule",
                           .note = notice.reason.text,
                           .about = notice.reason.text});
}

}  // namespace doorbuster::reconciler
