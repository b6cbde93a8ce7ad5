#include "controllers/reconciler/actions.h"

#include "controllers/reconciler/event_reading.h"
#include "controllers/reconciler/own_objects.h"
#include "crds/reader.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr const char* kByEvent = "event";

kube::Key key_of(const planner::Action& action) { return {action.ns, action.name}; }

std::string index_of(const std::string& ns, const std::string& event) { return ns + "/" + event; }

}  // namespace

kube::Resource sale_actions() { return own_resource(api::kSaleActions, api::kSaleActionKind); }

Actions::Actions(Parts parts) : parts_(std::move(parts)) {
  store_ = std::make_shared<ActionStore>(
      [](const kube::Meta&, std::string_view text) { return read_action(text); });
  store_->add_index(kByEvent, [](const kube::Key& key, const planner::Action& action) {
    const bool open = action.spec.ok() && !action.status.completed_at;
    return open ? std::vector{index_of(key.ns, action.spec->event)} : std::vector<std::string>{};
  });
}

void Actions::start() {
  store_->on_change([this](const kube::Key& key,
                           const ActionStore::Pointer& before,
                           const ActionStore::Pointer& after) { on_change(key, before, after); });
  store_->on_watch_state([this](const std::string&, const kube::WatchReport& report) {
    if (report.state != kube::WatchState::NotServed || told_.exchange(true)) return;
    parts_.log({LogLevel::Warn,
                "SaleActions are not served: nobody can act on a sale until the CRD is installed",
                {{"crd", std::string(api::kSaleActions) + "." + api::kGroup}}});
  });
  std::vector<std::string> scopes = parts_.namespaces;
  if (scopes.empty()) scopes = {""};
  for (const std::string& ns : scopes)
    claims_.push_back(parts_.watches->acquire(sale_actions(), ns, store_));
}

void Actions::lead() {
  for (const auto& [key, action] : store_->all()) on_change(key, nullptr, action);
}

void Actions::stop() { claims_.clear(); }

void Actions::on_change(const kube::Key& key,
                        const ActionStore::Pointer&,
                        const ActionStore::Pointer& after) {
  if (!after || after->status.completed_at) return;
  if (after->spec.ok()) {
    parts_.look_again({key.ns, after->spec->event});
  } else {
    parts_.log({LogLevel::Warn,
                "SaleAction cannot be read",
                {{"action", key.ns + "/" + key.name}, {"error", after->spec.error().message}}});
  }
}

std::vector<Actions::Pointer> Actions::pending(const kube::Key& event) {
  std::vector<Pointer> out;
  for (auto& [key, action] : store_->by_index(kByEvent, index_of(event.ns, event.name))) {
    if (action && store_->shows(written_, key, parts_.now())) out.push_back(std::move(action));
  }
  return planner::of_one_round(std::move(out));
}

std::optional<Instant> Actions::policy_since() {
  const Result<Instant> since = parts_.policies->since(kActionPolicy);
  return since.ok() ? std::optional(*since) : std::nullopt;
}

Outcome Actions::answer(const planner::ActionAnswer& answer, const std::string& event_uid) {
  const planner::Action& action = *answer.action;
  const OwnObject object{api::kSaleActionKind, action.ns, action.name, action.uid, action.version};
  kube::WriteOptions options;
  options.subresource = "status";
  const kube::Key key = key_of(action);
  const Result<kube::Object> done = parts_.client->update(
      sale_actions(), key, status_update(object, api::to_json(answer.status)), options);
  LogLine line{.level = LogLevel::Info, .message = "action answered", .fields = {}};
  line.fields.emplace_back("action", action.ns + "/" + action.name);
  line.fields.emplace_back("state", answer.status.state);
  if (!done.ok()) {
    const bool gone = done.error().kind == ErrorKind::NotFound;
    if (gone) return Done{};
    line.level = done.error().kind == ErrorKind::Conflict ? LogLevel::Debug : LogLevel::Warn;
    line.message = "action not answered";
    line.fields.emplace_back("error", done.error().message);
    parts_.log(line);
    return done.error();
  }
  written_.wrote(key, done->meta.resource_version, parts_.now());
  parts_.log(line);
  if (!action.owned && !event_uid.empty()) own(action, event_uid);
  return Done{};
}

/// One that could not be owned is told nothing: the next answer tries again, and without it the
/// action merely outlives its event.
void Actions::own(const planner::Action& action, const std::string& event_uid) {
  JsonObject owner;
  owner.add("apiVersion", std::string_view(api::kApiVersion))
      .add("kind", std::string_view(api::kSaleEventKind))
      .add("name", std::string_view(action.spec->event))
      .add("uid", std::string_view(event_uid));
  JsonObject metadata;
  metadata.add("uid", std::string_view(action.uid))
      .add("ownerReferences", json_array({owner.build()}));
  const kube::Key key = key_of(action);
  const Result<kube::Object> done =
      parts_.client->patch(sale_actions(),
                           key,
                           kube::PatchType::Merge,
                           JsonObject().add("metadata", metadata.build()).build());
  if (done.ok()) written_.wrote(key, done->meta.resource_version, parts_.now());
}

std::optional<Instant> Actions::refuse_without_event(const kube::Key& event) {
  std::optional<Instant> again;
  const Instant now = parts_.now();
  for (const Pointer& one : pending(event)) {
    const Instant due = one->created + planner::kEventPatience;
    if (now < due) {
      again = std::min(again.value_or(due), due);
      continue;
    }
    const Outcome done = answer(planner::without_event(one, policy_since(), now), "");
    if (!done.ok()) again = now + planner::kEventPatience;
  }
  return again;
}

}  // namespace doorbuster::reconciler
