// Counts the situations that a history comes through.
#include "controllers/planner/capacity.h"
#include "controllers/planner/intent.h"
#include "controllers/planner/ledger.h"
#include "tests/simulation/situations.h"
#include "tests/simulation/stage.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using simulator::Boundary;
using simulator::Mishap;

std::string place_of(Boundary boundary) {
  switch (boundary) {
    case Boundary::AddFinalizer:
      return "adding the finalizer";
    case Boundary::Publish:
      return "a status update";
    case Boundary::Perform:
      return "a write";
    case Boundary::Freeze:
      return "beginning or ending a freeze";
    case Boundary::Answer:
      return "answering an action";
    case Boundary::RemoveFinalizer:
      return "removing the finalizer";
  }
  return "";
}

std::string mishap_text(Mishap mishap) {
  switch (mishap) {
    case Mishap::None:
      return "nothing";
    case Mishap::KillBefore:
      return "killed before";
    case Mishap::KillAfter:
      return "killed after";
    case Mishap::LoseAnswer:
      return "answer lost after success of";
    case Mishap::TimeOut:
      return "time-out, undone,";
    case Mishap::Forbid:
      return "403 for";
    case Mishap::ServerError:
      return "500 for";
    case Mishap::Throttle:
      return "429 for";
    case Mishap::ForeignFirst:
      return "conflict at";
  }
  return "";
}

bool any_row(const api::SaleEventStatus& status, const std::string& state) {
  return std::any_of(status.holds.begin(), status.holds.end(), [&](const auto& row) {
    return row.state == state;
  });
}

/// What servers of gates have decided now: Approve, Reject.
std::vector<std::string> of_servers(const api::SaleEventStatus& status, Instant now) {
  std::vector<std::string> out;
  for (const api::Decision& one : status.decisions) {
    if (one.at == now && one.by.starts_with("webhook ") &&
        (one.kind == "Approve" || one.kind == "Reject"))
      out.push_back(one.kind);
  }
  return out;
}

}  // namespace

/// Where the first event's sale is, by the cluster's clock.
std::string Stage::phase_word() const {
  const EventPlan& event = history_.events.front();
  const Instant now = cluster_.now();
  if (now < at(event.start - event.prepare)) return "before the sale";
  if (now < at(event.start)) return "on the way up";
  if (now < at(event.end)) return "in mid-sale";
  return "on the way down";
}

void Stage::note_step(const Step& step) {
  if (step.act == Act::GoWrong) {
    count(mishap_text(step.mishap) + " " + place_of(step.boundary));
    const bool kills = step.mishap == Mishap::KillBefore || step.mishap == Mishap::KillAfter;
    if (kills) count("killed " + phase_word());
    for (const EventPlan& event : history_.events) {
      for (const Duration edge : {event.start - event.prepare, event.start, event.end}) {
        const Duration off = cluster_.now() - at(edge);
        if (step.mishap == Mishap::ForeignFirst && off < std::chrono::seconds(10) &&
            off > std::chrono::seconds(-10)) {
          count("conflict at a window's edge");
        }
      }
    }
    return;
  }
  const StoredPtr object = cluster_.api().live(object_of(step.subject));
  const bool held = object && object->tree.at(kAnnotation) != nullptr;
  count(to_string(step.act));
  if (step.act == Act::Ask) count(step.field + " " + phase_word());
  if (held) count(std::string(to_string(step.act)) + " while held");
  if (step.act == Act::Kill || step.act == Act::Outage) {
    const EventPlan& event = history_.events.front();
    const std::string who =
        step.act == Act::Kill ? "operator away across " : "API server away across ";
    if (cluster_.now() < at(event.start) && cluster_.now() + step.span > at(event.start))
      count(who + "the start");
    if (cluster_.now() < at(event.end) && cluster_.now() + step.span > at(event.end))
      count(who + "the end");
    if (step.act == Act::Kill) count("killed " + phase_word());
  }
  if (step.act == Act::DeleteEvent) {
    if (const StoredPtr event =
            cluster_.api().live(simulator::sale_ref(kShopNamespace, step.subject))) {
      count("deleted " + phase_word() + " with " + event->tree.text_at("/spec/deletionPolicy"));
    }
  }
  if (step.act == Act::ApplyCopy || step.act == Act::RolloutUndo)
    count(std::string(to_string(step.act)) + " " + phase_word());
  if (step.act == Act::StepClock && step.amount != 0)
    count(step.amount > 0 ? "clock steps forward" : "clock steps back");
}

void Stage::note_publish(const planner::Event& event, const api::SaleEventStatus& status) {
  if (late_)
    say("  status was " + api::to_json(event.status).text + "\n  and becomes " +
        api::to_json(status).text);
  if (any_row(status, "Yielded")) count("a person's second change is yielded to");
  if (any_row(status, "Contested")) count("a field is contested");
  if (any_row(status, "Left")) count("somebody's value is left at the end");
  if (any_row(status, "Unknown")) count("a record that cannot be trusted is reported");
  if (any_row(status, planner::kDue)) count("a hold is made ready ahead of its time");
  if (any_row(event.status, planner::kDue) && status.holds.empty())
    count("what was made ready is not wanted any more");
  const bool vanished = std::any_of(status.holds.begin(), status.holds.end(), [&](const auto& row) {
    return !row.copy.empty() && world_.weather.kinds_vanish.contains(row.object.kind);
  });
  if (vanished) count("a kind vanishes while something of it is held");
  if (vanished && event.deleting) count("a kind vanishes while its event is being deleted");
  for (const auto& row : status.rollouts) {
    const auto& old = event.status.rollouts;
    const bool news = std::none_of(old.begin(), old.end(), [&](const auto& one) {
      return one.name == row.name && one.state == row.state;
    });
    if (news) count("a release is " + row.state);
    if (row.analysis == "Inconclusive") count("an analysis is inconclusive");
  }
  for (const std::string& kind : of_servers(status, cluster_.now()))
    count("a gate's server decides " + kind);
  for (const auto& row : status.targets) {
    if (row.state == "Missing") count("a target is missing");
    if (row.state == "Forbidden") count("a target is forbidden");
    if (row.state == "Refused") count("a target is refused");
    if (row.state == "ScaledToZero") count("a target is scaled to zero on purpose");
    if (row.zones) count("zones are counted");
  }
  for (const auto& row : status.holds) {
    if (row.applied && row.requested && !equal_values(row.applied, row.requested))
      count("the server changes what is written");
    if (!row.baseline && !row.copy.empty()) count("a field that was absent is held");
  }
  if (event.created >
      parse_rfc3339(event.spec ? event.spec->window.end : "").value_or(event.created))
    count("created after its end");
  for (const auto& condition : status.conditions) {
    if (condition.reason == "DemandAboveBaseline") count("demand stays above the baseline");
  }
}

void Stage::note_answer(const api::SaleActionStatus& status) {
  count("an action is " + status.state);
}

void Stage::note_written(const Written& written) {
  count("a write is carried out");
  count(written.after->ref.kind + " is written");
  const auto& document = *written.after->document();
  const std::string text = document.string(kAnnotation);
  if (text.empty()) {
    count(written.write.type == planner::Write::Type::Json ? "our managedFields entry is removed"
                                                           : "the last holder lets go");
    return;
  }
  const planner::Ledger record = planner::read_ledger(&text);
  for (const auto& [path, held] : record.fields) {
    std::set<std::string> events;
    for (const auto& [holder, ask] : held.holders) {
      events.insert(holder.uid);
      const bool select = path.pointer == kSelectPolicy || path.pointer == kKedaSelectPolicy;
      if (select && holder.feature == planner::kCapacity) count("a target may not scale down");
    }
    if (events.size() > 1) count("two events hold one field");
  }
  const bool sale = phase_word() == "in mid-sale";
  bool profile = false;
  if (written.event.spec) {
    for (const api::TargetSpec& target : written.event.spec->capacity.targets) {
      if (target.ref->name != written.after->ref.name) continue;
      profile = !target.profile.empty();
      if (std::holds_alternative<api::NeedRps>(target.need)) count("a need in requests a second");
    }
  }
  for (const char* pointer : kFloorFields) {
    const auto before = number(written.before->tree.value_at(pointer)),
               after = number(written.after->tree.value_at(pointer));
    if (before && after && *after > *before) count("a floor goes up");
    if (before && after && *after < *before) count("a floor goes down by a step");
    if (!sale || !profile || !before || !after || *after == *before) continue;
    count(*after > *before ? "a profile raises a floor in mid-sale"
                           : "a profile lowers a floor in mid-sale");
  }
}

void Stage::note_round(const planner::RoundResult& result) {
  ++report_.rounds;
  at_once_ = cluster_.now() == last_round_ ? at_once_ + 1 : 0;
  last_round_ = cluster_.now();
  if (report_.rounds > kMaxRounds || at_once_ > kMaxRoundsAtOnce) {
    busy_ = true;
    ending_.busy =
        at_once_ > kMaxRoundsAtOnce ? "rounds without end at one instant" : "too many rounds";
  }
  if (result.failed) count("a round fails");
  if (result.gone) count("an event is gone");
  if (const auto& seen = world_.seen(); seen && seen->event != last_seen_) {
    last_seen_ = seen->event;
    count("a fact is blanked to Unread");
    for (const auto& [ref, fact] : seen->observation.objects) {
      if (std::holds_alternative<planner::Unread>(fact)) count("a fact is unread by itself");
    }
  }
}

}  // namespace doorbuster::simulation
