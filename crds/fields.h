#pragma once

#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/result.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorbuster::api {

__extension__ using Int128 = __int128;

/// A Kubernetes quantity or a plain integer (int-or-string), with its exact value and as it was
/// written. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
struct Quantity {
  Json source;       ///< `5` or `"2.5"`: the JSON type that the author chose
  Int128 nanos = 0;  ///< its value in units of 10^-9, exact; |nanos| <= kMaxNanos
  bool operator==(const Quantity&) const = default;
};

/// Bounds |nanos|: the largest quantity of Kubernetes (2^63 - 1), in units of 10^-9.
inline constexpr Int128 kNanosPerUnit = 1'000'000'000;
inline constexpr Int128 kMaxNanos = static_cast<Int128>(INT64_MAX) * kNanosPerUnit;

/// Reads a quantity's text (`"2.5"`, `"4000m"`, `"1Gi"`, `"1e3"`); digits below 10^-9 round up,
/// away from zero, as Kubernetes does. Nothing when malformed or out of range.
std::optional<Quantity> parse_quantity(std::string_view text);

/// Of a JSON integer or of a JSON string that holds a quantity; nothing for anything else.
std::optional<Quantity> quantity_of(const Json& value);

/// count x factor, rounded up to a whole number: 7 x 1.5 = 11. Nothing when negative or beyond 64
/// bits.
std::optional<std::int64_t> times_rounded_up(std::int64_t count, const Quantity& factor);

/// What a hold makes of a number that was there before. Both sides are a JSON number or a JSON
/// string that holds a quantity. The result keeps the JSON type of `base`; a whole number stays
/// whole, rounded up (`7` x 1.5 = `11`); a quantity stays in its unit, or in one in which it is
/// exact
/// (`500m` x 2 = `1000m`, `1Gi` + 512 = `1073742336`). Invalid when a side is no such number or the
/// result is out of range.
Result<Json> multiplied(const Json& base, const Json& factor);
Result<Json> added(const Json& base, const Json& amount);
/// The smaller (larger) of the two; when it is not `base` itself, in the JSON type of `base`.
Result<Json> smaller(const Json& base, const Json& bound);
Result<Json> larger(const Json& base, const Json& bound);
/// By value: less than 0, 0 or more than 0 as `a` is less than, equal to or greater than `b`.
Result<std::strong_ordering> compared(const Json& a, const Json& b);

/// A duration and how it was written.
struct DurationText {
  std::string text;
  Duration value{0};
  bool operator==(const DurationText&) const = default;
};

/// `45m` or `+45m`: so long after the start. Nothing when malformed.
std::optional<Duration> parse_offset(std::string_view text);

}  // namespace doorbuster::api
