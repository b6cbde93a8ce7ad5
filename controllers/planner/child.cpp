#include "controllers/planner/child.h"

#include "crds/reader.h"
#include "operator/base/content_hash.h"
#include "operator/base/json_read.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

/// A Deployment's name becomes a label's value and the beginning of its pods' names.
constexpr std::size_t kNamePart = 20, kHashDigits = 10;

std::string mark_of(const Document& object, const char* where, const char* name) {
  const auto metadata = object.root().member("metadata");
  const auto marks = metadata ? metadata->member(where) : std::nullopt;
  return marks ? doorbuster::text_of(*marks, name) : "";
}

std::string after_slash(const std::string& text) { return text.substr(text.find('/') + 1); }

/// A name's beginning as part of a DNS label.
std::string part_of_label(std::string name) {
  name.resize(std::min(name.size(), kNamePart));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }, '-');
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

/// Of the parts that the server fills up with defaults, so that they cannot be compared.
std::string made_of(const ChildWant& want) {
  if (!want.source.empty()) return want.source;
  std::string parts;
  const auto manifest = JsonView::parse(want.manifest.text);
  for (const std::string& pointer : want.replaced) {
    const auto part = manifest->at(pointer);
    if (part.ok()) parts += std::string(part->text()) + "\n";
  }
  return content_hash(parts);
}

Json labels_of(const Holder& parent) {
  return JsonObject()
      .add("app.kubernetes.io/managed-by", std::string_view("doorbuster"))
      .add(kChildLabel, std::string_view(parent.install))
      .add(kChildUidLabel, std::string_view(parent.uid))
      .build();
}

/// The garbage collector removes what its event leaves behind; nobody waits for it.
Json owner_entry(const Holder& parent) {
  return JsonObject()
      .add("apiVersion", std::string_view(api::kApiVersion))
      .add("kind", std::string_view(api::kSaleEventKind))
      .add("name", std::string_view(after_slash(parent.event)))
      .add("uid", std::string_view(parent.uid))
      .build();
}

Create create_of(const ChildWant& want, const Holder& parent) {
  JsonObject annotations;
  annotations.add(kChildEvent, std::string_view(parent.event))
      .add(kChildPurpose, std::string_view(parent.feature + "/" + parent.name))
      .add(kChildMadeOf, std::string_view(made_of(want)));
  for (const auto& [name, value] : want.annotations) annotations.add(name, std::string_view(value));
  JsonObject metadata;
  metadata.add("name", std::string_view(want.object.name))
      .add("namespace", std::string_view(want.object.ns))
      .add("labels", labels_of(parent))
      .add("annotations", annotations.build());
  if (is_beside(want.object, parent) && !want.serves)
    metadata.add("ownerReferences", json_array({owner_entry(parent)}));
  JsonObject manifest;
  manifest.add("apiVersion", std::string_view(want.api_version))
      .add("kind", std::string_view(want.object.kind))
      .add("metadata", metadata.build());
  const auto parts = JsonView::parse(want.manifest.text);
  for (const auto& [name, part] : parts->members())
    manifest.add(name, Json{std::string(part.text())});
  return {want.object, want.api_version, manifest.build(), want.reason};
}

Json step(const char* op, const std::string& path, const Json& value) {
  return JsonObject()
      .add("op", std::string_view(op))
      .add("path", std::string_view(path))
      .add("value", value)
      .build();
}

/// Brings it back to what is wanted; nothing where it is that.
std::optional<Write> update_of(const ChildWant& want, const Present& seen) {
  const auto manifest = JsonView::parse(want.manifest.text);
  std::vector<Json> steps;
  const auto replace = [&](const std::string& pointer) {
    const auto part = manifest->at(pointer);
    if (part.ok()) steps.push_back(step("replace", pointer, Json{std::string(part->text())}));
  };
  for (const std::string& pointer : want.compared) {
    const auto part = manifest->at(pointer);
    if (!part.ok()) continue;
    const Value wanted = Json{std::string(part->text())};
    if (!equal_values(seen.object->at(pointer), wanted)) replace(pointer);
  }
  const std::string hash = made_of(want);
  if (want.source.empty() && mark_of(*seen.object, "annotations", kChildMadeOf) != hash) {
    for (const std::string& pointer : want.replaced) replace(pointer);
    steps.push_back(
        step("replace", "/metadata/annotations/doorbuster.dev~1made-of", json_of_string(hash)));
  }
  if (steps.empty()) return std::nullopt;
  steps.insert(steps.begin(),
               {step("test", "/metadata/uid", json_of_string(seen.uid)),
                step("test", "/metadata/resourceVersion", json_of_string(seen.version))});
  return Write{.object = want.object,
               .api_version = want.api_version,
               .only_if_uid = seen.uid,
               .only_if_version = seen.version,
               .type = Write::Type::Json,
               .patch = json_array(steps),
               .why = {want.reason}};
}

template <class Event>
bool is_child_of(const Holder& child, const Event& event) {
  return child.uid == event.uid && child.install == event.install;
}

}  // namespace

bool is_beside(const ObjectRef& child, const Holder& parent) {
  return child.ns == parent.event.substr(0, parent.event.find('/'));
}

std::optional<Holder> parent_of(const Document& object) {
  Holder out;
  out.install = mark_of(object, "labels", kChildLabel);
  if (out.install.empty()) return std::nullopt;
  out.uid = mark_of(object, "labels", kChildUidLabel);
  out.event = mark_of(object, "annotations", kChildEvent);
  const std::string purpose = mark_of(object, "annotations", kChildPurpose);
  if (out.uid.empty() || out.event.find('/') == std::string::npos) return std::nullopt;
  out.feature = purpose.substr(0, purpose.find('/'));
  out.name = purpose.find('/') == std::string::npos ? "" : after_slash(purpose);
  return out;
}

OurChildren our_children(const Observation& seen, const Who& event) {
  OurChildren out;
  for (const auto& [object, fact] : seen.objects) {
    const Present* here = present(seen, object);
    if (here == nullptr || here->deleting) continue;
    const auto parent = parent_of(*here->object);
    // Marks alone do not make an object ours: they may have been copied to another.
    if (parent && is_child_of(*parent, event) && object.name == child_name(*parent))
      out[{parent->feature, parent->name}].push_back(object);
  }
  return out;
}

std::string child_name(const Holder& parent) {
  const std::string hash =
      content_hash(parent.uid + "/" + parent.install + "/" + parent.feature + "/" + parent.name);
  return part_of_label(after_slash(parent.event)) + "-" + part_of_label(parent.name) + "-" +
         hash.substr(0, kHashDigits);
}

ChildVerdict settle_child(const Observation& seen, const ChildWant& want, const Holder& parent) {
  using There = ChildVerdict::There;
  const auto found = seen.objects.find(want.object);
  if (found == seen.objects.end() || std::holds_alternative<Unread>(found->second))
    return {.effect = {}, .there = There::Unknown};
  if (std::holds_alternative<Forbidden>(found->second))
    return {.effect = {}, .there = There::Forbidden};
  if (std::holds_alternative<Missing>(found->second))
    return {.effect = create_of(want, parent), .there = There::No};
  const Present* here = present(seen, want.object);
  const auto marked = parent_of(*here->object);
  if (!marked || !is_child_of(*marked, parent)) return {.effect = {}, .there = There::Taken};
  if (here->deleting) return {.effect = {}, .there = There::Going};
  ChildVerdict out{.effect = {}, .there = There::Ours, .seen = here};
  if (auto write = update_of(want, *here)) out.effect = std::move(*write);
  return out;
}

std::vector<ChildEffect> remove_children(const Observation& seen,
                                         const std::vector<ObjectRef>& objects,
                                         const Reason& why) {
  std::vector<ChildEffect> out;
  for (const ObjectRef& one : objects) {
    const Present* here = present(seen, one);
    if (here != nullptr && !here->deleting)
      out.emplace_back(Remove{one, here->api_version, here->uid, why});
  }
  return out;
}

ChildCare care_for_child(const ObjectRef& ref,
                         const Present& object,
                         const std::string& install,
                         const Result<std::string>& uid) {
  ChildCare out;
  const auto parent = parent_of(*object.object);
  if (!parent) return out;
  out.life = life_of(*parent, install, uid);
  if (out.life == Life::Dead && !object.deleting) {
    out.remove = Remove{ref,
                        object.api_version,
                        object.uid,
                        {"EventGone", "the event that it was made for does not exist any more"}};
  }
  return out;
}

}  // namespace doorbuster::planner
