#include "controllers/planner/budget.h"

#include "controllers/planner/arithmetic.h"
#include "controllers/planner/selection.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace doorbuster::planner {
namespace {

/// An IntOrString: `3`, or `"95%"`.
struct Amount {
  bool percent = false;
  std::int64_t value = 0;
};

std::optional<Amount> amount_of(const Json& json) {
  if (const auto whole = integer_of(json)) return Amount{false, *whole};
  const auto view = JsonView::parse(json.text);
  const std::string text = view ? view->string().value_or("") : "";
  if (text.size() < 2 || text.back() != '%') return std::nullopt;
  Amount out{.percent = true};
  const char* end = text.data() + text.size() - 1;
  const auto read = std::from_chars(text.data(), end, out.value);
  if (read.ec != std::errc() || read.ptr != end || out.value < 0 || out.value > 100)
    return std::nullopt;
  return out;
}

Json in_percent(std::int64_t percent) { return json_of_string(std::to_string(percent) + "%"); }

/// More of them must stay.
std::optional<Tightened> more_available(const Amount& own,
                                        std::int64_t percent,
                                        std::int64_t replicas) {
  std::int64_t wanted = percent;
  if (own.percent && own.value >= percent) return std::nullopt;
  if (!own.percent) {
    if (own.value >= replicas) return std::nullopt;
    while (percent_of(wanted, replicas) < own.value) ++wanted;
  }
  return Tightened{.pointer = kMinAvailable,
                   .value = in_percent(wanted),
                   .priority = static_cast<int>(wanted),
                   .blocks_drains = percent_of(wanted, replicas) >= replicas};
}

/// Fewer of them may go.
std::optional<Tightened> fewer_unavailable(const Amount& own,
                                           std::int64_t percent,
                                           std::int64_t replicas) {
  std::int64_t may_go = 100 - percent;
  if (!own.percent && percent < 100) may_go = std::max<std::int64_t>(1, may_go * replicas / 100);
  if (own.value <= may_go) return std::nullopt;
  return Tightened{.pointer = kMaxUnavailable,
                   .value = own.percent ? in_percent(may_go) : json_of(may_go),
                   .priority = static_cast<int>(1000 - std::min<std::int64_t>(may_go, 1000)),
                   .blocks_drains = may_go == 0};
}

}  // namespace

std::optional<Tightened> tightened(const Budget& budget,
                                   std::int64_t percent,
                                   std::int64_t replicas) {
  replicas = std::max<std::int64_t>(1, replicas);
  if (budget.max_unavailable) {
    const auto own = amount_of(*budget.max_unavailable);
    return own ? fewer_unavailable(*own, percent, replicas) : std::nullopt;
  }
  if (!budget.min_available) return more_available({true, 0}, percent, replicas);
  const auto own = amount_of(*budget.min_available);
  return own ? more_available(*own, percent, replicas) : std::nullopt;
}

bool guards(const Document& budget, const Document& workload) {
  const auto selector = budget.root().at("/spec/selector");
  const auto pods = workload.root().at("/spec/template");
  return selector && pods && selects(selector_of(*selector), labels_of(*pods));
}

}  // namespace doorbuster::planner
