#include "operator/base/json.h"

#include "operator/base/utf8.h"

#include <array>
#include <charconv>

namespace doorbuster {

namespace {

std::optional<std::int64_t> integer_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 0xFU]);
  }
}

}  // namespace

JsonType type_of(const Json& value) {
  const std::string_view text = trimmed(value.text);
  switch (text.empty() ? 'n' : text.front()) {
    case '{':
      return JsonType::Object;
    case '[':
      return JsonType::Array;
    case '"':
      return JsonType::String;
    case 't':
    case 'f':
      return JsonType::Boolean;
    case 'n':
      return JsonType::Null;
    default:
      return JsonType::Number;
  }
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back('"');
  const auto plain = [&text](std::size_t at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && plain(end)) ++end;
    out.append(text, at, end - at);
    at = end;
    if (at == text.size()) break;
    const std::size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0) {
      append_utf8(out, 0xFFFD);
    } else if (length == 1 && (byte < 0x20 || byte == '"' || byte == '\\')) {
      append_escaped(out, byte);
    } else {
      out.append(text, at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out.push_back('"');
  return out;
}

Json json_of(std::int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return Json{std::string(digits.data(), end)};
}

Json json_of(bool value) { return Json{value ? "true" : "false"}; }

Json json_of_string(std::string_view text) { return Json{quoted(text)}; }

std::optional<std::int64_t> integer_of(const Json& value) {
  // By hand, without an index: few things are asked for as often.
  const std::string_view text = trimmed(value.text);
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (digits.front() == '0' && digits.size() > 1)) return std::nullopt;
  return integer_in(text);
}

std::optional<std::int64_t> integer_of(const Value& value) {
  return value ? integer_of(*value) : std::nullopt;
}

std::optional<std::int64_t> JsonView::integer() const {
  return type() == JsonType::Number ? integer_in(text()) : std::nullopt;
}

JsonObject& JsonObject::add(std::string_view name, const Json& value) {
  if (!text_.empty()) text_.push_back(',');
  text_ += quoted(name);
  text_.push_back(':');
  text_ += value.text;
  return *this;
}

JsonObject& JsonObject::add(std::string_view name, std::string_view string_value) {
  return add(name, json_of_string(string_value));
}

JsonObject& JsonObject::add(std::string_view name, std::int64_t number) {
  return add(name, json_of(number));
}

Json JsonObject::build() const { return Json{"{" + text_ + "}"}; }

Json json_array(const std::vector<Json>& elements) {
  std::string text = "[";
  for (const Json& element : elements) {
    if (text.size() > 1) text.push_back(',');
    text += element.text;
  }
  return Json{text + "]"};
}

}  // namespace doorbuster
