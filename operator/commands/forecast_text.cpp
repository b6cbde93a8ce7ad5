#include "operator/commands/forecast_text.h"

#include "operator/base/json.h"
#include "operator/commands/checked.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <utility>

namespace doorbuster::commands {
namespace {

using simulator::Forecast;
using simulator::Sample;
using simulator::TargetOutlook;

constexpr std::size_t kColumns = 72;
constexpr std::array<std::string_view, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string number(std::int64_t value) { return json_of(value).text; }

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string on_the_right(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

/// To the second.
std::string when(Instant at) { return to_rfc3339(std::chrono::floor<std::chrono::seconds>(at)); }

std::string time_of_day(Instant at) { return when(at).substr(11); }

/// The last step of a pointer, or all of it where that alone says nothing.
std::string short_name(const std::string& pointer) {
  const std::size_t slash = pointer.rfind('/');
  const std::string last = pointer.substr(slash + 1);
  return last.empty() || (last[0] >= '0' && last[0] <= '9') ? pointer : last;
}

std::string shown(const Value& value) { return value ? value->text.substr(0, 48) : "absent"; }

/// The sample in force at an instant.
const Sample& at_instant(const TargetOutlook& target, Instant at) {
  const auto after = std::upper_bound(
      target.curve.begin(), target.curve.end(), at, [](Instant wanted, const Sample& one) {
        return wanted < one.at;
      });
  return after == target.curve.begin() ? target.curve.front() : *std::prev(after);
}

/// Where the curves begin: days of waiting would leave no room for the sale.
Instant shown_from(const Forecast& made) {
  const Duration lead =
      std::max<Duration>(std::chrono::minutes(5), (made.until - made.window.prepare) / 12);
  return std::max(made.from, std::min(made.window.prepare - lead, made.until));
}

Instant column_at(const Forecast& made, std::size_t column) {
  const Instant from = shown_from(made);
  return from + (made.until - from) * static_cast<std::int64_t>(column) /
                    static_cast<std::int64_t>(kColumns - 1);
}

std::string spark(const Forecast& made,
                  const TargetOutlook& target,
                  std::int64_t Sample::*what,
                  std::int64_t most) {
  std::string out;
  for (std::size_t column = 0; column < kColumns; ++column) {
    const std::int64_t value = at_instant(target, column_at(made, column)).*what;
    const std::int64_t bar = most <= 0 ? 0 : std::min<std::int64_t>(7, value * 7 / most);
    out += kBars[static_cast<std::size_t>(std::max<std::int64_t>(0, bar))];
  }
  return out;
}

std::int64_t most_of(const TargetOutlook& target) {
  std::int64_t most = 1;
  for (const Sample& one : target.curve)
    most = std::max({most, one.floor, one.ready, one.wanted, one.replicas});
  return most;
}

std::string curve_text(const Forecast& made, const TargetOutlook& target) {
  if (target.curve.empty()) return "";
  const std::int64_t most = most_of(target);
  std::string out = target.name + ": " + target.workload.kind + " " + target.workload.name +
                    (target.autoscaler ? ", autoscaler " + target.autoscaler->name : "") + "\n";
  // Who decides besides, where it is more than that.
  const auto links = std::count(target.in_charge.begin(), target.in_charge.end(), '<');
  if (links > (target.autoscaler ? 1 : 0)) out += "  held   " + target.in_charge + "\n";
  const std::pair<const char*, std::int64_t Sample::*> lines[] = {
      {"floor", &Sample::floor}, {"ready", &Sample::ready}, {"load", &Sample::wanted}};
  for (const auto& [name, what] : lines) {
    std::int64_t high = 0;
    for (const Sample& one : target.curve) high = std::max(high, one.*what);
    out += "  " + padded(name, 6) + on_the_right(number(target.curve.front().*what), 5) + " " +
           spark(made, target, what, most) + " <= " + number(high) + "\n";
  }
  return out;
}

/// A line under the curves with the window's edges.
std::string axis_text(const Forecast& made) {
  std::string marks(kColumns, ' '), names(kColumns + 10, ' '), times(kColumns + 10, ' ');
  const Instant from = shown_from(made);
  const auto write = [](std::string& line, std::size_t column, const std::string& text) {
    const bool free =
        line.substr(column, text.size() + 1).find_first_not_of(' ') == std::string::npos;
    if (free && column + text.size() <= line.size()) line.replace(column, text.size(), text);
  };
  const auto mark = [&](Instant at, const std::string& name) {
    if (at < from || at > made.until || made.until <= from) return;
    const auto column = static_cast<std::size_t>(
        (at - from) * static_cast<std::int64_t>(kColumns - 1) / (made.until - from));
    marks[column] = '|';
    write(names, column, name);
    write(times, column, time_of_day(at).substr(0, 5));
  };
  mark(made.window.start, "start");
  mark(made.window.end, "end");
  mark(made.window.prepare, "prepare");
  mark(made.window.restored_by, "restored");
  std::string out;
  for (std::string* line : {&marks, &names, &times}) {
    line->erase(line->find_last_not_of(' ') + 1);
    out += std::string(14, ' ') + *line + "\n";
  }
  return out;
}

std::string timeline_text(const Forecast& made) {
  std::string out = "When                  What\n";
  for (const simulator::TimelineEntry& entry : made.timeline) {
    std::string line = padded(when(entry.at), 22) + entry.object.kind + " " + entry.object.ns +
                       "/" + entry.object.name + ":";
    for (const simulator::FieldChange& change : entry.changes) {
      line += (line.back() == ':' ? " " : ", ") + short_name(change.pointer) + " " +
              shown(change.before) + " -> " + shown(change.after);
    }
    if (entry.changes.empty()) line += " " + entry.reason.text;
    out += line + "\n";
  }
  if (made.timeline.empty()) out += "                      nothing is written\n";
  if (made.cut) out += "                      (more entries left out)\n";
  return out;
}

std::string target_line(const TargetOutlook& target) {
  std::string out = "  " + padded(target.name, 20) + "floor " + number(target.floor) +
                    ", ready at start " + number(target.ready_at_start);
  if (target.ready_since) out += ", enough since " + time_of_day(*target.ready_since);
  return out + ", peak " + number(target.peak) + " (load asks for " + number(target.peak_wanted) +
         ")\n";
}

Json sample_json(const Sample& one) {
  return JsonObject()
      .add("at", to_rfc3339(one.at))
      .add("floor", one.floor)
      .add("ceiling", one.ceiling)
      .add("replicas", one.replicas)
      .add("ready", one.ready)
      .add("waiting", one.waiting)
      .add("wanted", one.wanted)
      .build();
}

Json target_json(const TargetOutlook& target) {
  JsonObject out;
  out.add("name", target.name).add("workload", to_text(target.workload));
  if (target.autoscaler) out.add("autoscaler", to_text(*target.autoscaler));
  if (!target.in_charge.empty()) out.add("inCharge", target.in_charge);
  out.add("floor", target.floor).add("readyAtStart", target.ready_at_start);
  if (target.ready_since) out.add("readySince", to_rfc3339(*target.ready_since));
  out.add("peakReady", target.peak).add("peakWanted", target.peak_wanted);
  std::vector<Json> curve;
  for (const Sample& one : target.curve) curve.push_back(sample_json(one));
  return out.add("curve", json_array(curve)).build();
}

Json entry_json(const simulator::TimelineEntry& entry) {
  std::vector<Json> changes;
  for (const simulator::FieldChange& one : entry.changes) {
    JsonObject change;
    change.add("field", one.pointer);
    if (one.before) change.add("before", *one.before);
    if (one.after) change.add("after", *one.after);
    changes.push_back(change.build());
  }
  return JsonObject()
      .add("at", to_rfc3339(entry.at))
      .add("object", to_text(entry.object))
      .add("reason", entry.reason.code)
      .add("text", entry.reason.text)
      .add("changes", json_array(changes))
      .build();
}

// ---- the picture

constexpr std::int64_t kWidth = 960, kPanel = 220, kLeft = 60, kRight = 20, kTop = 34, kBottom = 34;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// One target's panel.
class Panel {
 public:
  Panel(const Forecast& made, const TargetOutlook& target, std::int64_t top)
      : made_(made), target_(target), top_(top), from_(shown_from(made)), most_(most_of(target)) {}

  std::string draw() const {
    std::string out =
        text(kLeft, top_ + 20, target_.name + ": floor, ready pods and load", "start", 14);
    out += band(made_.window.prepare, made_.window.start, "#fff3d6");
    out += band(made_.window.start, made_.window.end, "#dff1df");
    out += band(made_.window.end, made_.window.restored_by, "#e6eefb");
    for (int part = 0; part <= 4; ++part) grid(most_ * part / 4, out);
    out += area(&Sample::ready, "#7fb3e6");
    out += line(&Sample::wanted, "#c0392b", "5 4");
    out += line(&Sample::floor, "#1b2a41", "");
    const std::pair<Instant, const char*> edges[] = {{made_.window.prepare, "prepare"},
                                                     {made_.window.start, "start"},
                                                     {made_.window.end, "end"},
                                                     {made_.window.restored_by, "restored by"}};
    for (const auto& [at, name] : edges) edge(at, name, out);
    return out;
  }

 private:
  std::int64_t x(Instant at) const {
    const auto span = std::max<std::int64_t>(1, (made_.until - from_).count());
    const auto passed = std::clamp<std::int64_t>((at - from_).count(), 0, span);
    return kLeft +
           (kWidth - kLeft - kRight) * (passed / 1000) / std::max<std::int64_t>(1, span / 1000);
  }
  std::int64_t y(std::int64_t value) const {
    const std::int64_t height = kPanel - kTop - kBottom;
    return top_ + kTop + height - height * value / most_;
  }

  static std::string text(std::int64_t x,
                          std::int64_t y,
                          const std::string& words,
                          const char* anchor,
                          std::int64_t size) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
           "\" font-family=\"sans-serif\" font-size=\"" + number(size) + "\" fill=\"#1b2a41\">" +
           escaped(words) + "</text>\n";
  }

  std::string band(Instant from, Instant until, const char* colour) const {
    if (until <= from) return "";
    return "<rect x=\"" + number(x(from)) + "\" y=\"" + number(y(most_)) + "\" width=\"" +
           number(x(until) - x(from)) + "\" height=\"" + number(y(0) - y(most_)) + "\" fill=\"" +
           colour + "\"/>\n";
  }

  void grid(std::int64_t value, std::string& out) const {
    out += "<line x1=\"" + number(kLeft) + "\" x2=\"" + number(kWidth - kRight) + "\" y1=\"" +
           number(y(value)) + "\" y2=\"" + number(y(value)) + "\" stroke=\"#c8ced6\"/>\n";
    out += text(kLeft - 8, y(value) + 4, number(value), "end", 11);
  }

  void edge(Instant at, const std::string& name, std::string& out) const {
    if (at < from_ || at > made_.until) return;
    out += "<line x1=\"" + number(x(at)) + "\" x2=\"" + number(x(at)) + "\" y1=\"" +
           number(y(most_)) + "\" y2=\"" + number(y(0)) + "\" stroke=\"#8795a8\"/>\n";
    out += text(x(at), y(0) + 15, name, "middle", 11);
    out += text(x(at), y(0) + 28, time_of_day(at).substr(0, 5), "middle", 11);
  }

  /// A step function: a value holds until the next sample.
  std::string points(std::int64_t Sample::*what) const {
    std::string out;
    for (std::size_t i = 0; i < target_.curve.size(); ++i) {
      const Sample& one = target_.curve[i];
      const Instant until = i + 1 < target_.curve.size() ? target_.curve[i + 1].at : made_.until;
      out += number(x(one.at)) + "," + number(y(one.*what)) + " " + number(x(until)) + "," +
             number(y(one.*what)) + " ";
    }
    return out;
  }

  std::string line(std::int64_t Sample::*what, const char* colour, const char* dash) const {
    return "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + std::string(colour) +
           "\" stroke-dasharray=\"" + dash + "\" points=\"" + points(what) + "\"/>\n";
  }

  std::string area(std::int64_t Sample::*what, const char* colour) const {
    return "<polygon fill=\"" + std::string(colour) + "\" fill-opacity=\"0.6\" points=\"" +
           number(x(from_)) + "," + number(y(0)) + " " + points(what) + number(x(made_.until)) +
           "," + number(y(0)) + "\"/>\n";
  }

  const Forecast& made_;
  const TargetOutlook& target_;
  const std::int64_t top_;
  const Instant from_;
  const std::int64_t most_;
};

bool write_file(const std::string& name, const std::string& text) {
  std::ofstream out(name, std::ios::binary);
  out << text;
  out.close();
  return !out.fail();
}

}  // namespace

void assume_unplayed(const api::SaleEventSpec& spec, Outlook& outlook) {
  const auto say = [&outlook](const std::string& what, const auto& all) {
    std::string names;
    for (const auto& one : all) names += (names.empty() ? "" : ", ") + one.name;
    if (!names.empty()) outlook.assumed.push_back(what + ": " + names);
  };
  say("checks are not measured here", spec.checks);
  say("no release is played, and no patch was applied", spec.rollouts);
}

std::string as_text(const Outlook& outlook) {
  const Forecast& made = outlook.forecast;
  std::string out = outlook.title + "   start " + to_rfc3339(made.window.start) + "   end " +
                    to_rfc3339(made.window.end) + "\n\n" + timeline_text(made) + "\n";
  for (const TargetOutlook& target : made.targets) out += curve_text(made, target);
  if (!made.targets.empty()) out += axis_text(made) + "\nTargets\n";
  for (const TargetOutlook& target : made.targets) out += target_line(target);
  if (made.nodes_added > 0) out += "  " + number(made.nodes_added) + " nodes are added\n";
  if (!outlook.assumed.empty()) out += "\nAssumed\n";
  for (const std::string& one : outlook.assumed) out += "  - " + one + "\n";
  if (!made.findings.empty()) out += "\nFindings\n";
  for (const simulator::ForecastFinding& one : made.findings) {
    out += "  " + padded(to_string(one.level), 5) + one.code +
           (one.subject.empty() ? "" : " " + one.subject) + ": " + one.text + "\n";
  }
  if (outlook.latest_safe)
    out += "\nLatest safe start of the preparation: " + when(*outlook.latest_safe) + "\n";
  return out + "\nVerdict: " + to_string(made.verdict()) + "\n";
}

std::string as_json(const Outlook& outlook) {
  const Forecast& made = outlook.forecast;
  std::vector<Json> timeline, targets, findings, assumed;
  for (const auto& one : made.timeline) timeline.push_back(entry_json(one));
  for (const auto& one : made.targets) targets.push_back(target_json(one));
  for (const auto& one : made.findings) {
    findings.push_back(JsonObject()
                           .add("level", to_string(one.level))
                           .add("code", one.code)
                           .add("subject", one.subject)
                           .add("text", one.text)
                           .build());
  }
  for (const std::string& one : outlook.assumed) assumed.push_back(json_of_string(one));
  JsonObject out;
  out.add("event", outlook.title).add("verdict", to_string(made.verdict()));
  out.add("start", to_rfc3339(made.window.start)).add("end", to_rfc3339(made.window.end));
  out.add("from", to_rfc3339(made.from)).add("until", to_rfc3339(made.until));
  if (outlook.latest_safe) out.add("latestSafeStart", to_rfc3339(*outlook.latest_safe));
  out.add("nodesAdded", made.nodes_added).add("findings", json_array(findings));
  out.add("assumed", json_array(assumed)).add("timeline", json_array(timeline));
  return out.add("targets", json_array(targets)).build().text + "\n";
}

std::string as_svg(const Outlook& outlook) {
  const Forecast& made = outlook.forecast;
  const auto panels = static_cast<std::int64_t>(made.targets.size());
  const std::int64_t height = 60 + std::max<std::int64_t>(1, panels) * kPanel;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth) +
                    "\" height=\"" + number(height) + "\" viewBox=\"0 0 " + number(kWidth) + " " +
                    number(height) +
                    "\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  out += "<text x=\"" + number(kLeft) +
         "\" y=\"24\" font-family=\"sans-serif\" font-size=\"18\" fill=\"#1b2a41\">" +
         escaped(outlook.title + ": " + to_string(made.verdict())) + "</text>\n";
  out +=
      "<text x=\"" + number(kLeft) +
      "\" y=\"44\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#1b2a41\">dark line: floor; "
      "blue: ready pods; dashed: what load asks for; times in UTC</text>\n";
  std::int64_t top = 50;
  for (const TargetOutlook& target : made.targets) {
    if (target.curve.empty()) continue;
    out += Panel(made, target, top).draw();
    top += kPanel;
  }
  return out + "</svg>\n";
}

int exit_code_of(const Forecast& forecast, bool fail_on_warnings) {
  switch (forecast.verdict()) {
    case simulator::ForecastVerdict::Go:
      return kDone;
    case simulator::ForecastVerdict::Warn:
      return fail_on_warnings ? kWarned : kDone;
    case simulator::ForecastVerdict::NoGo:
      return kBad;
  }
  return kBad;
}

void add_show_options(CLI::App& command, ShowFlags& flags) {
  command.add_option("--svg", flags.svg, "write the curves as a picture to this file");
  command.add_option("-o,--output", flags.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command.add_option("--fail-on", flags.fail_on, "error, or warn: Warn ends with 11")
      ->check(CLI::IsMember({"error", "warn"}))
      ->capture_default_str();
}

int show(const Outlook& outlook, const ShowFlags& flags, const char* command) {
  if (!flags.svg.empty() && !write_file(flags.svg, as_svg(outlook))) {
    std::fprintf(stderr, "kubectl-sale %s: cannot write %s\n", command, flags.svg.c_str());
    return kCommandFailed;
  }
  const std::string text = flags.output == "json" ? as_json(outlook) : as_text(outlook);
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? exit_code_of(outlook.forecast, flags.fail_on == "warn") : kCommandFailed;
}

}  // namespace doorbuster::commands
