#include "controllers/planner/rollout_virtual_service.h"

#include "operator/base/json_read.h"

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

}  // namespace

const WeightedForm kVirtualServiceForm{
    .list = "route", .unsaid = 0, .percents = true, .service = service_of, .to = destined_to};

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
