#include "controllers/simulator/forecast.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/selection.h"
#include "controllers/simulator/cluster.h"
#include "controllers/simulator/process.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace doorbuster::simulator {
namespace {

/// To the second: for people.
std::string when(Instant at) { return to_rfc3339(std::chrono::floor<std::chrono::seconds>(at)); }

/// The only metric that the simulated autoscaler knows stands for whatever the real one follows.
void follow_one_metric(Tree& autoscaler) {
  const std::int64_t aim =
      autoscaler.number("/spec/metrics/0/resource/target/averageUtilization", kTargetUtilisation);
  autoscaler.set(
      "/spec/metrics",
      Tree::parse(
          R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":)" +
          json_of(aim).text + "}}}]"));
}

std::int64_t aim_of(const Stored* autoscaler) {
  if (autoscaler == nullptr) return kTargetUtilisation;
  return autoscaler->tree.number("/spec/metrics/0/resource/target/averageUtilization",
                                 kTargetUtilisation);
}

/// What each pod of a workload asks for, by its template.
PodRequest request_of_pods(const Tree& workload) {
  const Tree* containers = workload.at("/spec/template/spec/containers");
  if (containers == nullptr) return {};
  const std::string text = containers->print();
  const auto view = JsonView::parse(text);
  return view ? request_of(*view) : PodRequest{};
}

class Play {
 public:
  explicit Play(const ForecastInput& input)
      : input_(input),
        cluster_(input.from),
        world_(cluster_),
        process_(cluster_, world_, input.setup) {
    cluster_.api().kinds.insert(cluster_.api().kinds.end(), input.kinds.begin(), input.kinds.end());
    cluster_.nodes = input.nodes;
    cluster_.zones = input.zones;
    cluster_.room = input.room;
  }

  Forecast run() {
    resolve();
    seed();
    watch();
    create_event();
    play();
    conclude();
    return std::move(out_);
  }

 private:
  void resolve() {
    const api::WindowSpec& spec = input_.event.spec.window;
    const auto start = parse_rfc3339(spec.start), end = parse_rfc3339(spec.end);
    out_.from = input_.from;
    if (!start || !end) return;  // the operator will say so
    out_.window = {*start - spec.prepare.value, *start, *end, *end + spec.cooldown.value, "", ""};
  }

  void seed() {
    for (const SeedObject& one : input_.objects) {
      Tree tree = Tree::parse(one.object.text);
      if (planner::is_autoscaler(one.ref)) follow_one_metric(tree);
      if (tree.text_at("/metadata/uid").empty()) {
        const Writer author{.manager = "author", .apply = false, .subresource = {}};
        const auto made = cluster_.api().create(one.ref, std::move(tree), author);
        if (!made)
          find(ForecastVerdict::NoGo, "InvalidObject", to_text(one.ref), made.error().message);
      } else {
        cluster_.api().adopt(one.ref, std::move(tree));
      }
    }
    cluster_.run_keda();
    for (const api::TargetSpec& spec : targets_in(input_)) seed_target(spec);
  }

  void seed_target(const api::TargetSpec& spec) {
    TargetOutlook target;
    target.name = spec.name;
    target.workload = cluster_.api().served({planner::group_of(spec.ref->api_version),
                                             spec.ref->kind,
                                             input_.event.metadata.ns,
                                             spec.ref->name});
    // Flagger plays no release here: between two of them it leaves all as it is.
    if (is_named_by_canary(target.workload)) target.workload = planner::primary_of(target.workload);
    const StoredPtr autoscaler = autoscaler_for(target.workload);
    if (autoscaler) target.autoscaler = autoscaler->ref;
    if (const StoredPtr object = cluster_.api().live(target.workload)) {
      const std::int64_t aim = aim_of(autoscaler.get());
      const std::int64_t now = object->tree.number("/spec/replicas", 1);
      Load load;
      load.from[input_.from] = now * aim;
      if (const auto given = input_.load.find(spec.name); given != input_.load.end()) {
        for (const auto& [at, pods] : given->second)
          load.from[std::max(at, input_.from)] = pods * aim;
      }
      const auto own = input_.startup.find(spec.name);
      cluster_.run(target.workload,
                   own == input_.startup.end() ? input_.startup_otherwise : own->second,
                   request_of_pods(object->tree),
                   std::move(load));
      if (autoscaler) cluster_.run(autoscaler->ref);
    }
    out_.targets.push_back(std::move(target));
  }

  bool is_named_by_canary(const ObjectRef& workload) {
    const auto names = [&](const ObjectRef& ref) {
      const StoredPtr canary = ref.ns == workload.ns ? cluster_.api().live(ref) : nullptr;
      return canary && canary->tree.text_at("/spec/targetRef/kind") == workload.kind &&
             canary->tree.text_at("/spec/targetRef/name") == workload.name;
    };
    const std::vector<ObjectRef> all = cluster_.api().objects("flagger.app", "Canary");
    return std::any_of(all.begin(), all.end(), names);
  }

  StoredPtr autoscaler_for(const ObjectRef& workload) {
    for (const ObjectRef& ref : cluster_.api().objects("autoscaling", "HorizontalPodAutoscaler")) {
      const StoredPtr object = cluster_.api().live(ref);
      if (!object || ref.ns != workload.ns) continue;
      if (object->tree.text_at("/spec/scaleTargetRef/name") == workload.name &&
          object->tree.text_at("/spec/scaleTargetRef/kind") == workload.kind)
        return object;
    }
    return nullptr;
  }

  void watch() {
    cluster_.api().on_commit = [this](const Commit& commit) {
      process_.changed(commit.after->ref);
    };
    world_.on_written = [this](const planner::Event&,
                               const planner::Write& write,
                               const StoredPtr& before,
                               const StoredPtr& after) { note_write(write, before, after); };
    world_.on_child = [this](const planner::Event&, const planner::ChildEffect& effect) {
      note_child(effect);
    };
    world_.on_notice = [this](const planner::Event&, const planner::Notice& notice) {
      const std::string& code = notice.reason.code;
      // Of the verdict before the day each finding is told by itself.
      const bool verdict = code == "NotFeasible" || code == "FeasibleWithWarnings";
      if (notice.type != planner::Notice::Type::Warning || verdict || is_said(notice.reason.text))
        return;
      find(ForecastVerdict::Warn, code, "", notice.reason.text);
    };
  }

  bool is_said(const std::string& text) const {
    return std::any_of(out_.findings.begin(), out_.findings.end(), [&text](const auto& one) {
      return !one.subject.empty() && one.subject + ": " + one.text == text;
    });
  }

  /// What the operator says of it first, before anything has happened. What the play itself tells
  /// of targets that cannot be raised is left to it.
  void note_feasibility() {
    const StoredPtr event = cluster_.api().live(event_);
    if (!cluster_.room || !event || !event->status->feasibility) return;
    cluster_.room.reset();  // once
    for (const api::FeasibilityFinding& one : event->status->feasibility->findings) {
      if (one.code.starts_with("Target")) continue;
      std::erase_if(out_.findings, [&one](const ForecastFinding& said) {
        return said.subject.empty() && said.text == one.subject + ": " + one.message;
      });
      find(one.level == "NoGo" ? ForecastVerdict::NoGo : ForecastVerdict::Warn,
           one.code,
           one.subject,
           one.message);
    }
  }

  void note_write(const planner::Write& write, const StoredPtr& before, const StoredPtr& after) {
    if (!before || before == after) return;
    auto changes = changes_between(before->tree, after->tree);
    if (changes.empty()) return;
    note({cluster_.now(),
          after->ref,
          std::move(changes),
          write.why.empty() ? planner::Reason{} : write.why.front()});
  }

  /// What is made beside the targets comes or goes; how many of it, where it says so.
  void note_child(const planner::ChildEffect& effect) {
    FieldChange replicas{.pointer = "/spec/replicas", .before = {}, .after = {}};
    const auto changes = [&replicas] {
      return replicas.before || replicas.after ? std::vector{replicas} : std::vector<FieldChange>{};
    };
    if (const auto* create = std::get_if<planner::Create>(&effect)) {
      replicas.after = Tree::parse(create->manifest.text).value_at(replicas.pointer);
      note({cluster_.now(), create->object, changes(), create->why, true});
    } else if (const auto* remove = std::get_if<planner::Remove>(&effect)) {
      const StoredPtr object = cluster_.api().live(remove->object);
      if (object) replicas.before = object->tree.value_at(replicas.pointer);
      note({cluster_.now(), remove->object, changes(), remove->why, true});
    }
  }

  void note(TimelineEntry entry) {
    if (out_.timeline.size() >= kMaxTimeline) {
      out_.cut = true;
      return;
    }
    out_.timeline.push_back(std::move(entry));
  }

  void create_event() {
    event_ = sale_ref(input_.event.metadata.ns, input_.event.metadata.name);
    Tree tree = Tree::object();
    api::SaleEventSpec spec = input_.event.spec;
    spec.rollouts.clear();  // their patches are the API server's to apply
    tree.set("/spec", Tree::parse(api::to_json(spec).text));
    if (input_.event.metadata.uid.empty()) {
      const auto made = cluster_.api().create(
          event_, std::move(tree), Writer{.manager = "author", .apply = false, .subresource = {}});
      if (!made) find(ForecastVerdict::NoGo, "NotCreated", "", made.error().message);
      return;
    }
    const api::Metadata& meta = input_.event.metadata;
    tree.set("/apiVersion", Tree::string(api::kApiVersion));
    tree.set("/kind", Tree::string(api::kSaleEventKind));
    tree.set("/metadata/name", Tree::string(meta.name));
    tree.set("/metadata/namespace", Tree::string(meta.ns));
    tree.set("/metadata/uid", Tree::string(meta.uid));
    tree.set("/metadata/generation", Tree::integer(meta.generation));
    tree.set("/metadata/creationTimestamp",
             Tree::string(to_rfc3339(meta.created.value_or(input_.from))));
    Tree finalizers = Tree::parse("[]");
    for (const std::string& one : meta.finalizers)
      finalizers.elements().push_back(Tree::string(one));
    if (!meta.finalizers.empty()) tree.set("/metadata/finalizers", std::move(finalizers));
    api::SaleEventStatus status = input_.event.status;
    status.message.clear();  // who asks now was not told yet what stands already
    cluster_.api().adopt(
        event_, std::move(tree), std::make_shared<const api::SaleEventStatus>(std::move(status)));
  }

  void play() {
    const Instant last =
        input_.until.value_or(std::max(out_.window.restored_by, input_.from) + kForecastTail);
    process_.poke();
    process_.run_due();
    sample();
    bool started = out_.window.start <= input_.from;
    while (cluster_.now() < last) {
      Instant next = std::min(cluster_.next_tick(), last);
      if (const auto due = process_.next()) next = std::min(next, std::max(*due, cluster_.now()));
      if (!started) next = std::min(next, out_.window.start);
      cluster_.advance(next);
      process_.run_due();
      sample();
      if (!started && cluster_.now() >= out_.window.start) {
        started = true;
        note_start();
      }
      if (is_over()) break;
    }
    out_.until = cluster_.now();
    if (const StoredPtr event = cluster_.api().live(event_)) out_.last = *event->status;
  }

  bool is_over() const {
    const StoredPtr event = cluster_.api().live(event_);
    return !event || (cluster_.now() >= out_.window.end && event->status->phase == "Completed");
  }

  /// A target's objects as they are at a version of the cluster: what is looked at in each instant
  /// is read when something has changed.
  struct Watched {
    const Workload* pods = nullptr;
    std::int64_t replicas = 0, floor = 0, ceiling = 0, aim = kTargetUtilisation;
  };
  Watched look_at(const TargetOutlook& target) {
    const StoredPtr object = cluster_.api().live(target.workload);
    Watched out{.pods = object ? cluster_.workload(target.workload) : nullptr};
    if (out.pods == nullptr) return out;
    out.replicas = out.floor = object->tree.number("/spec/replicas", 1);
    StoredPtr autoscaler;
    if (target.autoscaler) autoscaler = cluster_.api().live(*target.autoscaler);
    if (autoscaler) {
      out.floor = autoscaler->tree.number("/spec/minReplicas", 1);
      out.ceiling = autoscaler->tree.number("/spec/maxReplicas", 1);
    }
    out.aim = aim_of(autoscaler.get());
    return out;
  }

  Sample sample_of(const Watched& seen) const {
    Sample out{.at = cluster_.now()};
    if (seen.pods == nullptr) return out;
    out.replicas = seen.replicas;
    out.ready = seen.pods->ready;
    out.waiting = seen.pods->waiting;
    out.floor = seen.floor;
    out.ceiling = seen.ceiling;
    out.wanted = (seen.pods->load.at(cluster_.now()) + seen.aim - 1) / seen.aim;
    return out;
  }

  void sample() {
    if (watched_.empty() || watched_at_ != cluster_.api().version()) {
      watched_at_ = cluster_.api().version();
      watched_.clear();
      for (const TargetOutlook& one : out_.targets) watched_.push_back(look_at(one));
    }
    auto seen = watched_.cbegin();
    for (TargetOutlook& target : out_.targets) {
      Sample now = sample_of(*seen++);
      target.peak = std::max(target.peak, now.ready);
      target.peak_wanted = std::max(target.peak_wanted, now.wanted);
      note_lack(target, now);
      if (target.curve.empty() || !target.curve.back().same_as(now)) {
        if (target.curve.size() < kMaxSamples) target.curve.push_back(now);
      }
    }
    remember_floors();
    note_feasibility();
  }

  /// What the event says of each target: the rows that stand side by side with them are found
  /// first.
  void remember_floors() {
    const StoredPtr event = cluster_.api().live(event_);
    if (!event) return;
    std::size_t next = 0;
    for (const api::TargetStatus& row : event->status->targets) {
      for (std::size_t i = 0; i < out_.targets.size(); ++i) {
        TargetOutlook& target = out_.targets[(next + i) % out_.targets.size()];
        if (target.name != row.name) continue;
        next += i + 1;
        if (!row.in_charge.empty()) target.in_charge = row.in_charge;
        if (row.floor) target.floor = std::max(target.floor, *row.floor);
        note_readiness(target, row);
        note_rise(target, row);
        break;
      }
    }
  }

  void note_readiness(TargetOutlook& target, const api::TargetStatus& row) {
    if (cluster_.now() > out_.window.start || target.curve.empty() || !row.floor) return;
    const bool enough = target.curve.back().floor >= *row.floor &&
                        target.curve.back().ready * 100 >= *row.floor * ready_percent(target.name);
    if (!enough) {
      target.ready_since.reset();
    } else if (!target.ready_since) {
      target.ready_since = cluster_.now();
    }
  }

  /// A floor that rises in mid-sale: is it ready when its step of the profile comes?
  void note_rise(const TargetOutlook& target, const api::TargetStatus& row) {
    if (!row.floor) return;
    const std::int64_t before = std::exchange(floors_[target.name], *row.floor);
    if (!live() || before == 0 || *row.floor <= before || target.curve.empty()) return;
    const Sample& now = target.curve.back();
    if (now.ready * 100 >= *row.floor * ready_percent(target.name)) return;
    find(ForecastVerdict::NoGo,
         "NotReadyAtRise",
         target.name,
         number(now.ready) + " of " + number(*row.floor) + " are ready at " + when(cluster_.now()) +
             (now.waiting > 0 ? "; " + number(now.waiting) + " find no node" : ""));
  }

  std::int64_t ready_percent(const std::string& name) const {
    for (const api::TargetSpec& one : input_.event.spec.capacity.targets) {
      if (one.name == planner::selecting_target(name)) return one.ramp.up.ready_percent;
    }
    return 100;
  }

  bool live() const {
    return cluster_.now() >= out_.window.start && cluster_.now() < out_.window.end;
  }

  /// Load that finds no room under the ceiling, and pods that find no node.
  void note_lack(const TargetOutlook& target, const Sample& now) {
    if (live() && now.ceiling > 0 && now.wanted > now.ceiling) {
      find(ForecastVerdict::Warn,
           "DemandAboveCeiling",
           target.name,
           "load asks for " + number(now.wanted) + " at " + when(now.at) + ", the ceiling is " +
               number(now.ceiling));
    }
    if (now.waiting == 0 || !live()) return;
    const bool said = found_.contains({"NoRoom", target.name}) ||
                      found_.contains({"NodesToAdd", target.name}) ||
                      found_.contains({"NodePoolLimit", target.name});
    if (!said) {
      find(ForecastVerdict::Warn,
           "Unschedulable",
           target.name,
           number(now.waiting) + " pods find no node at " + when(now.at));
    }
  }

  void note_start() {
    if (const StoredPtr event = cluster_.api().live(event_)) note_rows(*event->status);
    for (TargetOutlook& target : out_.targets) {
      if (target.curve.empty()) continue;
      const Sample at = sample_of(look_at(target));
      target.ready_at_start = at.ready;
      if (target.ready_since || target.floor == 0) continue;
      find(ForecastVerdict::NoGo,
           "NotReadyAtStart",
           target.name,
           number(at.ready) + " of " + number(target.floor) + " are ready at start" +
               (at.waiting > 0 ? "; " + number(at.waiting) + " find no node" : ""));
    }
  }

  /// Targets and holds that cannot be carried out. What a notice said of them already is not said
  /// twice.
  void note_rows(const api::SaleEventStatus& status) {
    const auto blocked = [this](const std::string& prefix,
                                const std::string& state,
                                const std::string& name,
                                const std::string& message) {
      if (state != "Missing" && state != "Refused" && state != "Forbidden" && state != "Unknown")
        return;
      std::erase_if(out_.findings, [&message, &name](const ForecastFinding& one) {
        return (one.subject.empty() || one.subject == name) && !message.empty() &&
               one.text.ends_with(message);
      });
      find(ForecastVerdict::NoGo, prefix + state, name, message);
    };
    for (const api::TargetStatus& row : status.targets)
      blocked("Target", row.state, row.name, row.message);
    for (const api::HoldStatus& row : status.holds)
      blocked("Hold", row.state, row.name, row.message);
  }

  void conclude() {
    out_.nodes_added = cluster_.nodes.added();
    for (const api::Condition& one : out_.last.conditions) {
      if (one.type == "Accepted" && one.status == api::ConditionStatus::False)
        find(ForecastVerdict::NoGo, one.reason, "", one.message);
    }
    note_rows(out_.last);
    if (out_.last.phase != "Completed" && out_.until > out_.window.restored_by) {
      find(ForecastVerdict::Warn,
           "NotRestored",
           "",
           "by " + when(out_.until) + " not everything is back" + why_not_restored());
    }
    out_.add({});
  }

  std::string why_not_restored() const {
    for (const api::Condition& one : out_.last.conditions) {
      if (one.type == "Restored" && !one.message.empty()) return ": " + one.message;
    }
    return {};
  }

  static std::string number(std::int64_t count) { return json_of(count).text; }

  /// The first of a kind on a subject is told; what repeats it is not.
  void find(ForecastVerdict level, std::string code, std::string subject, std::string text) {
    if (!found_.insert({code, subject}).second) return;
    out_.findings.push_back({level, std::move(code), std::move(subject), std::move(text)});
  }

  const ForecastInput& input_;
  Cluster cluster_;
  SimulatedWorld world_;
  Process process_;
  ObjectRef event_;
  std::set<std::pair<std::string, std::string>> found_;
  std::vector<Watched> watched_;                ///< by target
  std::int64_t watched_at_ = 0;                 ///< the version of the cluster that these are of
  std::map<std::string, std::int64_t> floors_;  ///< by target: what was needed when last looked
  Forecast out_;
};

}  // namespace

Forecast forecast(const ForecastInput& input) { return Play(input).run(); }

}  // namespace doorbuster::simulator
