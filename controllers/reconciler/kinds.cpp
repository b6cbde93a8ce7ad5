#include "controllers/reconciler/kinds.h"

#include <tuple>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kPathsLast{600'000};  ///< a CRD's scale paths hardly ever change
constexpr Duration kRefusalLasts{15'000};

/// Groups whose scale subresource is that of Kubernetes' own kinds, /spec/replicas: no CRD to look
/// into. The second has DeploymentConfig, of an aggregated API server.
bool is_built_in(const std::string& group) {
  return group.empty() || group == "apps" || group == "apps.openshift.io";
}

kube::Resource crd_resource() {
  kube::Resource crd;
  crd.group = "apiextensions.k8s.io";
  crd.version = "v1";
  crd.plural = "customresourcedefinitions";
  crd.kind = "CustomResourceDefinition";
  crd.namespaced = false;
  return crd;
}

Error unavailable(std::string why) {
  return {
      .kind = ErrorKind::Unavailable, .message = std::move(why), .causes = {}, .retry_after = {}};
}

/// The paths of spec's and status' replicas that a CRD names for one version. Unavailable: it does
/// not have that version any more; Invalid: paths that cannot be followed.
Result<std::pair<std::string, std::string>> paths_in(const kube::Object& crd,
                                                     const std::string& version) {
  const Result<JsonView> root = JsonView::parse(crd.text);
  if (!root.ok()) return unavailable(root.error().message);
  const std::string scale = "/spec/versions/[name=" + version + "]/subresources/scale";
  const Result<JsonView> named = root->at(scale);
  if (!named.ok()) return unavailable("it does not say how " + version + " scales");
  const auto read = [&](const char* name) {
    const auto path = named->member(name);
    return path ? path->string().value_or("") : "";
  };
  std::pair paths{pointer_of_scale_path(read("specReplicasPath")),
                  pointer_of_scale_path(read("statusReplicasPath"))};
  if (paths.first.empty() || paths.second.empty()) {
    return Error{.kind = ErrorKind::Invalid,
                 .message = "its CRD names paths that cannot be followed: " +
                            read("specReplicasPath") + " and " + read("statusReplicasPath"),
                 .causes = {},
                 .retry_after = {}};
  }
  return paths;
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
  Result<kube::Resource> found = mapper_.find(group, version, kind);
  if (found.ok()) note_served(*found);
  if (!found.ok() && found.error().kind != ErrorKind::NotFound) return found;
  if (!found.ok() && !version.empty()) return unavailable(found.error().message);
  if (found.ok() && group != "*") return found;
  for (const Name& name : known_as(group, kind)) {
    // A bare kind: the group that serves it now need not be the one that served it before.
    if (found.ok() && (name.first == found->group || name.first == "*")) continue;
    if (found.ok() && mapper_.find(name.first, "", kind).ok()) continue;
    if (const auto error = not_gone(name)) return *error;
  }
  return found;
}

void Kinds::expect(const std::string& group, const std::string& kind) {
  const std::lock_guard lock(mutex_);
  if (known_.size() < kKnownKinds) known_.try_emplace({group, kind});
}

void Kinds::note_served(const kube::Resource& resource) {
  const std::lock_guard lock(mutex_);
  const Name own{resource.group, resource.kind};
  for (const Name& name : {own, Name{"*", resource.kind}}) {
    const auto known = known_.find(name);
    if (known == known_.end()) continue;
    Standing& standing = known->second;
    if (!standing.served_as || standing.missing_at || standing.gone)
      standing = {.served_as = resource};
  }
  if (!known_.contains(own) && known_.size() < kKnownKinds)
    known_.emplace(own, Standing{.served_as = resource});
}

std::vector<Kinds::Name> Kinds::known_as(const std::string& group, const std::string& kind) const {
  std::vector<Name> names;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, standing] : known_) {
    if (name.second == kind && (group == "*" || group == name.first)) names.push_back(name);
  }
  if (names.empty() && known_.size() >= kKnownKinds) names.emplace_back(group, kind);
  return names;
}

std::optional<Error> Kinds::not_gone(const Name& name) {
  const Instant now = now_();
  std::optional<kube::Resource> served_as;
  const std::string text = name.second + (name.first == "*" ? "" : "." + name.first);
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(name);
    if (known == known_.end())
      return unavailable(text + " is not served; too many kinds are known to say that it is gone");
    Standing& standing = known->second;
    if (standing.gone) return std::nullopt;
    if (!standing.missing_at || now - *standing.missing_at > kLooksInARow)
      standing.missing_since = now;
    standing.missing_at = now;
    const bool early = now - *standing.missing_since < kGoneAfter;
    if (early || (standing.asked && now - *standing.asked < kConfirmEvery))
      return unavailable(text + " was served and is not now: not yet known to be gone");
    standing.asked = now;
    served_as = standing.served_as;
  }
  if (const auto why = why_unconfirmed(served_as))
    return unavailable(text + " was served and is not now: " + *why);
  const std::lock_guard lock(mutex_);
  known_[name].gone = true;
  return std::nullopt;
}

std::optional<std::string> Kinds::why_unconfirmed(
    const std::optional<kube::Resource>& served_as) const {
  // Ready: it has read its CRDs and the APIs that it passes on.
  const Result<std::string> ready = client_->raw("/readyz");
  if (!ready.ok()) return "the API server does not say that it is ready: " + ready.error().message;
  if (!served_as) return std::nullopt;
  const Result<kube::Object> crd =
      client_->get(crd_resource(), {"", served_as->plural + "." + served_as->group});
  if (crd.ok()) return "its CRD exists and serves no version of it";
  switch (crd.error().kind) {
    case ErrorKind::NotFound:
    case ErrorKind::Denied:
    case ErrorKind::Invalid:  // such a name no CRD has
      return std::nullopt;
    case ErrorKind::Conflict:
    case ErrorKind::Throttled:
    case ErrorKind::Unavailable:
    case ErrorKind::Gone:
      return crd.error().message;
  }
  return crd.error().message;
}

void Kinds::doubt() {
  mapper_.doubt();
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

Result<std::vector<kube::Resource>> Kinds::all() { return mapper_.all(); }

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
    const Result<Paths> paths = scale_paths(*resource);
    if (!paths.ok()) return planner::KindUnread{"its CRD: " + paths.error().message};
    fact.spec_replicas_path = paths->spec;
    fact.status_replicas_path = paths->status;
    fact.paths_unknown = paths->unknown;
  }
  return fact;
}

Result<Kinds::Paths> Kinds::scale_paths(const kube::Resource& resource) {
  const std::string name = resource.api_version() + " " + resource.kind;
  const Instant now = now_();
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = paths_.find(name); known != paths_.end() && now < known->second.until)
      return known->second;
  }
  const std::string crd_name = resource.plural + "." + resource.group;
  const Result<kube::Object> crd = client_->get(crd_resource(), {"", crd_name});
  Paths paths;
  if (crd.ok()) {
    Result<std::pair<std::string, std::string>> read = paths_in(*crd, resource.version);
    if (!read.ok() && is_transient(read.error().kind)) return read.error();
    if (read.ok()) std::tie(paths.spec, paths.status) = *read;
    if (!read.ok()) paths.unknown = read.error().message;
  } else if (crd.error().kind == ErrorKind::Denied) {
    paths.unknown = "the operator may not get customresourcedefinitions.apiextensions.k8s.io " +
                    crd_name + ": grant it that";
  } else if (crd.error().kind == ErrorKind::NotFound) {
    paths.unknown = "it has no CRD " + crd_name + " that would say so";
  } else {
    return crd.error();
  }
  paths.until = now + (paths.unknown.empty() ? kPathsLast : kRefusalLasts);
  const std::lock_guard lock(mutex_);
  paths_[name] = paths;
  return paths;
}

}  // namespace doorbuster::reconciler
