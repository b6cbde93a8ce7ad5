// What a target needs, as sentences; the arithmetic, and what becomes of it.
#include "controllers/planner/need.h"

#include "controllers/planner/intent.h"
#include "tests/planner/shop.h"

#include <gtest/gtest.h>

#include <vector>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;

constexpr const char* kMin = "/spec/minReplicas";

api::NeedRps rate(const std::string& rps, const std::string& per_pod) {
  api::NeedRps out;
  out.value = *api::parse_quantity(rps);
  out.rps_per_pod = *api::parse_quantity(per_pod);
  return out;
}

api::TargetSpec target_rps(api::NeedRps need) {
  api::TargetSpec out = target_of("checkout", 1);
  out.need = std::move(need);
  return out;
}

api::TargetSpec to_survive(std::optional<std::int32_t> zones = std::nullopt) {
  api::NeedRps need = rate("4000", "100");
  need.survive_zone_loss = true;
  need.zones = zones;
  return target_rps(need);
}

TEST(Need, a_rate_is_carried_by_so_many_pods) {
  struct Case {
    const char* sentence;
    std::string rps, per_pod;
    std::optional<std::int32_t> percent;
    std::int64_t replicas;
  };
  const Case cases[] = {
      {"what divides evenly", "4000", "100", {}, 40},
      {"a fraction of a pod is a pod", "4001", "100", {}, 41},
      {"60,000 requests at 420 a pod", "60000", "420", {}, 143},
      {"used to seven tenths it takes more", "60000", "420", 70, 205},
      {"seven tenths divide evenly too", "700", "10", 70, 100},
      {"less than one pod carries", "1", "1G", {}, 1},
      {"a pod that takes two seconds a request", "3", "500m", {}, 6},
      {"fractions on both sides, exactly", "0.3", "0.1", {}, 3},
      {"kilo", "60k", "0.5k", 100, 120},
      {"no more than can be asked for", "1G", "1n", 1, kMostReplicas + 1},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    api::NeedRps need = rate(one.rps, one.per_pod);
    need.utilization_percent = one.percent;
    EXPECT_EQ(replicas_for_rate(need), one.replicas);
  }
}

TEST(Need, of_any_zone_lost_enough_is_left_and_no_pod_too_many) {
  for (std::int64_t zones = 2; zones <= 12; ++zones) {
    const auto left = [zones](std::int64_t count) { return count - (count + zones - 1) / zones; };
    for (std::int64_t count = 1; count <= 600; ++count) {
      const std::int64_t all = with_a_zone_to_lose(count, zones);
      ASSERT_GE(left(all), count) << count << " over " << zones;
      ASSERT_LT(left(all - 1), count) << count << " over " << zones;
    }
  }
  EXPECT_EQ(with_a_zone_to_lose(7, 1), 7) << "the only zone cannot be lost";
}

TEST(Need, the_full_floor_of_a_rate) {
  struct Case {
    const char* sentence;
    api::TargetSpec target;
    std::optional<std::int64_t> zones;
    std::int64_t floor, ceiling;
    bool capped;
  };
  const auto capped = [](api::TargetSpec target, std::int32_t ceiling) {
    target.ceiling = ceiling;
    return target;
  };
  const Case cases[] = {
      {"no margin where none is asked for", target_rps(rate("4000", "100")), 3, 40, 60, false},
      {"a third zone's worth more", to_survive(), 3, 60, 90, false},
      {"what the spec says of zones counts", to_survive(5), 3, 50, 75, false},
      {"zones not known: two, for which most is needed", to_survive(), {}, 80, 120, false},
      {"one zone: no margin helps", to_survive(), 1, 40, 60, false},
      {"the ceiling caps it", capped(to_survive(), 50), 3, 50, 50, true},
      {"beyond all bounds is capped too",
       target_rps(rate("1G", "1")),
       {},
       kMostReplicas,
       150'000,
       true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    const Need need = need_of(one.target, {.usual = 4, .minimum = 3, .zones = one.zones}, {});
    EXPECT_EQ(need.peak(), one.floor);
    EXPECT_EQ(need.ceiling, one.ceiling);
    EXPECT_EQ(need.capped, one.capped);
  }
}

Shop shop_of(api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {std::move(target)};
  return shop;
}

TEST(Need, a_rate_is_raised_and_put_back) {
  Shop shop = shop_of(target_rps(rate("4000", "100")));
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  EXPECT_FALSE(shop.target("checkout")->zones) << "nobody asked for them";
  shop.set_load("checkout", 1);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Need, zones_are_counted_once_a_run_so_that_the_loss_of_one_changes_nothing) {
  Shop shop = shop_of(to_survive());
  shop.zones = 3;
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 60);
  EXPECT_EQ(shop.target("checkout")->zones, 3);
  shop.zones = 2;
  shop.run_until(kStart + std::chrono::minutes(30));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 60);
  EXPECT_FALSE(shop.told.contains("ZonesUnknown"));
}

TEST(Need, zones_are_made_ready_ahead_of_the_first_step) {
  Shop shop = shop_of(to_survive());
  shop.zones = 3;
  shop.run_until(shop.window.prepare - kAhead / 2);
  EXPECT_EQ(shop.target("checkout")->state, kDue);
  EXPECT_EQ(shop.target("checkout")->zones, 3);
  shop.clock = shop.window.prepare;
  shop.requests.clear();
  shop.round();
  ASSERT_EQ(shop.requests.size(), 1U) << "status remembers all that the write depends on";
  EXPECT_EQ(shop.requests.front(), "HorizontalPodAutoscaler/checkout");
}

TEST(Need, zones_that_are_not_known_are_two_and_told_of_and_known_ones_lower_it_again) {
  Shop shop = shop_of(to_survive());
  shop.set_load("checkout", 1);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 80);
  EXPECT_TRUE(shop.told.contains("ZonesUnknown"));
  shop.zones = 3;
  shop.run_until(shop.window.end - std::chrono::seconds(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 60);
  EXPECT_EQ(shop.floors["checkout"], 60) << "by the way down, and no further";
}

TEST(Need, the_loss_of_the_only_zone_is_said_not_to_be_survived) {
  Shop shop = shop_of(to_survive());
  shop.zones = 1;
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_TRUE(shop.told.contains("OneZone"));
}

}  // namespace
}  // namespace doorbuster::planner
