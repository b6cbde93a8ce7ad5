#include "controllers/reconciler/own_objects.h"

#include "crds/reader.h"

namespace doorbuster::reconciler {

kube::Resource own_resource(const char* plural, const char* kind) {
  kube::Resource resource;
  resource.group = api::kGroup;
  resource.version = api::kVersion;
  resource.plural = plural;
  resource.kind = kind;
  resource.subresources = {"status"};
  return resource;
}

Json status_update(const OwnObject& object, const Json& status) {
  JsonObject metadata;
  metadata.add("name", object.name).add("namespace", object.ns);
  metadata.add("uid", object.uid).add("resourceVersion", object.version);
  JsonObject body;
  body.add("apiVersion", std::string_view(api::kApiVersion)).add("kind", object.kind);
  return body.add("metadata", metadata.build()).add("status", status).build();
}

}  // namespace doorbuster::reconciler
