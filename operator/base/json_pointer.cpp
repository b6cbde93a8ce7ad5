// Pointers into JSON texts (RFC 6901 with keyed steps), and the edit of one place.
#include "operator/base/json.h"
#include "operator/base/utf8.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace doorbuster {

namespace {

using Steps = std::span<const PointerStep>;

Error invalid(std::string message) {
  return Error{
      .kind = ErrorKind::Invalid, .message = std::move(message), .causes = {}, .retry_after = {}};
}

Error not_found(std::string message) {
  return Error{
      .kind = ErrorKind::NotFound, .message = std::move(message), .causes = {}, .retry_after = {}};
}

/// `~1` and `~0` resolved; nothing when a tilde stands for neither.
std::optional<std::string> unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      out.push_back(step[i]);
      continue;
    }
    if (i + 1 == step.size() || (step[i + 1] != '0' && step[i + 1] != '1')) return std::nullopt;
    out.push_back(step[++i] == '0' ? '~' : '/');
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string step_text(const PointerStep& step) {
  if (step.keys.empty()) return escaped(step.name);
  std::string text = "[";
  for (const auto& [key, value] : step.keys) {
    if (text.size() > 1) text.push_back(',');
    text += escaped(key) + "=" + escaped(value);
  }
  return text + "]";
}

/// What stands between the brackets of a keyed step; empty when it is malformed.
std::vector<std::pair<std::string, std::string>> keys_in(std::string_view inner) {
  std::vector<std::pair<std::string, std::string>> keys;
  for (bool more = true; more;) {
    const std::size_t comma = inner.find(',');
    more = comma != std::string_view::npos;
    const std::string_view pair = inner.substr(0, comma);
    inner = more ? inner.substr(comma + 1) : std::string_view{};
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos) return {};
    keys.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  std::sort(keys.begin(), keys.end());
  const bool twice = std::adjacent_find(keys.begin(), keys.end(), [](const auto& a, const auto& b) {
                       return a.first == b.first;
                     }) != keys.end();
  if (twice) keys.clear();
  return keys;
}

Result<PointerStep> parse_step(std::string_view source) {
  auto name = unescaped(source);
  if (!name) return invalid("in a pointer a ~ must be written ~0, and only / is written ~1");
  if (name->size() < 2 || name->front() != '[' || name->back() != ']') {
    return PointerStep{.name = std::move(*name), .keys = {}};
  }
  auto keys = keys_in(std::string_view(*name).substr(1, name->size() - 2));
  if (keys.empty())
    return invalid("a keyed step reads [key=value] or [key=value,key=value], each key once");
  return PointerStep{.name = {}, .keys = std::move(keys)};
}

bool has_value(const JsonView& element, const std::string& key, const std::string& wanted) {
  const auto member = element.member(key);
  if (!member) return false;
  switch (member->type()) {
    case JsonType::String:
      return member->string() == wanted;
    case JsonType::Number:
    case JsonType::Boolean:
      return member->text() == wanted;
    case JsonType::Null:
    case JsonType::Array:
    case JsonType::Object:
      return false;
  }
  return false;
}

bool matches(const JsonView& element, const PointerStep& step) {
  return std::all_of(step.keys.begin(), step.keys.end(), [&](const auto& key) {
    return has_value(element, key.first, key.second);
  });
}

/// A list index as RFC 6901 writes it: digits without leading zeros.
std::optional<std::size_t> index_in(std::string_view name) {
  if (name.empty() || (name.size() > 1 && name.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (failure != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return index;
}

Result<JsonView> step_into(const JsonView& view, const PointerStep& step) {
  if (view.type() == JsonType::Array) return element_of(view, step);
  if (!step.keys.empty()) return not_found("no list at " + step_text(step));
  if (auto member = view.member(step.name)) return std::move(*member);
  return not_found("nothing at " + step_text(step));
}

/// Replaces the bytes of `part`, which lies within the document, and checks that the whole still is
/// what we would read.
class Splice {
 public:
  explicit Splice(std::string_view document) : document_(document) {}

  Result<Json> replace(std::string_view part, std::string_view with) const {
    const auto begin = static_cast<std::size_t>(part.data() - document_.data());
    std::string text;
    text.reserve(document_.size() + with.size());
    text.append(document_.substr(0, begin))
        .append(with)
        .append(document_.substr(begin + part.size()));
    if (const auto whole = JsonView::parse(text); !whole) return whole.error();
    return Json{std::move(text)};
  }

  /// The bytes from the end of one part to the end of another.
  static std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  std::string_view document_;
};

const char* begin_of(std::string_view text) { return text.data(); }
const char* end_of(std::string_view text) { return text.data() + text.size(); }

/// Adds one entry (a member with its name, or an element) as the container's last.
Result<Json> append(const Splice& splice,
                    const JsonView& container,
                    const JsonView* last,
                    const std::string& entry) {
  const char* const at = last == nullptr ? begin_of(container.text()) + 1 : end_of(last->text());
  return splice.replace(Splice::between(at, at), last == nullptr ? entry : "," + entry);
}

/// Where an entry's own bytes begin: at its name, when it has one.
const char* entry_begin(const JsonView& entry) {
  return begin_of(entry.name_text().empty() ? entry.text() : entry.name_text());
}

/// Takes one entry out of its container together with the comma that goes with it.
Result<Json> take_out(const Splice& splice,
                      const JsonView& container,
                      const std::vector<JsonView>& entries,
                      std::size_t which) {
  const JsonView& entry = entries[which];
  if (which + 1 < entries.size()) {
    return splice.replace(Splice::between(entry_begin(entry), entry_begin(entries[which + 1])), "");
  }
  const char* const from =
      which > 0 ? end_of(entries[which - 1].text()) : begin_of(container.text()) + 1;
  return splice.replace(Splice::between(from, end_of(entry.text())), "");
}

/// The value within the objects that the remaining steps name. NotFound when one of them is keyed.
Result<std::string> wrapped(Steps steps, const Json& value) {
  std::string before, after;
  for (const PointerStep& step : steps) {
    if (!step.keys.empty()) return not_found("no list element at " + step_text(step));
    before += "{" + quoted(step.name) + ":";
    after += "}";
  }
  return before + value.text + after;
}

/// Puts the value below `container`, where nothing is at the first of the steps.
Result<Json> put_new(const Splice& splice,
                     const JsonView& container,
                     Steps steps,
                     const Json& value) {
  const PointerStep& step = steps.front();
  auto inner = wrapped(steps.subspan(1), value);
  if (!inner) return inner.error();
  const std::vector<JsonView> entries = container.entries();
  const JsonView* last = entries.empty() ? nullptr : &entries.back();
  switch (container.type()) {
    case JsonType::Object:
      if (!step.keys.empty()) return invalid("an object, not a list, is at " + step_text(step));
      return append(splice, container, last, quoted(step.name) + ":" + *inner);
    case JsonType::Array:
      if (!step.keys.empty()) return not_found("no list element at " + step_text(step));
      if (step.name == "-" || index_in(step.name) == entries.size()) {
        return append(splice, container, last, *inner);
      }
      if (index_in(step.name)) return not_found("beyond the end of the list: " + step_text(step));
      return invalid("no list index: " + step_text(step));
    case JsonType::Null:
    case JsonType::Boolean:
    case JsonType::Number:
    case JsonType::String:
      return invalid("neither an object nor a list holds " + step_text(step));
  }
  return invalid("neither an object nor a list holds " + step_text(step));
}

Result<Json> remove(const Splice& splice, const JsonView& container, const JsonView& found) {
  const std::vector<JsonView> entries = container.entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].text().data() == found.text().data()) {
      return take_out(splice, container, entries, i);
    }
  }
  return not_found("nothing to remove");
}

/// What with_value does where the walk ended: nothing is at the first of `steps`.
Result<Json> missing(const Json& document,
                     const JsonView& container,
                     Steps steps,
                     const Value& value,
                     const Error& why) {
  if (why.kind == ErrorKind::Invalid) return why;
  if (value) return put_new(Splice(document.text), container, steps, *value);
  if (std::any_of(
          steps.begin(), steps.end(), [](const auto& step) { return !step.keys.empty(); })) {
    return why;
  }
  return document;
}

}  // namespace

Result<std::vector<PointerStep>> parse_pointer(std::string_view pointer) {
  if (pointer.size() > kMaxPointerBytes)
    return invalid("a pointer longer than the bound of 4096 bytes");
  if (!is_utf8(pointer)) return invalid("a pointer is UTF-8");
  std::vector<PointerStep> steps;
  if (pointer.empty()) return steps;
  if (pointer.front() != '/') return invalid("a pointer begins with /");
  for (bool more = true; more;) {
    pointer.remove_prefix(1);
    const std::size_t slash = pointer.find('/');
    more = slash != std::string_view::npos;
    auto step = parse_step(pointer.substr(0, slash));
    if (!step) return step.error();
    steps.push_back(std::move(*step));
    if (more) pointer.remove_prefix(slash);
  }
  return steps;
}

std::string pointer_of(const std::vector<PointerStep>& steps) {
  std::string pointer;
  for (const PointerStep& step : steps) pointer += "/" + step_text(step);
  return pointer;
}

Result<JsonView> element_of(const JsonView& array, const PointerStep& step) {
  std::vector<JsonView> elements = array.elements();
  if (step.keys.empty()) {
    const auto index = index_in(step.name);
    if (!index || *index >= elements.size())
      return not_found("no list element at " + step_text(step));
    return std::move(elements[*index]);
  }
  const auto is_match = [&](const JsonView& element) { return matches(element, step); };
  const auto found = std::find_if(elements.begin(), elements.end(), is_match);
  if (found == elements.end()) return not_found("no list element at " + step_text(step));
  if (std::any_of(found + 1, elements.end(), is_match)) {
    return invalid("several list elements at " + step_text(step));
  }
  return std::move(*found);
}

namespace {

/// The walk of any pointer, by its steps.
Result<JsonView> stepped(JsonView view, std::string_view pointer) {
  const auto steps = parse_pointer(pointer);
  if (!steps) return steps.error();
  for (const PointerStep& step : *steps) {
    auto next = step_into(view, step);
    if (!next) return next.error();
    view = std::move(*next);
  }
  return view;
}

}  // namespace

Result<JsonView> JsonView::at(std::string_view pointer) const {
  const Walk walked = walk(pointer);
  if (walked.end == Walk::End::There) return child(walked.index);
  if (walked.end == Walk::End::Absent) return not_found("nothing at " + std::string(pointer));
  return stepped(*this, pointer);
}

std::optional<JsonView> JsonView::find(std::string_view pointer) const {
  const Walk walked = walk(pointer);
  if (walked.end == Walk::End::There) return child(walked.index);
  if (walked.end == Walk::End::Absent) return std::nullopt;
  auto found = stepped(*this, pointer);
  if (!found) return std::nullopt;
  return std::move(*found);
}

Result<Json> with_value(const Json& document, std::string_view pointer, const Value& value) {
  const auto root = JsonView::parse(document.text);
  if (!root) return root.error();
  const auto steps = parse_pointer(pointer);
  if (!steps) return steps.error();
  Value trimmed;  // white space around the value would stay behind when it is removed again
  if (value) {
    const auto checked = JsonView::parse(value->text);
    if (!checked) return checked.error();
    trimmed = Json{std::string(checked->text())};
  }
  if (steps->empty()) {
    if (!value) return invalid("the whole document cannot be removed");
    return *value;
  }
  JsonView container = *root, view = *root;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    container = view;
    auto next = step_into(view, (*steps)[i]);
    if (!next) return missing(document, container, Steps(*steps).subspan(i), trimmed, next.error());
    view = std::move(*next);
  }
  const Splice splice(document.text);
  return trimmed ? splice.replace(view.text(), trimmed->text) : remove(splice, container, view);
}

}  // namespace doorbuster
