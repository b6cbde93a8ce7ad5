// How a forecast is shown: text, JSON, picture, exit code.
#include "operator/commands/forecast_text.h"

#include "operator/base/json.h"
#include "operator/commands/checked.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace doorbuster::commands {
namespace {

using simulator::ForecastFinding;
using simulator::ForecastVerdict;
using std::chrono::hours;
using std::chrono::minutes;

const Instant kStart = *parse_rfc3339("2026-11-27T08:00:00Z");

Outlook outlook() {
  Outlook out{.title = "shop/<flash>",
              .forecast = {},
              .assumed = {"room for every pod"},
              .latest_safe = {}};
  simulator::Forecast& made = out.forecast;
  made.window = {kStart - minutes(45), kStart, kStart + hours(2), kStart + hours(3), "", ""};
  made.from = kStart - hours(24);
  made.until = kStart + hours(3);
  made.timeline.push_back(
      {kStart - minutes(45) + Duration(333),
       {"autoscaling", "HorizontalPodAutoscaler", "shop", "checkout"},
       {{"/spec/minReplicas", Json{"3"}, Json{"7"}},
        {"/spec/behavior/scaleDown/selectPolicy", std::nullopt, Json{"\"Disabled\""}}},
       {"Raising", "checkout: floor 7 of 20"}});
  simulator::TargetOutlook target;
  target.name = "checkout";
  target.workload = {"apps", "Deployment", "shop", "checkout"};
  target.floor = 20;
  target.ready_at_start = 20;
  target.ready_since = kStart - minutes(10);
  target.curve = {{.at = made.from,
                   .floor = 3,
                   .ceiling = 12,
                   .replicas = 4,
                   .ready = 4,
                   .waiting = 0,
                   .wanted = 4},
                  {.at = kStart,
                   .floor = 20,
                   .ceiling = 30,
                   .replicas = 20,
                   .ready = 20,
                   .waiting = 0,
                   .wanted = 16}};
  made.targets.push_back(target);
  return out;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

TEST(ForecastText, SaysThatChecksAreNotMeasured) {
  Outlook shown = outlook();
  assume_unplayed({}, shown);
  EXPECT_EQ(as_text(shown).find("checks"), std::string::npos);
  api::SaleEventSpec spec;
  spec.checks = {{.name = "rate"}, {.name = "database"}};
  assume_unplayed(spec, shown);
  EXPECT_NE(as_text(shown).find("  - checks are not measured here: rate, "
                                "database"),
            std::string::npos)
      << as_text(shown);
}

TEST(ForecastText, TheTimelineNamesFieldsBeforeAndAfter) {
  const std::string text = as_text(outlook());
  EXPECT_NE(
      text.find("2026-11-27T07:15:00Z  HorizontalPodAutoscaler shop/checkout: minReplicas 3 -> 7, "
                "selectPolicy absent -> \"Disabled\""),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("  - room for every pod"), std::string::npos);
  EXPECT_NE(text.find("Verdict: Go"), std::string::npos);
}

TEST(ForecastText, TheCurveShowsTheSaleAndNotTheDaysBefore) {
  const std::string text = as_text(outlook());
  EXPECT_NE(text.find("prepare      start"), std::string::npos) << text;
  EXPECT_NE(text.find("07:15        08:00"), std::string::npos) << text;
}

TEST(ForecastText, FindingsComeWithTheirLevel) {
  Outlook bad = outlook();
  bad.forecast.add(
      {{ForecastVerdict::Warn, "DemandAboveCeiling", "checkout", "too much"},
       {ForecastVerdict::NoGo, "NotReadyAtStart", "checkout", "12 of 20 are ready at start"}});
  const std::string text = as_text(bad);
  EXPECT_LT(text.find("NoGo NotReadyAtStart checkout: 12 of 20"),
            text.find("Warn DemandAboveCeiling"));
  EXPECT_NE(text.find("Verdict: NoGo"), std::string::npos);
}

TEST(ForecastJson, IsOneObjectWithEverything) {
  Outlook one = outlook();
  one.latest_safe = kStart - minutes(6);
  const std::string text = as_json(one);
  const auto view = JsonView::parse(text);
  ASSERT_TRUE(view.ok()) << text;
  EXPECT_EQ(view->at("/verdict")->string(), "Go");
  EXPECT_EQ(view->at("/latestSafeStart")->string(), "2026-11-27T07:54:00Z");
  EXPECT_EQ(view->at("/timeline/0/changes/0/after")->integer(), 7);
  EXPECT_FALSE(view->at("/timeline/0/changes/1/before").ok()) << "absent is not null";
  EXPECT_EQ(view->at("/targets/0/curve/1/wanted")->integer(), 16);
}

TEST(ForecastSvg, IsWellFormedAndEscapesNames) {
  const std::string svg = as_svg(outlook());
  EXPECT_EQ(svg.find("<svg "), 0U);
  EXPECT_NE(svg.find("shop/&lt;flash&gt;"), std::string::npos);
  EXPECT_EQ(count(svg, "<text"), count(svg, "</text>"));
  EXPECT_EQ(count(svg, "\"") % 2, 0U);
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
}

struct ExitCase {
  const char* sentence;
  std::vector<ForecastFinding> findings;
  bool fail_on_warnings;
  int code;
};

TEST(ForecastExit, SaysTheVerdict) {
  const ForecastFinding warn{ForecastVerdict::Warn, "A", "", ""},
      no{ForecastVerdict::NoGo, "B", "", ""};
  const ExitCase cases[] = {{"Go is 0", {}, true, kDone},
                            {"Warn is 0", {warn}, false, kDone},
                            {"Warn is 11 where warnings are to fail", {warn}, true, kWarned},
                            {"NoGo is 10", {warn, no}, false, kBad}};
  for (const ExitCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    simulator::Forecast made;
    made.add(one.findings);
    EXPECT_EQ(exit_code_of(made, one.fail_on_warnings), one.code);
  }
}

std::string page(const std::string& name) {
  std::ifstream in(std::string(DOORBUSTER_SOURCE_DIR) + "/docs/reference/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(FindingsPage, DescribesEveryCode) {
  const std::string text = page("findings.md");
  namespace codes = api::codes;
  for (const char* code : {codes::kUnreadable,
                           codes::kText,
                           codes::kIdentity,
                           codes::kUnknownField,
                           codes::kShape,
                           codes::kRule,
                           codes::kMeaning,
                           codes::kTwice,
                           codes::kWindow,
                           codes::kWindowOver,
                           codes::kPrepareBegun,
                           codes::kRampShort,
                           codes::kProfileLate,
                           codes::kNotAllowed}) {
    EXPECT_NE(text.find("| " + std::string(code) + " |"), std::string::npos) << code;
  }
  EXPECT_EQ(count(text, "| DB0"), 14U) << "no code that does not exist";
}

}  // namespace
}  // namespace doorbuster::commands
