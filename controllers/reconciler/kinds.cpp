#include "controllers/reconciler/kinds.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kPathsLast{600'000};  ///< a CRD's scale paths hardly ever change
constexpr const char* kSpecPath = "/spec/replicas";
constexpr const char* kStatusPath = "/status/replicas";

/// Groups whose scale subresource is Kubernetes' own: no CRD to look into.
bool is_built_in(const std::string& group) { return group.empty() || group == "apps"; }

kube::Resource crd_resource() {
  kube::Resource crd;
  crd.group = "apiextensions.k8s.io";
  crd.version = "v1";
  crd.plural = "customresourcedefinitions";
  crd.kind = "CustomResourceDefinition";
  crd.namespaced = false;
  return crd;
}

}  // namespace

std::string pointer_of_scale_path(const std::string& path) {
  if (path.size() < 2 || path.front() != '.') return "";
  std::string pointer;
  for (const char one : path) {
    if (one == '[' || one == '~' || one == '/') return "";
    pointer += one == '.' ? '/' : one;
  }
  return pointer.ends_with('/') || pointer.find("//") != std::string::npos ? "" : pointer;
}

Kinds::Kinds(std::shared_ptr<kube::Client> client, std::function<Instant()> now)
    : client_(std::move(client)), now_(std::move(now)), mapper_(client_, now_) {}

Result<kube::Resource> Kinds::find(const std::string& group,
                                   const std::string& kind,
                                   const std::string& version) {
  return mapper_.find(group, version, kind);
}

void Kinds::forget() {
  mapper_.forget();
  const std::lock_guard lock(mutex_);
  paths_.clear();
}

Result<std::vector<kube::Resource>> Kinds::all_of(const std::string& group,
                                                  const std::string& kind) {
  std::vector<kube::Resource> found;
  std::vector<std::string> names{kind};
  if (kind == "*") {
    Result<std::vector<std::string>> all = kinds_of(group);
    if (!all.ok()) return all.error();
    names = std::move(all).value();
  }
  for (const std::string& name : names) {
    Result<kube::Resource> resource = find(group, name);
    if (resource.ok()) {
      found.push_back(std::move(resource).value());
    } else if (resource.error().kind != ErrorKind::NotFound) {
      return resource.error();
    }
  }
  return found;
}

Result<std::string> Kinds::preferred_version(const std::string& group) const {
  const Result<std::string> groups = client_->raw("/apis");
  if (!groups.ok()) return groups.error();
  const Result<JsonView> found = [&]() -> Result<JsonView> {
    const Result<JsonView> root = JsonView::parse(*groups);
    if (!root.ok()) return root.error();
    return root->at("/groups/[name=" + group + "]/preferredVersion/groupVersion");
  }();
  if (!found.ok()) return found.error();
  return found->string().value_or("");
}

Result<std::vector<std::string>> Kinds::kinds_of(const std::string& group) const {
  std::vector<std::string> names;
  std::string target = "/api/v1";
  if (!group.empty()) {
    const Result<std::string> version = preferred_version(group);
    if (!version.ok()) {
      if (version.error().kind == ErrorKind::NotFound) return names;
      return version.error();
    }
    target = "/apis/" + *version;
  }
  const Result<std::string> list = client_->raw(target);
  if (!list.ok()) return list.error();
  const Result<JsonView> root = JsonView::parse(*list);
  if (!root.ok()) return root.error();
  const std::optional<JsonView> resources = root->member("resources");
  if (!resources) return names;
  for (const JsonView& one : resources->elements()) {
    const auto name = one.member("name"), kind = one.member("kind");
    if (!name || !kind || name->string().value_or("/").find('/') != std::string::npos) continue;
    names.push_back(kind->string().value_or(""));
  }
  return names;
}

planner::KindAnswer Kinds::describe(const std::string& group, const std::string& kind) {
  const Result<kube::Resource> resource = find(group, kind);
  if (!resource.ok()) {
    if (resource.error().kind == ErrorKind::NotFound) return planner::KindFact{};
    return planner::KindUnread{resource.error().message};
  }
  planner::KindFact fact;
  fact.served = true;
  fact.namespaced = resource->namespaced;
  fact.has_scale = resource->has("scale");
  fact.api_version = resource->api_version();
  if (fact.has_scale && !is_built_in(resource->group)) {
    const Paths paths = scale_paths(*resource);
    fact.spec_replicas_path = paths.spec;
    fact.status_replicas_path = paths.status;
  }
  return fact;
}

Kinds::Paths Kinds::scale_paths(const kube::Resource& resource) {
  const auto key = std::make_pair(resource.group, resource.kind);
  const Instant now = now_();
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = paths_.find(key);
        known != paths_.end() && now - known->second.read < kPathsLast) {
      return known->second;
    }
  }
  Paths paths{kSpecPath, kStatusPath, now};
  const Result<kube::Object> crd =
      client_->get(crd_resource(), {"", resource.plural + "." + resource.group});
  if (crd.ok()) {
    if (const Result<JsonView> root = JsonView::parse(crd->text); root.ok()) {
      const std::string scale =
          "/spec/versions/[name=" + resource.version + "]/subresources/scale/";
      const auto read = [&](const std::string& name, std::string& into) {
        const Result<JsonView> found = root->at(scale + name);
        if (!found.ok()) return;
        const std::string pointer = pointer_of_scale_path(found->string().value_or(""));
        if (!pointer.empty()) into = pointer;
      };
      read("specReplicasPath", paths.spec);
      read("statusReplicasPath", paths.status);
    }
  } else if (is_transient(crd.error().kind)) {
    return paths;  // not remembered: asked again next time
  }
  const std::lock_guard lock(mutex_);
  paths_[key] = paths;
  return paths;
}

}  // namespace doorbuster::reconciler
