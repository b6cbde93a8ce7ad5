#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::commands {

/// What a terminal can show. `width` 0: lines as long as they are; `height` 0: any number of them.
struct ScreenStyle {
  std::size_t width = 80, height = 0;
  bool ascii = false, colour = false;
};

enum class Paint { Plain, Strong, Faint, Good, Warn, Bad, Moving };

/// A part of a line in one colour.
struct Span {
  std::string text;
  Paint paint = Paint::Plain;
};
using Line = std::vector<Span>;

/// How something stands, at a glance; always beside a word.
enum class Mark { Waiting, Moving, Good, On, Warn, Bad, Off, Unknown };
Span glyph(Mark mark, const ScreenStyle& style);

/// The mark of a state or phase as status spells it (`Ramping`, `RouteContested`), and the state in
/// words (`route contested`).
Mark mark_of(std::string_view state);
std::string words_of(std::string_view state);
/// Does a row with this mark deserve a look before the others?
bool is_notable(Mark mark);

/// The line as text: nothing that could steer a terminal but our own colours, not wider than the
/// style allows.
std::string painted(const Line& line, const ScreenStyle& style);

std::string_view more_sign(const ScreenStyle& style);  ///< what is cut ends with it
std::string_view arrow(const ScreenStyle& style);      ///< from a value to another
/// `parts` of `whole` of a bar of so many columns, to an eighth of one.
std::string bar(double part, std::size_t columns, const ScreenStyle& style);

/// A tree's rows below a heading: names, numbers right-aligned, and a status that takes the rest.
struct TreeRow {
  std::string name;
  std::vector<std::string> cells;
  Mark mark = Mark::Unknown;
  std::string words;
};
struct Tree {
  std::vector<std::string> heading;  ///< title, one a cell, then that of the status
  std::vector<TreeRow> rows;
};
/// At most so many lines below the heading (0: all); what is left out is counted, and what is
/// notable comes first then.
std::vector<Line> tree_lines(const Tree& tree, std::size_t most, const ScreenStyle& style);

}  // namespace doorbuster::commands
