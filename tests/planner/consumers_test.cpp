// What a ConfigMap tells of those who read it, as a table.
#include "controllers/planner/consumers.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;

struct ReadersCase {
  const char* sentence;
  ObjectRef object;
  const char* field;
  const char* body;
  const char* told;  ///< empty: nothing
  const char* value;
};

ObjectRef config(const char* name) { return {"", "ConfigMap", "shop", name}; }

TEST(Consumers, that_will_not_see_a_change_or_will_restart_are_told_of_before_the_day) {
  const ReadersCase cases[] = {
      {"a plain one", config("flags"), "/data/lite", R"({"data":{"lite":"off"}})", "", "\"on\""},
      {"an immutable one is refused",
       config("flags"),
       "/data/lite",
       R"({"data":{"lite":"off"},"immutable":true})",
       "ObjectImmutable",
       "\"off\""},
      {"one that says that it is not immutable",
       config("flags"),
       "/data/lite",
       R"({"data":{"lite":"off"},"immutable":false})",
       "",
       "\"on\""},
      {"a hashed name",
       config("flags-2g5hkm9t4b"),
       "/data/lite",
       R"({"data":{"lite":"off"}})",
       "HashedName",
       "\"on\""},
      {"a name with a word of ten letters",
       config("flags-storefront"),
       "/data/lite",
       R"({"data":{"lite":"off"}})",
       "",
       "\"on\""},
      {"a hash without a name before it",
       config("2g5hkm9t4b"),
       "/data/lite",
       R"({"data":{"lite":"off"}})",
       "",
       "\"on\""},
      {"a reloader",
       config("flags"),
       "/data/lite",
       R"({"data":{"lite":"off"},"metadata":{"annotations":{"reloader.stakater.com/match":"true"}}})",
       "ConsumersRestart",
       "\"on\""},
      {"a reloader switched off",
       config("flags"),
       "/data/lite",
       R"({"data":{"lite":"off"},"metadata":{"annotations":{"reloader.stakater.com/match":"false"}}})",
       "",
       "\"on\""},
  };
  for (const ReadersCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop;
    shop.add(one.object, one.body);
    shop.sale.spec->holds = {
        hold_of("lite", one.object, one.field, api::HoldLiteral{Json{"\"on\""}})};
    shop.clock = kStart - hours(24 * 7);
    shop.settle();
    for (const char* code : {"ObjectImmutable", "HashedName", "ConsumersRestart"})
      EXPECT_EQ(shop.told.contains(code), std::string(one.told) == code) << code;
    EXPECT_EQ(shop.sale.status.verdict, *one.told == '\0' ? "Go" : "Warn");
    shop.run_until(kStart + hours(1));
    EXPECT_EQ(shop.at(one.object, one.field)->text, one.value);
    shop.run_until(shop.window.restored_by);
    EXPECT_EQ(shop.at(one.object, one.field)->text, "\"off\"");
    EXPECT_EQ(shop.sale.status.phase, "Completed");
  }
}

}  // namespace
}  // namespace doorbuster::planner
