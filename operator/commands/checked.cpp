#include "operator/commands/checked.h"

#include "controllers/planner/ramp.h"
#include "controllers/planner/recurrence.h"
#include "controllers/reconciler/zones.h"
#include "operator/base/json.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace doorbuster::commands {
namespace {

namespace codes = api::codes;

const char* to_string(Level level) { return level == Level::Error ? "error" : "warning"; }

/// Why a field may not be held; of a reference that names no group, under whichever listed group
/// has such a kind.
std::string why_not(const products::AllowList& allow, const api::HoldSpec& hold) {
  std::set<std::string> groups;
  if (hold.object.api_version) {
    const std::size_t slash = hold.object.api_version->find('/');
    groups.insert(slash == std::string::npos ? "" : hold.object.api_version->substr(0, slash));
  } else {
    for (const products::AllowedKind& one : allow.kinds) {
      if (one.kind == hold.object.kind) groups.insert(one.group);
    }
    if (groups.empty()) groups.insert("");
  }
  std::string why;
  for (const std::string& group : groups) {
    const ObjectRef object{group, hold.object.kind, hold.object.ns.value_or(""), hold.object.name};
    why = products::why_not_allowed(
        allow, {object, hold.field, ""}, hold.one_way, hold.allow_template);
    if (why.empty()) break;
  }
  return why;
}

class Check {
 public:
  Check(const Allowed& allowed, Instant now) : allowed_(allowed), now_(now) {}

  void file(const InputFile& file) {
    file_ = file.name;
    ++out_.files;
    if (!file.text.ok()) {
      out_.unparsable = true;
      return add(Level::Error, codes::kUnreadable, "", {}, file.text.error().message);
    }
    for (const api::Document& document : api::read_documents(*file.text)) this->document(document);
  }

  CheckedFiles result() && { return std::move(out_); }

 private:
  void add(Level level,
           const char* code,
           std::string path,
           Mark mark,
           std::string message,
           std::string hint = {}) {
    out_.findings.push_back({.file = file_,
                             .level = level,
                             .finding = {.severity = api::Severity::Error,
                                         .path = std::move(path),
                                         .message = std::move(message),
                                         .hint = std::move(hint),
                                         .mark = mark,
                                         .code = code}});
  }

  void document(const api::Document& document) {
    if (!document.is_ours) {
      ++out_.passed_over;
      return;
    }
    for (const api::Finding& one : document.reading.findings) {
      out_.unparsable = out_.unparsable || one.code == codes::kText;
      out_.findings.push_back({.file = file_, .level = Level::Error, .finding = one});
    }
    const bool event = document.reading.event || document.kind == api::kSaleEventKind;
    out_.events += event ? 1 : 0;
    out_.schedules += document.kind == api::kSaleScheduleKind ? 1 : 0;
    out_.actions += document.kind == api::kSaleActionKind ? 1 : 0;
    if (document.reading.schedule) return schedule(document, *document.reading.schedule);
    if (!document.reading.event) return;
    meaning(document, api::check_meaning(document.reading.event->spec));
    window(document);
    holds(document, document.reading.event->spec.holds, "spec.holds");
    twice(document, document.reading.event->metadata);
    if (document.reading.findings.empty()) out_.accepted.push_back(*document.reading.event);
  }

  void schedule(const api::Document& document, const api::SaleSchedule& schedule) {
    const std::vector<api::Finding> wrong = api::check_meaning(schedule.spec);
    meaning(document, wrong);
    if (wrong.empty()) starts(document, schedule);
    holds(document, schedule.spec.template_.spec.holds, "spec.template.spec.holds");
    twice(document, schedule.metadata);
  }

  /// Its next sale stands for the others.
  void starts(const api::Document& document, const api::SaleSchedule& schedule) {
    const api::SaleScheduleSpec& spec = schedule.spec;
    const auto times =
        reconciler::resolve_local_times(spec.time_zone, planner::local_starts(spec, now_));
    std::vector<FieldCause> causes =
        times.ok() ? planner::why_not_resolved(spec, *times) : times.error().causes;
    for (const FieldCause& one : causes)
      add(Level::Error, codes::kWindow, one.field, document.mark_at(one.field), one.message);
    if (!causes.empty()) return;
    const auto all = planner::occurrences(schedule.metadata.name, spec, *times);
    const auto next = all.upper_bound(now_);
    if (next == all.end()) {
      return add(Level::Warning,
                 codes::kWindowOver,
                 "spec.schedule",
                 document.mark_at("spec.schedule"),
                 "starts nothing that lies ahead");
    }
    if (!document.reading.findings.empty()) return;
    api::SaleEvent event{.metadata = {}, .spec = api::event_spec(spec, next->first), .status = {}};
    event.metadata.name = next->second.name;
    event.metadata.ns = schedule.metadata.ns;
    out_.accepted.push_back(std::move(event));
  }

  void meaning(const api::Document& document, const std::vector<api::Finding>& findings) {
    for (api::Finding one : findings) {
      one.mark = document.mark_at(one.path);
      out_.findings.push_back({.file = file_, .level = Level::Error, .finding = std::move(one)});
    }
  }

  void window(const api::Document& document) {
    const api::SaleEventSpec& spec = document.reading.event->spec;
    const auto resolved = reconciler::resolve_window(spec.window);
    if (!resolved.ok()) {
      for (const FieldCause& one : resolved.error().causes)
        add(Level::Error, codes::kWindow, one.field, document.mark_at(one.field), one.message);
      return;
    }
    const Mark start = document.mark_at("spec.window.start");
    if (resolved->end <= now_) {
      return add(Level::Warning,
                 codes::kWindowOver,
                 "spec.window.end",
                 document.mark_at("spec.window.end"),
                 "lies in the past (" + to_rfc3339(resolved->end) +
                     "): such an event completes without a write");
    }
    if (resolved->prepare <= now_) {
      add(Level::Warning,
          codes::kPrepareBegun,
          "spec.window.start",
          start,
          "the preparation should have begun at " + to_rfc3339(resolved->prepare) +
              ": what is late of the ramp is written at once",
          "apply it earlier, or shorten `prepare`");
    }
    for (std::size_t i = 0; i < spec.capacity.targets.size(); ++i) {
      ramp(document, *resolved, spec.capacity.targets[i], i);
      profile(document, *resolved, spec.capacity.targets[i], path_of_target(i));
    }
  }

  static std::string path_of_target(std::size_t index) {
    return "spec.capacity.targets[" + json_of(static_cast<std::int64_t>(index)).text + "]";
  }

  /// Steps that begin when the sale is over.
  void profile(const api::Document& document,
               const planner::Window& window,
               const api::TargetSpec& target,
               const std::string& path) {
    for (std::size_t i = 0; i < target.profile.size(); ++i) {
      if (window.start + target.profile[i].at.value < window.end) continue;
      const std::string at =
          path + ".profile[" + json_of(static_cast<std::int64_t>(i)).text + "].at";
      return add(Level::Warning,
                 codes::kProfileLate,
                 at,
                 document.mark_at(at),
                 "is not before the end, " + to_text(window.end - window.start) +
                     " after the start: it never counts",
                 "remove it, or let the sale end later");
    }
  }

  void ramp(const api::Document& document,
            const planner::Window& window,
            const api::TargetSpec& target,
            std::size_t index) {
    const planner::WayUp way{1, 2, window.prepare, window.start, target.ramp.up};
    const Duration room = std::max(Duration(0), planner::last_call(way) - window.prepare);
    if (target.ramp.up.over.value <= room) return;
    const std::string path = path_of_target(index) + ".ramp.up.over";
    add(Level::Warning,
        codes::kRampShort,
        path,
        document.mark_at(path),
        "is longer than the " + to_text(room) + " between `prepare` and `start` - `stepTimeout`",
        "the steps are put closer together; lengthen `window.prepare`, or shorten it");
  }

  void holds(const api::Document& document,
             const std::vector<api::HoldSpec>& holds,
             const std::string& where) {
    for (std::size_t i = 0; i < holds.size(); ++i) {
      const std::string why = why_not(allowed_.list, holds[i]);
      if (why.empty()) continue;
      const std::string path = where + "[" + json_of(static_cast<std::int64_t>(i)).text + "].field";
      add(allowed_.assumed ? Level::Warning : Level::Error,
          codes::kNotAllowed,
          path,
          document.mark_at(path),
          why,
          allowed_.assumed ? "if the operator was given a wider list, name it with --allow-list"
                           : "");
    }
  }

  void twice(const api::Document& document, const api::Metadata& meta) {
    if (meta.name.empty()) return;
    const auto [first, fresh] =
        named_.emplace(std::tuple{document.kind, meta.ns, meta.name}, file_);
    if (fresh) return;
    add(Level::Error,
        codes::kTwice,
        "metadata.name",
        document.mark_at("metadata.name"),
        "must not repeat `" + meta.name + "`, which " + first->second + " describes",
        "the last one applied would win; give it a name of its own");
  }

  const Allowed& allowed_;
  const Instant now_;
  std::string file_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> named_;
  CheckedFiles out_;
};

std::string count_line(const CheckedFiles& checked) {
  const auto number = [](std::size_t count, const char* one) {
    return json_of(static_cast<std::int64_t>(count)).text + " " + one + (count == 1 ? "" : "s");
  };
  std::string out = number(checked.events, "SaleEvent");
  if (checked.schedules > 0) out += ", " + number(checked.schedules, "SaleSchedule");
  if (checked.actions > 0) out += ", " + number(checked.actions, "SaleAction");
  out += " in " + number(checked.files, "file") + ": " +
         number(checked.count(Level::Error), "error") + ", " +
         number(checked.count(Level::Warning), "warning");
  if (checked.passed_over > 0)
    out += "; " + number(checked.passed_over, "document") + " of other kinds passed over";
  return out;
}

}  // namespace

std::size_t CheckedFiles::count(Level level) const {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [level](const Checked& one) {
        return one.level == level;
      }));
}

CheckedFiles check_files(const std::vector<InputFile>& files, const Allowed& allowed, Instant now) {
  Check check(allowed, now);
  for (const InputFile& file : files) check.file(file);
  return std::move(check).result();
}

int exit_code_of(const CheckedFiles& checked, bool fail_on_warnings) {
  if (checked.unparsable) return kUsage;
  if (checked.count(Level::Error) > 0) return kBad;
  return fail_on_warnings && checked.count(Level::Warning) > 0 ? kWarned : kDone;
}

std::string as_text(const CheckedFiles& checked) {
  std::string out;
  for (const Checked& one : checked.findings) {
    api::Finding place{.severity = one.finding.severity,
                       .path = {},
                       .message = std::string(to_string(one.level)) + " " + one.finding.code,
                       .hint = {},
                       .mark = one.finding.mark,
                       .code = {}};
    out += api::to_text(place, one.file) + " ";
    api::Finding rest = one.finding;
    rest.mark = {};
    out += api::to_text(rest) + "\n";
  }
  return out + count_line(checked) + "\n";
}

std::string as_json(const CheckedFiles& checked) {
  std::vector<Json> findings;
  for (const Checked& one : checked.findings) {
    JsonObject object;
    object.add("file", one.file);
    if (one.finding.mark.line > 0) {
      object.add("line", std::int64_t{one.finding.mark.line})
          .add("column", std::int64_t{one.finding.mark.column});
    }
    object.add("level", to_string(one.level)).add("code", one.finding.code);
    object.add("path", one.finding.path).add("message", one.finding.message);
    if (!one.finding.hint.empty()) object.add("hint", one.finding.hint);
    findings.push_back(object.build());
  }
  const auto number = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  return JsonObject()
             .add("files", number(checked.files))
             .add("saleEvents", number(checked.events))
             .add("saleSchedules", number(checked.schedules))
             .add("saleActions", number(checked.actions))
             .add("passedOver", number(checked.passed_over))
             .add("errors", number(checked.count(Level::Error)))
             .add("warnings", number(checked.count(Level::Warning)))
             .add("findings", json_array(findings))
             .build()
             .text +
         "\n";
}

}  // namespace doorbuster::commands
