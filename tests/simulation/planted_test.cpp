// Every oracle is proven by bugs planted beside the operator: what it sees, recalls, says or does
// is altered, and exactly the oracles named must complain.
#include "tests/simulation/planted.h"

#include "controllers/planner/ledger.h"

#include <gtest/gtest.h>

namespace doorbuster::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

}  // namespace

History plain() {
  History history;
  history.seed = 0;
  history.shops.push_back({.ns = kShopNamespace,
                           .name = "checkout",
                           .replicas = 4,
                           .min = 3,
                           .max = 10,
                           .startup = seconds(10),
                           .demand = 200,
                           .owner = "helm"});
  history.shops.push_back({.ns = kShopNamespace,
                           .name = "search",
                           .replicas = 3,
                           .startup = seconds(10),
                           .demand = 150,
                           .owner = "helm"});
  EventPlan event;
  event.name = "sale-0";
  event.created = Duration(0);
  event.prepare = minutes(4);
  event.start = minutes(5);
  event.end = minutes(8);
  event.cooldown = minutes(5);
  for (const char* shop : {"checkout", "search"}) {
    TargetPlan target;
    target.name = shop;
    target.shop = shop;
    target.replicas = 20;
    target.up_steps = 2;
    target.up_over = minutes(2);
    target.step_timeout = seconds(40);
    event.targets.push_back(target);
  }
  event.holds.push_back({.name = "limit",
                         .kind = "BackendTrafficPolicy",
                         .object = "front",
                         .ns = kShopNamespace,
                         .field = "/spec/rateLimit/global/requests",
                         .op = "multiply",
                         .value = "5"});
  history.events.push_back(event);
  return history;
}

History with(History history, std::vector<Step> steps) {
  history.steps = std::move(steps);
  return history;
}

Sabotage performing(std::function<std::vector<planner::Write>(const planner::Write&)> what) {
  Sabotage out;
  out.perform = [what = std::move(what)](const planner::Event&, const planner::Write& write) {
    return what(write);
  };
  return out;
}

namespace {

History with_headroom() {
  History history = plain();
  history.events.front().headroom = seconds(30);
  return history;
}

/// Time enough to see that nobody acts on it.
History with_buffer() {
  History history = plain();
  history.events.front().start = minutes(11);
  history.events.front().end = minutes(14);
  history.events.front().headroom = minutes(4);
  history.buffers = true;
  return history;
}

History with_prepull() {
  History history = plain();
  history.events.front().prepull = seconds(30);
  return history;
}

History with_freeze() {
  History history = plain();
  history.events.front().freeze = seconds(30);
  return history;
}

Step asking(const char* verb, Duration at) {
  return {.act = Act::Ask, .at = at, .subject = "sale-0", .field = verb, .span = minutes(2)};
}

bool is_lowering(const planner::Write& write, const char* field) {
  return write.type == planner::Write::Type::Merge &&
         write.patch.text.find(field) != std::string::npos && !write.why.empty() &&
         (write.why.front().code == "Lowering" || write.why.front().code == "Restoring");
}

/// The write with another value in its patch.
planner::Write with_value_at(planner::Write write, const char* pointer, std::int64_t value) {
  Tree patch = Tree::parse(write.patch.text);
  if (patch.at(pointer) != nullptr) patch.set(pointer, Tree::integer(value));
  write.patch = Json{patch.print()};
  return write;
}

const std::vector<PlantedBug>& planted_bugs() {
  static const std::vector<PlantedBug> kSales = {
      {"no bug at all", [] { return Sabotage{}; }, plain, {}},
      {"what cannot be read counts as gone",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) {
           for (auto& [ref, fact] : seen.objects) {
             if (std::holds_alternative<planner::Unread>(fact)) fact = planner::Missing{};
           }
         };
         return out;
       },
       [] {
         return with(plain(), {{.act = Act::DeleteEvent, .at = minutes(6), .subject = "sale-0"}});
       },
       {"SilenceIsNotRelease"}},
      {"writes go without their guards",
       [] {
         return performing([](const planner::Write& write) {
           planner::Write bare = write;
           Tree patch = Tree::parse(write.patch.text);
           if (write.type == planner::Write::Type::Merge) patch.erase("/metadata/resourceVersion");
           bare.patch = Json{patch.print()};
           return std::vector{bare};
         });
       },
       plain,
       {"Guarded"}},
      {"every write is made twice",
       [] {
         return performing([](const planner::Write& write) { return std::vector{write, write}; });
       },
       plain,
       {"OneWrite"}},
      {"a floor is raised to six whatever was asked for",
       [] {
         return performing([](const planner::Write& write) {
           if (is_lowering(write, "minReplicas")) return std::vector{write};
           return std::vector{with_value_at(write, "/spec/minReplicas", 6)};
         });
       },
       plain,
       {"FullFloorByStart"}},
      {"the way down is one cliff",
       [] {
         return performing([](const planner::Write& write) {
           if (!is_lowering(write, "minReplicas")) return std::vector{write};
           return std::vector{with_value_at(write, "/spec/minReplicas", 3)};
         });
       },
       plain,
       {"NoCliff"}},
      {"the floor goes down under pods that stabilization keeps",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) {
           for (auto& [ref, fact] : seen.objects) {
             const auto* known = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
             if (known == nullptr || ref.kind != "HorizontalPodAutoscaler") continue;
             std::string text = (*known)->object->text();
             const auto at = text.find("ScaleDownStabilized");
             if (at == std::string::npos) continue;
             auto bent = std::make_shared<planner::Present>(**known);
             bent->object =
                 planner::Document::parse(text.replace(at, 19, "ReadyForNewScale")).value();
             fact = std::shared_ptr<const planner::Present>(std::move(bent));
           }
         };
         return out;
       },
       [] {
         return with(
             plain(),
             {{.act = Act::SetLoad, .at = minutes(6), .subject = "checkout", .amount = 1000},
              {.act = Act::SetLoad, .at = minutes(8), .subject = "checkout", .amount = 150}});
       },
       {"NoCliff"}},
      {"one too few is restored",
       [] {
         return performing([](const planner::Write& write) {
           if (!is_lowering(write, "spec")) return std::vector{write};
           const Tree patch = Tree::parse(write.patch.text);
           return std::vector{with_value_at(
               write, "/spec/maxReplicas", patch.number("/spec/maxReplicas", 10) - 1)};
         });
       },
       plain,
       {"BaselineRestored", "Converges", "FinalizerWhileHeld", "FloorNotBelow", "LeavesNoTrace"}},
      {"our managedFields entry stays",
       [] {
         return performing([](const planner::Write& write) {
           return write.type == planner::Write::Type::Json ? std::vector<planner::Write>{}
                                                           : std::vector{write};
         });
       },
       plain,
       {"FinalizerWhileHeld", "LeavesNoTrace"}},
      {"the finalizer is forgotten",
       [] {
         Sabotage out;
         out.drop_finalizers = true;
         return out;
       },
       plain,
       {"FinalizerWhileHeld"}},
      {"the second copy is not kept",
       [] {
         Sabotage out;
         out.publish = [](const planner::Event& event, api::SaleEventStatus& status) {
           // It comes one update late: with the write that should have waited for it.
           if (event.status.holds.empty()) status.holds.clear();
         };
         return out;
       },
       [] {
         History history = plain();
         history.events.front().targets.clear();
         return history;
       },
       {"LeavesNoTrace", "RemembersFirst"}},
      {"status says Restored from the end on",
       [] {
         Sabotage out;
         out.publish = [](const planner::Event&, api::SaleEventStatus& status) {
           for (auto& condition : status.conditions) {
             if (condition.type == "Restored" && status.phase == "CoolingDown")
               condition.status = api::ConditionStatus::True;
           }
         };
         return out;
       },
       plain,
       {"StatusTruthful"}},
      {"what is asked for counts as ready",
       [] {
         Sabotage out;
         out.publish = [](const planner::Event&, api::SaleEventStatus& status) {
           for (auto& row : status.targets) {
             for (auto& step : row.learned.steps) step.ready_after_seconds = 1;
           }
         };
         return out;
       },
       plain,
       {"LearnedHonest"}},
      {"status counts its own updates",
       [] {
         Sabotage out;
         out.publish = [](const planner::Event& event, api::SaleEventStatus& status) {
           status.message = event.version;
         };
         out.recall = [](planner::Event& event) { event.status.message += "?"; };
         return out;
       },
       plain,
       {"Converges"}},
      {"suspend is not noticed",
       [] {
         Sabotage out;
         out.recall = [](planner::Event& event) {
           if (!event.spec) return;
           api::SaleEventSpec spec = *event.spec;
           spec.suspend = false;
           event.spec = spec;
         };
         return out;
       },
       [] {
         return with(plain(),
                     {{.act = Act::Suspend, .at = minutes(2), .subject = "sale-0"},
                      {.act = Act::Unsuspend, .at = minutes(6), .subject = "sale-0"}});
       },
       {"NoWriteSuspended"}},
      {"the window is taken to end a minute early",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) {
           if (auto* window = std::get_if<planner::Window>(&seen.window)) window->end -= minutes(1);
         };
         return out;
       },
       plain,
       {"CapacityKept", "FullFloorByStart"}},
      {"the ceiling comes down with the first step of the floor",
       [] {
         return performing([](const planner::Write& write) {
           if (!is_lowering(write, "minReplicas")) return std::vector{write};
           planner::Write bent = write;
           Tree patch = Tree::parse(write.patch.text);
           patch.set(
               "/spec/maxReplicas",
               Tree::integer(std::max<std::int64_t>(10, patch.number("/spec/minReplicas", 10))));
           bent.patch = Json{patch.print()};
           return std::vector{bent};
         });
       },
       plain,
       {"NotBelowWanted"}},
      {"a deleted event waits for what is missing",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) {
           for (auto& [ref, fact] : seen.objects) {
             if (std::holds_alternative<planner::Missing>(fact))
               fact = planner::Unread{.why = "planted"};
           }
         };
         return out;
       },
       [] {
         return with(plain(),
                     {{.act = Act::DeleteAutoscaler, .at = minutes(6), .subject = "checkout"},
                      {.act = Act::DeleteWorkload, .at = minutes(6), .subject = "checkout"},
                      {.act = Act::DeleteEvent, .at = minutes(7), .subject = "sale-0"}});
       },
       {"DeletionNotBlocked", "FinalizerWhileHeld"}},
      {"a value of ours is recorded as the baseline",
       [] {
         return performing([](const planner::Write& write) {
           Tree patch = Tree::parse(write.patch.text);
           const Tree* record = patch.at(kAnnotation);
           if (write.type != planner::Write::Type::Merge || record == nullptr ||
               record->type() != JsonType::String)
             return std::vector{write};
           const std::string text = patch.text_at(kAnnotation);
           planner::Ledger ledger = planner::read_ledger(&text);
           for (auto& [path, held] : ledger.fields) {
             if (path.pointer == kRequests) held.baseline = held.requested;
           }
           patch.set(kAnnotation, Tree::string(planner::write_ledger(ledger)));
           planner::Write bent = write;
           bent.patch = Json{patch.print()};
           return std::vector{bent};
         });
       },
       plain,
       {"BaselineHonest", "BaselineRestored", "LeavesNoTrace"}},
      {"a successor does not know that its namesake is dead",
       [] {
         Sabotage out;
         out.see = [](planner::Observation& seen) { seen.events.clear(); };
         return out;
       },
       [] {
         return with(
             plain(),
             {{.act = Act::DeleteEvent, .at = minutes(6), .subject = "sale-0"},
              {.act = Act::TakeFinalizer, .at = minutes(6) + seconds(1), .subject = "sale-0"},
              {.act = Act::RecreateEvent, .at = minutes(6) + seconds(2), .subject = "sale-0"}});
       },
       {"SuccessorAdopts"}},
      {"placeholders are not removed",
       [] {
         Sabotage out;
         out.drop_removals = true;
         return out;
       },
       with_headroom,
       {"NoChildOutlives", "LeavesNoTrace"}},
      {"three times as many placeholders are made",
       [] {
         Sabotage out;
         out.create = [](planner::Create& create) {
           Tree manifest = Tree::parse(create.manifest.text);
           manifest.set("/spec/replicas", Tree::integer(manifest.number("/spec/replicas", 0) * 3));
           create.manifest = Json{manifest.print()};
         };
         return out;
       },
       with_headroom,
       {"ChildOnlyInItsTime"}},
      {"placeholders count as ready",
       [] {
         Sabotage out;
         out.publish = [](const planner::Event&, api::SaleEventStatus& status) {
           for (auto& row : status.targets) {
             for (const auto& room : status.headroom) {
               if (room.target == row.name && row.ready && room.placed.value_or(0) > 0)
                 row.ready = *row.ready + *room.placed;
             }
           }
         };
         return out;
       },
       with_headroom,
       {"ChildNotCounted", "StatusTruthful"}},
      {"a buffer that nobody acts on is not removed",
       [] {
         Sabotage out;
         out.drop_removals = true;
         return out;
       },
       with_buffer,
       {"NoBufferUnanswered", "NoChildOutlives", "LeavesNoTrace"}},
      {"what pulls images is not removed",
       [] {
         Sabotage out;
         out.drop_removals = true;
         return out;
       },
       with_prepull,
       {"LeavesNoTrace", "NoChildOutlives"}},
      {"other images are pulled than will be needed, by what its event leaves behind",
       [] {
         Sabotage out;
         out.create = [](planner::Create& create) {
           Tree manifest = Tree::parse(create.manifest.text);
           manifest.erase("/metadata/ownerReferences");
           manifest.set("/spec/template/spec/initContainers/1/image", Tree::string("shop:0"));
           create.manifest = Json{manifest.print()};
         };
         return out;
       },
       with_prepull,
       {"PullsWhatTargetsRun"}},
      {"an Abort is forgotten as soon as it is decided",
       [] {
         Sabotage out;
         out.recall = [](planner::Event& event) {
           std::erase_if(event.status.decisions,
                         [](const api::Decision& one) { return one.kind == "Abort"; });
         };
         return out;
       },
       [] { return with(plain(), {asking("Abort", minutes(2))}); },
       {"NothingRisesAfterAbort"}},
      {"whose decision it was is not kept",
       [] {
         Sabotage out;
         out.recall = [](planner::Event& event) {
           for (api::Decision& one : event.status.decisions) one.action_uid.clear();
         };
         return out;
       },
       [] {
         return with(plain(),
                     {asking("Extend", minutes(6)),
                      {.act = Act::GoWrong,
                       .boundary = simulator::Boundary::Answer,
                       .mishap = simulator::Mishap::TimeOut,
                       .nth = 1}});
       },
       {"DecidedOnce"}},
      {"actions get no answer",
       [] {
         Sabotage out;
         out.drop_answers = true;
         return out;
       },
       [] { return with(plain(), {asking("EndNow", minutes(6))}); },
       {"ActionsAnswered"}},
      {"a freeze is not ended",
       [] {
         Sabotage out;
         out.drop_thaws = true;
         return out;
       },
       with_freeze,
       {"FrozenInItsTime"}},
      {"a Restore is heeded in mid-sale",
       [] {
         Sabotage out;
         out.recall = [](planner::Event& event) {
           if (!event.status.window) return;
           api::Decision made;
           made.run = event.status.run.value_or(0);
           made.kind = "Restore";
           made.hash =
               to_rfc3339(event.status.window->start) + "/" + to_rfc3339(event.status.window->end);
           if (event.status.phase == "Live") event.status.decisions.push_back(made);
         };
         return out;
       },
       plain,
       {"CapacityKept", "DecidedOnce", "FullFloorByStart"}},
  };
  static const std::vector<PlantedBug> kAll = [] {
    std::vector<PlantedBug> out = kSales;
    for (PlantedBug& one : planted_in_releases()) out.push_back(std::move(one));
    return out;
  }();
  return kAll;
}

class PlantedBugs : public testing::TestWithParam<std::size_t> {};

TEST_P(PlantedBugs, TripExactlyTheOraclesNamed) {
  const PlantedBug& bug = planted_bugs()[GetParam()];
  const Report report = play(bug.history(), bug.plant(), true);
  std::string told;
  for (const Violation& one : report.violations) told += "\n  " + one.oracle + ": " + one.text;
  EXPECT_EQ(report.oracles(), bug.trips) << bug.sentence << told;
}

INSTANTIATE_TEST_SUITE_P(Table, PlantedBugs, testing::Range<std::size_t>(0, 45));

TEST(PlantedBugTable, IsWholeAndProvesEveryOracle) {
  EXPECT_EQ(planted_bugs().size(), 45U);
  std::set<std::string> proven;
  for (const PlantedBug& bug : planted_bugs()) proven.insert(bug.trips.begin(), bug.trips.end());
  for (const auto& oracle : all_oracles())
    EXPECT_TRUE(proven.contains(oracle->name())) << oracle->name() << ": " << oracle->sentence();
}

}  // namespace
}  // namespace doorbuster::simulation
