#include "controllers/reconciler/policies.h"

#include "operator/base/json_read.h"

#include <algorithm>
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

Result<Instant> Policies::created(const kube::Resource& resource, const std::string& name) const {
  const Result<kube::Object> found = client_->get(resource, {"", name});
  if (!found.ok()) return found.error();
  const Result<JsonView> root = JsonView::parse(found->text);
  if (!root.ok()) return root.error();
  const auto at = parse_rfc3339(text_at(*root, "/metadata/creationTimestamp"));
  if (!at) return Error{.kind = ErrorKind::Invalid, .message = "no creationTimestamp"};
  return *at;
}

Result<Instant> Policies::look(const std::string& name) const {
  // A person may be waiting for it.
  Result<Instant> policy = Error{}, binding = Error{};
  beside_->run({[&] {
                  policy = created(
                      admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy"), name);
                },
                [&] {
                  binding = created(admission("validatingadmissionpolicybindings",
                                              "ValidatingAdmissionPolicyBinding"),
                                    name);
                }});
  if (!policy.ok()) return policy.error();
  if (!binding.ok()) return binding.error();
  return std::max(*policy, *binding);
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
