#include "controllers/planner/intent.h"

#include "controllers/planner/view.h"
#include "operator/base/bounds.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace doorbuster::planner {
namespace {

ObjectRef object_of(const api::HoldStatus& row) {
  return {row.object.group, row.object.kind, row.object.ns, row.object.name};
}

FieldRef field_of(const api::HoldStatus& row) { return {object_of(row), row.field, row.inside}; }

bool same_field(const api::HoldStatus& a, const api::HoldStatus& b) {
  return field_of(a) == field_of(b) && a.uid == b.uid;
}

/// Does the record on the object itself say that this event holds the field?
bool landed(const Present& object, const api::HoldStatus& row, const std::string& uid) {
  const std::string pointer = "/metadata/annotations/doorbuster.dev~1holds";
  if (!object.object->at(pointer)) return false;
  const std::string text = object.object->string(pointer);
  const Ledger record = read_ledger(&text);
  const auto field = record.fields.find(FieldPath{row.field, row.inside});
  return field != record.fields.end() &&
         std::any_of(field->second.holders.begin(),
                     field->second.holders.end(),
                     [&uid](const auto& one) { return one.first.uid == uid; });
}

/// Is it certain that nothing of what this row makes ready was written?
bool never_made(const api::HoldStatus& row,
                const Observation& seen,
                const std::string& uid,
                Instant now) {
  const bool ahead = row.stepped_at && now < *row.stepped_at;
  const Present* object = present(seen, object_of(row));
  if (object == nullptr) return ahead && absence(seen, object_of(row)) == "Missing";
  if (object->uid != row.uid) return ahead;
  if (landed(*object, row, uid)) return false;
  if (ahead) return true;
  // It may have been made, and its record removed since: then its value is what is left of it.
  const auto entry = read_entry(row.copy);
  const Value live = object->object->at(row.field);
  return !entry || !entry->second.is_ours(live) || equal_values(live, entry->second.baseline);
}

bool writes_to(const Plan& plan, const ObjectRef& object) {
  return std::any_of(plan.writes.begin(), plan.writes.end(), [&object](const Write& one) {
    return one.object == object;
  });
}

/// What a copy's row says that a later round reads.
bool same_memory(const api::HoldStatus& stored, const api::HoldStatus& next) {
  const bool made_ready = stored.state == kDue && stored.stepped_at;
  const bool in_time =
      made_ready && (!next.stepped_at || (*next.stepped_at >= *stored.stepped_at &&
                                          *next.stepped_at - *stored.stepped_at <= kAhead));
  return stored.copy == next.copy && stored.serial == next.serial && stored.peak == next.peak &&
         stored.contest == next.contest && (in_time || stored.stepped_at == next.stepped_at);
}

const api::HoldStatus* row_like(const api::HoldStatus& row, const api::SaleEventStatus& status) {
  const auto found =
      std::find_if(status.holds.begin(), status.holds.end(), [&row](const api::HoldStatus& one) {
        return same_field(one, row);
      });
  return found == status.holds.end() ? nullptr : &*found;
}

bool same_holds(const api::SaleEventStatus& stored, const api::SaleEventStatus& next) {
  const auto known = [&stored](const api::HoldStatus& row) {
    const api::HoldStatus* before = row_like(row, stored);
    if (row.copy.empty())
      return row.state != "Restoring" || (before != nullptr && before->state == row.state);
    return before != nullptr && same_memory(*before, row);
  };
  const auto kept = [&next](const api::HoldStatus& row) {
    const api::HoldStatus* after = row_like(row, next);
    return row.copy.empty() || (after != nullptr && !after->copy.empty());
  };
  return std::all_of(next.holds.begin(), next.holds.end(), known) &&
         std::all_of(stored.holds.begin(), stored.holds.end(), kept);
}

bool same_targets(const api::SaleEventStatus& stored, const api::SaleEventStatus& next) {
  return std::all_of(next.targets.begin(), next.targets.end(), [&](const api::TargetStatus& row) {
    if (!row.usual && !row.zones) return true;
    return std::any_of(
        stored.targets.begin(), stored.targets.end(), [&row](const api::TargetStatus& one) {
          return one.name == row.name && one.object == row.object && one.usual == row.usual &&
                 one.zones == row.zones;
        });
  });
}

/// That a run began is only for people; what ended it decides.
std::vector<api::Decision> deciding(const api::SaleEventStatus& status) {
  std::vector<api::Decision> out = status.decisions;
  std::erase_if(out, [](const api::Decision& one) { return one.kind == "Began"; });
  return out;
}

}  // namespace

std::optional<Event> without_intents(const Event& event, const Observation& seen, Instant now) {
  const auto is_due = [](const auto& row) { return row.state == kDue; };
  const api::SaleEventStatus& status = event.status;
  if (std::none_of(status.holds.begin(), status.holds.end(), is_due) &&
      std::none_of(status.targets.begin(), status.targets.end(), is_due)) {
    return std::nullopt;
  }
  Event out = event;
  std::erase_if(out.status.holds, [&](const api::HoldStatus& row) {
    return is_due(row) && never_made(row, seen, event.uid, now);
  });
  for (api::TargetStatus& row : out.status.targets) {
    const bool made = std::any_of(
        out.status.holds.begin(), out.status.holds.end(), [&](const api::HoldStatus& one) {
          return is_due(one) && one.name == row.name;
        });
    if (!is_due(row) || made) continue;
    row.state = "Waiting";
    row.usual.reset();
    row.zones.reset();
  }
  return out;
}

bool add_intents(const Plan& coming, Instant due, api::SaleEventStatus& status) {
  std::set<ObjectRef> held;
  for (const api::HoldStatus& row : status.holds) {
    if (!row.copy.empty()) held.insert(object_of(row));
  }
  std::vector<api::HoldStatus> rows = status.holds;
  bool any = false;
  for (const api::HoldStatus& row : coming.status.holds) {
    if (row.copy.empty() || held.contains(object_of(row)) || !writes_to(coming, object_of(row)))
      continue;
    std::erase_if(rows, [&row](const api::HoldStatus& one) {
      return field_of(one) == field_of(row) && one.copy.empty() &&
             (one.uid.empty() || one.uid == row.uid);
    });
    api::HoldStatus intent = row;
    intent.state = kDue;
    intent.message.clear();
    intent.stepped_at = due;
    rows.push_back(std::move(intent));
    any = true;
  }
  if (!any || rows.size() > bounds::kHoldRows) return false;
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tuple(field_of(a), a.uid) < std::tuple(field_of(b), b.uid);
  });
  status.holds = std::move(rows);
  for (api::TargetStatus& row : status.targets) {
    if (row.state != "Waiting" || row.usual) continue;
    for (const api::TargetStatus& one : coming.status.targets) {
      if (one.name != row.name || one.object != row.object || !one.usual) continue;
      row.usual = one.usual;
      row.zones = one.zones;
      row.state = kDue;
    }
  }
  return true;
}

bool writes_go_first(const api::SaleEventStatus& stored,
                     const api::SaleEventStatus& next,
                     Instant now) {
  const bool at_an_edge =
      std::any_of(stored.holds.begin(), stored.holds.end(), [now](const api::HoldStatus& row) {
        return row.state == kDue && row.stepped_at && *row.stepped_at <= now &&
               now - *row.stepped_at <= kAhead;
      });
  return at_an_edge && stored.install == next.install && stored.run == next.run &&
         stored.window == next.window && deciding(stored) == deciding(next) &&
         same_targets(stored, next) && same_holds(stored, next);
}

}  // namespace doorbuster::planner
