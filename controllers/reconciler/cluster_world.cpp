#include "controllers/reconciler/cluster_world.h"

#include "controllers/planner/freeze.h"
#include "controllers/planner/intent.h"
#include "controllers/planner/ledger.h"
#include "controllers/reconciler/dry_runs.h"
#include "controllers/reconciler/event_reading.h"
#include "controllers/reconciler/look_ups.h"
#include "controllers/reconciler/own_objects.h"
#include "controllers/reconciler/zones.h"
#include "crds/reader.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr Duration kEdgeLasts{2'000};
constexpr std::size_t kExtraObjects = 256;  ///< an event; more are found again by a later sweep

kube::Key key_of(const ObjectRef& ref) { return {ref.ns, ref.name}; }

/// `apps/v1` -> `v1`.
std::string version_of(const std::string& api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string::npos ? api_version : api_version.substr(slash + 1);
}

std::variant<planner::Window, Error> window_of(const planner::Event& event) {
  if (!event.spec.ok()) return event.spec.error();
  Result<planner::Window> window = resolve_window(event.spec->window);
  if (!window.ok()) return window.error();
  return std::move(window).value();
}

std::optional<bool> is_enforced(Policies& policies) {
  const Result<Instant> since = policies.since(kFreezePolicy);
  if (since.ok()) return true;
  return since.error().kind == ErrorKind::NotFound ? std::optional(false) : std::nullopt;
}

/// Is the window open, or soon to be?
bool selects_often(const planner::Event& event, Instant now) {
  const auto& window = event.status.window;
  return window && now >= window->prepare - kSelectsOften && now < window->end;
}

/// Does a phase of the window begin about now?
bool is_at_an_edge(const std::variant<planner::Window, Error>& window, Instant now) {
  const auto* known = std::get_if<planner::Window>(&window);
  if (known == nullptr) return false;
  const auto near = [now](Instant edge) {
    return now >= edge - planner::kAhead && now <= edge + kEdgeLasts;
  };
  return near(known->prepare) || near(known->start) || near(known->end);
}

}  // namespace

kube::Resource sale_events() { return own_resource(api::kSaleEvents, api::kSaleEventKind); }

std::shared_ptr<EventStore> make_event_store() {
  return std::make_shared<EventStore>(
      [](const kube::Meta&, std::string_view text) { return read_event(text); });
}

bool knows_all(const EventStore& events, const std::vector<std::string>& namespaces) {
  if (namespaces.empty()) return events.synced("");
  return std::all_of(namespaces.begin(), namespaces.end(), [&events](const std::string& ns) {
    return events.synced(ns);
  });
}

ClusterWorld::ClusterWorld(Parts parts)
    : parts_(std::move(parts)),
      zones_(parts_.client),
      pods_(parts_.client, parts_.kinds, parts_.beside),
      selections_(parts_.client, parts_.kinds) {}

Instant ClusterWorld::now() { return parts_.now(); }

void ClusterWorld::side_by_side(const std::vector<Task>& tasks) { parts_.beside->run(tasks); }

bool ClusterWorld::is_overtaken(const planner::Event& event,
                                const std::vector<std::shared_ptr<const planner::Action>>& known) {
  if (!parts_.actions) return false;
  const auto open = parts_.actions->pending(key_of(event.ref));
  return std::any_of(open.begin(), open.end(), [&known](const auto& one) {
    return std::none_of(
        known.begin(), known.end(), [&one](const auto& old) { return old->uid == one->uid; });
  });
}

bool ClusterWorld::shows_own_writes(const kube::Key& event) {
  return parts_.events->shows(written_, event, parts_.now());
}

Result<std::shared_ptr<const planner::Event>> ClusterWorld::event(const ObjectRef& ref) {
  const kube::Key key = key_of(ref);
  const auto later = [](std::string why) {
    return Error{
        .kind = ErrorKind::Unavailable, .message = std::move(why), .causes = {}, .retry_after = {}};
  };
  if (!parts_.events->synced(key.ns)) return later("SaleEvents are not listed yet");
  if (!shows_own_writes(key)) return later("the view is older than our own last write");
  const auto entry = parts_.events->find(key);
  if (!entry)
    return Error{.kind = ErrorKind::NotFound,
                 .message = "no such SaleEvent",
                 .causes = {},
                 .retry_after = {}};
  if (!entry->value)
    return Error{
        .kind = ErrorKind::Invalid, .message = entry->unreadable, .causes = {}, .retry_after = {}};
  return entry->value;
}

std::set<ObjectRef> ClusterWorld::objects_of(const planner::Event& event,
                                             const planner::Needs& needs) {
  std::set<ObjectRef> objects = needs.objects;
  objects.insert(namespace_ref(event.ref.ns));
  const std::lock_guard lock(mutex_);
  if (const auto extra = extra_.find(key_of(event.ref)); extra != extra_.end()) {
    objects.insert(extra->second.begin(), extra->second.end());
  }
  return objects;
}

/// An event that holds something was accepted once: what it names was served then.
void ClusterWorld::expect_kinds(const planner::Event& event, const planner::Needs& needs) {
  bool holds = false;
  for (const api::HoldStatus& row : event.status.holds) {
    if (row.copy.empty() && row.state != "Restoring") continue;
    parts_.kinds->expect(row.object.group, row.object.kind);
    holds = true;
  }
  if (!holds) return;
  for (const auto& [group, kind] : needs.kinds) parts_.kinds->expect(group, kind);
}

std::pair<planner::Needs, Selections::Found> ClusterWorld::with_found(const planner::Event& event,
                                                                      const planner::Needs& needs) {
  std::pair<planner::Needs, Selections::Found> out{needs, {}};
  const Duration fresh = selects_often(event, parts_.now()) ? kSelectedFresh : kSelectedFreshAhead;
  out.second = selections_.look(key_of(event.ref), needs.selections, parts_.now(), fresh);
  planner::add_found(out.first, out.second);
  return out;
}

/// Asks for all of it, and for what serves instead of a workload. The first time that is known only
/// once the Canaries are listed.
std::set<ObjectRef> ClusterWorld::ask(const planner::Event& event,
                                      planner::Needs& needs,
                                      Duration at_most) {
  const kube::Key key = key_of(event.ref);
  needs.workloads.merge(parts_.caches->primaries(needs.workloads));
  expect_kinds(event, needs);
  std::set<ObjectRef> objects = objects_of(event, needs);
  parts_.caches->ask(key, objects, needs.workloads, needs.budgets);
  if (at_most == Duration{}) return objects;
  parts_.caches->await_first_lists(key, at_most);
  const std::size_t known = needs.workloads.size();
  needs.workloads.merge(parts_.caches->primaries(needs.workloads));
  if (needs.workloads.size() == known) return objects;
  parts_.caches->ask(key, objects, needs.workloads, needs.budgets);
  return objects;
}

planner::Observation ClusterWorld::observe(const planner::Event& event,
                                           const planner::Needs& named) {
  planner::Observation seen;
  const kube::Key key = key_of(event.ref);
  planner::Needs needs;
  std::tie(needs, seen.selected) = with_found(event, named);
  const std::set<ObjectRef> objects = ask(event, needs, kFirstList);
  seen.window = window_of(event);
  for (const auto& [group, kind] : needs.kinds)
    seen.kinds[{group, kind}] = parts_.kinds->describe(group, kind);
  for (const auto& [known, one] : parts_.events->all()) seen.events.insert(one->uid);
  seen.refusals = refusals_of(key);
  if (parts_.actions) {
    seen.actions = parts_.actions->pending(key);
    if (!seen.actions.empty()) seen.policy_since = parts_.actions->policy_since();
  }
  if (event.frozen && parts_.policies) seen.freeze_enforced = is_enforced(*parts_.policies);
  if (parts_.checks) seen.checks = parts_.checks->show(event);
  if (parts_.last_occurrence) seen.last_occurrence = parts_.last_occurrence(event);
  seen.namespace_terminating = parts_.caches->namespace_terminating(event.ref.ns);
  if (needs.zones) seen.zones = zones_.count(parts_.now());
  if (const auto* window = std::get_if<planner::Window>(&seen.window); window && parts_.rooms)
    seen.room = parts_.rooms->show(event, *window);
  const auto look = [&](const ObjectRef& object) {
    if (!seen.objects.contains(object)) seen.objects.emplace(object, parts_.caches->fact(object));
  };
  for (const ObjectRef& workload : needs.workloads) {
    look(workload);
    const planner::AutoscalersFact autoscalers = parts_.caches->autoscalers(workload);
    if (const auto* known = std::get_if<planner::Autoscalers>(&autoscalers)) {
      for (const ObjectRef& one : known->all()) look(one);
    }
    seen.autoscalers.emplace(workload, autoscalers);
  }
  const ObjectRef ns = namespace_ref(event.ref.ns);
  for (const ObjectRef& object : objects) {
    if (object != ns || needs.objects.contains(ns)) look(object);
  }
  const bool hurries = is_at_an_edge(seen.window, parts_.now()) || !seen.actions.empty();
  const auto reading = hurries ? PodReasons::Reading::Remembered : PodReasons::Reading::Fresh;
  seen.pods = pods_.look(key, needs.pods, parts_.now(), reading);
  if (needs.budgets) seen.budgets = parts_.caches->budgets(event.ref.ns);
  if (const auto* found = std::get_if<std::vector<ObjectRef>>(&seen.budgets)) {
    for (const ObjectRef& one : *found) look(one);
  }
  for (auto more = planner::led_to(seen); !more.empty(); more = planner::led_to(seen)) {
    for (const ObjectRef& object : more) look(object);
  }
  return seen;
}

std::map<ObjectRef, planner::Refusal> ClusterWorld::refusals_of(const kube::Key& event) {
  const std::lock_guard lock(mutex_);
  const auto known = refusals_.find(event);
  return known == refusals_.end() ? std::map<ObjectRef, planner::Refusal>() : known->second.known();
}

void ClusterWorld::warm(const planner::Event& event, const planner::Setup& setup) {
  planner::Needs needs = with_found(event, planner::needs_of(event, setup)).first;
  ask(event, needs, Duration{});
}

std::optional<Duration> ClusterWorld::polls(const kube::Key& event) const {
  std::optional<Duration> out;
  for (const auto& one : {parts_.caches->polls(event),
                          pods_.again(event, parts_.now()),
                          selections_.again(event, parts_.now())}) {
    if (one) out = std::min(out.value_or(*one), *one);
  }
  return out;
}

void ClusterWorld::forget(const kube::Key& event) {
  parts_.caches->forget(event);
  pods_.forget(event);
  selections_.forget(event);
  if (parts_.rooms) parts_.rooms->forget(event);
  const std::lock_guard lock(mutex_);
  extra_.erase(event);
  refusals_.erase(event);
}

void ClusterWorld::also_look_at(const kube::Key& event, const ObjectRef& object) {
  const std::lock_guard lock(mutex_);
  std::set<ObjectRef>& objects = extra_[event];
  if (objects.size() < kExtraObjects) objects.insert(object);
}

planner::Answer ClusterWorld::answer(const planner::Event& event,
                                     const planner::Question& question) {
  using Kind = planner::Question::Kind;
  if (question.kind == Kind::Access) return access(event, question);
  if (question.kind == Kind::Read) return of_server(question);
  const std::string id = event.ref.ns + "/" + question.id;
  if (const auto known = ahead_.find(id, parts_.now())) return *known;
  const bool dry = question.kind == Kind::DryRun || question.kind == Kind::Render;
  planner::Answer made = dry ? of_server(question) : access(event, question);
  // A whole object is large and wanted once; what could not be asked is asked again soon.
  if (question.kind != Kind::Render || made.says == planner::Answer::Says::No)
    ahead_.keep(id, made);
  return made;
}

planner::Answer ClusterWorld::of_server(const planner::Question& question) {
  const Result<kube::Resource> resource = parts_.kinds->find(
      question.about.group, question.about.kind, version_of(question.api_version));
  if (!resource.ok())
    return {.at = parts_.now(),
            .says = planner::Answer::Says::Unknown,
            .why = resource.error().message};
  return question.kind == planner::Question::Kind::Read
             ? answer_look_up(*parts_.client, *resource, question, parts_.now())
             : answer_dry_run(*parts_.client, *resource, question, parts_.now());
}

planner::Answer ClusterWorld::access(const planner::Event& event,
                                     const planner::Question& question) {
  planner::Answer answer{.at = parts_.now(), .says = planner::Answer::Says::Unknown, .why = ""};
  const Result<kube::Resource> resource =
      parts_.kinds->find(question.about.group, question.about.kind);
  if (!resource.ok()) {
    answer.why = resource.error().message;
    return answer;
  }
  const ObjectRef about = canonical(*resource, question.about);
  const kube::AccessAsk ask{.verb = question.verb,
                            .group = resource->group,
                            .resource = resource->plural,
                            .subresource = "",
                            .ns = about.ns,
                            .name = about.name};
  const std::string& account = question.service_account;
  Result<kube::AccessAnswer> of_account = kube::AccessAnswer{.allowed = true}, own = Error{};
  std::vector<Task> reviews = {[&] { own = parts_.access->self(ask); }};
  if (!account.empty()) {
    reviews.emplace_back(
        [&] { of_account = parts_.access->service_account(event.ref.ns, account, ask); });
  }
  side_by_side(reviews);
  const auto take = [&](const Result<kube::AccessAnswer>& said, const std::string& who) {
    if (!said.ok()) {
      answer.says = planner::Answer::Says::Unknown;
      answer.why = said.error().message;
      return false;
    }
    answer.says = said->allowed ? planner::Answer::Says::Yes : planner::Answer::Says::No;
    if (!said->allowed) {
      answer.why = who + " may not " + ask.verb + " " + to_text(about);
      if (!said->reason.empty()) answer.why += ": " + said->reason;
    }
    return said->allowed;
  };
  // Both must be allowed: the account bounds what an author can reach, our own role what anybody
  // can.
  if (take(of_account, "service account " + event.ref.ns + "/" + account))
    take(own, "the operator");
  return answer;
}

Result<std::string> ClusterWorld::wrote(const planner::Event& event,
                                        const Result<kube::Object>& answer) {
  if (!answer.ok()) {
    if (answer.error().kind == ErrorKind::Conflict) {
      // Something newer exists: whatever it is, decide again from a view that has it.
      const Result<kube::Object> now = parts_.client->get(sale_events(), key_of(event.ref));
      if (now.ok()) written_.wrote(key_of(event.ref), now->meta.resource_version, parts_.now());
    }
    return answer.error();
  }
  written_.wrote(key_of(event.ref), answer->meta.resource_version, parts_.now());
  return answer->meta.resource_version;
}

Result<std::string> ClusterWorld::publish(const planner::Event& event,
                                          const api::SaleEventStatus& status) {
  if (status == event.status) return event.version;
  const OwnObject object{
      api::kSaleEventKind, event.ref.ns, event.ref.name, event.uid, event.version};
  kube::WriteOptions options;
  options.subresource = "status";
  return wrote(
      event,
      parts_.client->update(
          sale_events(), key_of(event.ref), status_update(object, api::to_json(status)), options));
}

Result<std::string> ClusterWorld::patch_event(const planner::Event& event,
                                              const char* member,
                                              const Json& value) {
  JsonObject metadata;
  metadata.add("uid", std::string_view(event.uid))
      .add("resourceVersion", std::string_view(event.version));
  metadata.add(member, value);
  const Json body = JsonObject().add("metadata", metadata.build()).build();
  return wrote(
      event, parts_.client->patch(sale_events(), key_of(event.ref), kube::PatchType::Merge, body));
}

Result<std::string> ClusterWorld::set_finalizer(const planner::Event& event, bool present) {
  std::vector<Json> names;
  for (const std::string& one : event.finalizers) {
    if (one != planner::kFinalizer) names.push_back(json_of_string(one));
  }
  if (present) names.push_back(json_of_string(planner::kFinalizer));
  return patch_event(event, "finalizers", json_array(names));
}

Result<std::string> ClusterWorld::set_frozen(const planner::Event& event, bool frozen) {
  const Json label = frozen ? json_of_string("true") : Json{"null"};
  return patch_event(event, "labels", JsonObject().add(planner::kFrozenLabel, label).build());
}

Outcome ClusterWorld::perform(const planner::Event& event, const planner::Write& write) {
  const Result<kube::Resource> resource =
      parts_.kinds->find(write.object.group, write.object.kind, version_of(write.api_version));
  if (!resource.ok()) return resource.error();
  const Outcome done = apply(*resource, write);
  {
    const std::lock_guard lock(mutex_);
    refusals_[key_of(event.ref)].note(write, done, parts_.now());
  }
  LogLine line{.level = LogLevel::Info, .message = "object written", .fields = {}};
  if (!done.ok()) {
    line.level = done.error().kind == ErrorKind::Conflict ? LogLevel::Debug : LogLevel::Warn;
    line.message = "object not written";
    line.fields.emplace_back("error", done.error().message);
  }
  line.fields.emplace_back("event", event.ref.ns + "/" + event.ref.name);
  line.fields.emplace_back("object", to_text(write.object));
  if (!write.why.empty()) line.fields.emplace_back("reason", write.why.front().code);
  parts_.log(line);
  return done;
}

Outcome ClusterWorld::apply(const kube::Resource& resource, const planner::Write& write) {
  const bool json = write.type == planner::Write::Type::Json;
  const ObjectRef object = canonical(resource, write.object);
  Result<kube::Object> answer = parts_.client->patch(
      resource, key_of(object), json ? kube::PatchType::Json : kube::PatchType::Merge, write.patch);
  if (answer.ok()) {
    parts_.caches->wrote(object, std::move(answer).value());
    return Done{};
  }
  Error error = answer.error();
  // A `test` that did not hold is answered with 422: the object moved on.
  if (json && error.kind == ErrorKind::Invalid) error.kind = ErrorKind::Conflict;
  switch (error.kind) {
    case ErrorKind::Conflict:
    case ErrorKind::NotFound:
      parts_.caches->reread(object);
      break;
    case ErrorKind::Unavailable:  // it may have taken effect, or its version is not served any more
      parts_.kinds->doubt();
      parts_.caches->reread(object);
      break;
    case ErrorKind::Denied:
    case ErrorKind::Invalid:
    case ErrorKind::Throttled:
    case ErrorKind::Gone:
      break;
  }
  return error;
}

Outcome ClusterWorld::told(const planner::Event& event,
                           const char* what,
                           const ObjectRef& object,
                           const planner::Reason& why,
                           Outcome done) const {
  LogLine line{.level = LogLevel::Info, .message = what, .fields = {}};
  if (!done.ok()) {
    line.level = done.error().kind == ErrorKind::Conflict ? LogLevel::Debug : LogLevel::Warn;
    line.fields.emplace_back("error", done.error().message);
  }
  line.fields.emplace_back("event", event.ref.ns + "/" + event.ref.name);
  line.fields.emplace_back("object", to_text(object));
  line.fields.emplace_back("reason", why.code);
  parts_.log(line);
  return done;
}

Outcome ClusterWorld::create(const planner::Event& event, const planner::Create& create) {
  const Result<kube::Resource> resource =
      parts_.kinds->find(create.object.group, create.object.kind, version_of(create.api_version));
  if (!resource.ok()) return resource.error();
  Result<kube::Object> made = parts_.client->create(*resource, create.object.ns, create.manifest);
  if (made.ok()) {
    parts_.caches->wrote(create.object, std::move(made).value());
    return told(event, "child created", create.object, create.why, Done{});
  }
  // Whatever has the name, our own of a lost answer or somebody else's, is looked at.
  parts_.caches->reread(create.object);
  return told(event, "child not created", create.object, create.why, made.error());
}

Outcome ClusterWorld::remove(const planner::Event& event, const planner::Remove& remove) {
  const Result<kube::Resource> resource =
      parts_.kinds->find(remove.object.group, remove.object.kind, version_of(remove.api_version));
  if (!resource.ok()) return resource.error();
  kube::DeleteOptions options;
  options.uid = remove.only_if_uid;
  options.propagation = "Background";
  const Outcome done = parts_.client->remove(*resource, key_of(remove.object), options);
  parts_.caches->reread(remove.object);
  if (done.ok() || done.error().kind == ErrorKind::NotFound)
    return told(event, "child removed", remove.object, remove.why, Done{});
  return told(event, "child not removed", remove.object, remove.why, done.error());
}

Outcome ClusterWorld::answer_action(const planner::Event& event,
                                    const planner::ActionAnswer& answer) {
  return parts_.actions->answer(answer, event.uid);
}

void ClusterWorld::tell(const planner::Event& event, const planner::Notice& notice) {
  if (!parts_.recorder) return;
  const bool warning = notice.type == planner::Notice::Type::Warning;
  parts_.recorder->record({.regarding = {.api_version = api::kApiVersion,
                                         .kind = api::kSaleEventKind,
                                         .ns = event.ref.ns,
                                         .name = event.ref.name,
                                         .uid = event.uid},
                           .warning = warning,
                           .reason = notice.reason.code,
                           .action = "Reconcile",
                           .note = notice.reason.text,
                           .about = ""});
}

}  // namespace doorbuster::reconciler
