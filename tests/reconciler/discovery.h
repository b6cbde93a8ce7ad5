#pragma once

#include "tests/kube/fake_api.h"

#include <string>
#include <vector>

namespace doorbuster::reconciler {

/// One custom kind as an API server serves it, for discovery documents and for its CRD.
struct ServedKind {
  std::string group, plural, kind;
  std::vector<std::string> versions{"v1"};  ///< the preferred one first
  bool scale = true;
  std::string spec_replicas_path = ".spec.replicas";
  std::string scope = "Namespaced";
};

inline const ServedKind kServedSales{.group = "doorbuster.dev",
                                     .plural = "saleevents",
                                     .kind = "SaleEvent",
                                     .versions = {"v1alpha1"},
                                     .scale = false};
inline const ServedKind kServedAutoscalers{.group = "autoscaling",
                                           .plural = "horizontalpodautoscalers",
                                           .kind = "HorizontalPodAutoscaler",
                                           .versions = {"v2"},
                                           .scale = false};

/// /api with the core kinds that the operator always needs.
inline std::string core_discovery() {
  return R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1","resources":[
    {"resource":"namespaces","responseKind":{"kind":"Namespace"},"scope":"Cluster","verbs":["get","list","patch","watch"]},
    {"resource":"services","responseKind":{"kind":"Service"},"scope":"Namespaced","verbs":["get","list","patch","watch"]},
    {"resource":"configmaps","responseKind":{"kind":"ConfigMap"},"scope":"Namespaced","verbs":["get","list","patch","watch"]}]}]}]})";
}

/// /apis with these kinds.
inline std::string discovery_of(const std::vector<ServedKind>& kinds) {
  std::string items;
  for (const ServedKind& one : kinds) {
    std::string versions;
    for (const std::string& version : one.versions) {
      versions += (versions.empty() ? "" : ",") + std::string(R"({"version":")") + version +
                  R"(","freshness":"Current","resources":[{"resource":")" + one.plural +
                  R"(","responseKind":{"kind":")" + one.kind + R"("},"scope":")" + one.scope +
                  R"(","verbs":["get","list","patch","watch"])" +
                  (one.scale ? R"(,"subresources":[{"subresource":"scale"}])" : "") + "}]}";
    }
    items += (items.empty() ? "" : ",") + std::string(R"({"metadata":{"name":")") + one.group +
             R"("},"versions":[)" + versions + "]}";
  }
  return R"({"kind":"APIGroupDiscoveryList","items":[)" + items + "]}";
}

inline std::string crd_path(const ServedKind& kind) {
  return "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + kind.plural + "." +
         kind.group;
}

inline std::string crd_of(const ServedKind& kind) {
  std::string versions;
  for (const std::string& version : kind.versions) {
    versions += (versions.empty() ? "" : ",") + std::string(R"({"name":")") + version +
                R"(","served":true,"subresources":{"scale":{"specReplicasPath":")" +
                kind.spec_replicas_path + R"(","statusReplicasPath":".status.ready"}}})";
  }
  return R"({"kind":"CustomResourceDefinition","metadata":{"name":")" + kind.plural + "." +
         kind.group + R"(","uid":"c","resourceVersion":"1"},"spec":{"versions":[)" + versions +
         "]}}";
}

/// As the API server words the absence of one object.
inline kube::Response not_found(const std::string& name) {
  return kube::FakeApi::status(404, "NotFound", name);
}

}  // namespace doorbuster::reconciler
