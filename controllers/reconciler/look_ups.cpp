#include "controllers/reconciler/look_ups.h"

#include "controllers/reconciler/caches.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

using Says = planner::Answer::Says;

constexpr int kPageSize = 500;

planner::Answer not_told(const Error& error, Instant now) {
  const bool missing = error.kind == ErrorKind::NotFound;
  return {.at = now, .says = missing ? Says::No : Says::Unknown, .why = error.message};
}

/// What is decided by: managedFields and status are the greater part of an object.
Result<Json> abridged(const kube::Object& object) {
  const Result<JsonView> root = JsonView::parse(object.text);
  if (!root.ok()) return root.error();
  JsonObject metadata, out;
  metadata.add("name", std::string_view(object.meta.name));
  if (const auto annotations = root->find("/metadata/annotations"))
    metadata.add("annotations", Json{std::string(annotations->text())});
  out.add("metadata", metadata.build());
  if (const auto spec = root->member("spec")) out.add("spec", Json{std::string(spec->text())});
  return out.build();
}

planner::Answer all_of(const kube::Client& client,
                       const kube::Resource& resource,
                       const std::string& ns,
                       Instant now) {
  std::vector<Json> items;
  std::string token;
  do {
    const Result<kube::Page> page = client.list(resource, ns, kPageSize, token);
    if (!page.ok()) return not_told(page.error(), now);
    for (const kube::Object& one : page->items) {
      Result<Json> item = abridged(one);
      if (!item.ok()) return not_told(item.error(), now);
      items.push_back(std::move(item).value());
    }
    token = page->continue_token;
  } while (!token.empty() && items.size() < kLookedUp);
  if (!token.empty())
    return {.at = now,
            .says = Says::Unknown,
            .why = "there are more than " + std::to_string(kLookedUp) + " " + resource.plural};
  return {.at = now,
          .says = Says::Yes,
          .why = "",
          .body = JsonObject().add("items", json_array(items)).build()};
}

}  // namespace

planner::Answer answer_look_up(const kube::Client& client,
                               const kube::Resource& resource,
                               const planner::Question& question,
                               Instant now) {
  const ObjectRef object = canonical(resource, question.about);
  if (object.name.empty()) return all_of(client, resource, object.ns, now);
  Result<kube::Object> found = client.get(resource, {object.ns, object.name});
  if (!found.ok()) return not_told(found.error(), now);
  return {.at = now, .says = Says::Yes, .why = "", .body = {std::move(found->text)}};
}

}  // namespace doorbuster::reconciler
