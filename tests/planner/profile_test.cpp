// A need that follows a profile: where its floor is to be and when, and what becomes of it.
#include "controllers/planner/course.h"
#include "tests/planner/shop.h"

#include <gtest/gtest.h>

#include <vector>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";

api::TargetSpec with_profile(api::TargetSpec target,
                             const std::vector<std::pair<Duration, std::int32_t>>& steps) {
  for (const auto& [at, replicas] : steps) {
    api::ProfileStep step;
    step.at = {to_text(at), at};
    step.replicas = replicas;
    target.profile.push_back(step);
  }
  return target;
}

Window window_of_four_hours() {
  return {.prepare = kStart - minutes(30),
          .start = kStart,
          .end = kStart + hours(4),
          .restored_by = kStart + hours(5),
          .zone = "",
          .tzdata = ""};
}

TEST(Profile, takes_the_place_of_the_amount_in_the_need) {
  api::TargetSpec target = target_of("checkout", 40);
  api::NeedRps rate;
  rate.value = *api::parse_quantity("60000");
  rate.rps_per_pod = *api::parse_quantity("420");
  rate.survive_zone_loss = true;
  target.need = rate;
  for (const auto& [at, rps] : std::vector<std::pair<Duration, std::string>>{
           {minutes(45), "20k"}, {hours(2), "60000"}, {hours(4), "1"}}) {
    api::ProfileStep step;
    step.at = {to_text(at), at};
    step.rps = *api::parse_quantity(rps);
    target.profile.push_back(step);
  }
  const Need need = need_of(target, {.usual = 4, .minimum = 3, .zones = 3}, window_of_four_hours());
  const std::vector<Stretch> expected = {
      {kStart, 215}, {kStart + minutes(45), 72}, {kStart + hours(2), 215}};
  EXPECT_EQ(need.stretches, expected) << "what begins at the end is no part of the sale";
  EXPECT_EQ(need.ceiling, 323) << "of the peak, and for the whole sale";
  EXPECT_EQ(need.floor_at(kStart - hours(1)), 215);
  EXPECT_EQ(need.floor_at(kStart + minutes(45)), 72);
  EXPECT_EQ(need.peak(), 215);
}

TEST(Profile, a_step_at_the_start_is_what_is_prepared_for) {
  const auto target = with_profile(target_of("checkout", 40), {{minutes(0), 10}, {hours(1), 60}});
  const Need need = need_of(target, {}, window_of_four_hours());
  const std::vector<Stretch> expected = {{kStart, 10}, {kStart + hours(1), 60}};
  EXPECT_EQ(need.stretches, expected);
}

struct CourseCase {
  const char* sentence;
  Duration at;  ///< after the start
  std::optional<std::int64_t> asked;
  std::int64_t due, keep;
  std::optional<std::int64_t> rises_to;
  std::optional<Duration> wake;  ///< after the start
};

void check(const Need& need, const std::vector<CourseCase>& cases) {
  api::RampUp ramp;  // ten minutes, and five for the last step
  for (const CourseCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const Course course =
        course_at(need, 4, kStart - minutes(30), ramp, one.asked, kStart + one.at);
    EXPECT_EQ(course.due, one.due);
    EXPECT_EQ(course.keep, one.keep);
    EXPECT_EQ(course.rises, one.rises_to.has_value());
    EXPECT_EQ(course.way.full, one.rises_to.value_or(one.due));
    const auto wake = one.wake ? std::optional<Instant>(kStart + *one.wake) : std::nullopt;
    EXPECT_EQ(course.wake, wake);
  }
}

TEST(Course, to_the_start_and_over_two_peaks) {
  Need need;
  need.stretches = {{kStart, 60}, {kStart + minutes(45), 20}, {kStart + minutes(120), 80}};
  check(need,
        {
            {"preparation goes to the start", -minutes(30), {}, 0, 60, 60, minutes(45)},
            {"the first stretch is due when its last step must still fit",
             -minutes(5),
             45,
             60,
             60,
             {},
             minutes(45)},
            {"nothing falls before its time", minutes(44), 60, 60, 60, {}, minutes(45)},
            {"a fall begins with its stretch", minutes(45), 60, 20, 20, {}, minutes(105)},
            {"the next rise begins its ramp and a step ahead",
             minutes(105),
             20,
             20,
             80,
             80,
             minutes(115)},
            {"a fall that is not done yet stops there", minutes(105), 50, 20, 80, 80, minutes(115)},
            {"the rise is due a step ahead", minutes(115), 20, 80, 80, {}, minutes(120)},
            {"and then for good", minutes(120), 80, 80, 80, {}, {}},
        });
}

TEST(Course, rises_that_come_close_together) {
  Need need;
  need.stretches = {{kStart, 20}, {kStart + minutes(4), 40}, {kStart + minutes(8), 60}};
  check(need,
        {
            {"the way to the start comes first", -minutes(6), 15, 0, 60, 20, -minutes(1)},
            {"then to the next", -minutes(5), 20, 20, 60, 40, -minutes(1)},
            {"where that is reached, to the one after", -minutes(4), 40, 20, 60, 60, minutes(3)},
            {"what begins within a step is due", -minutes(1), 20, 40, 60, 60, minutes(3)},
            {"the last one", minutes(3), 20, 60, 60, {}, minutes(4)},
        });
}

TEST(Course, a_dip_that_is_shorter_than_a_step_is_none) {
  Need need;
  need.stretches = {{kStart, 60}, {kStart + minutes(60), 20}, {kStart + minutes(64), 60}};
  check(need,
        {
            {"the rise after it is under way before it comes",
             minutes(59),
             60,
             60,
             60,
             {},
             minutes(60)},
            {"in it the next is due", minutes(60), 60, 60, 60, {}, minutes(64)},
        });
}

Shop shop_with(api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.window.end = kStart + hours(4);
  shop.window.restored_by = kStart + hours(5);
  shop.sale.spec->capacity.targets = {std::move(target)};
  return shop;
}

TEST(Profile, goes_down_step_by_step_and_is_up_again_when_it_comes) {
  Shop shop =
      shop_with(with_profile(target_of("checkout", 60), {{minutes(45), 20}, {minutes(120), 80}}));
  shop.set_load("checkout", 1);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 60);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 120) << "by the higher peak, from the beginning";
  EXPECT_EQ(shop.target("checkout")->floor, 60);
  shop.run_until(kStart + minutes(45) - seconds(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 60);
  shop.run_until(kStart + minutes(45));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 54) << "a tenth of the way to what was there before";
  EXPECT_EQ(shop.target("checkout")->state, "Lowering");
  EXPECT_EQ(shop.target("checkout")->floor, 20);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared") << "more than enough is ready";
  shop.run_until(kStart + minutes(60));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 20);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 120);
  EXPECT_EQ(shop.target("checkout")->state, "Held");
  EXPECT_EQ(shop.hold("checkout", kMin)->peak, 60) << "a fall after this one keeps its pace";
  shop.run_until(kStart + minutes(105));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 35) << "the first of four steps";
  EXPECT_EQ(shop.target("checkout")->state, "Ramping");
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared") << "what is needed now is ready";
  shop.run_until(kStart + minutes(120));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 80);
  EXPECT_EQ(shop.target("checkout")->floor, 80);
  EXPECT_EQ(shop.hold("checkout", kMin)->peak, std::nullopt) << "up again";
  EXPECT_EQ(shop.floors["checkout"], 20);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Profile, never_falls_below_what_load_asks_for) {
  Shop shop = shop_with(with_profile(target_of("checkout", 60), {{minutes(45), 20}}));
  shop.set_load("checkout", 50);
  shop.run_until(kStart + hours(2));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 50);
  shop.set_load("checkout", 30);
  shop.run_until(kStart + hours(3));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 30);
  EXPECT_EQ(shop.floors["checkout"], 30);
}

TEST(Profile, a_rise_whose_pods_do_not_get_ready_is_written_in_full_a_step_ahead) {
  Shop shop = shop_with(with_profile(target_of("checkout", 10), {{minutes(60), 40}}));
  shop.sale.spec->capacity.targets[0].ramp.up.on_timeout = api::OnTimeout::Hold;
  shop.run_until(kStart);
  shop.unready.insert("checkout");
  shop.run_until(kStart + minutes(55) - seconds(1));
  EXPECT_LT(shop.number(kCheckoutHpa, kMin), 40);
  shop.run_until(kStart + minutes(55));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared") << "ten are needed now, and ready";
  shop.run_until(kStart + minutes(60));
  EXPECT_EQ(shop.condition("Prepared"), "False TargetsNotReady");
}

TEST(Profile, an_event_that_comes_late_writes_what_is_due_at_once) {
  Shop shop = shop_with(with_profile(target_of("checkout", 10), {{minutes(60), 40}}));
  shop.clock = kStart + minutes(50);  // the rise has begun
  shop.settle();
  EXPECT_GE(shop.number(kCheckoutHpa, kMin), 10);
  shop.run_until(kStart + minutes(60));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

}  // namespace
}  // namespace doorbuster::planner
