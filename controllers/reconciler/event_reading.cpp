#include "controllers/reconciler/event_reading.h"

#include "controllers/planner/ledger.h"
#include "crds/reader.h"
#include "operator/base/json_read.h"
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
template <class Status>
Result<Status> read_status(std::string_view text, const api::Schema& schema) {
  Result<Node> node = node_of_json(text, false);
  if (!node.ok()) return node.error();
  Status status;
  Node* found = node.value().find("status");
  if (found == nullptr) return status;
  std::vector<api::Finding> findings;
  api::check(*found, schema, "status", findings);
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

std::vector<std::pair<std::string, Json>> owners_of(const JsonView& root) {
  std::vector<std::pair<std::string, Json>> owners;
  const Result<JsonView> list = root.at("/metadata/ownerReferences");
  if (!list.ok()) return owners;
  for (const JsonView& one : list->elements())
    owners.emplace_back(text_at(one, "/uid"), Json{std::string(one.text())});
  return owners;
}

/// What read_event() says of events, of a schedule.
Result<planner::Schedule> read_schedule_metadata(std::string_view text) {
  const Result<kube::Object> object = kube::object_of(std::string(text));
  if (!object.ok()) return object.error();
  const Result<JsonView> root = JsonView::parse(text);
  if (!root.ok()) return root.error();
  planner::Schedule schedule;
  schedule.ref = schedule_ref(object->meta.ns, object->meta.name);
  schedule.uid = object->meta.uid;
  schedule.version = object->meta.resource_version;
  schedule.generation = object->meta.generation;
  schedule.deleting = object->meta.deleting;
  schedule.created =
      parse_rfc3339(text_at(*root, "/metadata/creationTimestamp")).value_or(Instant{});
  return schedule;
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
  event.created = parse_rfc3339(text_at(*root, "/metadata/creationTimestamp")).value_or(Instant{});
  event.schedule = text_at(*root, "/metadata/labels/doorbuster.dev~1schedule");
  event.frozen = text_at(*root, "/metadata/labels/doorbuster.dev~1frozen") == "true";
  event.template_hash = text_at(*root, "/metadata/annotations/doorbuster.dev~1template-hash");
  event.owners = owners_of(*root);
  return event;
}

Result<planner::Action> read_action_metadata(std::string_view text) {
  const Result<kube::Object> object = kube::object_of(std::string(text));
  if (!object.ok()) return object.error();
  const Result<JsonView> root = JsonView::parse(text);
  if (!root.ok()) return root.error();
  planner::Action action;
  action.ns = object->meta.ns;
  action.name = object->meta.name;
  action.uid = object->meta.uid;
  action.version = object->meta.resource_version;
  action.generation = object->meta.generation;
  action.created = parse_rfc3339(text_at(*root, "/metadata/creationTimestamp")).value_or(Instant{});
  action.owned = !owners_of(*root).empty();
  return action;
}

}  // namespace

ObjectRef event_ref(const std::string& ns, const std::string& name) {
  return {.group = api::kGroup, .kind = api::kSaleEventKind, .ns = ns, .name = name};
}

ObjectRef schedule_ref(const std::string& ns, const std::string& name) {
  return {.group = api::kGroup, .kind = api::kSaleScheduleKind, .ns = ns, .name = name};
}

Result<planner::Schedule> read_schedule(std::string_view text) {
  Result<planner::Schedule> schedule = read_schedule_metadata(text);
  if (!schedule.ok()) return schedule;
  const api::Reading reading = api::read_sale_schedule(text);
  if (!reading.accepted()) {
    auto status = read_status<api::SaleScheduleStatus>(text, api::kSaleScheduleStatusSchema);
    if (!status.ok()) return status.error();
    schedule->spec = invalid("the spec cannot be read", reading.findings);
    schedule->status = std::move(status).value();
    return schedule;
  }
  if (std::any_of(reading.findings.begin(), reading.findings.end(), is_about_status))
    return invalid("the status cannot be read", reading.findings);
  schedule->status = reading.schedule->status;
  const std::vector<api::Finding> meaning = api::check_meaning(reading.schedule->spec);
  if (meaning.empty()) {
    schedule->spec = reading.schedule->spec;
  } else {
    schedule->spec = invalid("the spec contradicts itself", meaning);
  }
  return schedule;
}

Result<planner::Action> read_action(std::string_view text) {
  Result<planner::Action> action = read_action_metadata(text);
  if (!action.ok()) return action;
  api::Reading reading = api::read_sale_action(text);
  if (reading.action) {
    action->spec = std::move(reading.action->spec);
    action->status = std::move(reading.action->status);
    return action;
  }
  action->spec = invalid("the spec cannot be read", reading.findings);
  auto status = read_status<api::SaleActionStatus>(text, api::kSaleActionStatusSchema);
  if (status.ok()) action->status = std::move(status).value();
  return action;
}

Result<planner::Event> read_event(std::string_view text) {
  Result<planner::Event> event = read_metadata(text);
  if (!event.ok()) return event;
  const api::Reading reading = api::read_sale_event(text);
  if (!reading.accepted()) {
    auto status = read_status<api::SaleEventStatus>(text, api::kSaleEventStatusSchema);
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
