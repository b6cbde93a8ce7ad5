#include "controllers/planner/rollout_virtual_service.h"

#include "controllers/planner/rollout_requests.h"
#include "operator/base/json_read.h"
#include "operator/base/lower.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

constexpr const char* kHost = "/destination/host";

/// A name without dots is a Service of the VirtualService's own namespace, and so is its whole name
/// there, whatever the cluster's domain.
std::string service_of(const JsonView& ref, const std::string& ns) {
  const std::string host = text_at(ref, kHost);
  const std::size_t dot = host.find('.');
  if (dot == std::string::npos) return host;
  return host.substr(dot + 1).starts_with(ns + ".svc.") ? host.substr(0, dot) : "";
}

/// The host in the same form. A subset is of the host that was named, and the new one has none.
Json destined_to(const JsonView& ref, const std::string& service) {
  const std::string host = text_at(ref, kHost);
  const std::string rest = host.substr(std::min(host.find('.'), host.size()));
  const Json whole =
      *with_value(Json{std::string(ref.text())}, kHost, json_of_string(service + rest));
  return *with_value(whole, "/destination/subset", std::nullopt);
}

bool sends_to(const JsonView& rule, const Sides& sides) {
  const auto refs = elements_of(rule, "route");
  return std::any_of(refs.begin(), refs.end(), [&](const JsonView& one) {
    return service_of(one, sides.ns) == sides.stable;
  });
}

Json text(const JsonView& view) { return Json{std::string(view.text())}; }

/// Names of headers are in lower case here; the first of the rules that match decides.
Result<Json> narrowed(const JsonView& match, const api::RequestMatch& asked) {
  const std::string name = asked.header ? lower(asked.header->name) : "cookie";
  const auto headers = match.member("headers");
  if (headers && headers->member(name))
    return Error{.kind = ErrorKind::Invalid,
                 .message = "a route matches by the header " + name +
                            " already, and can ask for one value of it only"};
  const Json value = asked.header
                         ? JsonObject().add("exact", std::string_view(asked.header->value)).build()
                         : JsonObject().add("regex", cookie_pattern(*asked.cookie)).build();
  return *with_value(text(match), "/headers/" + name, value);
}

std::vector<Json> widened(const JsonView& match) {
  std::vector<Json> out;
  const auto headers = match.member("headers");
  if (!headers) return out;
  const auto all = headers->members();
  for (const auto& skipped : all) {
    JsonObject rest;
    for (const auto& [name, value] : all) {
      if (name != skipped.first) rest.add(name, text(value));
    }
    out.push_back(
        *with_value(text(match), "/headers", rest.empty() ? Value() : Value(rest.build())));
  }
  return out;
}

bool copies_to(const JsonView& destination, const std::string& ns, const std::string& service) {
  const Json ref = JsonObject().add("destination", text(destination)).build();
  return !service.empty() && service_of(*JsonView::parse(ref.text), ns) == service;
}

Result<Json> mirrored(const JsonView& rule, const JsonView& reference, int percent) {
  if (rule.member("mirror") || rule.member("mirrors"))
    return Error{.kind = ErrorKind::Invalid,
                 .message = "a route to the Service mirrors already, and can do it once only"};
  const Json to = text(*reference.member("destination"));
  const Json share = JsonObject().add("value", std::int64_t{percent}).build();
  const Json out = *with_value(text(rule), "/mirror", to);
  return *with_value(out, "/mirrorPercentage", share);
}

/// Named is named: at 0 percent too the rule has to be rid of it. Parts of a percent are one.
int percent_at(const JsonView& value, const char* pointer) {
  const auto found = value.find(pointer);
  if (!found) return 100;
  return static_cast<int>(std::clamp<std::int64_t>(found->integer().value_or(1), 1, 100));
}

int mirror_of(const JsonView& rule, const std::string& ns, const std::string& service) {
  int out = 0;
  const auto one = rule.member("mirror");
  if (one && copies_to(*one, ns, service)) out = percent_at(rule, "/mirrorPercentage/value");
  for (const JsonView& more : elements_of(rule, "mirrors")) {
    const auto to = more.member("destination");
    if (to && copies_to(*to, ns, service))
      out = std::max(out, percent_at(more, "/percentage/value"));
  }
  return out;
}

Json unmirrored(const JsonView& rule, const std::string& ns, const std::string& service) {
  Json out = text(rule);
  const auto one = rule.member("mirror");
  if (one && copies_to(*one, ns, service)) {
    out = *with_value(out, "/mirror", std::nullopt);
    out = *with_value(out, "/mirrorPercentage", std::nullopt);
  }
  const std::vector<JsonView> all = elements_of(rule, "mirrors");
  std::vector<Json> rest;
  for (const JsonView& more : all) {
    const auto to = more.member("destination");
    if (!to || !copies_to(*to, ns, service)) rest.push_back(text(more));
  }
  if (rest.size() == all.size()) return out;
  return *with_value(out, "/mirrors", rest.empty() ? Value() : Value(json_array(rest)));
}

constexpr RequestForm kRequests{.matches = "match",
                                .everything = "{}",
                                .most_rules = 0,
                                .most_matches = 0,
                                .most_matches_of_all = 0,
                                .narrowed = narrowed,
                                .widened = widened,
                                .overtakes = nullptr,
                                .mirrored = mirrored,
                                .mirror_of = mirror_of,
                                .unmirrored = unmirrored};

}  // namespace

const WeightedForm kVirtualServiceForm{.list = "route",
                                       .unsaid = 0,
                                       .percents = true,
                                       .service = service_of,
                                       .to = destined_to,
                                       .requests = &kRequests};

std::string why_not_shared(const Document& virtual_service, const Sides& sides) {
  for (const char* other : {"tls", "tcp"}) {
    for (const JsonView& rule :
         elements_at(virtual_service.root(), std::string("/spec/") + other)) {
      if (sends_to(rule, sides))
        return "sends to the Service " + sides.stable + " by `" + other +
               "` too, of which nothing is shared out: take that route out, or release by a "
               "Service";
    }
  }
  for (const JsonView& rule : elements_at(virtual_service.root(), "/spec/http")) {
    if (sends_to(rule, sides) && elements_of(rule, "route").size() > 1)
      return "has a route to the Service " + sides.stable +
             " and to others, whose weights are percents: give the Service a route of its own";
  }
  return "";
}

}  // namespace doorbuster::planner
