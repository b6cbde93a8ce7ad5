// forecast(): a sale played ahead of time, as `simulate` and `plan` show it.
#include "controllers/simulator/forecast.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::simulator {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kStart = *parse_rfc3339("2026-11-27T09:00:00Z");
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// Four pods of half a core each with an autoscaler of 3 to 12, and a sale that wants twenty.
ForecastInput shop() {
  ForecastInput out;
  const std::string spec =
      R"({"window":{"start":"2026-11-27T09:00:00Z","end":"2026-11-27T10:00:00Z","prepare":"30m","cooldown":"30m"},
          "capacity":{"targets":[{"name":"checkout","ref":{"kind":"Deployment","name":"checkout"},
            "need":{"multiplier":"5"},"ramp":{"up":{"over":"20m","steps":4},"down":{"over":"10m","steps":5,"maxPercentPerMinute":20}}}]}})";
  const auto event = api::sale_event_of(
      R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleEvent","metadata":{"name":"flash","namespace":"shop"},"spec":)" +
      spec + "}");
  EXPECT_TRUE(event.ok());
  out.event = *event;
  out.objects = {
      {deployment_ref("shop", "checkout"),
       Json{
           R"({"metadata":{"name":"checkout"},"spec":{"replicas":4,"template":{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"500m","memory":"256Mi"}}}]}}}})"}},
      {autoscaler_ref("shop", "checkout"),
       Json{
           R"({"metadata":{"name":"checkout"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"},"minReplicas":3,"maxReplicas":12}})"}}};
  out.setup = {.install = "test", .allow = products::AllowList::standard()};
  out.from = kStart - minutes(45);
  out.load["checkout"] = {{kStart, 15}, {kStart + hours(1), 4}};
  return out;
}

Node node(std::int64_t cores) { return {.cpu_millis = cores * 1000, .memory_bytes = 64 * kGiB}; }

std::vector<std::string> codes(const Forecast& made) {
  std::vector<std::string> out;
  for (const ForecastFinding& one : made.findings) out.push_back(one.code);
  return out;
}

Value last_value(const Forecast& made, const std::string& pointer) {
  Value out;
  for (const TimelineEntry& entry : made.timeline) {
    for (const FieldChange& change : entry.changes) {
      if (change.pointer == pointer) out = change.after;
    }
  }
  return out;
}

TEST(Forecast, TheFloorStandsBeforeTheStartAndEverythingIsBackAfterwards) {
  const Forecast made = forecast(shop());
  EXPECT_EQ(made.verdict(), ForecastVerdict::Go) << testing::PrintToString(codes(made));
  ASSERT_EQ(made.targets.size(), 1U);
  const TargetOutlook& target = made.targets.front();
  EXPECT_EQ(target.floor, 20);
  EXPECT_EQ(target.ready_at_start, 20);
  ASSERT_TRUE(target.ready_since);
  EXPECT_LT(*target.ready_since, kStart);
  EXPECT_EQ(last_value(made, "/spec/minReplicas"), Value(Json{"3"}));
  EXPECT_EQ(last_value(made, "/spec/maxReplicas"), Value(Json{"12"}));
  EXPECT_EQ(made.last.phase, "Completed");
}

/// The same shop with a ScaledObject in place of its autoscaler.
ForecastInput keda_shop() {
  ForecastInput out = shop();
  out.objects.back() = {
      {"keda.sh", "ScaledObject", "shop", "checkout"},
      Json{
          R"({"metadata":{"name":"checkout"},"spec":{"scaleTargetRef":{"name":"checkout"},"minReplicaCount":3,"maxReplicaCount":12}})"}};
  return out;
}

TEST(Forecast, AScaledObjectIsPlayedWithTheAutoscalerThatKedaMakesFromIt) {
  const Forecast made = forecast(keda_shop());
  EXPECT_EQ(made.verdict(), ForecastVerdict::Go) << testing::PrintToString(codes(made));
  ASSERT_EQ(made.targets.size(), 1U);
  EXPECT_EQ(made.targets.front().ready_at_start, 20);
  EXPECT_EQ(last_value(made, "/spec/minReplicaCount"), Value(Json{"3"}));
  EXPECT_EQ(last_value(made, "/spec/maxReplicaCount"), Value(Json{"12"}));
  EXPECT_FALSE(last_value(made, "/spec/minReplicas")) << "KEDA's autoscaler is not written";
  EXPECT_EQ(made.last.phase, "Completed");
}

TEST(Forecast, APausedScaledObjectIsNotRaised) {
  ForecastInput input = keda_shop();
  input.objects.back().object = Json{
      R"({"metadata":{"name":"checkout","annotations":{"autoscaling.keda.sh/paused":"true"}},"spec":{"scaleTargetRef":{"name":"checkout"},"minReplicaCount":3,"maxReplicaCount":12}})"};
  const Forecast made = forecast(input);
  EXPECT_EQ(made.targets.front().ready_at_start, 4);
  EXPECT_NE(made.verdict(), ForecastVerdict::Go);
  EXPECT_TRUE(made.timeline.empty());
}

TEST(Forecast, WithoutScalingDownTheMaximumStillComesBack) {
  for (const ForecastInput& scaled : {shop(), keda_shop()}) {
    ForecastInput input = scaled;
    input.event.spec.capacity.targets.front().scale_down = api::ScaleDown::Disabled;
    const Forecast made = forecast(input);
    EXPECT_EQ(made.last.phase, "Completed");
    EXPECT_EQ(made.targets.front().curve.back().replicas, 4);
  }
}

/// Eight at the start, twenty at half past, twelve a quarter later.
ForecastInput two_peaks() {
  ForecastInput out = shop();
  api::TargetSpec& target = out.event.spec.capacity.targets.front();
  for (const auto& [at, times] : std::vector<std::pair<Duration, std::string>>{
           {minutes(0), "2"}, {minutes(30), "5"}, {minutes(45), "3"}}) {
    api::ProfileStep step;
    step.at = {to_text(at), at};
    step.multiplier = *api::parse_quantity(times);
    target.profile.push_back(step);
  }
  out.load["checkout"] = {{kStart, 6}, {kStart + minutes(30), 15}, {kStart + minutes(45), 4}};
  return out;
}

std::int64_t floor_at(const Forecast& made, Instant at) {
  std::int64_t out = 0;
  for (const Sample& one : made.targets.front().curve) {
    if (one.at <= at) out = one.floor;
  }
  return out;
}

TEST(Forecast, TheFloorFollowsTheProfile) {
  const Forecast made = forecast(two_peaks());
  EXPECT_EQ(made.verdict(), ForecastVerdict::Go) << testing::PrintToString(codes(made));
  EXPECT_EQ(made.targets.front().ready_at_start, 8);
  EXPECT_EQ(floor_at(made, kStart), 8);
  EXPECT_EQ(floor_at(made, kStart + minutes(30)), 20);
  EXPECT_EQ(floor_at(made, kStart + minutes(60) - seconds(1)), 12);
  EXPECT_EQ(last_value(made, "/spec/minReplicas"), Value(Json{"3"}));
}

TEST(Forecast, ARiseInMidSaleThatFindsNoNodeIsANoGo) {
  ForecastInput input = two_peaks();
  input.nodes = Nodes({node(4), node(2)}, {});  // room for twelve
  const Forecast made = forecast(input);
  EXPECT_EQ(made.verdict(), ForecastVerdict::NoGo);
  ASSERT_FALSE(made.findings.empty());
  EXPECT_EQ(made.findings.front().code, "NotReadyAtRise");
  EXPECT_EQ(made.findings.front().text,
            "12 of 20 are ready at 2026-11-27T09:30:00Z; 8 find no node");
}

TEST(Forecast, ItTellsOnlyWhatIsWrittenAndWritesNothingBeforePreparation) {
  const Forecast made = forecast(shop());
  ASSERT_FALSE(made.timeline.empty());
  EXPECT_EQ(made.timeline.front().at, kStart - minutes(30));
  for (const TimelineEntry& entry : made.timeline) {
    EXPECT_FALSE(entry.changes.empty());
    for (const FieldChange& change : entry.changes) EXPECT_FALSE(change.before == change.after);
  }
}

TEST(Forecast, TheSameInputGivesTheSameForecast) {
  const Forecast one = forecast(shop()), two = forecast(shop());
  ASSERT_EQ(one.timeline.size(), two.timeline.size());
  for (std::size_t i = 0; i < one.timeline.size(); ++i)
    EXPECT_EQ(one.timeline[i].at, two.timeline[i].at);
  EXPECT_EQ(one.targets.front().curve.size(), two.targets.front().curve.size());
}

TEST(Forecast, PodsThatFindNoNodeAreANoGoThatSaysHowMany) {
  ForecastInput input = shop();
  input.nodes = Nodes({node(4), node(2)}, {});  // room for twelve
  const Forecast made = forecast(input);
  EXPECT_EQ(made.verdict(), ForecastVerdict::NoGo);
  ASSERT_FALSE(made.findings.empty());
  EXPECT_EQ(made.findings.front().code, "NotReadyAtStart");
  EXPECT_EQ(made.findings.front().text, "12 of 20 are ready at start; 8 find no node");
}

TEST(Forecast, ANodePoolThatIsQuickEnoughMakesRoom) {
  ForecastInput input = shop();
  input.nodes = Nodes({node(4)}, {.shape = node(4), .most = 5, .startup = minutes(3)});
  const Forecast made = forecast(input);
  EXPECT_EQ(made.targets.front().ready_at_start, 20) << testing::PrintToString(codes(made));
  EXPECT_EQ(made.nodes_added, 2) << "twenty pods of half a core need ten cores of nodes of four";
}

TEST(Forecast, ANodePoolThatIsTooSlowDoesNot) {
  ForecastInput input = shop();
  input.nodes = Nodes({node(4)}, {.shape = node(4), .most = 5, .startup = minutes(40)});
  EXPECT_EQ(forecast(input).verdict(), ForecastVerdict::NoGo);
}

TEST(Forecast, LoadAboveTheCeilingIsAWarning) {
  ForecastInput input = shop();
  input.load["checkout"][kStart + minutes(20)] = 60;
  const Forecast made = forecast(input);
  EXPECT_EQ(made.verdict(), ForecastVerdict::Warn);
  EXPECT_EQ(codes(made), std::vector<std::string>{"DemandAboveCeiling"});
  EXPECT_EQ(made.targets.front().peak, 30) << "one and a half times the floor, and no more";
}

TEST(Forecast, AWayUpFasterThanTheLastRunIsAWarningThoughItStandsAlready) {
  ForecastInput input = shop();
  input.event.metadata.uid = "of-the-cluster";
  input.event.metadata.generation = 1;
  api::TargetStatus row;
  row.name = "checkout";
  row.object = "Deployment.apps shop/checkout";
  row.last_run = {.usual = 4, .steps = 4, .most_added = 4, .ready_after_seconds = 900};
  input.event.status.targets = {row};
  const Forecast first = forecast(input);
  ASSERT_EQ(codes(first), std::vector<std::string>{"RampFasterThanLast"});
  EXPECT_EQ(first.verdict(), ForecastVerdict::Warn);
  input.event.status.message = first.findings.front().text;
  EXPECT_EQ(codes(forecast(input)), codes(first));
}

TEST(Forecast, AMissingWorkloadIsANoGo) {
  ForecastInput input = shop();
  input.objects.clear();
  const Forecast made = forecast(input);
  EXPECT_EQ(made.verdict(), ForecastVerdict::NoGo);
  EXPECT_EQ(codes(made), std::vector<std::string>{"TargetMissing"});
}

TEST(Forecast, TheLatestSafeStartIsTheLastOneThatHolds) {
  ForecastInput input = shop();
  input.startup_otherwise = minutes(6);
  const auto latest = latest_safe_creation(input, seconds(30));
  ASSERT_TRUE(latest);
  EXPECT_LE(*latest, kStart - minutes(6));
  const auto enough_at = [&](Instant at) {
    ForecastInput later = input;
    later.from = at;
    return forecast(later).targets.front().ready_since.has_value();
  };
  EXPECT_TRUE(enough_at(*latest));
  EXPECT_FALSE(enough_at(*latest + minutes(1)));
}

TEST(Forecast, WhereNoStartIsSafeNoneIsNamed) {
  ForecastInput input = shop();
  input.startup_otherwise = hours(2);
  EXPECT_FALSE(latest_safe_creation(input));
}

TEST(Forecast, AHeldObjectOfAnyKindIsPlayedAndPutBack) {
  ForecastInput input = shop();
  input.kinds = {{.group = "", .kind = "ConfigMap", .api_version = "v1"}};
  input.objects.push_back({{.group = "", .kind = "ConfigMap", .ns = "shop", .name = "edge"},
                           Json{R"({"metadata":{"name":"edge"},"data":{"ttl":"60"}})"}});
  api::HoldSpec hold;
  hold.name = "ttl";
  hold.object = {.api_version = "v1", .kind = "ConfigMap", .name = "edge", .ns = {}};
  hold.field = "/data/ttl";
  hold.value = api::HoldLiteral{Json{"\"600\""}};
  input.event.spec.holds = {hold};
  const Forecast made = forecast(input);
  EXPECT_EQ(made.verdict(), ForecastVerdict::Go) << testing::PrintToString(codes(made));
  const auto held =
      std::find_if(made.timeline.begin(), made.timeline.end(), [](const TimelineEntry& one) {
        return one.object.kind == "ConfigMap";
      });
  ASSERT_NE(held, made.timeline.end());
  EXPECT_EQ(held->at, kStart);
  EXPECT_EQ(held->changes.front().after, Value(Json{"\"600\""}));
  EXPECT_EQ(last_value(made, "/data/ttl"), Value(Json{"\"60\""}));
}

struct PlaceCase {
  const char* sentence;
  std::vector<Node> nodes;
  PodRequest pod;
  int on;
};

TEST(Nodes, APodGoesWhereMostIsFree) {
  const PlaceCase cases[] = {
      {"to the emptier of two", {node(2), node(4)}, {1000, kGiB}, 1},
      {"to none when no node has the cores", {node(2), node(4)}, {5000, kGiB}, Nodes::kNowhere},
      {"to none when no node has the memory", {node(2)}, {100, 65 * kGiB}, Nodes::kNowhere},
      {"to none when all its pods are taken",
       {{.cpu_millis = 4000, .memory_bytes = kGiB, .pods = 0}},
       {100, 1},
       Nodes::kNowhere},
  };
  for (const PlaceCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(Nodes(one.nodes, {}).place(one.pod), one.on);
  }
}

TEST(Nodes, RoomThatIsOnItsWayIsNotOrderedTwice) {
  Nodes nodes({}, {.shape = node(4), .most = 10, .startup = minutes(3)});
  const std::vector<PodRequest> waiting(8, PodRequest{1000, kGiB});
  nodes.ask_for_room(waiting, kStart);
  nodes.ask_for_room(waiting, kStart + seconds(5));
  EXPECT_EQ(nodes.added(), 2);
  nodes.advance(kStart + minutes(3) - seconds(1));
  EXPECT_EQ(nodes.count(), 0U);
  nodes.advance(kStart + minutes(3));
  EXPECT_EQ(nodes.count(), 2U);
}

/// Two nodes that what runs has filled, and a pool whose nodes take eight minutes.
ForecastInput tight_shop(bool headroom) {
  ForecastInput out = shop();
  out.setup.ns = "doorbuster-system";
  out.nodes = Nodes({node(1), node(1)}, {.shape = node(4), .most = 8, .startup = minutes(8)});
  auto& ramp = out.event.spec.capacity.targets.front().ramp.up;
  ramp.over = {"0s", Duration(0)};
  if (headroom) out.event.spec.capacity.headroom = api::HeadroomSpec{{"10m", minutes(10)}, 100};
  return out;
}

TEST(Forecast, room_made_ahead_is_there_when_the_ramp_begins_and_is_given_up_to_its_pods) {
  const Instant prepare = kStart - minutes(30);
  const Forecast without = forecast(tight_shop(false)), with = forecast(tight_shop(true));
  ASSERT_TRUE(without.targets.front().ready_since && with.targets.front().ready_since);
  EXPECT_GE(*without.targets.front().ready_since, prepare + minutes(8));
  EXPECT_LE(*with.targets.front().ready_since, prepare + minutes(2));
  EXPECT_EQ(with.nodes_added, without.nodes_added) << "the same nodes, earlier";
  std::vector<std::string> told;
  for (const TimelineEntry& one : with.timeline) {
    if (one.object.ns != "doorbuster-system") continue;
    const FieldChange& change = one.changes.front();
    told.push_back((change.before ? change.before->text : "none") + " -> " +
                   (change.after ? change.after->text : "none"));
  }
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), "none -> 16");
  EXPECT_TRUE(told.back().ends_with("-> none")) << told.back();
  EXPECT_EQ(with.verdict(), without.verdict());
}

}  // namespace
}  // namespace doorbuster::simulator
