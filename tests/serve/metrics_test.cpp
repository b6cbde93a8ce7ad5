#include "operator/serve/metrics.h"

#include <gtest/gtest.h>

namespace doorbuster::serve {
namespace {

Metrics make() {
  return Metrics({{MetricSpec::Type::Counter, "seen_total", "Seen.", {}},
                  {MetricSpec::Type::Gauge, "depth", "Depth.", {}},
                  {MetricSpec::Type::Histogram, "took_seconds", "Took.", {0.1, 1}}});
}

bool has_line(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.text()).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, CountsSetsAndObserves) {
  Metrics metrics = make();
  metrics.count("seen_total", {{"a", "x"}});
  metrics.count("seen_total", {{"a", "x"}}, 2);
  metrics.count("seen_total", {{"a", "y"}});
  metrics.set("depth", {}, 5);
  metrics.change("depth", {}, -1);
  metrics.observe("took_seconds", {}, 0.5);
  EXPECT_TRUE(has_line(metrics, "seen_total{a=\"x\"} 3")) << metrics.text();
  EXPECT_TRUE(has_line(metrics, "seen_total{a=\"y\"} 1"));
  EXPECT_TRUE(has_line(metrics, "depth 4"));
  EXPECT_TRUE(has_line(metrics, "took_seconds_bucket{le=\"0.1\"} 0"));
  EXPECT_TRUE(has_line(metrics, "took_seconds_bucket{le=\"1\"} 1"));
  EXPECT_TRUE(has_line(metrics, "# TYPE seen_total counter"));
}

TEST(Metrics, SeriesGoWithTheirEvent) {
  Metrics metrics = make();
  metrics.set_group("a",
                    {{"depth", {{"event", "a"}, {"phase", "Live"}}, 1},
                     {"depth", {{"event", "a"}, {"target", "t"}}, 5}});
  metrics.set_group("b", {{"depth", {{"event", "b"}}, 2}});
  metrics.set_group("a",
                    {{"depth", {{"event", "a"}, {"phase", "CoolingDown"}}, 1},
                     {"depth", {{"event", "a"}, {"target", "t"}}, 4}});
  EXPECT_EQ(metrics.text().find("Live"), std::string::npos) << metrics.text();
  EXPECT_TRUE(has_line(metrics, "depth{event=\"a\",phase=\"CoolingDown\"} 1")) << metrics.text();
  EXPECT_TRUE(has_line(metrics, "depth{event=\"a\",target=\"t\"} 4"));
  metrics.set_group("a", {});
  EXPECT_EQ(metrics.text().find("event=\"a\""), std::string::npos) << metrics.text();
  EXPECT_TRUE(has_line(metrics, "depth{event=\"b\"} 2"));
  metrics.set_group("a", {{"depth", {{"event", "a"}}, 7}});  // and may come back
  EXPECT_TRUE(has_line(metrics, "depth{event=\"a\"} 7"));
}

TEST(MetricsDeathTest, AnUndeclaredNameIsABug) {
  Metrics metrics = make();
  EXPECT_DEATH(metrics.set("unheard_of", {}, 1), "");
}

}  // namespace
}  // namespace doorbuster::serve
