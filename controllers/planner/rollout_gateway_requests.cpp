// Requests by header and copies of them in an HTTPRoute or GRPCRoute (Gateway API v1).
#include "controllers/planner/rollout_requests.h"
#include "operator/base/json_read.h"
#include "operator/base/lower.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

// Of its CRDs in the standard channel.
constexpr std::size_t kMostRules = 16, kMostMatches = 64, kMostMatchesOfAll = 128;
constexpr std::size_t kMostHeaders = 16, kMostFilters = 16;

constexpr const char* kMirror = "RequestMirror";

Json text(const JsonView& view) { return Json{std::string(view.text())}; }

Error invalid(std::string why) {
  return Error{.kind = ErrorKind::Invalid, .message = std::move(why)};
}

Json header_of(const api::RequestMatch& asked) {
  const bool cookie = asked.cookie.has_value();
  return JsonObject()
      .add("type", cookie ? "RegularExpression" : "Exact")
      .add("name", cookie ? std::string_view("cookie") : std::string_view(asked.header->name))
      .add("value", cookie ? cookie_pattern(*asked.cookie) : asked.header->value)
      .build();
}

Result<Json> narrowed(const JsonView& match, const api::RequestMatch& asked) {
  const std::string name = asked.header ? asked.header->name : "cookie";
  std::vector<Json> headers;
  for (const JsonView& one : elements_of(match, "headers")) {
    if (lower(text_of(one, "name")) == lower(name))
      return invalid("a rule matches by the header " + name +
                     " already, and can ask for one value of it only");
    headers.push_back(text(one));
  }
  if (headers.size() >= kMostHeaders)
    return invalid("a rule matches by " + std::to_string(headers.size()) +
                   " headers already, and no more are allowed");
  headers.push_back(header_of(asked));
  return *with_value(text(match), "/headers", json_array(headers));
}

std::vector<Json> widened(const JsonView& match) {
  std::vector<Json> out;
  const std::vector<JsonView> headers = elements_of(match, "headers");
  for (std::size_t skipped = 0; skipped < headers.size(); ++skipped) {
    std::vector<Json> rest;
    for (std::size_t i = 0; i < headers.size(); ++i) {
      if (i != skipped) rest.push_back(text(headers[i]));
    }
    out.push_back(
        *with_value(text(match), "/headers", rest.empty() ? Value() : Value(json_array(rest))));
  }
  return out;
}

/// The longest path decides first, then the method, then the number of headers, then of queries.
bool overtakes(const JsonView& ours, const JsonView& theirs) {
  const auto same = [&](const char* member) {
    const auto one = ours.member(member), other = theirs.member(member);
    return one && other ? equal_values(text(*one), text(*other)) : !one && !other;
  };
  return same("path") && same("method") &&
         (!elements_of(theirs, "headers").empty() || !elements_of(theirs, "queryParams").empty());
}

bool copies_to(const JsonView& filter, const std::string& ns, const std::string& service) {
  const auto ref = filter.find("/requestMirror/backendRef");
  return text_of(filter, "type") == kMirror && ref && !service.empty() &&
         kGatewayForm.service(*ref, ns) == service;
}

/// Without a percentage all requests are copied; earlier APIs know of none.
Result<Json> mirrored(const JsonView& rule, const JsonView& reference, int percent) {
  std::vector<Json> filters;
  for (const JsonView& one : elements_of(rule, "filters")) filters.push_back(text(one));
  if (filters.size() >= kMostFilters)
    return invalid("a rule has " + std::to_string(filters.size()) +
                   " filters already, and no more are allowed");
  JsonObject to;
  for (const auto& [member, value] : reference.members()) {
    if (member != "weight" && member != "filters") to.add(member, text(value));
  }
  JsonObject mirror;
  mirror.add("backendRef", to.build());
  if (percent < 100) mirror.add("percent", std::int64_t{percent});
  filters.push_back(JsonObject().add("type", kMirror).add("requestMirror", mirror.build()).build());
  return *with_value(text(rule), "/filters", json_array(filters));
}

int percent_of(const JsonView& filter) {
  const auto number = [&filter](const char* at) -> std::optional<std::int64_t> {
    const auto found = filter.find(at);
    return found ? found->integer() : std::nullopt;
  };
  if (const auto percent = number("/requestMirror/percent")) return static_cast<int>(*percent);
  const auto part = number("/requestMirror/fraction/numerator");
  const std::int64_t of = number("/requestMirror/fraction/denominator").value_or(100);
  if (!part || of <= 0) return 100;
  return *part <= 0 ? 0
         : *part >= of
             ? 100
             : std::max(
                   1,
                   static_cast<int>(100.0 * static_cast<double>(*part) / static_cast<double>(of)));
}

int mirror_of(const JsonView& rule, const std::string& ns, const std::string& service) {
  int out = 0;
  for (const JsonView& one : elements_of(rule, "filters")) {
    // Named is named: at 0 percent too the rule has to be rid of it.
    if (copies_to(one, ns, service)) out = std::max({out, 1, percent_of(one)});
  }
  return out;
}

Json unmirrored(const JsonView& rule, const std::string& ns, const std::string& service) {
  std::vector<Json> rest;
  for (const JsonView& one : elements_of(rule, "filters")) {
    if (!copies_to(one, ns, service)) rest.push_back(text(one));
  }
  return *with_value(text(rule), "/filters", rest.empty() ? Value() : Value(json_array(rest)));
}

constexpr RequestForm gateway(const char* everything) {
  return {.matches = "matches",
          .everything = everything,
          .most_rules = kMostRules,
          .most_matches = kMostMatches,
          .most_matches_of_all = kMostMatchesOfAll,
          .narrowed = narrowed,
          .widened = widened,
          .overtakes = overtakes,
          .mirrored = mirrored,
          .mirror_of = mirror_of,
          .unmirrored = unmirrored};
}

}  // namespace

const RequestForm kHttpRequests = gateway(R"({"path":{"type":"PathPrefix","value":"/"}})"),
                  kGrpcRequests = gateway("{}");

}  // namespace doorbuster::planner
