#include "operator/kube/discovery.h"

#include "operator/base/json_read.h"

#include <algorithm>
#include <map>

namespace doorbuster::kube {
namespace {

constexpr const char* kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
constexpr std::size_t kMaxDiscoveryBytes = kMaxJsonBytes;
constexpr std::size_t kMaxGroupVersions = 1'000;

Error unreadable(const std::string& what) {
  return Error{ErrorKind::Unavailable, "discovery: " + what, {}, {}};
}

Resource aggregated_resource(const std::string& group,
                             const std::string& version,
                             const JsonView& entry) {
  Resource resource{
      group, version, text_of(entry, "resource"), "", text_of(entry, "scope") != "Cluster", {}, {}};
  if (const auto kind = entry.member("responseKind")) resource.kind = text_of(*kind, "kind");
  resource.verbs = texts_of(entry, "verbs");
  for (const JsonView& part : elements_of(entry, "subresources"))
    resource.subresources.push_back(text_of(part, "subresource"));
  return resource;
}

void add(Resource resource, Discovered& into) {
  if (resource.plural.empty() || resource.kind.empty()) return;
  if (into.resources.size() > kMaxResources) return;  // one too many is what discover() refuses
  into.resources.push_back(std::move(resource));
}

Result<Response> fetch(const Client& client, const std::string& target, const char* accept) {
  return client.transport().call(
      {.target = target, .max_body = kMaxDiscoveryBytes, .accept = accept});
}

/// The plain document of one group and version (APIResourceList).
Outcome add_plain(const Client& client,
                  const std::string& group,
                  const std::string& version,
                  Discovered& into) {
  const std::string target = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  const auto response = fetch(client, target, "application/json");
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  const auto root = JsonView::parse(response->body);
  if (!root) return unreadable(root.error().message);
  std::map<std::string, std::vector<std::string>> subresources;
  for (const JsonView& entry : elements_of(*root, "resources")) {
    const std::string name = text_of(entry, "name");
    const std::size_t slash = name.find('/');
    if (slash != std::string::npos)
      subresources[name.substr(0, slash)].push_back(name.substr(slash + 1));
  }
  for (const JsonView& entry : elements_of(*root, "resources")) {
    const std::string name = text_of(entry, "name");
    if (name.find('/') != std::string::npos) continue;
    const auto namespaced = entry.member("namespaced");
    const bool in_namespace = namespaced && namespaced->boolean().value_or(false);
    add({group,
         version,
         name,
         text_of(entry, "kind"),
         in_namespace,
         texts_of(entry, "verbs"),
         subresources[name]},
        into);
  }
  return Done{};
}

/// Versions of a plain APIGroup, the preferred one first.
std::vector<std::string> versions_of(const JsonView& group) {
  std::vector<std::string> versions;
  if (const auto preferred = group.member("preferredVersion"))
    versions.push_back(text_of(*preferred, "version"));
  for (const JsonView& entry : elements_of(group, "versions")) {
    const std::string version = text_of(entry, "version");
    if (std::find(versions.begin(), versions.end(), version) == versions.end())
      versions.push_back(version);
  }
  return versions;
}

/// The plain way: one request for each group and version that `root` names.
Outcome walk_plain(const Client& client, const JsonView& root, bool core, Discovered& into) {
  std::size_t asked = 0;
  if (core) {
    for (const std::string& version : texts_of(root, "versions")) {
      if (auto added = add_plain(client, "", version, into); !added) return added;
    }
    return Done{};
  }
  for (const JsonView& group : elements_of(root, "groups")) {
    const std::string name = text_of(group, "name");
    for (const std::string& version : versions_of(group)) {
      if (++asked > kMaxGroupVersions) return unreadable("more than 1000 groups and versions");
      if (!add_plain(client, name, version, into)) into.stale.insert(name);
    }
  }
  return Done{};
}

Outcome discover_below(const Client& client, const std::string& target, Discovered& into) {
  auto response = fetch(client, target, kAggregated);
  if (response && response->status == 406) response = fetch(client, target, "application/json");
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  const auto root = JsonView::parse(response->body);
  if (!root) return unreadable(root.error().message);
  if (text_of(*root, "kind") == "APIGroupDiscoveryList")
    return add_aggregated(response->body, into);
  const bool core = target == "/api";
  if (text_of(*root, "kind") != (core ? "APIVersions" : "APIGroupList"))
    return unreadable("not a discovery document");
  return walk_plain(client, *root, core, into);
}

}  // namespace

Outcome add_aggregated(std::string_view document, Discovered& into) {
  const auto root = JsonView::parse(document);
  if (!root) return unreadable(root.error().message);
  if (text_of(*root, "kind") != "APIGroupDiscoveryList")
    return unreadable("not an APIGroupDiscoveryList");
  for (const JsonView& group : elements_of(*root, "items")) {
    const auto metadata = group.member("metadata");
    const std::string name = metadata ? text_of(*metadata, "name") : "";
    for (const JsonView& version : elements_of(group, "versions")) {
      if (text_of(version, "freshness") == "Stale") into.stale.insert(name);
      for (const JsonView& entry : elements_of(version, "resources")) {
        add(aggregated_resource(name, text_of(version, "version"), entry), into);
      }
    }
  }
  return Done{};
}

Result<Discovered> discover(const Client& client) {
  Discovered found;
  for (const char* target : {"/api", "/apis"}) {
    if (auto done = discover_below(client, target, found); !done) return done.error();
  }
  if (found.resources.size() > kMaxResources) return unreadable("more than 20000 kinds");
  return found;
}

}  // namespace doorbuster::kube
