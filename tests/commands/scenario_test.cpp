// What `simulate` makes of files and flags.
#include "operator/commands/scenario.h"

#include "controllers/simulator/forecast.h"

#include <gtest/gtest.h>

#include <set>

namespace doorbuster::commands {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Instant kStart = *parse_rfc3339("2026-11-27T08:00:00Z");
const Instant kNow = kStart - hours(24);

planner::Window window() {
  return {kStart - minutes(45), kStart, kStart + hours(2), kStart + hours(3), "", ""};
}

constexpr const char* kSale = R"(apiVersion: doorbuster.dev/v1alpha1
kind: SaleEvent
metadata: {name: flash, namespace: shop}
spec:
  window: {start: "2026-11-27T09:00:00", end: "2026-11-27T11:00:00", timeZone: Europe/Berlin, prepare: 45m}
  capacity:
    targets:
      - {name: checkout, ref: {kind: Deployment, name: checkout}, need: {multiplier: "5"}}
  holds:
    - {name: ttl, object: {kind: ConfigMap, name: edge}, field: /data/ttl, value: {literal: "600"}}
)";
constexpr const char* kWorkload = R"(---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop}
spec: {replicas: 4}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: edge, namespace: shop}
data: {ttl: "60"}
)";

Result<Scenario> scenario(const std::string& yaml, const ScenarioFlags& flags = {}) {
  const std::vector<InputFile> files{{"sale.yaml", yaml}};
  return scenario_of(files, check_files(files, Allowed{}, kNow), "", flags, kNow);
}

bool assumes(const Scenario& made, const std::string& words) {
  for (const std::string& one : made.assumed) {
    if (one.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST(Files, WhoSaysNoNamespaceMeansTheSameOneInEveryFile) {
  std::string yaml = std::string(kSale) + kWorkload;
  for (std::size_t at = yaml.find(", namespace: shop"); at != std::string::npos;
       at = yaml.find(", namespace: shop"))
    yaml.erase(at, 17);
  const auto made = scenario(yaml);
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(assumes(*made, "is in no file"));
}

TEST(Files, WhatIsMadeAheadIsPlayedFromItsBeginning) {
  const std::string yaml = std::string(kSale) + kWorkload;
  const std::string capacity = "  capacity:\n";
  std::string ahead = yaml;
  ahead.insert(ahead.find(capacity) + capacity.size(), "    imagePrepull: {lead: 2h}\n");
  const auto without = scenario(yaml), with = scenario(ahead);
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_EQ(without->input.from - with->input.from, hours(2));
}

constexpr const char* kCanary = R"(---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: checkout, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
  autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: checkout, primaryScalerReplicas: {maxReplicas: 12}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: checkout, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}, minReplicas: 3, maxReplicas: 10}
)";

const simulator::SeedObject* object_in(const Scenario& made, const ObjectRef& ref) {
  for (const simulator::SeedObject& one : made.input.objects) {
    if (one.ref == ref) return &one;
  }
  return nullptr;
}

TEST(Canaries, WhatFlaggerMakesIsAssumedWhereItIsInNoFile) {
  const auto made = scenario(std::string(kSale) + kWorkload + kCanary);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(assumes(*made,
                      "checkout: Canary.flagger.app shop/checkout names it: Deployment.apps "
                      "shop/checkout-primary and its HorizontalPodAutoscaler checkout-primary"))
      << testing::PrintToString(made->assumed);
  EXPECT_TRUE(assumes(*made, "no release is played"));
  const auto number = [&](const char* kind, const char* name, const char* pointer) {
    const bool scaler = std::string(kind) == "HorizontalPodAutoscaler";
    const auto* found = object_in(*made, {scaler ? "autoscaling" : "apps", kind, "shop", name});
    if (found == nullptr) return std::int64_t{-1};
    return JsonView::parse(found->object.text)->at(pointer)->integer().value_or(-1);
  };
  EXPECT_EQ(number("Deployment", "checkout-primary", "/spec/replicas"), 4);
  EXPECT_EQ(number("Deployment", "checkout", "/spec/replicas"), 0) << "as between releases";
  EXPECT_EQ(number("HorizontalPodAutoscaler", "checkout-primary", "/spec/minReplicas"), 3);
  EXPECT_EQ(number("HorizontalPodAutoscaler", "checkout-primary", "/spec/maxReplicas"), 12)
      << "what the Canary says of it goes before";
}

TEST(Canaries, TheForecastRaisesThePrimaryAndTheCanaryWithIt) {
  const auto made = scenario(std::string(kSale) + kWorkload + kCanary);
  ASSERT_TRUE(made.ok());
  const simulator::Forecast forecast = simulator::forecast(made->input);
  ASSERT_EQ(forecast.targets.size(), 1U);
  const simulator::TargetOutlook& target = forecast.targets.front();
  EXPECT_EQ(target.workload.name, "checkout-primary");
  EXPECT_EQ(target.in_charge,
            "Deployment shop/checkout-primary < HorizontalPodAutoscaler checkout-primary < Canary "
            "checkout");
  EXPECT_EQ(target.floor, 20);
  EXPECT_GE(target.ready_at_start, 20);
  std::set<std::string> written;
  for (const simulator::TimelineEntry& one : forecast.timeline)
    written.insert(one.object.kind + " " + one.object.name);
  EXPECT_EQ(written,
            (std::set<std::string>{
                "Canary checkout", "ConfigMap edge", "HorizontalPodAutoscaler checkout-primary"}));
  EXPECT_EQ(forecast.last.phase, "Completed");
  for (const simulator::ForecastFinding& one : forecast.findings)
    EXPECT_NE(one.level, simulator::ForecastVerdict::NoGo) << one.code << " " << one.text;
}

TEST(Canaries, OfAScaledObjectTheAuthorsIsPausedAsFlaggerDoes) {
  std::string canary = kCanary;
  for (const auto& [from, to] : std::initializer_list<std::pair<std::string, std::string>>{
           {"apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler",
            "apiVersion: keda.sh/v1alpha1, kind: ScaledObject"},
           {"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler",
            "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject"},
           {"minReplicas: 3, maxReplicas: 10", "minReplicaCount: 3, maxReplicaCount: 10"}})
    canary.replace(canary.find(from), from.size(), to);
  const auto made = scenario(std::string(kSale) + kWorkload + canary);
  ASSERT_TRUE(made.ok());
  const simulator::Forecast forecast = simulator::forecast(made->input);
  ASSERT_EQ(forecast.targets.size(), 1U);
  EXPECT_EQ(
      forecast.targets.front().in_charge,
      "Deployment shop/checkout-primary < HorizontalPodAutoscaler keda-hpa-checkout-primary < "
      "ScaledObject checkout-primary < Canary checkout");
  EXPECT_GE(forecast.targets.front().ready_at_start, 20);
}

TEST(Canaries, AWorkloadInNoFileServesByAnAssumedPrimary) {
  const auto made = scenario(std::string(kSale) + kCanary);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(assumes(*made, "Deployment.apps shop/checkout is in no file"));
  EXPECT_NE(object_in(*made, {"apps", "Deployment", "shop", "checkout-primary"}), nullptr);
}

struct LoadCase {
  const char* sentence;
  std::string flag;
  Instant at;
  std::int64_t pods;
};

TEST(Load, OffsetsCountFromStartOrEnd) {
  const LoadCase cases[] = {
      {"start by its name", "checkout=start:12", kStart, 12},
      {"before start", "checkout=-30m:3", kStart - minutes(30), 3},
      {"after start", "checkout=+1h30m:8", kStart + minutes(90), 8},
      {"the end by its name", "checkout=end:4", kStart + hours(2), 4},
      {"after the end", "checkout=end+10m:5", kStart + hours(2) + minutes(10), 5},
      {"the later of several points", "checkout=start:12,+5m:20", kStart + minutes(5), 20},
  };
  for (const LoadCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto load = read_load({one.flag}, window());
    ASSERT_TRUE(load.ok()) << load.error().message;
    EXPECT_EQ(load->at("checkout").at(one.at), one.pods);
  }
}

TEST(Load, WhatCannotBeReadIsNamed) {
  for (const char* flag : {"checkout",
                           "=start:1",
                           "checkout=start",
                           "checkout=start:-1",
                           "checkout=start:many",
                           "checkout=later:3",
                           "checkout=30m:3",
                           "checkout=+30:3",
                           "checkout=start:100001",
                           "@/no/such/file"}) {
    const auto load = read_load({flag}, window());
    ASSERT_FALSE(load.ok()) << flag;
    EXPECT_NE(load.error().message.find("--load"), std::string::npos) << load.error().message;
  }
}

TEST(Load, WithoutAFlagItFollowsTheProfileOfTheNeed) {
  std::string yaml = std::string(kSale) + kWorkload;
  const std::string need = R"(need: {multiplier: "5"})";
  yaml.replace(yaml.find(need),
               need.size(),
               R"(need: {rps: 4000, rpsPerPod: "100", surviveZoneLoss: true, zones: 3}, )"
               R"(profile: [{at: 30m, rps: 1000}, {at: 2h, rps: 9000}])");
  const auto made = scenario(yaml);
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto& load = made->input.load.at("checkout");
  EXPECT_EQ(load.at(kStart), 32) << "four fifths of forty pods; the margin is not busy";
  EXPECT_EQ(load.at(kStart + minutes(30)), 8);
  EXPECT_EQ(load.at(kStart + hours(2)), 4) << "what is usual, for the sale is over";
  EXPECT_TRUE(assumes(*made, "load for 32 pods from start to end at most, by its profile"));
}

TEST(NodesFile, ZonesAreCountedWhereTheyAreNamed) {
  const std::string shape = R"(cpu: "8", memory: 32Gi)";
  EXPECT_EQ(zones_of("nodes: [{" + shape + ", zone: a}, {" + shape +
                     ", zone: b}]\n"
                     "pool: {" +
                     shape + ", most: 2, zone: b}\n"),
            2);
  EXPECT_EQ(zones_of("nodes: [{" + shape + "}]"), std::nullopt);
}

TEST(NodesFile, NodesAndPoolAreRead) {
  const auto nodes = read_nodes(
      "nodes: [{count: 3, cpu: \"8\", memory: 32Gi}]\n"
      "pool: {cpu: 4000m, memory: 16Gi, pods: 30, most: 2, startup: 90s}\n");
  ASSERT_TRUE(nodes.ok()) << nodes.error().message;
  EXPECT_EQ(nodes->count(), 3U);
}

TEST(NodesFile, WhatCannotBeReadIsNamed) {
  for (const char* yaml : {"nodes: [{cpu: \"8\"}]",
                           "nodes: [{cpu: lots, memory: 1Gi}]",
                           "nodes: [{cpu: \"-1\", memory: 1Gi}]",
                           "nodes: [{count: 10001, cpu: \"8\", memory: 1Gi}]",
                           "pool: {cpu: \"8\", memory: 1Gi}",
                           "pool: {cpu: \"8\", memory: 1Gi, most: 2, startup: soon}",
                           "nothing: here",
                           "a: 1\n---\nb: 2",
                           "a: [",
                           ""}) {
    const auto nodes = read_nodes(yaml);
    ASSERT_FALSE(nodes.ok()) << yaml;
    EXPECT_NE(nodes.error().message.find("--nodes"), std::string::npos) << nodes.error().message;
  }
}

TEST(Scenario, ManifestsInTheFilesAreUsedAndNothingIsAssumedOfThem) {
  const auto made = scenario(std::string(kSale) + kWorkload);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->input.objects.size(), 2U);
  EXPECT_FALSE(assumes(*made, "is in no file"));
  EXPECT_EQ(made->input.event.spec.holds.size(), 1U);
  EXPECT_EQ(made->input.event.spec.window.start, "2026-11-27T08:00:00Z");
  EXPECT_FALSE(made->input.event.spec.window.time_zone);
  EXPECT_EQ(made->input.from, kStart - minutes(50));
}

TEST(Scenario, WhatIsInNoFileIsAssumedAndSaidSo) {
  const auto made = scenario(kSale);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(assumes(*made, "Deployment.apps shop/checkout is in no file"));
  EXPECT_TRUE(assumes(*made, "hold ttl: ConfigMap edge is in no file, so it is not played"));
  EXPECT_TRUE(assumes(*made, "room for every pod"));
  EXPECT_TRUE(assumes(*made, "load for 8 pods from start to end, 2 otherwise"));
  EXPECT_TRUE(made->input.event.spec.holds.empty());
}

TEST(Scenario, AFlagOfATargetThatTheEventLacksIsRefused) {
  const auto made = scenario(kSale, {.load = {"chekout=start:3"}, .startup = {}, .nodes = {}});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message, "--load: the event has no target `chekout`");
}

TEST(Scenario, SeveralEventsWantAChoice) {
  std::string second = kSale;
  second.replace(second.find("name: flash"), 11, "name: other");
  const std::vector<InputFile> files{{"a.yaml", std::string(kSale)}, {"b.yaml", second}};
  const CheckedFiles checked = check_files(files, Allowed{}, kNow);
  EXPECT_FALSE(scenario_of(files, checked, "", {}, kNow).ok());
  const auto chosen = scenario_of(files, checked, "other", {}, kNow);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->input.event.metadata.name, "other");
  EXPECT_FALSE(scenario_of(files, checked, "third", {}, kNow).ok());
}

TEST(Scenario, AWindowThatIsOverIsPlayedAsIfItLayAhead) {
  const std::vector<InputFile> files{{"sale.yaml", std::string(kSale)}};
  const Instant later = kStart + hours(100);
  const auto made = scenario_of(files, check_files(files, Allowed{}, later), "", {}, later);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(assumes(*made, "the window is over"));
  EXPECT_LT(made->input.from, kStart);
}

}  // namespace
}  // namespace doorbuster::commands
