#include "operator/commands/text_table.h"

#include "operator/base/utf8.h"

#include <algorithm>
#include <array>

namespace doorbuster::commands {
namespace {

struct Range {
  char32_t from, to;
};
/// What terminals show two columns wide: the large blocks of Unicode's EastAsianWidth.txt.
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115F},
                                      {0x2E80, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

char32_t code_of(std::string_view one) {
  const auto byte = [&one](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(one[i]));
  };
  if (one.size() == 1) return byte(0);
  char32_t out = byte(0) & (0x7FU >> one.size());
  for (std::size_t i = 1; i < one.size(); ++i) out = (out << 6U) | (byte(i) & 0x3FU);
  return out;
}

/// Length in bytes of what is shown next; a byte that is no UTF-8 stands for itself.
std::size_t length_at(std::string_view text, std::size_t at) {
  return std::max<std::size_t>(1, utf8_length(text, at));
}

std::size_t columns_of(std::string_view one) {
  const char32_t code = code_of(one);
  return std::any_of(kWide.begin(),
                     kWide.end(),
                     [code](const Range& wide) { return wide.from <= code && code <= wide.to; })
             ? 2
             : 1;
}

bool steers(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

/// Where the text must end to fit.
std::size_t end_of(std::string_view text, std::size_t width) {
  std::size_t used = 0, at = 0;
  while (at < text.size()) {
    const std::string_view one = text.substr(at, length_at(text, at));
    used += columns_of(one);
    if (used > width) break;
    at += one.size();
  }
  return at;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view one = text.substr(at, length_at(text, at));
    out += columns_of(one);
    at += one.size();
  }
  return out;
}

std::string printable(std::string_view text, bool ascii) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const std::string_view one = text.substr(at, std::max<std::size_t>(1, length));
    at += one.size();
    if (one == "\n" || one == "\t") {
      out += ' ';
    } else if (length == 0 || steers(code_of(one)) || (ascii && length > 1)) {
      out += '?';
    } else {
      out += one;
    }
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t width, std::string_view more) {
  if (width_of(text) <= width) return std::string(text);
  if (width < width_of(more)) return std::string(text.substr(0, end_of(text, width)));
  return std::string(text.substr(0, end_of(text, width - width_of(more)))) + std::string(more);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  width = std::max<std::size_t>(2, width);
  while (width_of(text) > width) {
    std::size_t end = end_of(text, width);
    const std::size_t blank = text.substr(0, end + 1).rfind(' ');
    if (blank != std::string_view::npos && blank > end / 2) end = blank;
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ', end)));
  }
  if (!text.empty() || out.empty()) out.emplace_back(text);
  return out;
}

std::string table(const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] + 2 - width_of(row[i]), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace doorbuster::commands
