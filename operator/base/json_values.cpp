// Comparing and merging JSON as values.
#include "operator/base/json.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace doorbuster {

namespace {

/// A decimal number in one spelling: 0.digits x 10^exponent, no zero at either end of the digits.
/// Zero has no digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

/// Nothing when the exponent has more than 17 digits: such numbers equal only their own spelling.
std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal number;
  if (text.front() == '-') {
    number.negative = true;
    text.remove_prefix(1);
  }
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  number.digits = mantissa.substr(0, point);
  if (point < mantissa.size()) number.digits += mantissa.substr(point + 1);
  const std::size_t leading = std::min(number.digits.find_first_not_of('0'), number.digits.size());
  number.digits.erase(0, leading);
  if (number.digits.empty()) return Decimal{};
  number.digits.erase(number.digits.find_last_not_of('0') + 1);
  number.exponent = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(leading);
  if (e == text.size()) return number;

  std::string_view power = text.substr(e + 1);
  const bool negative_power = power.front() == '-';
  if (power.front() == '-' || power.front() == '+') power.remove_prefix(1);
  power.remove_prefix(std::min(power.find_first_not_of('0'), power.size()));
  if (power.size() > 17) return std::nullopt;
  std::int64_t shift = 0;
  std::from_chars(power.data(), power.data() + power.size(), shift);
  number.exponent += negative_power ? -shift : shift;
  return number;
}

bool equal_numbers(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = decimal_of(a), right = decimal_of(b);
  return left && right && *left == *right;
}

bool equal_views(const JsonView& a, const JsonView& b);

/// Members of the same names in the same order, as two spellings of one object mostly have them?
bool in_step(const std::vector<JsonView>& a, const std::vector<JsonView>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const JsonView& x, const JsonView& y) {
        return x.name_text() == y.name_text();
      });
}

bool equal_objects(const JsonView& a, const JsonView& b) {
  auto left = a.entries(), right = b.entries();
  if (left.size() != right.size()) return false;
  if (!in_step(left, right)) {
    const auto by_name = [](const JsonView& x, const JsonView& y) { return x.name() < y.name(); };
    std::sort(left.begin(), left.end(), by_name);
    std::sort(right.begin(), right.end(), by_name);
  }
  return std::equal(
      left.begin(), left.end(), right.begin(), [](const JsonView& x, const JsonView& y) {
        return (x.name_text() == y.name_text() || x.name() == y.name()) && equal_views(x, y);
      });
}

bool equal_arrays(const JsonView& a, const JsonView& b) {
  const auto left = a.entries(), right = b.entries();
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal_views);
}

bool equal_views(const JsonView& a, const JsonView& b) {
  if (a.type() != b.type()) return false;
  if (a.text() == b.text()) return true;
  switch (a.type()) {
    case JsonType::Null:
      return true;
    case JsonType::Boolean:
      return a.boolean() == b.boolean();
    case JsonType::Number:
      return equal_numbers(a.text(), b.text());
    case JsonType::String:
      return a.string() == b.string();
    case JsonType::Array:
      return equal_arrays(a, b);
    case JsonType::Object:
      return equal_objects(a, b);
  }
  return false;
}

void append_member(std::string& out, std::string_view name_text, std::string_view value) {
  if (out.size() > 1) out.push_back(',');
  out.append(name_text).append(":").append(value);
}

/// RFC 7396 section 2. `target` is null when there is nothing to patch. As deep as the patch, hence
/// bounded.
std::string merged(const JsonView* target, const JsonView& patch) {
  if (patch.type() != JsonType::Object) return std::string(patch.text());
  if (target != nullptr && target->type() != JsonType::Object) target = nullptr;
  auto changes = patch.members();
  if (changes.empty()) return target == nullptr ? "{}" : std::string(target->text());
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  std::vector<bool> used(changes.size(), false);

  std::string out = "{";
  const auto kept =
      target == nullptr ? std::vector<std::pair<std::string, JsonView>>{} : target->members();
  for (const auto& [name, value] : kept) {
    const auto change = std::lower_bound(
        changes.begin(), changes.end(), name, [](const auto& entry, const std::string& wanted) {
          return entry.first < wanted;
        });
    if (change == changes.end() || change->first != name) {
      append_member(out, value.name_text(), value.text());
      continue;
    }
    used[static_cast<std::size_t>(change - changes.begin())] = true;
    if (change->second.type() != JsonType::Null) {
      append_member(out, value.name_text(), merged(&value, change->second));
    }
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const JsonView& change = changes[i].second;
    if (used[i] || change.type() == JsonType::Null) continue;
    append_member(out, change.name_text(), merged(nullptr, change));
  }
  return out + "}";
}

}  // namespace

bool equal_values(const Json& a, const Json& b) {
  if (a.text == b.text) return true;
  const auto x = integer_of(a), y = integer_of(b);
  if (x && y) return *x == *y;
  const auto left = JsonView::parse(a.text), right = JsonView::parse(b.text);
  return left && right && equal_views(*left, *right);
}

bool equal_values(const Value& a, const Value& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return equal_values(*a, *b);
}

Result<Json> merge_patched(const Json& document, const Json& patch) {
  const auto target = JsonView::parse(document.text);
  if (!target) return target.error();
  const auto changes = JsonView::parse(patch.text);
  if (!changes) return changes.error();
  Json result{merged(&*target, *changes)};
  if (const auto whole = JsonView::parse(result.text); !whole) return whole.error();
  return result;
}

}  // namespace doorbuster
