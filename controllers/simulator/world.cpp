#include "controllers/simulator/world.h"

#include "controllers/planner/canary.h"
#include "controllers/simulator/render.h"
#include "crds/reader.h"

#include <algorithm>
#include <utility>

namespace doorbuster::simulator {
namespace {

/// How often an event is shown what there is room for.
constexpr Duration kRoomEvery = std::chrono::minutes(1);

using planner::Event;

Error error(ErrorKind kind, std::string message) {
  return Error{.kind = kind, .message = std::move(message)};
}

std::string version_text(const StoredPtr& object) { return json_of(object->version).text; }

/// Only instants with an offset: zones are files, and files are the reconciler's.
std::variant<planner::Window, Error> resolve(const api::WindowSpec& spec) {
  const auto start = parse_rfc3339(spec.start), end = parse_rfc3339(spec.end);
  if (!start || !end) return error(ErrorKind::Invalid, "spec.window: cannot be resolved");
  return planner::Window{.prepare = *start - spec.prepare.value,
                         .start = *start,
                         .end = *end,
                         .restored_by = *end + spec.cooldown.value,
                         .zone = "",
                         .tzdata = ""};
}

}  // namespace

void SimulatedWorld::restart() {
  // The lists that come first are consistent reads: they show what is, not what was seen before.
  views_.clear();
  written_.clear();
  refusals_.clear();
  specs_.clear();
  read_back_.clear();
  just_started_ = true;
  synced_ = !down();
  seen_.reset();
  known_kinds_.clear();
}

Instant SimulatedWorld::visible_at(const std::string& kind) const {
  Instant at = cluster_.now();
  if (const auto stalled = weather.stalled_until.find(kind);
      stalled != weather.stalled_until.end()) {
    at = std::max(at, stalled->second);
  }
  if (down()) at = std::max(at, *weather.down_until);
  const auto lag = weather.lag.find(kind);
  return lag == weather.lag.end() ? at : at + lag->second;
}

Instant SimulatedWorld::view_at(const std::string& kind) {
  if (!synced_ && !down()) synced_ = true;
  const auto known = views_.find(kind);
  if (known == views_.end()) return views_.emplace(kind, cluster_.now()).first->second;
  const auto stalled = weather.stalled_until.find(kind);
  if (down() || (stalled != weather.stalled_until.end() && cluster_.now() < stalled->second))
    return known->second;
  const auto lag = weather.lag.find(kind);
  const Instant at = lag == weather.lag.end() ? cluster_.now() : cluster_.now() - lag->second;
  known->second = std::max(known->second, at);
  return known->second;
}

StoredPtr SimulatedWorld::view(const ObjectRef& ref) {
  return cluster_.api().as_of(ref, cluster_.api().version_at(view_at(ref.kind)));
}

StoredPtr SimulatedWorld::last_looked_at(const ObjectRef& ref) const {
  const auto known = views_.find(ref.kind);
  if (known == views_.end()) return nullptr;
  return cluster_.api().as_of(ref, cluster_.api().version_at(known->second));
}

bool SimulatedWorld::behind_own_write(const ObjectRef& ref) {
  const auto own = written_.find(ref);
  return own != written_.end() && cluster_.api().version_at(view_at(ref.kind)) < own->second;
}

std::set<ObjectRef> SimulatedWorld::known_events() {
  std::set<ObjectRef> out;
  for (const ObjectRef& ref : cluster_.api().objects("doorbuster.dev", "SaleEvent"))
    out.insert(ref);
  return out;
}

Result<std::shared_ptr<const api::SaleEvent>> SimulatedWorld::read(const StoredPtr& object) {
  const auto key = std::pair{object->uid(), object->tree.number("/metadata/generation", 0)};
  const auto known = specs_.find(key);
  if (known != specs_.end() && !just_started_) return known->second;
  // After a start all of it goes through the reader, status too: what cannot be read back was never
  // remembered.
  Tree whole = object->tree;
  whole.set("/status", Tree::parse(api::to_json(*object->status).text));
  auto read = api::sale_event_of(whole.print());
  auto result = read.ok() ? Result<std::shared_ptr<const api::SaleEvent>>(
                                std::make_shared<const api::SaleEvent>(std::move(read).value()))
                          : Result<std::shared_ptr<const api::SaleEvent>>(read.error());
  specs_.insert_or_assign(key, result);
  return result;
}

Result<std::shared_ptr<const Event>> SimulatedWorld::event(const ObjectRef& ref) {
  if (!synced_ && down()) return error(ErrorKind::Unavailable, "not listed yet");
  if (behind_own_write(ref)) return error(ErrorKind::Unavailable, "older than our own last write");
  const StoredPtr object = view(ref);
  if (!object) return error(ErrorKind::NotFound, "not found");
  auto out = std::make_shared<Event>();
  out->ref = ref;
  out->uid = object->uid();
  out->version = version_text(object);
  out->generation = object->tree.number("/metadata/generation", 0);
  out->deleting = object->deleting();
  if (const Tree* list = object->tree.at("/metadata/finalizers")) {
    for (std::size_t i = 0; i < list->elements().size(); ++i) {
      out->finalizers.push_back(list->text_at("/" + std::to_string(i)));
      if (out->finalizers.back() == planner::kFinalizer) out->has_finalizer = true;
    }
  }
  out->created =
      parse_rfc3339(object->tree.text_at("/metadata/creationTimestamp")).value_or(Instant{});
  out->frozen = object->tree.text_at("/metadata/labels/doorbuster.dev~1frozen") == "true";
  out->schedule = object->tree.text_at("/metadata/labels/doorbuster.dev~1schedule");
  out->template_hash = object->tree.text_at("/metadata/annotations/doorbuster.dev~1template-hash");
  if (const Tree* owners = object->tree.at("/metadata/ownerReferences")) {
    for (const Tree& one : owners->elements())
      out->owners.emplace_back(one.text_at("/uid"), Json{one.print()});
  }
  const bool fresh = just_started_;
  const auto read_event = read(object);
  just_started_ = false;
  if (read_event) {
    out->spec = (*read_event)->spec;
  } else {
    out->spec = read_event.error();
  }
  out->status = fresh && read_event ? (*read_event)->status : *object->status;
  return std::shared_ptr<const Event>(std::move(out));
}

planner::Fact SimulatedWorld::fact(const ObjectRef& asked) {
  const ObjectRef ref = cluster_.api().served(asked);
  if (weather.denied_kinds.contains(ref.kind)) return planner::Forbidden{.verb = "get"};
  if (weather.kinds_vanish.contains(ref.kind)) {
    if (!known_kinds_.contains(ref.kind)) return planner::Missing{.as_of = now()};
    return planner::Unread{.why = "its kind was served and is not now"};
  }
  if (!synced_ && down()) return planner::Unread{.why = "not listed yet"};
  const Instant at = view_at(ref.kind);
  if (cluster_.now() - at > kViewBound)
    return planner::Unread{.why = "the view is older than its bound"};
  if (behind_own_write(ref)) return planner::Unread{.why = "older than our own last write"};
  const StoredPtr object = view(ref);
  if (!object) return planner::Missing{.as_of = at + weather.skew};
  auto out = std::make_shared<planner::Present>();
  out->uid = object->uid();
  out->version = version_text(object);
  out->as_of = at + weather.skew;
  out->deleting = object->deleting();
  const ServedKind* kind = cluster_.api().kind_of(ref.group, ref.kind);
  out->api_version = kind == nullptr ? "" : kind->api_version;
  out->object = object->document();
  return std::shared_ptr<const planner::Present>(std::move(out));
}

/// Whatever names a workload in one of these fields belongs to it.
SimulatedWorld::Scalers SimulatedWorld::scalers_in(const std::string& ns) {
  Scalers out;
  const auto take_in = [&](const char* group,
                           const char* kind,
                           const std::string& field,
                           std::vector<ObjectRef> planner::Autoscalers::*list) {
    for (const ObjectRef& ref : cluster_.api().objects(group, kind)) {
      const StoredPtr object = ref.ns == ns ? view(ref) : nullptr;
      if (!object) continue;
      std::string named = object->tree.text_at(field + "/kind");
      // KEDA takes a ScaledObject that does not say for one of a Deployment's.
      if (named.empty() && ref.kind == "ScaledObject") named = "Deployment";
      (out[{named, object->tree.text_at(field + "/name")}].*list).push_back(ref);
    }
  };
  using planner::Autoscalers;
  take_in("autoscaling", "HorizontalPodAutoscaler", "/spec/scaleTargetRef", &Autoscalers::objects);
  take_in("keda.sh", "ScaledObject", "/spec/scaleTargetRef", &Autoscalers::scaled_objects);
  take_in(
      "autoscaling.k8s.io", "VerticalPodAutoscaler", "/spec/targetRef", &Autoscalers::verticals);
  take_in("flagger.app", "Canary", "/spec/targetRef", &Autoscalers::canaries);
  return out;
}

planner::AutoscalersFact SimulatedWorld::autoscalers_of(const ObjectRef& workload,
                                                        const Scalers& scalers) {
  const std::string kind = "HorizontalPodAutoscaler";
  for (const std::string& one : {kind, workload.kind}) {
    if (!weather.kinds_vanish.contains(one)) continue;
    if (!known_kinds_.contains(one)) return planner::Autoscalers{};
    return planner::Unread{.why = "a kind was served and is not now"};
  }
  if (weather.denied_kinds.contains(kind))
    return planner::Unread{.why = "autoscalers may not be read"};
  if (!synced_ && down()) return planner::Unread{.why = "not listed yet"};
  if (cluster_.now() - view_at(kind) > kViewBound)
    return planner::Unread{.why = "the view is older than its bound"};
  const auto found = scalers.find({workload.kind, workload.name});
  return found == scalers.end() ? planner::Autoscalers{} : found->second;
}

std::set<ObjectRef> SimulatedWorld::primaries_of(const std::set<ObjectRef>& workloads,
                                                 const Scalers& scalers) {
  std::set<ObjectRef> out;
  for (const ObjectRef& one : workloads) {
    const auto found = scalers.find({one.kind, one.name});
    if (found != scalers.end() && !found->second.canaries.empty())
      out.insert(planner::primary_of(one));
  }
  return out;
}

void SimulatedWorld::expect_kinds(const Event& event, const planner::Needs& needs) {
  bool holds = false;
  for (const api::HoldStatus& row : event.status.holds) {
    if (row.copy.empty() && row.state != "Restoring") continue;
    known_kinds_.insert(row.object.kind);
    holds = true;
  }
  const std::string autoscaler = "HorizontalPodAutoscaler";
  if (!weather.kinds_vanish.contains(autoscaler)) known_kinds_.insert(autoscaler);
  for (const auto& [group, kind] : needs.kinds) {
    if (holds || !weather.kinds_vanish.contains(kind)) known_kinds_.insert(kind);
  }
}

std::vector<planner::Labelled> SimulatedWorld::labelled(const planner::Needs& needs,
                                                        const std::string& ns) {
  std::set<std::pair<std::string, std::string>> kinds;
  for (const planner::Selection& one : needs.selections) kinds.emplace(one.group, one.kind);
  std::vector<planner::Labelled> out;
  for (const auto& [group, kind] : kinds) {
    const ServedKind* served = cluster_.api().kind_of(group, kind);
    if (served == nullptr) continue;
    for (const ObjectRef& ref : cluster_.api().objects(served->group, kind)) {
      const StoredPtr object = ref.ns == ns ? cluster_.api().live(ref) : nullptr;
      if (!object) continue;
      const std::string text = object->tree.print();
      const auto view = JsonView::parse(text);
      if (view.ok()) out.push_back({kind, ref.name, planner::labels_of(*view)});
    }
  }
  return out;
}

/// Shown once a reading, as the cluster's World does it, and at once for another spec.
std::shared_ptr<const planner::Room> SimulatedWorld::room_for(const Event& event) {
  if (!cluster_.room) return nullptr;
  const auto [last, first] = judged_.try_emplace(event.ref);
  const std::pair spec{event.uid, event.generation};
  if (!first && last->second.first == spec && now() < last->second.second + kRoomEvery)
    return nullptr;
  last->second = {spec, now()};
  return cluster_.room;
}

/// As the cluster's World has them: none whose view is older than what we told it last.
std::vector<std::shared_ptr<const planner::Action>> SimulatedWorld::actions_on(
    const ObjectRef& event) {
  std::vector<std::shared_ptr<const planner::Action>> out;
  for (const ObjectRef& ref : cluster_.api().objects(api::kGroup, api::kSaleActionKind)) {
    const StoredPtr object = ref.ns == event.ns && !behind_own_write(ref) ? view(ref) : nullptr;
    if (!object || object->tree.text_at("/spec/event") != event.name) continue;
    api::Reading read = api::read_sale_action(object->tree.print());
    if (!read.action || read.action->status.completed_at) continue;
    auto action = std::make_shared<planner::Action>();
    action->ns = ref.ns;
    action->name = ref.name;
    action->uid = object->uid();
    action->version = version_text(object);
    action->generation = read.action->metadata.generation;
    action->created = read.action->metadata.created.value_or(Instant{});
    action->spec = std::move(read.action->spec);
    action->status = std::move(read.action->status);
    out.push_back(std::move(action));
  }
  std::stable_sort(
      out.begin(), out.end(), [](const auto& a, const auto& b) { return a->created < b->created; });
  return out;
}

planner::Observation SimulatedWorld::observe(const Event& event, const planner::Needs& named) {
  planner::Observation out;
  planner::Needs needs = named;
  if (event.spec && !needs.selections.empty())
    out.selected = planner::found_among(*event.spec, event.ref.ns, labelled(needs, event.ref.ns));
  planner::add_found(needs, out.selected);
  if (event.spec) {
    out.window = resolve(event.spec->window);
  } else {
    out.window = error(ErrorKind::Invalid, "the spec is not accepted");
  }
  out.refusals = refusals_[event.ref].known();
  out.actions = actions_on(event.ref);
  out.policy_since = Instant{};  // in force before anything else was there
  expect_kinds(event, needs);
  for (const ObjectRef& ref : needs.objects) out.objects.emplace(ref, fact(ref));
  const Scalers scalers = scalers_in(event.ref.ns);
  needs.workloads.merge(primaries_of(needs.workloads, scalers));
  for (const ObjectRef& ref : needs.workloads) {
    out.objects.emplace(ref, fact(ref));
    auto autoscalers = autoscalers_of(ref, scalers);
    if (const auto* known = std::get_if<planner::Autoscalers>(&autoscalers)) {
      for (const ObjectRef& one : known->all()) out.objects.emplace(one, fact(one));
    }
    out.autoscalers.emplace(ref, std::move(autoscalers));
  }
  if (needs.budgets) {
    std::vector<ObjectRef> found;
    for (const ObjectRef& ref : cluster_.api().objects("policy", "PodDisruptionBudget")) {
      if (ref.ns != event.ref.ns || !view(ref)) continue;
      found.push_back(ref);
      out.objects.emplace(ref, fact(ref));
    }
    std::sort(found.begin(), found.end());
    out.budgets = std::move(found);
  }
  for (auto more = planner::led_to(out); !more.empty(); more = planner::led_to(out)) {
    for (const ObjectRef& ref : more) out.objects.emplace(ref, fact(ref));
  }
  for (const auto& [group, kind] : needs.kinds) {
    planner::KindFact served;
    const bool vanished = weather.kinds_vanish.contains(kind);
    if (vanished && known_kinds_.contains(kind)) {
      out.kinds.emplace(std::pair{group, kind},
                        planner::KindUnread{"it was served and is not now"});
      continue;
    }
    const ServedKind* known = cluster_.api().kind_of(group, kind);
    if (known != nullptr && !vanished) {
      served = planner::KindFact{.served = true,
                                 .namespaced = known->namespaced,
                                 .has_scale = known->has_scale,
                                 .api_version = known->api_version,
                                 .spec_replicas_path = known->spec_replicas_path,
                                 .status_replicas_path = known->status_replicas_path,
                                 .paths_unknown = known->paths_unknown};
    }
    out.kinds.emplace(std::pair{group, kind}, served);
  }
  for (const ObjectRef& ref : known_events()) {
    if (const StoredPtr object = view(ref)) out.events.insert(object->uid());
  }
  out.namespace_terminating = cluster_.api().terminating(event.ref.ns);
  if (needs.zones) out.zones = cluster_.zones;
  out.room = room_for(event);
  seen_ = Seen{.event = std::make_shared<const Event>(event), .observation = out, .now = now()};
  return out;
}

/// What a dry run of the patch is answered with.
planner::Answer SimulatedWorld::rendered(const planner::Question& question) {
  using Says = planner::Answer::Says;
  planner::Answer out{.at = now(), .says = Says::Unknown, .why = "no answer"};
  if (down()) return out;
  const StoredPtr object = cluster_.api().live(question.about);
  out.why = "not found";
  if (!object) return out;
  const bool denied = weather.denied_kinds.contains(question.about.kind) ||
                      weather.account_denied_kinds.contains(question.about.kind);
  out.says = denied ? Says::No : Says::Yes;
  out.why = denied ? "may not patch" : "";
  if (denied) return out;
  Tree made = object->tree;
  strategic_merge(made, Tree::parse(question.patch.text));
  out.body = Json{made.print()};
  return out;
}

planner::Answer SimulatedWorld::answer(const Event&, const planner::Question& question) {
  using Says = planner::Answer::Says;
  planner::Answer out{.at = now(), .says = Says::Yes, .why = {}};
  if (question.kind == planner::Question::Kind::Render) {
    out = rendered(question);
  } else if (down() || weather.reviews_fail) {
    out.says = Says::Unknown;
    out.why = "the review was not answered";
  } else if (weather.account_denied_kinds.contains(question.about.kind)) {
    out.says = Says::No;
    out.why = "not allowed";
  }
  if (seen_) seen_->observation.answers.insert_or_assign(question.id, out);
  return out;
}

Result<StoredPtr> SimulatedWorld::request(Boundary boundary,
                                          const ObjectRef& ref,
                                          const std::function<Result<StoredPtr>()>& send) {
  const Mishap wrong = mishap ? mishap(boundary, ref) : Mishap::None;
  if (wrong == Mishap::KillBefore) throw Killed{};
  if (down() || wrong == Mishap::TimeOut) return error(ErrorKind::Unavailable, "no answer");
  if (wrong == Mishap::Forbid || weather.denied_kinds.contains(ref.kind)) {
    return error(ErrorKind::Denied, "may not patch");
  }
  if (weather.kinds_vanish.contains(ref.kind))
    return error(ErrorKind::Unavailable, "404 page not found");
  if (wrong == Mishap::ServerError)
    return error(ErrorKind::Unavailable, "500 Internal Server Error");
  if (wrong == Mishap::Throttle) {
    return Error{.kind = ErrorKind::Throttled,
                 .message = "429",
                 .causes = {},
                 .retry_after = std::chrono::seconds(1)};
  }
  if (wrong == Mishap::ForeignFirst && write_first) write_first(ref);
  auto done = send();
  if (wrong == Mishap::KillAfter) throw Killed{};
  if (wrong == Mishap::LoseAnswer) {
    look_again(ref);
    return error(ErrorKind::Unavailable, "the answer was lost");
  }
  if (!done) {
    look_again(ref);
    return done.error();
  }
  written_[ref] = (*done)->version;
  return done;
}

void SimulatedWorld::look_again(const ObjectRef& ref) {
  // As the cluster's world does it: a GET says what is there now, and the view counts once it has
  // that.
  const auto& versions = cluster_.api().history(ref);
  if (!versions.empty()) written_[ref] = versions.back()->version;
}

Result<std::string> SimulatedWorld::publish(const Event& event,
                                            const api::SaleEventStatus& status) {
  if (on_publish) on_publish(event, status);
  const auto done = request(Boundary::Publish, event.ref, [&] {
    return cluster_.api().set_status(event.ref,
                                     event.uid,
                                     integer_of(Json{event.version}).value_or(0),
                                     std::make_shared<const api::SaleEventStatus>(status));
  });
  if (!done) return done.error();
  return version_text(*done);
}

Result<std::string> SimulatedWorld::patch_event(Boundary boundary,
                                                const Event& event,
                                                const std::string& pointer,
                                                Tree value) {
  const auto done = request(boundary, event.ref, [&] {
    Tree patch = Tree::object();
    patch.set("/metadata/uid", Tree::string(event.uid));
    patch.set("/metadata/resourceVersion", Tree::string(event.version));
    patch.set(pointer, std::move(value));
    return cluster_.api().merge_patch(
        event.ref,
        Json{patch.print()},
        Writer{.manager = planner::kFieldManager, .apply = false, .subresource = {}});
  });
  if (!done) return done.error();
  return version_text(*done);
}

Result<std::string> SimulatedWorld::set_finalizer(const Event& event, bool present) {
  Tree list = Tree::parse("[]");
  for (const std::string& one : event.finalizers) {
    if (one != planner::kFinalizer) list.elements().push_back(Tree::string(one));
  }
  if (present) list.elements().push_back(Tree::string(planner::kFinalizer));
  return patch_event(present ? Boundary::AddFinalizer : Boundary::RemoveFinalizer,
                     event,
                     "/metadata/finalizers",
                     std::move(list));
}

Result<std::string> SimulatedWorld::set_frozen(const Event& event, bool frozen) {
  return patch_event(Boundary::Freeze,
                     event,
                     "/metadata/labels/doorbuster.dev~1frozen",
                     frozen ? Tree::string("true") : Tree::parse("null"));
}

Outcome SimulatedWorld::perform(const Event& event, const planner::Write& write) {
  if (on_perform) on_perform(event, write);
  const auto done =
      request(Boundary::Perform, cluster_.api().served(write.object), [&]() -> Result<StoredPtr> {
        const StoredPtr before = cluster_.api().live(write.object);
        const Writer ours{.manager = planner::kFieldManager, .apply = false, .subresource = {}};
        auto made = write.type == planner::Write::Type::Merge
                        ? cluster_.api().merge_patch(write.object, write.patch, ours)
                        : cluster_.api().json_patch(write.object, write.patch, ours);
        if (made && on_written) on_written(event, write, before, *made);
        return made;
      });
  Outcome out = Done{};
  if (!done) {
    Error failed = done.error();
    // A `test` that did not hold is answered with 422: the object moved on.
    if (write.type == planner::Write::Type::Json && failed.kind == ErrorKind::Invalid)
      failed.kind = ErrorKind::Conflict;
    out = std::move(failed);
  }
  refusals_[event.ref].note(write, out, now());
  return out;
}

/// What runs of objects of ours: placeholders in the operator's namespace, candidates beside their
/// event.
void SimulatedWorld::run_child(const ObjectRef& child, const Event& event) {
  if (child.kind == "HorizontalPodAutoscaler") cluster_.run(child);
  if (child.kind != "Deployment") return;
  if (child.ns == event.ref.ns)
    cluster_.run_candidate(child);
  else
    cluster_.run_placeholders(child);
}

Outcome SimulatedWorld::create(const Event& event, const planner::Create& create) {
  if (on_child) on_child(event, create);
  const auto done = request(Boundary::Perform, create.object, [&] {
    auto made = cluster_.api().create(
        create.object,
        Tree::parse(create.manifest.text),
        Writer{.manager = planner::kFieldManager, .apply = false, .subresource = {}});
    if (made) run_child(create.object, event);
    return made;
  });
  if (!done) return done.error();
  return Done{};
}

Outcome SimulatedWorld::remove(const Event& event, const planner::Remove& remove) {
  if (on_child) on_child(event, remove);
  const auto done = request(Boundary::Perform, remove.object, [&]() -> Result<StoredPtr> {
    const StoredPtr before = cluster_.api().live(remove.object);
    if (!before) return error(ErrorKind::NotFound, "not found");
    if (before->uid() != remove.only_if_uid)
      return error(ErrorKind::Conflict, "Precondition failed: UID in object meta");
    if (const Outcome gone = cluster_.api().remove(remove.object); !gone) return gone.error();
    return cluster_.api().history(remove.object).back();
  });
  if (!done && done.error().kind != ErrorKind::NotFound) return done.error();
  return Done{};
}

Outcome SimulatedWorld::answer_action(const Event&, const planner::ActionAnswer& answer) {
  const ObjectRef ref = action_ref(answer.action->ns, answer.action->name);
  const auto done = request(Boundary::Answer, ref, [&] {
    Tree patch = Tree::object();
    patch.set("/metadata/uid", Tree::string(answer.action->uid));
    patch.set("/metadata/resourceVersion", Tree::string(answer.action->version));
    patch.set("/status", Tree::parse(api::to_json(answer.status).text));
    return cluster_.api().merge_patch(
        ref,
        Json{patch.print()},
        Writer{.manager = planner::kFieldManager, .apply = false, .subresource = "status"});
  });
  if (!done && done.error().kind != ErrorKind::NotFound) return done.error();
  return Done{};
}

void SimulatedWorld::tell(const Event& event, const planner::Notice& notice) {
  if (on_notice) on_notice(event, notice);
}

}  // namespace doorbuster::simulator
