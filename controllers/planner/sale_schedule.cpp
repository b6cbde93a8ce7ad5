#include "controllers/planner/sale_schedule.h"

#include "controllers/planner/conditions.h"
#include "controllers/planner/last_occurrence.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/scheduled_event.h"
#include "controllers/planner/status_rows.h"
#include "crds/reader.h"
#include "operator/base/content_hash.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using api::ConditionStatus;

/// So long after its time a creation is told to be late.
constexpr Duration kLateCreation = std::chrono::minutes(1);
/// Rows of one kind that a look adds at most; the others are decided when they are nearer.
constexpr std::size_t kNewRows = 16;

constexpr const char* kCreated = "Created";
constexpr const char* kDeleted = "Deleted";
constexpr const char* kReplaced = "Replaced";
constexpr const char* kOverlaps = "Overlaps";
constexpr const char* kMissed = "Missed";
constexpr const char* kNameTaken = "NameTaken";

Error not_accepted(std::vector<FieldCause> causes) {
  Error error{.kind = ErrorKind::Invalid, .message = "", .causes = std::move(causes)};
  for (const FieldCause& one : error.causes)
    error.message += (error.message.empty() ? "" : "; ") + one.field + " " + one.message;
  return error;
}

/// The spec that can be carried out, or why none can.
Result<api::SaleScheduleSpec> acceptable(const Schedule& schedule, const ScheduleSeen& seen) {
  if (!schedule.spec.ok()) return schedule.spec.error();
  if (!seen.times.ok()) return seen.times.error();
  std::vector<FieldCause> causes = why_not_resolved(*schedule.spec, *seen.times);
  if (!causes.empty()) return not_accepted(std::move(causes));
  return *schedule.spec;
}

/// The status before, taking up the generation that stands. Of a new schedule its creation counts:
/// what it starts is started late, too, when no operator ran at first.
api::SaleScheduleStatus taken_up(const Schedule& schedule,
                                 const std::string& install,
                                 Instant now) {
  api::SaleScheduleStatus status = schedule.status;
  status.install = install;
  if (status.observed_generation == schedule.generation && status.accepted_at) return status;
  const bool fresh = status.observed_generation.value_or(-1) < 0;
  status.accepted_at = fresh ? schedule.created : now;
  status.observed_generation = schedule.generation;
  return status;
}

struct Verdict {
  ConditionStatus status;
  std::string reason, message;
};

/// Accepted, Ready and, where people must look, Stalled.
void conclude(const Schedule& schedule,
              api::SaleScheduleStatus& status,
              bool accepted,
              const Verdict& ready,
              Instant now) {
  status.conditions.clear();
  const auto put = [&](const char* type, const Verdict& verdict) {
    status.conditions.push_back(moved_on(schedule.status.conditions,
                                         {.type = type,
                                          .status = verdict.status,
                                          .observed_generation = schedule.generation,
                                          .last_transition_time = now,
                                          .reason = verdict.reason,
                                          .message = verdict.message}));
  };
  put("Accepted",
      accepted ? Verdict{ConditionStatus::True, "Accepted", "the spec can be carried out"} : ready);
  put("Ready", ready);
  if (ready.status == ConditionStatus::False)
    put("Stalled", {ConditionStatus::True, ready.reason, ready.message});
  status.message = ready.status == ConditionStatus::False ? cut(ready.message, 1024) : "";
}

class Planning {
 public:
  Planning(const Schedule& in,
           const ScheduleSeen& seen,
           const api::SaleScheduleSpec& spec,
           Instant now)
      : in_(in), seen_(seen), spec_(spec), now_(now) {
    all_ = occurrences(in.ref.name, spec, *seen.times);
    out_.status = taken_up(in, seen.install, now);
    for (const auto& [start, one] : all_) by_name_.emplace(one.name, &one);
    for (const api::OccurrenceStatus& row : out_.status.occurrences) rows_.emplace(row.name, row);
  }

  SchedulePlan plan() {
    for (const auto& [name, one] : seen_.events) {
      if (ours(one)) look_at(name, one);
    }
    for (const auto& [start, one] : all_) {
      if (one.window.end > now_ && start > *out_.status.accepted_at) consider(one);
    }
    missed();
    if (spec_.concurrency == api::Concurrency::Replace) replace();
    prune();
    summarise();
    return std::move(out_);
  }

 private:
  bool ours(const ScheduledEvent& one) const {
    return one.event->schedule == schedule_prefix(in_.ref.name);
  }

  void wake_at(Instant at) {
    if (at > now_) out_.wake = sooner(out_.wake, at);
  }

  void tell(Notice::Type type, std::string code, std::string text) {
    out_.notices.push_back({type, {std::move(code), std::move(text)}});
  }

  void row(const Occurrence& one, const char* state, std::string message = {}) {
    api::OccurrenceStatus& row = rows_[one.name];
    row.name = one.name;
    row.start = one.window.start;
    row.state = state;
    row.message = cut(std::move(message), 512);
  }

  bool has_row(const std::string& name, std::string_view state) const {
    const auto found = rows_.find(name);
    return found != rows_.end() && found->second.state == state;
  }

  std::string hash(Instant start) const {
    return content_hash(api::to_json(api::event_spec(spec_, start)).text);
  }

  void remove(const std::string& name, const Event& event, Reason reason) {
    out_.deletes.push_back({name, event.uid, event.version, std::move(reason)});
    leaving_.insert(name);
  }

  // ---- events that exist

  void look_at(const std::string& name, const ScheduledEvent& one) {
    const Event& event = *one.event;
    if (event.deleting) return;
    const Progress progress = progress_of(one, now_);
    if (!is_over(progress)) ++active_;
    if (progress == Progress::Ahead && !spec_.suspend && is_stale(name, event)) {
      --active_;
      rows_.erase(name);
      remove(name, event, {"OccurrenceChanged", name + " is not what the schedule says any more"});
      return;
    }
    const bool owned = std::any_of(event.owners.begin(),
                                   event.owners.end(),
                                   [&](const auto& owner) { return owner.first == in_.uid; });
    if (!owned) return;
    if (progress == Progress::Ahead) {
      wake_at(one.window->prepare - kLetGoAhead);
    } else {
      let_go(name, event);
    }
  }

  bool is_stale(const std::string& name, const Event& event) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return true;
    return !event.template_hash.empty() && event.template_hash != hash(found->second->window.start);
  }

  void let_go(const std::string& name, const Event& event) {
    std::vector<Json> others;
    for (const auto& [uid, entry] : event.owners) {
      if (uid != in_.uid) others.push_back(entry);
    }
    const auto step = [](const char* op, const char* path, const Value& value) {
      JsonObject json;
      json.add("op", op).add("path", path);
      if (value) json.add("value", *value);
      return json.build();
    };
    const bool none = others.empty();
    out_.let_go.push_back(
        {name,
         json_array({step("test", "/metadata/uid", json_of_string(event.uid)),
                     step("test", "/metadata/resourceVersion", json_of_string(event.version)),
                     step(none ? "remove" : "replace",
                          "/metadata/ownerReferences",
                          none ? Value() : Value(json_array(others)))})});
  }

  // ---- starts

  /// One whose sale is not over yet.
  void consider(const Occurrence& one) {
    if (one.window.start > now_) wake_at(one.window.start);
    if (const auto exists = seen_.events.find(one.name); exists != seen_.events.end()) {
      if (leaving_.contains(one.name) || has_row(one.name, kReplaced)) return;
      if (ours(exists->second)) {
        row(one, kCreated, has_row(one.name, kCreated) ? rows_[one.name].message : "");
        return;
      }
      wake_at(one.window.end);
      if (!has_row(one.name, kNameTaken)) {
        const std::string text = "a SaleEvent of the name " + one.name + " is not of this schedule";
        row(one, kNameTaken, text);
        tell(Notice::Type::Warning, kNameTaken, text);
      }
      return;
    }
    if (has_row(one.name, kCreated)) return gone(one);
    if (has_row(one.name, kDeleted) || has_row(one.name, kReplaced)) return;
    const Instant due = one.window.start - spec_.create_ahead.value;
    if (due > now_) return wake_at(due);
    if (!spec_.suspend) create(one);
  }

  /// It was created and is not seen: only a consistent answer says that it is gone.
  void gone(const Occurrence& one) {
    if (!seen_.gone.contains(one.name)) {
      out_.doubts.push_back(one.name);
      return;
    }
    const std::string text =
        one.name + " was deleted, not by its schedule; it is not created again";
    row(one, kDeleted, text);
    tell(Notice::Type::Normal, "OccurrenceDeleted", text);
  }

  void create(const Occurrence& one) {
    if (has_row(one.name, kOverlaps) && in_.status.observed_generation == in_.generation) return;
    const auto rival = rival_of(one);
    if (rival && spec_.concurrency == api::Concurrency::Forbid) {
      if (new_overlaps_++ >= kNewRows) return;
      const std::string text =
          one.name + " is left out: from preparation to cooldown it overlaps " + *rival;
      row(one, kOverlaps, text);
      return tell(Notice::Type::Warning, "OccurrenceOverlaps", text);
    }
    if (spec_.concurrency == api::Concurrency::Replace) {
      for (const auto& [later, window] : later_than(one.window)) {
        if (window.prepare <= now_) return row(one, kReplaced, one.name + " gives way to " + later);
      }
    }
    if (active_ >= kActiveEvents) {
      full_ = true;
      return;
    }
    ++active_;
    out_.creates.push_back({one.name, manifest(one)});
    planned_.emplace(one.name, one.window);
    const Instant due =
        std::max(one.window.start - spec_.create_ahead.value, *out_.status.accepted_at);
    std::string late;
    if (now_ > one.window.prepare + kLateCreation) {
      late = one.name + " is created late: it should have begun to prepare at " +
             to_rfc3339(one.window.prepare) + " and was due at " + to_rfc3339(due);
      tell(Notice::Type::Warning, "OccurrenceLate", late);
    } else {
      tell(Notice::Type::Normal,
           "OccurrenceCreated",
           one.name + " starts at " + to_rfc3339(one.window.start));
      wake_at(one.window.prepare - kLetGoAhead);
    }
    row(one, kCreated, std::move(late));
  }

  /// An event of ours, or one about to be, that this one overlaps.
  std::optional<std::string> rival_of(const Occurrence& one) const {
    for (const auto& [name, event] : seen_.events) {
      const bool counts = ours(event) && !event.event->deleting && !leaving_.contains(name);
      if (counts && name != one.name && event.window && overlap(*event.window, one.window))
        return name;
    }
    for (const auto& [name, window] : planned_) {
      if (overlap(window, one.window)) return name;
    }
    return std::nullopt;
  }

  Json manifest(const Occurrence& one) const {
    JsonObject metadata;
    metadata.add("name", one.name).add("namespace", in_.ref.ns);
    metadata.add("labels", JsonObject().add(kScheduleLabel, schedule_prefix(in_.ref.name)).build());
    metadata.add("annotations",
                 JsonObject().add(kTemplateAnnotation, hash(one.window.start)).build());
    if (now_ < one.window.prepare - kLetGoAhead) {
      JsonObject owner;
      owner.add("apiVersion", api::kApiVersion).add("kind", api::kSaleScheduleKind);
      owner.add("name", in_.ref.name).add("uid", in_.uid);
      owner.add("controller", true).add("blockOwnerDeletion", false);
      metadata.add("ownerReferences", json_array({owner.build()}));
    }
    return JsonObject()
        .add("apiVersion", api::kApiVersion)
        .add("kind", api::kSaleEventKind)
        .add("metadata", metadata.build())
        .add("spec", api::to_json(api::event_spec(spec_, one.window.start)))
        .build();
  }

  /// What no operator was there to start, the latest of it.
  void missed() {
    if (spec_.suspend) return;
    const bool trimmed = in_.status.occurrences.size() >= kOccurrenceRows;
    std::vector<const Occurrence*> found;
    for (const auto& [start, one] : all_) {
      const bool known = rows_.contains(one.name) || seen_.events.contains(one.name) ||
                         (trimmed && start < in_.status.occurrences.front().start);
      if (one.window.end <= now_ && start > *out_.status.accepted_at && !known)
        found.push_back(&one);
    }
    if (found.empty()) return;
    const std::string text = std::to_string(found.size()) + " sale(s) were missed, from " +
                             to_rfc3339(found.front()->window.start) + " to " +
                             to_rfc3339(found.back()->window.start) +
                             ": no operator could create them before they were over";
    tell(Notice::Type::Warning, "OccurrenceMissed", text);
    const std::size_t first = found.size() > kNewRows ? found.size() - kNewRows : 0;
    for (std::size_t i = first; i < found.size(); ++i)
      row(*found[i], kMissed, "no operator could create it before it was over");
  }

  /// The earlier of two that overlap goes when the later begins to prepare.
  void replace() {
    for (const auto& [name, one] : seen_.events) {
      if (!ours(one) || one.event->deleting || leaving_.contains(name) || !one.window) continue;
      if (is_over(progress_of(one, now_))) continue;
      for (const auto& [later, window] : later_than(*one.window)) {
        if (window.prepare > now_) {
          wake_at(window.prepare);
          continue;
        }
        const std::string text = name + " gives way to " + later;
        if (const auto known = by_name_.find(name); known != by_name_.end())
          row(*known->second, kReplaced, text);
        remove(name, *one.event, {"OccurrenceReplaced", text});
        tell(Notice::Type::Normal, "OccurrenceReplaced", text);
        break;
      }
    }
  }

  /// Events, existing or about to, that begin later than a window and overlap it.
  std::map<std::string, Window> later_than(const Window& window) const {
    std::map<std::string, Window> out;
    const auto add = [&](const std::string& name, const Window& other) {
      if (other.start > window.start && overlap(window, other)) out.emplace(name, other);
    };
    for (const auto& [name, one] : seen_.events) {
      if (ours(one) && !one.event->deleting && one.window) add(name, *one.window);
    }
    for (const auto& [name, other] : planned_) add(name, other);
    return out;
  }

  /// Of what is over, the newest stay.
  void prune() {
    std::map<Progress, std::vector<std::pair<Instant, const ScheduledEvent*>>> over;
    for (const auto& [name, one] : seen_.events) {
      if (!ours(one) || one.event->deleting || one.event->has_finalizer) continue;
      const Progress progress = progress_of(one, now_);
      if (is_over(progress))
        over[progress].emplace_back(one.window ? one.window->start : one.event->created, &one);
      if (!is_over(progress) && one.window) wake_at(one.window->restored_by + kGivenUpAfter);
    }
    for (auto& [progress, events] : over) {
      const auto keep = static_cast<std::size_t>(
          progress == Progress::Completed ? spec_.history.completed : spec_.history.failed);
      std::sort(events.begin(), events.end());
      for (std::size_t i = 0; i + keep < events.size(); ++i) {
        const Event& event = *events[i].second->event;
        remove(event.ref.name, event, {"HistoryLimit", event.ref.name + " is long over"});
      }
    }
  }

  // ---- status

  void summarise() {
    api::SaleScheduleStatus& status = out_.status;
    status.tzdata = seen_.tzdata;
    status.active = static_cast<std::int32_t>(active_);
    status.last_run =
        last_occurrence(status.last_run, schedule_prefix(in_.ref.name), seen_.events, now_);
    status.next.reset();
    for (const auto& [start, one] : all_) {
      const bool out = has_row(one.name, kOverlaps) || has_row(one.name, kDeleted) ||
                       has_row(one.name, kReplaced);
      if (start > now_ && !out && !spec_.suspend) {
        status.next = start;
        wake_at(start);
        break;
      }
    }
    status.occurrences.clear();
    for (const auto& [name, row] : rows_) status.occurrences.push_back(row);
    std::sort(
        status.occurrences.begin(), status.occurrences.end(), [](const auto& a, const auto& b) {
          return std::tie(a.start, a.name) < std::tie(b.start, b.name);
        });
    if (status.occurrences.size() > kOccurrenceRows) {
      status.occurrences.erase(status.occurrences.begin(),
                               status.occurrences.end() - kOccurrenceRows);
    }
    for (const api::OccurrenceStatus& row : status.occurrences) {
      if (row.state == kCreated) status.last = std::max(status.last.value_or(row.start), row.start);
    }
    status.next_due = out_.wake;
    conclude(in_, status, true, ready(), now_);
  }

  Verdict ready() const {
    for (const auto& [name, row] : rows_) {
      const auto found = by_name_.find(name);
      const bool ahead = found != by_name_.end() && found->second->window.end > now_;
      if (row.state == kNameTaken && ahead)
        return {ConditionStatus::False, kNameTaken, row.message};
    }
    if (full_) {
      return {ConditionStatus::False,
              "TooManyEvents",
              std::to_string(kActiveEvents) +
                  " events exist that are not over; further ones wait for them"};
    }
    if (spec_.suspend) return {ConditionStatus::True, "Suspended", "nothing further is created"};
    if (!out_.status.next) return {ConditionStatus::True, "NothingAhead", "no start lies ahead"};
    return {ConditionStatus::True,
            "Scheduled",
            "the next sale starts at " + to_rfc3339(*out_.status.next)};
  }

  const Schedule& in_;
  const ScheduleSeen& seen_;
  const api::SaleScheduleSpec& spec_;
  const Instant now_;
  std::map<Instant, Occurrence> all_;
  std::map<std::string, const Occurrence*> by_name_;
  std::map<std::string, api::OccurrenceStatus> rows_;
  std::map<std::string, Window> planned_;
  std::set<std::string> leaving_;
  std::size_t active_ = 0, new_overlaps_ = 0;
  bool full_ = false;
  SchedulePlan out_;
};

}  // namespace

std::set<Instant> times_needed(const Schedule& schedule, Instant now) {
  if (!schedule.spec.ok()) return {};
  return local_starts(*schedule.spec, now);
}

SchedulePlan plan_schedule(const Schedule& schedule, const ScheduleSeen& seen, Instant now) {
  const std::string& install = schedule.status.install;
  if (schedule.deleting || (!install.empty() && install != seen.install)) {
    SchedulePlan nothing;
    nothing.status = schedule.status;
    return nothing;
  }
  const Result<api::SaleScheduleSpec> spec = acceptable(schedule, seen);
  if (spec.ok()) return Planning(schedule, seen, *spec, now).plan();
  SchedulePlan out;
  out.status = taken_up(schedule, seen.install, now);
  out.status.next.reset();
  out.status.next_due.reset();
  conclude(
      schedule, out.status, false, {ConditionStatus::False, "Invalid", spec.error().message}, now);
  if (condition_of(schedule.status.conditions, "Stalled") == nullptr)
    out.notices.push_back({Notice::Type::Warning, {"Invalid", cut(spec.error().message, 1024)}});
  return out;
}

api::SaleScheduleStatus after_failure(const Schedule& schedule,
                                      const std::string& install,
                                      const std::string& event,
                                      const Error& error,
                                      Instant now) {
  api::SaleScheduleStatus status = taken_up(schedule, install, now);
  conclude(
      schedule,
      status,
      true,
      {ConditionStatus::False, "CreateFailed", event + " could not be created: " + error.message},
      now);
  return status;
}

}  // namespace doorbuster::planner
