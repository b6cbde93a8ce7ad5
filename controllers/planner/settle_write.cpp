#include "controllers/planner/settle_write.h"

#include "controllers/planner/object_edit.h"
#include "operator/base/bounds.h"

#include <set>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kAnnotationPointer = "/metadata/annotations/doorbuster.dev~1holds";

/// The object without what we never write, which is the greater part of its text.
Json writable(const JsonView& object) {
  JsonObject out, metadata;
  for (const JsonView& one : object.entries()) {
    const std::string name = one.name();
    if (name == "status") continue;
    if (name != "metadata") {
      out.add(name, Json{std::string(one.text())});
      continue;
    }
    for (const JsonView& part : one.entries()) {
      if (part.name() != "managedFields") metadata.add(part.name(), Json{std::string(part.text())});
    }
    out.add(name, metadata.build());
  }
  return out.build();
}

}  // namespace

std::string label_for(const std::string& label,
                      const std::map<FieldPath, HeldField>& record,
                      const std::string& install) {
  if (record.empty()) return "";
  std::set<std::string> installs;
  for (const auto& [path, held] : record) {
    for (const auto& [holder, ask] : held.holders) installs.insert(holder.install);
  }
  if (installs.contains(label)) return label;
  return installs.empty() || installs.contains(install) ? install : *installs.begin();
}

Result<Write> one_write(const Draft& draft, const Ledger& record, const std::string& install) {
  const Json live = writable(draft.object.object->root());
  Json wanted = live;
  const auto apply = [&wanted](std::string_view pointer, const Value& value) -> Outcome {
    auto next = with_value(wanted, pointer, value);
    if (!next) return next.error();
    wanted = std::move(*next);
    return Done{};
  };
  Write write{.object = draft.ref,
              .api_version = draft.object.api_version,
              .only_if_uid = draft.object.uid,
              .only_if_version = draft.object.version,
              .type = Write::Type::Merge,
              .patch = {},
              .why = {},
              .generation = draft.object.object->integer("/metadata/generation")};
  for (const auto& [path, field] : draft.fields) {
    if (!field.edit) continue;
    if (auto done = apply(field.edit->pointer, field.edit->value); !done) return done.error();
    write.why.push_back(field.reason);
  }
  const std::string label = draft.object.object->string(kLabelPointer);
  if (record.fields.empty()) {
    if (auto done = apply(kAnnotationPointer, std::nullopt); !done) return done.error();
  } else {
    const std::string text = write_ledger(record);
    if (text.size() > bounds::kAnnotationBytes) {
      return Error{.kind = ErrorKind::Invalid,
                   .message = "the record would be longer than an annotation may be"};
    }
    if (auto done = apply(kAnnotationPointer, json_of_string(text)); !done) return done.error();
  }
  if (const std::string wanted_label = label_for(label, record.fields, install);
      wanted_label != label) {
    const Value value = wanted_label.empty() ? Value{} : json_of_string(wanted_label);
    if (auto done = apply(kLabelPointer, value); !done) return done.error();
  }
  if (write.why.empty())
    write.why.push_back({"RecordWritten", "the record on the object is brought up to date"});
  auto patch = merge_patch_between(live, wanted);
  if (!patch) return patch.error();
  for (const auto& [pointer, guard] :
       {std::pair{"/metadata/uid", &draft.object.uid},
        std::pair{"/metadata/resourceVersion", &draft.object.version}}) {
    patch = with_value(*patch, pointer, json_of_string(*guard));
    if (!patch) return patch.error();
  }
  write.patch = std::move(*patch);
  return write;
}

std::optional<Write> without_our_manager_entry(const ObjectRef& ref, const Present& object) {
  const auto ours = our_managed_entry(*object.object);
  if (!ours) return std::nullopt;
  const std::string at = "/metadata/managedFields/" + std::to_string(ours->first);
  const auto op = [](const char* name, const std::string& path) {
    return JsonObject().add("op", name).add("path", path);
  };
  std::vector<Json> ops;
  ops.push_back(op("test", "/metadata/uid").add("value", object.uid).build());
  ops.push_back(op("test", "/metadata/resourceVersion").add("value", object.version).build());
  ops.push_back(op("test", at + "/manager").add("value", kFieldManager).build());
  ops.push_back(op("remove", at).build());
  return Write{
      .object = ref,
      .api_version = object.api_version,
      .only_if_uid = object.uid,
      .only_if_version = object.version,
      .type = Write::Type::Json,
      .patch = json_array(ops),
      .why = {{"TraceRemoved", "nothing is held here any more: our managedFields entry goes too"}}};
}

}  // namespace doorbuster::planner
