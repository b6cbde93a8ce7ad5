#include "controllers/reconciler/record.h"

#include "controllers/planner/ledger.h"

#include <simdjson.h>

#include <utility>

namespace doorbuster::reconciler {

namespace ondemand = simdjson::ondemand;

std::string target_value(const std::string& ns, const std::string& kind, const std::string& name) {
  return ns + "/" + kind + "/" + name;
}

Record plain_record(const kube::Meta& meta) {
  Record record;
  record.uid = meta.uid;
  record.version = meta.resource_version;
  record.deleting = meta.deleting;
  return record;
}

const Naming* naming_of(std::string_view group, std::string_view kind) {
  for (const Naming* one : kNamings) {
    if (one->group == group && one->kind == kind) return one;
  }
  return nullptr;
}

Result<Record> read_naming(const Naming& naming, const kube::Meta& meta, std::string_view text) {
  static_assert(kube::kTextPadding >= simdjson::SIMDJSON_PADDING);
  thread_local ondemand::parser parser;
  Record record = plain_record(meta);
  const Error wrong{.kind = ErrorKind::Invalid,
                    .message = "spec." + std::string(naming.member) + " cannot be read",
                    .causes = {},
                    .retry_after = {}};
  ondemand::document document;
  const simdjson::padded_string_view padded(
      text.data(), text.size(), text.size() + kube::kTextPadding);
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return wrong;
  ondemand::object target;
  if (document["spec"][naming.member].get_object().get(target) != simdjson::SUCCESS) return wrong;
  for (auto field : target) {
    std::string_view name, value;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return wrong;
    const std::string key(name);
    if (field.value().get_string().get(value) != simdjson::SUCCESS) continue;
    if (key == "apiVersion") record.target_api_version = value;
    if (key == "kind") record.target_kind = value;
    if (key == "name") record.target_name = value;
  }
  if (record.target_kind.empty()) record.target_kind = naming.means_kind;
  if (record.target_api_version.empty()) record.target_api_version = naming.means_version;
  if (record.target_kind.empty() || record.target_name.empty()) return wrong;
  record.names_target = true;
  return record;
}

bool is_budget(std::string_view group, std::string_view kind) {
  return group == "policy" && kind == "PodDisruptionBudget";
}

bool may_be_held(std::string_view text) {
  return text.find(planner::kHeldLabel) != std::string_view::npos;
}

bool means_group(const std::string& target_api_version, const std::string& group) {
  if (target_api_version.empty()) return true;
  const auto slash = target_api_version.find('/');
  return slash == std::string::npos ? group.empty() : target_api_version.substr(0, slash) == group;
}

}  // namespace doorbuster::reconciler
