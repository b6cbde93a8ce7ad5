#include "controllers/reconciler/policies.h"

#include "operator/base/json_read.h"

#include <algorithm>
#include <array>
#include <optional>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kFresh{60'000};

kube::Resource admission(const char* plural, const char* kind) {
  kube::Resource resource;
  resource.group = "admissionregistration.k8s.io";
  resource.version = "v1";
  resource.plural = plural;
  resource.kind = kind;
  resource.namespaced = false;
  return resource;
}

}  // namespace

Result<Instant> Policies::look(const std::string& name) const {
  Instant since{};
  const std::array parts = {
      admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy"),
      admission("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")};
  for (const kube::Resource& one : parts) {
    const Result<kube::Object> found = client_->get(one, {"", name});
    if (!found.ok()) return found.error();
    const Result<JsonView> root = JsonView::parse(found->text);
    if (!root.ok()) return root.error();
    const auto created = parse_rfc3339(text_at(*root, "/metadata/creationTimestamp"));
    if (!created) return Error{.kind = ErrorKind::Invalid, .message = "no creationTimestamp"};
    since = std::max(since, *created);
  }
  return since;
}

Result<Instant> Policies::since(const std::string& name) {
  const Instant now = now_();
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(name);
    if (known != known_.end() && now >= known->second.first && now - known->second.first < kFresh)
      return known->second.second;
  }
  Result<Instant> found = look(name);
  const std::lock_guard lock(mutex_);
  known_.insert_or_assign(name, std::pair(now, found));
  return found;
}

}  // namespace doorbuster::reconciler
