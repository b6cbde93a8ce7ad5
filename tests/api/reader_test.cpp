#include "crds/reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace doorbuster::api {
namespace {

constexpr const char* kWindow =
    R"("window":{"start":"2026-11-27T09:00:00","end":"2026-11-27T13:00:00","timeZone":"Europe/Berlin"})";

std::string event_json(const std::string& spec, const std::string& status = {}) {
  return R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleEvent","metadata":{"name":"flash-sale","namespace":"shop",)"
         R"("uid":"u-1","resourceVersion":"7","generation":3,"finalizers":["doorbuster.dev/restore"],)"
         R"("creationTimestamp":"2026-11-01T00:00:00Z","labels":{"a":"b"}},"spec":{)" +
         spec + "}" + (status.empty() ? "" : ",\"status\":" + status) + "}";
}

SaleEvent read(const std::string& json) {
  Reading reading = read_sale_event(json);
  for (const Finding& finding : reading.findings) ADD_FAILURE() << to_text(finding);
  EXPECT_TRUE(reading.accepted());
  return reading.event.value_or(SaleEvent{});
}

std::string texts(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) out += to_text(finding) + "\n";
  return out;
}

TEST(ReadSaleEvent, TakesMetadata) {
  const SaleEvent event = read(event_json(kWindow));
  EXPECT_EQ(event.metadata.name, "flash-sale");
  EXPECT_EQ(event.metadata.ns, "shop");
  EXPECT_EQ(event.metadata.uid, "u-1");
  EXPECT_EQ(event.metadata.resource_version, "7");
  EXPECT_EQ(event.metadata.generation, 3);
  EXPECT_EQ(event.metadata.finalizers, std::vector<std::string>{"doorbuster.dev/restore"});
  EXPECT_EQ(event.metadata.created, parse_rfc3339("2026-11-01T00:00:00Z"));
  EXPECT_FALSE(event.metadata.deleted);
}

TEST(ReadSaleEvent, DefaultsAreThoseOfTheStructs) {
  const SaleEvent event = read(event_json(kWindow));
  SaleEventSpec bare;
  bare.window.start = "2026-11-27T09:00:00";
  bare.window.end = "2026-11-27T13:00:00";
  bare.window.time_zone = "Europe/Berlin";
  EXPECT_EQ(event.spec, bare);
  EXPECT_EQ(event.spec.window.prepare.value, std::chrono::minutes(30));
  EXPECT_EQ(event.status.observed_generation, -1);
}

TEST(ReadSaleEvent, OneOfObjectsAreVariants) {
  const SaleEvent event = read(event_json(std::string(kWindow) + R"(,"capacity":{"targets":[
    {"name":"a","ref":{"kind":"Deployment","name":"a"},"need":{"replicas":5}},
    {"name":"b","ref":{"kind":"Deployment","name":"b"},"need":{"multiplier":"2.5","of":"Minimum"}},
    {"name":"c","ref":{"kind":"Deployment","name":"c"},"need":{"multiplier":3}}]})"));
  EXPECT_EQ(event.spec.capacity.targets[0].need, Need(NeedReplicas{.value = 5}));
  const auto& b = std::get<NeedMultiplier>(event.spec.capacity.targets[1].need);
  EXPECT_EQ(b.value.source.text, "\"2.5\"");
  EXPECT_TRUE(b.value.nanos == 2'500'000'000);
  EXPECT_EQ(b.of, NeedOf::Minimum);
  EXPECT_EQ(std::get<NeedMultiplier>(event.spec.capacity.targets[2].need).value.source.text, "3");
}

TEST(ReadSaleEvent, ALiteralIsKeptByteForByte) {
  for (const char* literal : {"0.10",
                              "1e2",
                              R"("\u0061")",
                              R"({ "b": [1.0, null],"a":"x" })",
                              "true",
                              "9007199254740993"}) {
    const SaleEvent event = read(event_json(
        std::string(kWindow) +
        R"(,"holds":[{"name":"h","object":{"kind":"ConfigMap","name":"c"},"field":"/data/a","value":{"literal":)" +
        literal + "}}]"));
    EXPECT_EQ(std::get<HoldLiteral>(event.spec.holds[0].value).value.text, literal);
  }
}

TEST(ReadSaleEvent, AnEscapedStringIsTheSameString) {
  const SaleEvent event = read(event_json(
      std::string(kWindow) +
      R"(,"capacity":{"targets":[{"name":"a","ref":{"kind":"Deployment","name":"a"},"need":{"multiplier":"\u0035"}}]})"));
  EXPECT_TRUE(std::get<NeedMultiplier>(event.spec.capacity.targets[0].need).value.nanos ==
              5 * kNanosPerUnit);
}

TEST(ReadSaleEvent, UnknownFieldsArePassedOver) {
  EXPECT_TRUE(
      read_sale_event(event_json(std::string(kWindow) + R"(,"degrade":{"automaticUpTo":2})"))
          .findings.empty());
}

TEST(ReadSaleEvent, AStatusThatDoesNotFitDoesNotHideTheSpec) {
  const Reading reading = read_sale_event(event_json(kWindow, R"({"observedGeneration":"three"})"));
  ASSERT_TRUE(reading.accepted());
  EXPECT_EQ(reading.event->status, SaleEventStatus{.observed_generation = -1});
  EXPECT_EQ(texts(reading.findings),
            "status.observedGeneration: must be an integer, not a string\n");
}

TEST(ReadSaleEvent, WhatIsNotJsonIsRefused) {
  for (const char* text :
       {"", "{", "[]", "null", "5", "{\"apiVersion\":\"v1\",\"apiVersion\":\"v1\"}", "\xFF"}) {
    EXPECT_FALSE(read_sale_event(text).accepted()) << text;
    EXPECT_FALSE(read_sale_event(text).findings.empty()) << text;
  }
}

TEST(ReadSaleEvent, AsAResultEachFindingIsACause) {
  const auto result = sale_event_of(
      event_json(R"("window":{"start":"2026-11-27T09:00:00","end":"2026-11-27T08:00:00"})"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::Invalid);
  ASSERT_EQ(result.error().causes.size(), 2U);
  EXPECT_EQ(result.error().causes[0].field, "spec.window.timeZone");
  EXPECT_EQ(result.error().causes[1].field, "spec.window.end");
  EXPECT_EQ(result.error().causes[1].message, "must be later than `start`");
}

TEST(ReadSaleEvent, TenThousandTargetsAreRefusedWithBoundedFindings) {
  std::string targets;
  for (int i = 0; i < 10'000; ++i) targets += std::string(targets.empty() ? "" : ",") + "{}";
  const Reading reading = read_sale_event(
      event_json(std::string(kWindow) + ",\"capacity\":{\"targets\":[" + targets + "]}"));
  EXPECT_FALSE(reading.accepted());
  EXPECT_LE(reading.findings.size(), kMaxFindings);
}

SaleEventStatus full_status() {
  const Instant at = *parse_rfc3339("2026-11-27T08:00:00.250Z");
  SaleEventStatus status;
  status.observed_generation = 3;
  status.phase = "Live";
  status.run = 1;
  status.next_due = at;
  status.conditions = {{.type = "Ready",
                        .status = ConditionStatus::True,
                        .observed_generation = 3,
                        .last_transition_time = at,
                        .reason = "Live",
                        .message = ""}};
  status.window = WindowStatus{.prepare = at,
                               .start = at,
                               .end = at,
                               .restored_by = at,
                               .time_zone = "UTC",
                               .tzdata = "2026b"};
  status.decisions = {{.run = 1, .kind = "Began", .at = at, .action_uid = "u"}};
  status.targets = {
      {.name = "checkout", .baseline = {.min = 2, .max = 10}, .held = 40, .step = 3, .steps = 6}};
  status.holds = {
      {.object = {.group = "apps", .kind = "Deployment", .ns = "shop", .name = "checkout"},
       .uid = "u-2",
       .serial = 7,
       .field = "/spec/replicas",
       .copy = "{\"a\":\"\\n\"}",
       .baseline = std::nullopt,
       .requested = Json{"40"},
       .applied = Json{"\"4\""},
       .holders = {"shop/flash-sale"}}};
  return status;
}

TEST(Status, IsReadBackAsItWasWritten) {
  const SaleEventStatus status = full_status();
  const SaleEvent event = read(event_json(kWindow, to_json(status).text));
  EXPECT_EQ(event.status, status);
}

TEST(Status, AbsentIsNotWritten) {
  EXPECT_EQ(to_json(SaleEventStatus{.observed_generation = 2}).text, R"({"observedGeneration":2})");
  EXPECT_EQ(
      to_json(
          HoldStatus{.object = {.kind = "A", .name = "b"}, .field = "/x", .baseline = Json{"null"}})
          .text,
      R"({"object":{"kind":"A","name":"b"},"field":"/x","baseline":"null"})");
}

TEST(Status, FitsItsSchema) {
  auto node = node_of_json(to_json(full_status()).text, false);
  // node_of_json's text is gone; only the shape is looked at.
  ASSERT_TRUE(node);
  std::vector<Finding> findings;
  check(node.value(), kSaleEventStatusSchema, "status", findings);
  EXPECT_EQ(texts(findings), "");
}

struct HintCase {
  const char *what, *spec, *finding;
};

TEST(Findings, SayWhereWhatAndWhatToWriteInstead) {
  const std::vector<HintCase> cases = {
      {"a misspelt name",
       "  windo: {}\n",
       "f.yaml:5:3: spec.windo: must be a field of the API; `windo` is not; write `window`"},
      {"a misspelt word",
       "  mode: live\n",
       "f.yaml:5:9: spec.mode: must be one of `Live`, `DryRun`, not `live`; write `Live`"},
      {"a number in quotes",
       "  capacity: {targets: [{need: {replicas: \"5\"}}]}\n",
       "f.yaml:5:42: spec.capacity.targets[0].need.replicas: must be an integer, not a string; "
       "write `5` without quotes"},
      {"a duration without unit",
       "  capacity: {restoreTimeout: 30}\n",
       "f.yaml:5:30: spec.capacity.restoreTimeout: must be a string, not a number; write `\"30\"` "
       "in quotes"},
      {"a duration in days",
       "  capacity: {restoreTimeout: 1d}\n",
       "f.yaml:5:30: spec.capacity.restoreTimeout: must be a duration such as `90m`, `1h30m` or "
       "`0s`, not `1d`"},
      {"a target in another namespace",
       "  window: {start: \"2026-11-27T09:00:00Z\", end: \"2026-11-27T13:00:00Z\"}\n"
       "  capacity: {targets: [{name: a, need: {replicas: 5}, ref: {kind: Deployment, name: a, "
       "namespace: b}}]}\n",
       "f.yaml:6:99: spec.capacity.targets[0].ref.namespace: must be left out, for a target is in "
       "the event's own namespace; write a SaleEvent in that namespace for its workloads"},
      {"columns count characters",
       "  größe: 1\n  mode: x\n",
       "f.yaml:6:9: spec.mode: must be one of `Live`, `DryRun`, not `x`"},
  };
  for (const HintCase& one : cases) {
    const auto documents = read_documents(
        std::string(
            "apiVersion: doorbuster.dev/v1alpha1\nkind: SaleEvent\nmetadata: {name: a}\nspec:\n") +
        one.spec);
    bool found = false;
    std::string all;
    for (const Finding& finding : documents.at(0).reading.findings) {
      const std::string text = to_text(finding, "f.yaml");
      all += text + "\n";
      found = found || text == one.finding;
    }
    EXPECT_TRUE(found) << one.what << ":\n" << all;
  }
}

SaleEventSpec spec_with(std::vector<HoldSpec> holds) {
  SaleEventSpec spec;
  spec.holds = std::move(holds);
  return spec;
}

HoldSpec hold(std::string name, std::string field, HoldValue value, HoldSpan during = {}) {
  return {.name = std::move(name),
          .object = {.kind = "ConfigMap", .name = "edge"},
          .field = std::move(field),
          .value = std::move(value),
          .during = during};
}

TEST(Meaning, TwoLiteralsOnOneFieldAtOneTimeAreRefused) {
  const HoldLiteral on{Json{"\"on\""}}, off{Json{"\"off\""}};
  const HoldSpan early{SalePhase::Prepare, SalePhase::Prepare};
  const auto found =
      check_meaning(spec_with({hold("a", "/data/x", on), hold("b", "/data/x", off)}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].path, "spec.holds[1].field");
  EXPECT_TRUE(check_meaning(spec_with({hold("a", "/data/x", on), hold("b", "/data/x", off, early)}))
                  .empty());
  EXPECT_TRUE(
      check_meaning(spec_with({hold("a", "/data/x", on), hold("b", "/data/y", off)})).empty());
  const HoldMax more{.value = {.source = Json{"5"}, .nanos = 5 * kNanosPerUnit}};
  EXPECT_TRUE(
      check_meaning(spec_with({hold("a", "/data/x", on), hold("b", "/data/x", more)})).empty());
}

TEST(Meaning, AChecksSpanAndRangeAreBounded) {
  const auto lasting = [](Duration span) { return DurationText{doorbuster::to_text(span), span}; };
  const auto seconds = [](int count) -> Duration { return std::chrono::seconds(count); };
  struct CheckCase {
    const char* sentence;
    int interval, lasts, range, step;
    const char *url, *path;
  };
  const CheckCase cases[] = {
      {"240 intervals", 10, 2400, 1000, 1, "http://a:65535", ""},
      {"more than that", 10, 2401, 15, 15, "http://a", "spec.checks[0].bad.for"},
      {"a range shorter than its step",
       10,
       0,
       14,
       15,
       "http://a",
       "spec.checks[0].prometheus.range.duration"},
      {"a range of more than 1000 values",
       10,
       0,
       1001,
       1,
       "http://a",
       "spec.checks[0].prometheus.range.duration"},
      {"a port that is none", 10, 0, 15, 15, "http://a:65536", "spec.checks[1].http.url"},
  };
  for (const CheckCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    SaleEventSpec spec;
    CheckSpec ranged{.name = "a"}, web{.name = "b"};
    ranged.interval = lasting(seconds(one.interval));
    ranged.bad = CheckBound{.lasts = lasting(seconds(one.lasts))};
    ranged.prometheus = PrometheusCheck{
        .query = "up",
        .range = CheckRange{lasting(seconds(one.range)), lasting(seconds(one.step))}};
    web.http = HttpCheck{.url = one.url, .pointer = "/a"};
    spec.checks = {ranged, web};
    const auto found = check_meaning(spec);
    ASSERT_EQ(found.size(), *one.path == '\0' ? 0U : 1U);
    EXPECT_EQ(found.empty() ? "" : found[0].path, one.path);
  }
}

struct KnativeCase {
  const char* sentence;
  std::optional<std::string> api_version;
  const char* kind;
  bool refused;
};

TEST(Meaning, KnativesKindsAreNoTargetsAndTheHintSaysWhatToHold) {
  const KnativeCase cases[] = {
      {"its Service", "serving.knative.dev/v1", "Service", true},
      {"its Revision", "serving.knative.dev/v1", "Revision", true},
      {"its Configuration", "serving.knative.dev/v1", "Configuration", true},
      {"what its autoscaler goes by",
       "autoscaling.internal.knative.dev/v1alpha1",
       "PodAutoscaler",
       true},
      {"Kubernetes' own Service is told of elsewhere", "v1", "Service", false},
      {"one that names no group", std::nullopt, "Service", false},
      {"a Deployment", "apps/v1", "Deployment", false},
  };
  for (const KnativeCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    SaleEventSpec spec;
    TargetSpec target;
    target.name = "checkout";
    target.ref = TargetRef{.api_version = one.api_version, .kind = one.kind, .name = "checkout"};
    spec.capacity.targets = {target};
    const auto found = check_meaning(spec);
    ASSERT_EQ(found.size(), one.refused ? 1U : 0U);
    if (!one.refused) continue;
    EXPECT_EQ(found[0].path, "spec.capacity.targets[0].ref.kind");
    EXPECT_NE(found[0].hint.find("autoscaling.knative.dev~1min-scale"), std::string::npos);
  }
}

TEST(Meaning, AFieldWithinAHeldFieldIsRefused) {
  const HoldLiteral on{Json{"1"}};
  EXPECT_EQ(check_meaning(spec_with({hold("a", "/spec/a", on), hold("b", "/spec/a/b", on)})).size(),
            1U);
  EXPECT_TRUE(
      check_meaning(spec_with({hold("a", "/spec/a", on), hold("b", "/spec/ab", on)})).empty());
}

TEST(Meaning, ACircleInAfterIsRefused) {
  const HoldLiteral on{Json{"1"}};
  std::vector<HoldSpec> holds{hold("a", "/a", on), hold("b", "/b", on), hold("c", "/c", on)};
  holds[0].after = {"b"};
  holds[1].after = {"c"};
  EXPECT_TRUE(check_meaning(spec_with(holds)).empty());
  holds[2].after = {"a"};
  const auto found = check_meaning(spec_with(holds));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].path, "spec.holds[0].after");
}

TEST(Meaning, ALiteralTooLargeToKeepIsRefused) {
  const auto found = check_meaning(
      spec_with({hold("a", "/a", HoldLiteral{json_of_string(std::string(4095, 'x'))})}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].path, "spec.holds[0].value.literal");
}

TEST(Meaning, ThirtyThreeFieldsOfOneObjectAreRefused) {
  std::vector<HoldSpec> holds;
  for (int i = 0; i < 33; ++i) {
    holds.push_back(
        hold("h" + std::to_string(i), "/f" + std::to_string(i), HoldLiteral{Json{"1"}}));
  }
  EXPECT_EQ(check_meaning(spec_with(holds)).size(), 1U);
  holds.pop_back();
  EXPECT_TRUE(check_meaning(spec_with(holds)).empty());
}

TEST(Documents, WhatStandsBeforeAMistakeIsKept) {
  const auto documents = read_documents(
      "apiVersion: doorbuster.dev/v1alpha1\nkind: SaleEvent\nmetadata: {name: a}\n"
      "spec: {window: {start: 2026-11-27T09:00:00Z, end: 2026-11-27T10:00:00Z}}\n---\na: [\n");
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_TRUE(documents[0].reading.accepted());
  EXPECT_FALSE(documents[1].reading.accepted());
}

TEST(Documents, OtherKindsArePassedOverByName) {
  const auto documents = read_documents("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(documents[0].kind, "ConfigMap");
  EXPECT_FALSE(documents[0].reading.accepted());
}

}  // namespace
}  // namespace doorbuster::api
