#include "operator/commands/painted.h"

#include "operator/commands/text_table.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace doorbuster::commands {
namespace {

constexpr std::size_t kName = 20;    ///< columns that names have at least
constexpr std::size_t kStatus = 21;  ///< and that they leave to the status, with its blanks

struct Sign {
  const char *picture, *ascii;
  Paint paint;
};

Sign sign_of(Mark mark) {
  switch (mark) {
    case Mark::Waiting:
      return {"◷", ".", Paint::Faint};
    case Mark::Moving:
      return {"◌", "~", Paint::Moving};
    case Mark::Good:
      return {"✔", "+", Paint::Good};
    case Mark::On:
      return {"●", "*", Paint::Good};
    case Mark::Warn:
      return {"⚠", "!", Paint::Warn};
    case Mark::Bad:
      return {"✖", "x", Paint::Bad};
    case Mark::Off:
      return {"॥", "=", Paint::Warn};
    case Mark::Unknown:
      break;
  }
  return {"?", "?", Paint::Warn};
}

/// ECMA-48 select graphic rendition.
std::string_view sequence_of(Paint paint) {
  switch (paint) {
    case Paint::Plain:
      return "";
    case Paint::Strong:
      return "\x1b[1m";
    case Paint::Faint:
      return "\x1b[2m";
    case Paint::Good:
      return "\x1b[32m";
    case Paint::Warn:
      return "\x1b[33m";
    case Paint::Bad:
      return "\x1b[31m";
    case Paint::Moving:
      return "\x1b[36m";
  }
  return "";
}

struct StateMark {
  std::string_view state;
  Mark mark;
};
constexpr std::array kStates = {
    StateMark{"Scheduled", Mark::Waiting},
    StateMark{"Preparing", Mark::Moving},
    StateMark{"Ready", Mark::Good},
    StateMark{"Live", Mark::On},
    StateMark{"CoolingDown", Mark::Moving},
    StateMark{"Completed", Mark::Good},
    StateMark{"Suspended", Mark::Off},
    StateMark{"Failed", Mark::Bad},
    StateMark{"Go", Mark::Good},
    StateMark{"Warn", Mark::Warn},
    StateMark{"Good", Mark::Good},
    StateMark{"Bad", Mark::Bad},
    StateMark{"NoGo", Mark::Bad},
    StateMark{"Waiting", Mark::Waiting},
    StateMark{"NotHeld", Mark::Waiting},
    StateMark{"Planned", Mark::Waiting},
    StateMark{"NotNeeded", Mark::Good},
    StateMark{"Held", Mark::Good},
    StateMark{"Restored", Mark::Good},
    StateMark{"Placed", Mark::Good},
    StateMark{"Pulled", Mark::Good},
    StateMark{"Released", Mark::Good},
    StateMark{"Complete", Mark::Good},
    StateMark{"Ramping", Mark::Moving},
    StateMark{"Lowering", Mark::Moving},
    StateMark{"Restoring", Mark::Moving},
    StateMark{"Placing", Mark::Moving},
    StateMark{"Pulling", Mark::Moving},
    StateMark{"Pending", Mark::Moving},
    StateMark{"Due", Mark::Moving},
    StateMark{"Accepted", Mark::Moving},
    StateMark{"Scaling", Mark::Moving},
    StateMark{"Running", Mark::Moving},
    StateMark{"AwaitingApproval", Mark::Waiting},
    StateMark{"Baking", Mark::Moving},
    StateMark{"Promoting", Mark::Moving},
    StateMark{"Reporting", Mark::Waiting},
    StateMark{"Promoted", Mark::Good},
    StateMark{"RollingBack", Mark::Warn},
    StateMark{"RolledBack", Mark::Warn},
    StateMark{"Superseded", Mark::Warn},
    StateMark{"Contested", Mark::Warn},
    StateMark{"Yielded", Mark::Warn},
    StateMark{"RouteContested", Mark::Warn},
    StateMark{"Left", Mark::Warn},
    StateMark{"Paused", Mark::Warn},
    StateMark{"Inconclusive", Mark::Warn},
    StateMark{"ScaledToZero", Mark::Warn},
    StateMark{"Terminating", Mark::Warn},
    StateMark{"Missing", Mark::Bad},
    StateMark{"Forbidden", Mark::Bad},
    StateMark{"Refused", Mark::Bad},
};

std::string to_width(const std::string& text, std::size_t width, bool right) {
  const std::size_t has = width_of(text);
  const std::string blanks(has < width ? width - has : 0, ' ');
  return right ? blanks + text : text + blanks;
}

/// The columns of a tree: its names', then its cells'.
std::vector<std::size_t> widths_of(const Tree& tree, std::size_t branch, const ScreenStyle& style) {
  std::vector<std::size_t> out{width_of(tree.heading.front())};
  for (std::size_t i = 1; i + 1 < tree.heading.size(); ++i)
    out.push_back(width_of(tree.heading[i]));
  for (const TreeRow& row : tree.rows) {
    out[0] = std::max(out[0], branch + width_of(row.name));
    for (std::size_t i = 0; i < row.cells.size() && i + 1 < out.size(); ++i)
      out[i + 1] = std::max(out[i + 1], width_of(row.cells[i]));
  }
  if (style.width == 0) return out;
  std::size_t others = kStatus;
  for (std::size_t i = 1; i < out.size(); ++i) others += out[i] + 2;
  out[0] = std::min(out[0], std::max(kName, style.width - std::min(style.width, others)));
  return out;
}

}  // namespace

Span glyph(Mark mark, const ScreenStyle& style) {
  const Sign sign = sign_of(mark);
  return {style.ascii ? sign.ascii : sign.picture, sign.paint};
}

Mark mark_of(std::string_view state) {
  const auto found = std::find_if(
      kStates.begin(), kStates.end(), [state](const StateMark& one) { return one.state == state; });
  return found == kStates.end() ? Mark::Unknown : found->mark;
}

std::string words_of(std::string_view state) {
  std::string out;
  for (const char c : state) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte) != 0 && !out.empty()) out += ' ';
    out += static_cast<char>(std::tolower(byte));
  }
  return out.empty() ? "unknown" : out;
}

bool is_notable(Mark mark) {
  return mark == Mark::Bad || mark == Mark::Warn || mark == Mark::Moving || mark == Mark::Unknown;
}

std::string_view more_sign(const ScreenStyle& style) { return style.ascii ? "..." : "…"; }

std::string_view arrow(const ScreenStyle& style) { return style.ascii ? "->" : "→"; }

std::string painted(const Line& line, const ScreenStyle& style) {
  std::size_t whole = 0;
  std::vector<std::string> texts;
  for (const Span& span : line) {
    texts.push_back(printable(span.text, style.ascii));
    whole += width_of(texts.back());
  }
  const bool cut = style.width > 0 && whole > style.width;
  const std::size_t most =
      cut ? style.width - std::min(style.width, width_of(more_sign(style))) : whole;
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size() && used < most; ++i) {
    const std::string text = clipped(texts[i], most - used, "");
    used += width_of(texts[i]);
    const std::string_view sequence = style.colour ? sequence_of(line[i].paint) : "";
    out += sequence;
    out += text;
    if (!sequence.empty()) out += "\x1b[0m";
  }
  if (cut) return out + std::string(more_sign(style));
  if (!style.colour) out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string bar(double part, std::size_t columns, const ScreenStyle& style) {
  static constexpr std::array kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double bounded = std::clamp(part, 0.0, 1.0);
  const auto eighths =
      static_cast<std::size_t>(std::floor(bounded * static_cast<double>(columns * 8)));
  std::string out;
  if (style.ascii) {
    out = std::string(eighths / 8, '#');
    return out + std::string(columns - out.size(), '.');
  }
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  std::size_t used = eighths / 8;
  if (used < columns && eighths % 8 != 0) {
    out += kEighths[eighths % 8];
    ++used;
  }
  for (; used < columns; ++used) out += "░";
  return out;
}

std::vector<Line> tree_lines(const Tree& tree, std::size_t most, const ScreenStyle& style) {
  const std::string inner = style.ascii ? "|-- " : "├── ", last = style.ascii ? "`-- " : "└── ";
  const std::vector<std::size_t> widths = widths_of(tree, 4, style);
  const auto cells = [&](const std::string& name, const std::vector<std::string>& row) {
    std::string out = to_width(name, widths[0], false);
    for (std::size_t i = 1; i < widths.size(); ++i)
      out += "  " + to_width(i - 1 < row.size() ? row[i - 1] : "", widths[i], true);
    return out + "   ";
  };
  std::vector<TreeRow> rows = tree.rows;
  const std::size_t shown = most == 0 || rows.size() <= most ? rows.size() : most - 1;
  if (shown < rows.size()) {
    std::stable_partition(
        rows.begin(), rows.end(), [](const TreeRow& row) { return is_notable(row.mark); });
  }
  const std::vector<std::string> titles(tree.heading.begin() + 1, tree.heading.end() - 1);
  std::vector<Line> out{
      {{cells(tree.heading.front(), titles) + tree.heading.back(), Paint::Strong}}};
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string name =
        clipped(printable(rows[i].name, style.ascii), widths[0] - 4, more_sign(style));
    const std::string branch = i + 1 == rows.size() ? last : inner;
    out.push_back({{cells(branch + name, rows[i].cells), Paint::Plain},
                   glyph(rows[i].mark, style),
                   {" " + rows[i].words, Paint::Plain}});
  }
  if (shown < rows.size()) {
    out.push_back({{last, Paint::Plain},
                   {"and " + std::to_string(rows.size() - shown) + " more", Paint::Faint}});
  }
  return out;
}

}  // namespace doorbuster::commands
