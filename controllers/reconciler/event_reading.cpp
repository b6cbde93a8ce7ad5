#include "controllers/reconciler/event_reading.h"

#include "controllers/planner/ledger.h"
#include "crds/reader.h"
#include "operator/kube/client.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

Error invalid(const std::string& message, const std::vector<api::Finding>& findings) {
  Error error{.kind = ErrorKind::Invalid, .message = message, .causes = {}, .retry_after = {}};
  for (const api::Finding& one : findings) {
    if (one.severity != api::Severity::Error) continue;
    std::string text = one.message;
    if (!one.hint.empty()) text += "; " + one.hint;
    error.causes.push_back({.field = one.path, .message = std::move(text)});
  }
  if (!error.causes.empty()) {
    error.message += ": " + error.causes.front().field + " " + error.causes.front().message;
  }
  return error;
}

bool is_about_status(const api::Finding& finding) {
  return finding.severity == api::Severity::Error && finding.path.starts_with("status");
}

/// The status alone, of an object whose spec could not be read.
Result<api::SaleEventStatus> read_status(std::string_view text) {
  Result<Node> node = node_of_json(text, false);
  if (!node.ok()) return node.error();
  api::SaleEventStatus status;
  Node* found = node.value().find("status");
  if (found == nullptr) return status;
  std::vector<api::Finding> findings;
  api::check(*found, api::kSaleEventStatusSchema, "status", findings);
  if (std::any_of(findings.begin(), findings.end(), is_about_status)) {
    return invalid("the status cannot be read", findings);
  }
  api::bind(*found, status);
  return status;
}

std::vector<std::string> finalizers_of(const JsonView& root) {
  std::vector<std::string> names;
  const Result<JsonView> list = root.at("/metadata/finalizers");
  if (!list.ok()) return names;
  for (const JsonView& one : list->elements()) names.push_back(one.string().value_or(""));
  return names;
}

Result<planner::Event> read_metadata(std::string_view text) {
  const Result<kube::Object> object = kube::object_of(std::string(text));
  if (!object.ok()) return object.error();
  const Result<JsonView> root = JsonView::parse(text);
  if (!root.ok()) return root.error();
  const kube::Meta& meta = object->meta;
  planner::Event event;
  event.ref = event_ref(meta.ns, meta.name);
  event.uid = meta.uid;
  event.version = meta.resource_version;
  event.generation = meta.generation;
  event.deleting = meta.deleting;
  event.finalizers = finalizers_of(*root);
  event.has_finalizer =
      std::find(event.finalizers.begin(), event.finalizers.end(), planner::kFinalizer) !=
      event.finalizers.end();
  if (const Result<JsonView> at = root->at("/metadata/creationTimestamp"); at.ok()) {
    event.created = parse_rfc3339(at->string().value_or("")).value_or(Instant{});
  }
  return event;
}

}  // namespace

ObjectRef event_ref(const std::string& ns, const std::string& name) {
  return {.group = api::kGroup, .kind = api::kSaleEventKind, .ns = ns, .name = name};
}

Result<planner::Event> read_event(std::string_view text) {
  Result<planner::Event> event = read_metadata(text);
  if (!event.ok()) return event;
  const api::Reading reading = api::read_sale_event(text);
  if (!reading.accepted()) {
    Result<api::SaleEventStatus> status = read_status(text);
    if (!status.ok()) return status.error();
    event->spec = invalid("the spec cannot be read", reading.findings);
    event->status = std::move(status).value();
    return event;
  }
  if (std::any_of(reading.findings.begin(), reading.findings.end(), is_about_status)) {
    return invalid("the status cannot be read", reading.findings);
  }
  event->status = reading.event->status;
  const std::vector<api::Finding> meaning = api::check_meaning(reading.event->spec);
  if (meaning.empty()) {
    event->spec = reading.event->spec;
  } else {
    event->spec = invalid("the spec contradicts itself", meaning);
  }
  return event;
}

}  // namespace doorbuster::reconciler
