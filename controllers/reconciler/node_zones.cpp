#include "controllers/reconciler/node_zones.h"

#include "operator/base/json.h"

#include <set>
#include <string>

namespace doorbuster::reconciler {
namespace {

constexpr const char* kMetadataOnly =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Puts a page's zones into `zones`; the token of the next page, empty after the last.
Result<std::string> read_page(const std::string& body, std::set<std::string>& zones) {
  const auto list = JsonView::parse(body);
  if (!list.ok()) return list.error();
  if (const auto items = list->member("items")) {
    for (const JsonView& node : items->elements()) {
      const auto zone = node.at(kZonePointer);
      if (!zone.ok() || node.at(kControlPlanePointer).ok()) continue;
      if (const auto name = zone->string(); name && !name->empty()) zones.insert(*name);
    }
  }
  const auto next = list->at("/metadata/continue");
  return next.ok() ? next->string().value_or("") : std::string();
}

}  // namespace

std::optional<std::int64_t> NodeZones::read() const {
  std::set<std::string> zones;
  std::string next;
  for (int page = 0; page < kNodePages; ++page) {
    kube::Request request;
    request.target = "/api/v1/nodes?limit=" + std::to_string(kNodesPerPage);
    if (!next.empty()) request.target += "&continue=" + next;
    request.accept = kMetadataOnly;
    const auto answer = client_->transport().call(request);
    if (!answer.ok() || kube::error_of(*answer)) return std::nullopt;
    const auto token = read_page(answer->body, zones);
    if (!token.ok()) return std::nullopt;
    next = *token;
    if (!next.empty()) continue;
    if (zones.empty()) return std::nullopt;
    return static_cast<std::int64_t>(zones.size());
  }
  return std::nullopt;
}

std::optional<std::int64_t> NodeZones::count(Instant now) {
  const std::lock_guard lock(mutex_);
  if (again_at_ && now < *again_at_) return known_;
  known_ = read();
  again_at_ = now + (known_ ? kZonesFresh : kZonesRetry);
  return known_;
}

}  // namespace doorbuster::reconciler
