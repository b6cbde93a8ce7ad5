#pragma once

#include "controllers/planner/in_charge.h"
#include "controllers/planner/raising.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/selection.h"
#include "controllers/planner/target_draft.h"
#include "controllers/planner/view.h"
#include "controllers/planner/wanted.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::planner {

// What the features share that make one child for each target, tell of it in one row of status, and
// are over at the start: node room, image pre-pull.

/// When an answer that did not help is asked for again, and what is not known is looked at again.
inline constexpr Duration kAskChildAgain = std::chrono::minutes(1),
                          kReadChildAgain = std::chrono::seconds(5);

/// One target's row and what is wanted for it. `Row`: one of status that has `target`, `object`,
/// `state` and `message`.
template <class Row>
struct ChildDraft {
  const View& view;
  const api::TargetSpec& spec;
  const char* feature;
  const Row* before = nullptr;  ///< the row as last told, of this run
  Row row;
  std::vector<Item> items;
  std::vector<Question> questions;
  std::vector<Reason> warnings;
  std::optional<Instant> wake;
};

template <class Row>
ChildDraft<Row> draft_child(const View& view,
                            const api::TargetSpec& spec,
                            const char* feature,
                            const std::vector<Row>& rows) {
  ChildDraft<Row> out{.view = view,
                      .spec = spec,
                      .feature = feature,
                      .row = {},
                      .items = {},
                      .questions = {},
                      .warnings = {},
                      .wake = {}};
  out.row.target = spec.name;
  const auto found = std::find_if(
      rows.begin(), rows.end(), [&spec](const Row& one) { return one.target == spec.name; });
  if (found != rows.end() && !view.new_run) out.before = &*found;
  return out;
}

/// What stands of a feature for the target goes.
template <class Row>
void release_child(ChildDraft<Row>& draft, const Reason& why) {
  if (draft.view.children.contains({draft.feature, draft.row.target}))
    draft.items.emplace_back(Release{.name = draft.row.target, .only = {}, .reason = why});
}

/// Not to be told now: what stands stays, and the row says what it said.
template <class Row>
void keep_child(ChildDraft<Row>& draft, std::string why) {
  if (draft.before != nullptr) draft.row = *draft.before;
  draft.row.state = "Unknown";
  draft.row.message = why;
  draft.items.emplace_back(Retain{draft.row.target, {"NotRead", std::move(why)}});
  draft.wake = sooner(draft.wake, draft.view.now + kReadChildAgain);
}

/// What is known of a permission: it is given, it is not (why), or nothing yet (empty `why`: only
/// the question was put).
struct Permission {
  Answer::Says says = Answer::Says::Unknown;
  std::string why;
};
template <class Row>
Permission permission(ChildDraft<Row>& draft, const Question& question, const std::string& who) {
  const auto& answers = draft.view.seen.answers;
  const auto found = answers.find(question.id);
  if (found == answers.end()) {
    draft.questions.push_back(question);
    return {};
  }
  const std::string what = who + " may not " + question.verb + " " + to_text(question.about);
  switch (found->second.says) {
    case Answer::Says::Yes:
      return {.says = Answer::Says::Yes, .why = {}};
    case Answer::Says::No:
      draft.wake = sooner(draft.wake, draft.view.now + kAskChildAgain);
      return {.says = Answer::Says::No,
              .why = found->second.why.empty() ? what : found->second.why};
    case Answer::Says::Unknown:
      return {.says = Answer::Says::Unknown, .why = "it is not known whether " + what};
  }
  return {};
}

/// Why nothing is made for a target that is not going to be raised; `state`: of its row.
struct NotRaised {
  const char* state;
  std::string why;
};
/// Nothing: it will be raised. An empty state: that is not known now.
inline std::optional<NotRaised> not_raised(const api::TargetSpec& spec, const InCharge& charge) {
  switch (charge.who) {
    case InCharge::Who::Autoscaler:
    case InCharge::Who::Workload:
      break;
    case InCharge::Who::Refused:
    case InCharge::Who::Missing:
      return NotRaised{"Refused", charge.why};
    case InCharge::Who::Paused:
      return NotRaised{"NotNeeded", charge.why};
    case InCharge::Who::Forbidden:
    case InCharge::Who::Unknown:
      return NotRaised{"", charge.why};
  }
  if (sleeps_on_purpose(spec, charge)) return NotRaised{"NotNeeded", "scaled to zero on purpose"};
  return std::nullopt;
}

template <class Row>
void collect_child(Wants& wants, std::vector<Row>& rows, ChildDraft<Row>&& draft) {
  std::move(draft.items.begin(), draft.items.end(), std::back_inserter(wants.items));
  std::move(draft.questions.begin(), draft.questions.end(), std::back_inserter(wants.questions));
  std::move(draft.warnings.begin(), draft.warnings.end(), std::back_inserter(wants.warnings));
  wants.wake = sooner(wants.wake, draft.wake);
  if (draft.row.state.empty()) return;  // of a sale that is on or over, only what there was
  rows.push_back(std::move(draft.row));
}

/// Children of a feature for what the spec does not name any more. `unread`: targets of which it is
/// not known now what they select.
inline void release_unnamed(Wants& wants,
                            const OurChildren& children,
                            const std::set<std::string>& named,
                            const Reason& why,
                            const std::vector<std::string>& unread = {}) {
  for (const auto& [key, objects] : children) {
    if (key.first != wants.feature || named.contains(key.second)) continue;
    if (is_out_of_sight(unread, key.second)) {
      wants.items.emplace_back(Retain{key.second, {"NotRead", "its selector is not read now"}});
      continue;
    }
    wants.items.emplace_back(Release{.name = key.second, .only = {}, .reason = why});
  }
}

/// Rows of what a selector found that is not read now say what they said.
template <class Row>
void keep_unread_rows(std::vector<Row>& rows,
                      const std::vector<Row>& before,
                      const std::vector<std::string>& unread) {
  for (const Row& row : before) {
    const std::string by = selecting_target(row.target);
    if (by == row.target || std::find(unread.begin(), unread.end(), by) == unread.end()) continue;
    rows.push_back(row);
  }
}

/// Targets whose selectors are not read: as long as that matters to what is over at the start.
inline std::vector<std::string> unread_ahead(const View& view) {
  const bool ahead = view.ending == Ending::None && view.now < view.window.start;
  return ahead ? view.unread_selectors : std::vector<std::string>();
}

}  // namespace doorbuster::planner
