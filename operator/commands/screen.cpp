#include "operator/commands/screen.h"

#include "controllers/planner/pending.h"
#include "operator/base/lower.h"
#include "operator/commands/rollout_rows.h"
#include "operator/commands/sale_words.h"
#include "operator/commands/text_table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace doorbuster::commands {
namespace {

using std::chrono::seconds;

constexpr Duration kOverdue = seconds(30);  ///< after which a step that did not come is told
constexpr std::size_t kWarnings = 6;
constexpr std::size_t kWarningLines = 3;
constexpr std::size_t kLabel = 10;
constexpr std::size_t kPhase = 24;       ///< columns of the longest phase and its mark
constexpr std::size_t kUnbounded = 120;  ///< columns of bars and of wrapped text without a width

std::size_t columns(const ScreenStyle& style) {
  return style.width == 0 ? kUnbounded : style.width;
}

std::string label(std::string text) {
  text.resize(std::max(text.size(), kLabel), ' ');
  return text;
}

std::string to_the_second(Instant at) {
  return to_rfc3339(std::chrono::floor<std::chrono::seconds>(at));
}

std::string time_of_day(Instant at) { return to_the_second(at).substr(11); }

/// A mark and words beside it.
void add_words(Line& line, Mark mark, const std::string& words, const ScreenStyle& style) {
  line.push_back(glyph(mark, style));
  line.push_back({" " + words, Paint::Plain});
}

std::string title(const SaleLook& look) {
  return look.event.metadata.ns + "/" + look.event.metadata.name;
}

Line header(const SaleLook& look, const ScreenStyle& style) {
  const api::SaleEventStatus& status = look.event.status;
  // A long name leaves the phase its place.
  const std::size_t most = std::max<std::size_t>(columns(style), kPhase + 16) - kPhase;
  Line out{{clipped(title(look), most, more_sign(style)) + "   ", Paint::Strong}};
  out.push_back(glyph(mark_of(phase_text(status)), style));
  out.push_back({" " + phase_text(status), Paint::Strong});
  if (abort_of(status) != nullptr) out.push_back({" (aborted)", Paint::Warn});
  out.push_back({"   mode " + std::string(api::to_string(look.event.spec.mode))});
  if (status.run.value_or(0) > 0) out.push_back({"   run " + std::to_string(*status.run)});
  const Duration age = std::max(Duration(0), look.now - look.observed);
  const bool stale = !stale_text(look).empty();
  out.push_back({"   observed " + short_span(age) + " ago" + (stale ? " (STALE)" : ""),
                 stale ? Paint::Bad : Paint::Faint});
  return out;
}

/// Lines that must not be overlooked.
void banners(const SaleLook& look, const ScreenStyle& style, std::vector<Line>& out) {
  const api::SaleEvent& event = look.event;
  const auto add = [&](Mark mark, const std::string& text, std::size_t most) {
    const Span sign = glyph(mark, style);
    std::vector<std::string> lines =
        wrapped(printable(text, style.ascii), std::max<std::size_t>(20, columns(style) - 3));
    if (lines.size() > most) {
      lines.resize(most);
      lines.back() += more_sign(style);
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out.push_back(
          {i == 0 ? sign : Span{" "}, {"  " + lines[i], i == 0 ? sign.paint : Paint::Plain}});
    }
  };
  if (const std::string why = stale_text(look); !why.empty()) add(Mark::Bad, "STALE: " + why, 2);
  if (event.metadata.deleted) add(Mark::Warn, "BEING DELETED: what is held is put back first", 1);
  if (event.spec.suspend)
    add(Mark::Off, "SUSPENDED: nothing is changed; what is held stays as it is", 1);
  if (event.spec.mode == api::Mode::DryRun)
    add(Mark::Warn, "DRY RUN: everything is computed, nothing is written", 1);
  if (const api::Decision* one = abort_of(event.status)) {
    add(Mark::Warn,
        "ABORTED at " + to_the_second(one->at) + (one->by.empty() ? "" : " by " + one->by) +
            (one->detail.empty() ? "" : ": " + one->detail),
        2);
  }
  const std::vector<std::string> warnings = warnings_of(event.status);
  const Mark mark = needs_people(event.status) ? Mark::Bad : Mark::Warn;
  for (std::size_t i = 0; i < std::min(warnings.size(), kWarnings); ++i)
    add(mark, warnings[i], style.height == 0 ? warnings[i].size() + 1 : kWarningLines);
  if (warnings.size() > kWarnings)
    add(mark, "and " + std::to_string(warnings.size() - kWarnings) + " more warnings", 1);
}

void window_lines(const SaleLook& look, const ScreenStyle&, std::vector<Line>& out) {
  const auto& window = look.event.status.window;
  if (!window) {
    out.push_back({{label("Window") + "no operator has looked at it yet", Paint::Plain}});
    return;
  }
  const auto line = [&](const char* name, const char* edge, Instant at, const std::string& more) {
    out.push_back({{label(name) + edge + local_text(at, look.offset(at)) + "  " +
                        to_the_second(at) + "  " + relative_text(at, look.now) + more,
                    Paint::Plain}});
  };
  line("Window",
       "start  ",
       window->start,
       window->time_zone.empty() ? "" : "  " + window->time_zone);
  line("", "end    ", window->end, "");
}

std::string since_text(const api::Condition& prepared, const api::WindowStatus& window) {
  const Instant at = prepared.last_transition_time;
  return time_of_day(at) + (at < window.start
                                ? ", " + short_span(window.start - at) + " before the start"
                                : ", " + short_span(at - window.start) + " after the start");
}

/// What is due, and how it stands.
void standing_lines(const SaleLook& look, const ScreenStyle& style, std::vector<Line>& out) {
  const api::SaleEventStatus& status = look.event.status;
  if (status.next_due) {
    out.push_back({{label("Next") + to_the_second(*status.next_due) + "  " + status.next_reason +
                        " (" + relative_text(*status.next_due, look.now) + ")",
                    Paint::Plain}});
  }
  if (!status.verdict.empty()) {
    Line line{{label("Verdict"), Paint::Plain}};
    add_words(line, mark_of(status.verdict), status.verdict, style);
    if (!status.targets_ready.empty())
      line.push_back({"   targets ready " + status.targets_ready, Paint::Plain});
    out.push_back(std::move(line));
  }
  if (!status.window) return;
  const api::Condition* prepared = condition_in(status, "Prepared");
  if (prepared != nullptr && prepared->reason != "NotDue") {
    Line line{{label("Prepared"), Paint::Plain}};
    const bool moves = look.now < status.window->end;
    if (is_true(prepared)) {
      add_words(line, Mark::Good, since_text(*prepared, *status.window), style);
    } else {
      add_words(line, moves ? Mark::Moving : Mark::Warn, prepared->message, style);
    }
    out.push_back(std::move(line));
  }
  const api::Condition* restored = condition_in(status, "Restored");
  if (restored != nullptr && (look.now >= status.window->end || is_true(restored)) &&
      restored->reason != "NotDue") {
    Line line{{label("Restored"), Paint::Plain}};
    add_words(line,
              is_true(restored) ? Mark::Good : Mark::Moving,
              is_true(restored) ? time_of_day(restored->last_transition_time) : restored->message,
              style);
    out.push_back(std::move(line));
  }
}

/// PREPARE, LIVE and COOLDOWN, each with how far it is.
void bars(const SaleLook& look, const ScreenStyle& style, std::vector<Line>& out) {
  const auto& window = look.event.status.window;
  if (!window) return;
  struct Part {
    const char* name;
    Instant from, to;
  };
  const Part parts[] = {{"PREPARE", window->prepare, window->start},
                        {"LIVE", window->start, window->end},
                        {"COOLDOWN", window->end, window->restored_by}};
  constexpr std::size_t kWords = 19 + 3 * 2 + 3 * 9;  // names, blanks and notes
  const std::size_t each =
      std::max<std::size_t>(4, (std::max(columns(style), kWords + 12) - kWords) / 3);
  const bool over = look.event.status.phase == "Completed";
  Line line;
  for (const Part& one : parts) {
    const bool done = look.now >= one.to || over;
    const double part = done ? 1
                        : look.now <= one.from
                            ? 0
                            : static_cast<double>((look.now - one.from).count()) /
                                  static_cast<double>((one.to - one.from).count());
    const bool on = !done && look.now >= one.from;
    std::string note = done ? "done" : on ? std::to_string(static_cast<int>(part * 100)) + "%" : "";
    if (!done && !on) note = relative_text(one.from, look.now);
    note.resize(std::max<std::size_t>(note.size(), 9), ' ');
    line.push_back({std::string(one.name) + " ", on ? Paint::Strong : Paint::Plain});
    line.push_back({bar(part, each, style),
                    done ? Paint::Good
                    : on ? Paint::Moving
                         : Paint::Faint});
    line.push_back({" " + note, Paint::Plain});
  }
  out.push_back({});
  out.push_back(std::move(line));
}

std::string floor_cell(const api::TargetStatus& row, const ScreenStyle& style) {
  if (!row.held) return or_dash(row.floor);
  const bool rises = row.floor && *row.held < *row.floor && row.state != "Lowering";
  return or_dash(row.held) + (rises ? std::string(arrow(style)) + or_dash(row.floor) : "");
}

/// What the workload says of itself, else what status said last.
std::optional<std::int64_t> ready_of(const SaleLook& look, const api::TargetStatus& row) {
  const auto found = look.replicas.find(row.object);
  return found != look.replicas.end() && found->second.ready ? found->second.ready : row.ready;
}

std::string ready_cell(const std::optional<std::int64_t>& ready, const api::TargetStatus& row) {
  const auto of = row.held ? row.held : row.desired;
  return or_dash(ready) + (ready && of ? "/" + std::to_string(*of) : "");
}

std::string wanted_cell(const SaleLook& look, const api::TargetStatus& row) {
  const auto found = look.replicas.find(row.autoscaler);
  return found != look.replicas.end() && !found->second.wanted.empty() ? found->second.wanted
                                                                       : or_dash(row.wanted);
}

std::string target_words(const api::TargetStatus& row) {
  std::string out = words_of(row.state);
  const bool climbs = row.state == "Ramping" && row.step && row.steps;
  if (climbs) out += ", step " + std::to_string(*row.step) + "/" + std::to_string(*row.steps);
  std::string more;
  for (const api::PendingStatus& one : row.pending) {
    more += (more.empty() ? "" : ", ") + std::to_string(one.count) + " " +
            planner::in_words_of({.code = one.reason, .count = one.count, .message = ""});
  }
  if (!row.message.empty()) more += (more.empty() ? "" : "; ") + row.message;
  return more.empty() ? out : out + ": " + more;
}

Tree capacity(const SaleLook& look, const ScreenStyle& style) {
  Tree out{.heading = {"CAPACITY", "BASE", "FLOOR", "READY", "WANTED", "CEIL", "STATUS"},
           .rows = {}};
  for (const api::TargetStatus& row : look.event.status.targets) {
    out.rows.push_back({.name = row.name,
                        .cells = {baseline_text(row.baseline),
                                  floor_cell(row, style),
                                  ready_cell(ready_of(look, row), row),
                                  wanted_cell(look, row),
                                  or_dash(row.ceiling)},
                        .mark = mark_of(row.state),
                        .words = target_words(row)});
  }
  return out;
}

/// As kubectl abbreviates the kinds that are held most.
std::string short_kind(const std::string& kind) {
  static constexpr std::array kShort = {
      std::pair<std::string_view, std::string_view>{"HorizontalPodAutoscaler", "hpa"},
      std::pair<std::string_view, std::string_view>{"Deployment", "deploy"},
      std::pair<std::string_view, std::string_view>{"StatefulSet", "sts"},
      std::pair<std::string_view, std::string_view>{"ConfigMap", "cm"}};
  for (const auto& [name, is_short] : kShort) {
    if (name == kind) return std::string(is_short);
  }
  return lower(kind);
}

/// `hpa/checkout minReplicas`: of the pointer its last step, unless that is a place in a list.
std::string hold_name(const api::HoldStatus& row) {
  const std::string last = row.field.substr(row.field.rfind('/') + 1);
  const bool says_little = last.empty() || (last[0] >= '0' && last[0] <= '9') || last[0] == '[';
  return short_kind(row.object.kind) + "/" + row.object.name + " " +
         (says_little ? row.field : last) + (row.inside.empty() ? "" : " " + row.inside);
}

std::string hold_words(const api::HoldStatus& row) {
  std::string out = words_of(row.state);
  if (!row.contest.by.empty() && mark_of(row.state) == Mark::Warn) out += " by " + row.contest.by;
  if (row.contest.reasserted.value_or(0) > 0)
    out += ", written again " + std::to_string(*row.contest.reasserted) + "x";
  return row.message.empty() ? out : out + ": " + row.message;
}

Tree holds(const SaleLook& look, const ScreenStyle& style) {
  Tree out{.heading = {"HOLDS", "BASE " + std::string(arrow(style)) + " NOW", "SINCE", "STATUS"},
           .rows = {}};
  const auto value = [&style](const Value& one) {
    const std::string text = printable(shown(one), style.ascii);
    return style.width == 0 ? text : clipped(text, style.width / 8, more_sign(style));
  };
  const auto values = [&](const api::HoldStatus& row) {
    // Not held, or no more: nobody looks at what it is now.
    if (row.copy.empty()) return row.baseline ? value(row.baseline) : "-";
    return value(row.baseline) + " " + std::string(arrow(style)) + " " + value(row.live);
  };
  for (const api::HoldStatus& row : look.event.status.holds) {
    const std::string since = row.stepped_at && *row.stepped_at <= look.now
                                  ? short_span(look.now - *row.stepped_at)
                                  : "-";
    out.rows.push_back({.name = hold_name(row),
                        .cells = {values(row), since},
                        .mark = mark_of(row.state),
                        .words = hold_words(row)});
  }
  return out;
}

/// Room on nodes and images pulled ahead.
Tree rooms(const SaleLook& look) {
  Tree out{.heading = {"NODES", "DONE", "STATUS"}, .rows = {}};
  const auto add = [&out](const char* what, const auto& row, const std::string& done) {
    out.rows.push_back(
        {.name = what + row.target,
         .cells = {done},
         .mark = mark_of(row.state),
         .words = words_of(row.state) + (row.message.empty() ? "" : ": " + row.message)});
  };
  for (const api::HeadroomStatus& row : look.event.status.headroom)
    add("room for ", row, or_dash(row.placed) + "/" + or_dash(row.asked));
  for (const api::ImagePrepullStatus& row : look.event.status.image_prepull)
    add("images of ", row, or_dash(row.pulled) + "/" + or_dash(row.nodes));
  return out;
}

/// What measurements say of the sale.
Tree checks(const SaleLook& look) {
  Tree out{.heading = {"CHECKS", "VALUE", "SINCE", "STATUS"}, .rows = {}};
  for (const api::CheckStatus& row : look.event.status.checks) {
    out.rows.push_back(
        {.name = row.name,
         .cells = {row.value.empty() ? "-" : clipped(printable(row.value), 20, "..."),
                   row.since ? short_span(look.now - *row.since) : "-"},
         .mark = mark_of(row.verdict),
         .words = words_of(row.verdict) + (row.message.empty() ? "" : ": " + row.message)});
  }
  return out;
}

/// What people decided in this run, and what they asked for and waits.
Tree people(const SaleLook& look) {
  Tree out{.heading = {"PEOPLE", "WHEN", "STATUS"}, .rows = {}};
  const api::SaleEventStatus& status = look.event.status;
  for (const api::Decision& one : status.decisions) {
    if (one.run != status.run.value_or(0) || (one.by.empty() && one.action_uid.empty())) continue;
    out.rows.push_back({.name = one.kind + (one.subject.empty() ? "" : " " + one.subject),
                        .cells = {relative_text(one.at, look.now)},
                        .mark = Mark::Good,
                        .words = (one.by.empty() ? "decided" : "by " + one.by) +
                                 (one.value.empty() ? "" : ": " + one.value) +
                                 (one.detail.empty() ? "" : ": " + one.detail)});
  }
  for (const api::SaleAction& one : look.actions) {
    const std::string state = one.status.state.empty() ? "Waiting" : one.status.state;
    out.rows.push_back(
        {.name = std::string(api::to_string(one.spec.action)) + " " + one.metadata.name,
         .cells = {one.metadata.created ? relative_text(*one.metadata.created, look.now) : "-"},
         .mark = mark_of(state),
         .words = words_of(state) + (one.status.message.empty() ? "" : ": " + one.status.message)});
  }
  return out;
}

void add_tree(const Tree& tree,
              std::size_t most,
              const ScreenStyle& style,
              std::vector<Line>& out) {
  if (tree.rows.empty()) return;
  std::vector<Line> lines = tree_lines(tree, most, style);
  out.insert(
      out.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
}

/// Shares of the lines that are left, where rows are more than those: capacity, holds, rollouts,
/// checks, nodes, people; each as many as it has, else a part.
std::vector<std::size_t> shares(const std::vector<Tree>& trees, std::size_t left) {
  std::vector<std::size_t> out(trees.size(), 0);
  std::size_t open = 0, wanted = 0;
  for (const Tree& one : trees) {
    wanted += one.rows.empty() ? 0 : one.rows.size() + 1;
    open += one.rows.empty() ? 0 : 1;
  }
  if (wanted <= left) return out;
  left -= std::min(left, open);  // headings
  // The smallest first: what it does not need is for the others.
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    if (!trees[i].rows.empty()) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&trees](std::size_t a, std::size_t b) {
    return trees[a].rows.size() < trees[b].rows.size();
  });
  for (const std::size_t i : order) {
    out[i] = std::max<std::size_t>(2, std::min(trees[i].rows.size(), left / open));
    left -= std::min(left, out[i]);
    --open;
  }
  return out;
}

std::vector<std::string> as_texts(const std::vector<Line>& lines, const ScreenStyle& style) {
  std::vector<std::string> out;
  out.reserve(lines.size());
  for (const Line& line : lines) out.push_back(painted(line, style));
  return out;
}

}  // namespace

std::string stale_text(const SaleLook& look) {
  const api::SaleEventStatus& status = look.event.status;
  if (!look.silent.empty()) return look.silent;
  if (status.next_due && look.now - *status.next_due > kOverdue) {
    return "the operator is overdue: " + status.next_reason + " was due " +
           relative_text(*status.next_due, look.now);
  }
  const bool looked = status.observed_generation.value_or(-1) >= 0;
  if (looked && *status.observed_generation < look.event.metadata.generation)
    return "the operator has not looked at the latest edit";
  return "";
}

std::vector<std::string> screen_lines(const SaleLook& look, const ScreenStyle& style) {
  std::vector<Line> out{header(look, style)};
  window_lines(look, style, out);
  standing_lines(look, style, out);
  banners(look, style, out);
  bars(look, style, out);
  const std::vector<Tree> trees{capacity(look, style),
                                holds(look, style),
                                rollout_tree(look.event.status),
                                checks(look),
                                rooms(look),
                                people(look)};
  const std::size_t left = style.height > out.size() ? style.height - out.size() : 0;
  const std::vector<std::size_t> most =
      style.height == 0 ? std::vector<std::size_t>(trees.size(), 0) : shares(trees, left);
  for (std::size_t i = 0; i < trees.size(); ++i) add_tree(trees[i], most[i], style, out);
  if (look.event.status.window && look.event.status.targets.empty())
    out.push_back({{"CAPACITY  no targets", Paint::Faint}});
  if (style.height > 0 && out.size() > style.height) out.resize(style.height);
  return as_texts(out, style);
}

std::vector<std::string> detail_lines(const SaleLook& look, const ScreenStyle& style) {
  const api::SaleEventStatus& status = look.event.status;
  Tree conditions{.heading = {"CONDITIONS", "IS", "SINCE", "WHY"}, .rows = {}};
  for (const api::Condition& one : status.conditions) {
    conditions.rows.push_back(
        {.name = one.type,
         .cells = {api::to_string(one.status), relative_text(one.last_transition_time, look.now)},
         .mark = is_true(&one) ? Mark::Good : Mark::Waiting,
         .words = one.reason + ": " + one.message});
  }
  Tree objects{.heading = {"OBJECTS", "USUAL", "WHO DECIDES"}, .rows = {}};
  for (const api::TargetStatus& row : status.targets) {
    objects.rows.push_back({.name = row.name,
                            .cells = {or_dash(row.usual)},
                            .mark = mark_of(row.state),
                            .words = row.in_charge.empty() ? row.object : row.in_charge});
  }
  Tree findings{.heading = {"FINDINGS", "CODE", "WHAT"}, .rows = {}};
  if (status.feasibility) {
    for (const api::FeasibilityFinding& one : status.feasibility->findings)
      findings.rows.push_back({.name = one.subject,
                               .cells = {one.code},
                               .mark = mark_of(one.level),
                               .words = one.level + ": " + one.message});
  }
  Tree decisions{.heading = {"DECISIONS", "RUN", "WHAT"}, .rows = {}};
  for (const api::Decision& one : status.decisions) {
    decisions.rows.push_back(
        {.name = to_the_second(one.at),
         .cells = {std::to_string(one.run)},
         .mark = Mark::Good,
         .words = decision_text(one) + ", " + (one.by.empty() ? "doorbuster" : one.by)});
  }
  std::vector<Line> out;
  for (const Tree& one : {conditions, objects, findings, decisions}) {
    if (!one.rows.empty()) out.push_back({});
    add_tree(one, 0, style, out);
  }
  return as_texts(out, style);
}

std::string summary_text(const SaleLook& look) {
  const api::SaleEventStatus& status = look.event.status;
  std::string out =
      title(look) + " " + phase_text(status) + (abort_of(status) != nullptr ? " (aborted)" : "");
  if (!status.verdict.empty()) out += ", verdict " + status.verdict;
  for (const api::TargetStatus& row : status.targets) {
    if (status.targets.size() > 8) break;
    out += ", " + row.name + (row.ready ? " " + ready_cell(row.ready, row) : "") + " " +
           words_of(row.state);
  }
  if (status.targets.size() > 8 && !status.targets_ready.empty())
    out += ", targets ready " + status.targets_ready;
  if (!status.rollouts.empty()) out += ", rollouts: " + rollouts_text(status);
  if (look.event.metadata.deleted) out += ", being deleted";
  if (!look.silent.empty()) out += ", STALE: " + look.silent;
  if (!status.message.empty()) out += ": " + status.message;
  return printable(out);
}

}  // namespace doorbuster::commands
