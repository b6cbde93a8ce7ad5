#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::commands {

using Rows = std::vector<std::vector<std::string>>;

/// Columns that a terminal gives a text: two for wide characters of East Asia and pictures.
std::size_t width_of(std::string_view text);

/// The text as a terminal may have it: control characters, which could steer it, and bytes that are
/// no UTF-8 become `?`; line ends and tabs a blank. `ascii`: so does everything beyond ASCII.
std::string printable(std::string_view text, bool ascii = false);

/// At most so many columns of it; what is cut ends with `more`.
std::string clipped(std::string_view text, std::size_t width, std::string_view more);

/// Lines of at most so many columns, broken at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Columns as wide as their widest cell, two blanks apart.
std::string table(const Rows& rows);

}  // namespace doorbuster::commands
