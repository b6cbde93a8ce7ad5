// Reflector, WatchSet and Store over a scripted transport.

#include "operator/kube/reflector.h"

#include "operator/base/json.h"
#include "operator/kube/store.h"
#include "operator/kube/watch_set.h"
#include "tests/kube/scripted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace doorbuster::kube {
namespace {

using Pipe = ScriptedTransport::Pipe;
using testing::ElementsAre;
using testing::HasSubstr;

Resource autoscalers() {
  return {.group = "autoscaling",
          .version = "v2",
          .plural = "horizontalpodautoscalers",
          .kind = "HorizontalPodAutoscaler",
          .verbs = {},
          .subresources = {}};
}

struct Floor {
  std::int64_t min = 0;
  std::string target;
};
using FloorStore = Store<Floor>;

Result<Floor> floor_of(const Meta&, std::string_view text) {
  const auto view = JsonView::parse(text);
  if (!view.ok()) return view.error();
  const auto min = view->at("/spec/minReplicas");
  const auto target = view->at("/spec/scaleTargetRef/name");
  if (!min.ok() || !min->integer()) {
    return Error{
        .kind = ErrorKind::Invalid, .message = "no minReplicas", .causes = {}, .retry_after = {}};
  }
  return Floor{*min->integer(), target.ok() ? target->string().value_or("") : ""};
}

std::string autoscaler(const std::string& name,
                       int version,
                       const std::string& min = "2",
                       const std::string& target = "web") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"u-)" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("},"spec":{"minReplicas":)" +
         min + R"(,"scaleTargetRef":{"name":")" + target + R"("}}})";
}
std::string list(int version,
                 const std::vector<std::string>& items,
                 const std::string& token = "") {
  std::string text = R"({"metadata":{"resourceVersion":")" + std::to_string(version) +
                     R"(","continue":")" + token + R"("},"items":[)";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ",") + items[i];
  return text + "]}";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

/// A wall clock that the test moves.
struct Clock {
  std::atomic<std::int64_t> ms{1'000'000};
  Instant now() const { return Instant(Duration(ms.load())); }
};

class Watched : public testing::Test {
 protected:
  Watched() {
    transport->time_divisor = 100;
    store->add_index("target", [](const Key& key, const Floor& floor) {
      return std::vector<std::string>{key.ns + "/" + floor.target};
    });
    store->on_change([this](const Key& key,
                            const FloorStore::Pointer& before,
                            const FloorStore::Pointer& after) {
      const std::lock_guard lock(mutex);
      const auto show = [](const FloorStore::Pointer& floor) {
        return floor ? std::to_string(floor->min) : "-";
      };
      changes.push_back(key.name + ": " + show(before) + " -> " + show(after));
    });
  }
  WatchWorld world() {
    return {transport, [this] { return clock.now(); }, [] { return 0.5; }, {}};
  }
  static bool eventually(const std::function<bool()>& check) {
    for (int i = 0; i < 2'000; ++i) {
      if (check()) return true;
      std::this_thread::sleep_for(Duration(5));
    }
    return false;
  }
  std::size_t told() {
    const std::lock_guard lock(mutex);
    return changes.size();
  }
  std::vector<std::string> taken() {
    const std::lock_guard lock(mutex);
    return std::exchange(changes, {});
  }

  Clock clock;
  std::mutex mutex;
  std::vector<std::string> changes;
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  std::shared_ptr<FloorStore> store = std::make_shared<FloorStore>(floor_of);
};

TEST_F(Watched, AStoreHoldsWhatListAndWatchSaid) {
  Reflector reflector(world(), autoscalers(), "shop", store);
  EXPECT_FALSE(store->synced("shop"));
  reflector.start();
  ASSERT_NE(transport->pipe(0), nullptr);
  EXPECT_EQ(transport->pipe(0)->request.target,
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers?limit=500");
  transport->pipe(0)->answer(200, list(10, {autoscaler("a", 5), autoscaler("b", 6, "3")}, "more"));
  ASSERT_NE(transport->pipe(1), nullptr);
  EXPECT_FALSE(store->synced("shop")) << "half a list is no list";
  EXPECT_EQ(store->size(), 0U);
  transport->pipe(1)->answer(200, list(10, {autoscaler("c", 7, "4", "pay")}));
  const auto watch = transport->pipe(2);
  ASSERT_NE(watch, nullptr);
  EXPECT_EQ(watch->idle, Duration(200'000));
  watch->status(200);
  ASSERT_TRUE(eventually([&] { return store->report("shop").state == WatchState::Current; }));
  EXPECT_TRUE(store->synced("shop"));
  EXPECT_FALSE(store->synced()) << "only one namespace was listed";
  EXPECT_THAT(taken(), ElementsAre("a: - -> 2", "b: - -> 3", "c: - -> 4"));
  EXPECT_EQ(store->version("shop"), "10");

  clock.ms += 5'000;
  watch->bytes(event("MODIFIED", autoscaler("a", 11, "9", "pay")) +
               event("DELETED", autoscaler("b", 12)));
  ASSERT_TRUE(eventually([&] { return told() == 2; }));
  EXPECT_EQ(store->version("shop"), "12");
  EXPECT_THAT(taken(), ElementsAre("a: 2 -> 9", "b: 3 -> -"));
  EXPECT_EQ(store->last_heard("shop"), clock.now());
  EXPECT_EQ(store->find({"shop", "b"}), std::nullopt);
  ASSERT_EQ(store->by_index("target", "shop/pay").size(), 2U);
  EXPECT_EQ(store->by_index("target", "shop/pay")[0].first.name, "a");
  EXPECT_TRUE(store->by_index("target", "shop/web").empty());
  EXPECT_EQ(store->get({"shop", "a"})->min, 9);

  clock.ms += 60'000;
  watch->bytes(event("BOOKMARK", R"({"metadata":{"resourceVersion":"99"}})"));
  ASSERT_TRUE(eventually([&] { return store->version("shop") == "99"; }));
  EXPECT_EQ(store->last_heard("shop"), clock.now());
}

TEST_F(Watched, ANewListSwapsTheViewAndTellsWhatIsGone) {
  Reflector reflector(world(), autoscalers(), "", store);
  reflector.start();
  transport->pipe(0)->answer(
      200, list(10, {autoscaler("a", 5), autoscaler("b", 6), autoscaler("c", 7)}));
  transport->pipe(1)->status(200);
  ASSERT_TRUE(eventually([&] { return store->report().state == WatchState::Current; }));
  const auto same = store->get({"shop", "a"});
  taken();
  transport->pipe(1)->bytes(event("ERROR", R"({"kind":"Status","code":410,"message":"too old"})"));
  ASSERT_NE(transport->pipe(2), nullptr);
  EXPECT_TRUE(store->synced()) << "the old view stands until the new one is whole";
  EXPECT_EQ(store->size(), 3U);
  transport->pipe(2)->answer(
      200, list(20, {autoscaler("a", 5), autoscaler("c", 18, "8"), autoscaler("d", 19)}));
  ASSERT_TRUE(eventually([&] { return told() == 3; }));
  EXPECT_EQ(store->version(), "20");
  EXPECT_THAT(taken(), ElementsAre("b: 2 -> -", "c: 2 -> 8", "d: - -> 2"));
  EXPECT_EQ(store->get({"shop", "a"}), same) << "what has not changed is not made again";
}

TEST_F(Watched, AnObjectThatCannotBeReadIsKnownAsSuch) {
  Reflector reflector(world(), autoscalers(), "", store);
  reflector.start();
  transport->pipe(0)->answer(200,
                             list(10, {autoscaler("a", 5), autoscaler("b", 6, "\"two\""), "7"}));
  ASSERT_TRUE(eventually([&] { return store->synced(); }));
  EXPECT_EQ(store->get({"shop", "b"}), nullptr);
  ASSERT_TRUE(store->find({"shop", "b"}).has_value()) << "unreadable is not missing";
  EXPECT_EQ(store->find({"shop", "b"})->unreadable, "no minReplicas");
  ASSERT_TRUE(eventually([&] { return store->undecodable() == 2; }));
  transport->pipe(1)->status(200);
  transport->pipe(1)->bytes(event("MODIFIED", autoscaler("b", 11, "3")) +
                            event("MODIFIED", autoscaler("a", 12, "null")));
  ASSERT_TRUE(eventually([&] { return store->version() == "12"; }));
  EXPECT_EQ(store->get({"shop", "b"})->min, 3);
  EXPECT_EQ(store->get({"shop", "a"}), nullptr) << "an old value must not stand for a new object";
}

TEST_F(Watched, ARefusalIsReportedAndTheOldViewStays) {
  WatchSettings settings;
  settings.early_refusals = 0;
  Reflector reflector(world(), autoscalers(), "", store, settings);
  reflector.start();
  transport->pipe(0)->answer(200, list(10, {autoscaler("a", 5)}));
  transport->pipe(1)->answer(403, R"({"kind":"Status","code":403,"message":"not allowed"})");
  ASSERT_TRUE(eventually([&] { return store->report().state == WatchState::Denied; }));
  EXPECT_EQ(store->report().why, "not allowed");
  EXPECT_EQ(store->size(), 1U);
  EXPECT_EQ(store->last_heard(), clock.now()) << "and its age tells";
}

TEST_F(Watched, RetryAfterIsReadFromTheHeaders) {
  transport->time_divisor = 1;
  Reflector reflector(world(), autoscalers(), "", store);
  reflector.start();
  const auto asked = std::chrono::steady_clock::now();
  transport->pipe(0)->answer(429, "", {{"Retry-AFTER", "1"}});
  ASSERT_NE(transport->pipe(1), nullptr);
  EXPECT_GE(std::chrono::steady_clock::now() - asked, std::chrono::seconds(1));
}

TEST_F(Watched, AfterStopNothingIsDeliveredAndTheStoreIsEmpty) {
  auto reflector = std::make_unique<Reflector>(world(), autoscalers(), "", store);
  reflector->start();
  transport->pipe(0)->answer(200, list(10, {autoscaler("a", 5)}));
  transport->pipe(1)->status(200);
  ASSERT_TRUE(eventually([&] { return store->report().state == WatchState::Current; }));
  for (int i = 0; i < 100; ++i)
    transport->pipe(1)->bytes(event("ADDED", autoscaler("x" + std::to_string(i), 11 + i)));
  reflector->stop();
  EXPECT_TRUE(transport->pipe(1)->closed());
  EXPECT_EQ(store->size(), 0U);
  EXPECT_FALSE(store->synced());
  EXPECT_EQ(store->report().state, WatchState::Stopped);
  reflector.reset();
  std::this_thread::sleep_for(Duration(30));
  EXPECT_EQ(store->size(), 0U);
}

TEST_F(Watched, StartingAndStoppingAtAnyTimeIsSafe) {
  const auto answering = std::make_shared<ScriptedTransport>([](const std::shared_ptr<Pipe>& pipe) {
    if (pipe->request.target.find("watch=true") == std::string::npos) {
      pipe->answer(200, list(10, {autoscaler("a", 5)}));
    } else {
      pipe->status(200);
      for (int i = 0; i < 5; ++i) pipe->bytes(event("MODIFIED", autoscaler("a", 11 + i)));
      pipe->end("reset");
    }
  });
  answering->time_divisor = 1'000;
  WatchWorld quick = world();
  quick.transport = answering;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        const auto own = std::make_shared<FloorStore>(floor_of);
        Reflector reflector(quick, autoscalers(), "", own);
        reflector.start();
        std::this_thread::sleep_for(std::chrono::microseconds(37 * (i % 40)));
        reflector.stop();
        EXPECT_EQ(own->size(), 0U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Watched, AWatchLastsWhileSomebodyNeedsItAndALittleLonger) {
  transport->time_divisor = 1;
  WatchSet watches(world(), {}, Duration(150));
  WatchClaim one = watches.acquire(autoscalers(), "", store);
  WatchClaim two = watches.acquire(autoscalers(), "", store);
  ASSERT_NE(transport->pipe(0), nullptr);
  transport->pipe(0)->answer(200, list(10, {autoscaler("a", 5)}));
  transport->pipe(1)->status(200);
  ASSERT_TRUE(eventually([&] { return store->synced(); }));
  EXPECT_EQ(transport->opened(), 2U) << "one watch for two who need it";
  ASSERT_EQ(watches.running().size(), 1U);
  EXPECT_EQ(watches.running()[0].claims, 2);
  EXPECT_EQ(watches.running()[0].lists, 1U);
  one.release();
  two.release();
  EXPECT_TRUE(store->synced()) << "it lingers";
  one = watches.acquire(autoscalers(), "", store);
  std::this_thread::sleep_for(Duration(250));
  EXPECT_TRUE(store->synced()) << "claimed again in time";
  one = WatchClaim();
  ASSERT_TRUE(eventually([&] { return watches.running().empty(); }));
  EXPECT_FALSE(store->synced());
  EXPECT_TRUE(transport->pipe(1)->closed());
  one = watches.acquire(autoscalers(), "", store);
  ASSERT_NE(transport->pipe(2), nullptr) << "and begins anew";
  watches.stop();
  EXPECT_FALSE(watches.acquire(autoscalers(), "", store));
}

TEST_F(Watched, ClaimsFromManyThreadsEndInNoWatch) {
  transport->time_divisor = 1;
  WatchSet watches(world(), {}, Duration(1));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const WatchClaim claim = watches.acquire(autoscalers(), t % 2 == 0 ? "" : "shop", store);
        std::this_thread::sleep_for(std::chrono::microseconds(100 * (i % 30)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return watches.running().empty(); }));
}

// ---- Written: our own writes

struct WriteSeen {
  const char* sentence;
  std::string wrote;
  std::optional<std::string> cached;
  std::string seen_up_to;
  Duration waited;
  bool visible;
};

TEST(Written, AWriteIsVisibleOnceTheViewHasReachedIt) {
  const std::vector<WriteSeen> cases = {
      {"an older object", "100", "99", "99", {}, false},
      {"our very write", "100", "100", "100", {}, true},
      {"a later write of somebody else", "100", "101", "101", {}, true},
      {"more digits are later", "99", "100", "100", {}, true},
      {"an old object although the view is past our write", "100", "99", "120", {}, true},
      {"not in a view that is behind: not created yet", "100", std::nullopt, "99", {}, false},
      {"not in a view that is past it: deleted since", "100", std::nullopt, "100", {}, true},
      {"a stale view stays stale however long", "100", "99", "99", Duration(3'600'000), false},
      {"versions that do not compare: equal", "x1", "x1", "x1", {}, true},
      {"versions that do not compare: different", "x1", "x0", "x0", {}, false},
      {"versions that do not compare are given up after a while",
       "x1",
       "x2",
       "x2",
       Written::kPatience,
       true},
  };
  for (const WriteSeen& given : cases) {
    Written written;
    const Instant now(Duration(1'000));
    written.wrote({"shop", "a"}, given.wrote, now);
    EXPECT_EQ(written.visible({"shop", "a"}, given.cached, given.seen_up_to, now + given.waited),
              given.visible)
        << given.sentence;
    EXPECT_EQ(written.size(), given.visible ? 0U : 1U) << given.sentence;
  }
}

TEST(Written, OnlyTheLastWriteCountsAndMemoryIsBounded) {
  Written written(2);
  const Instant now{};
  written.wrote({"shop", "a"}, "100", now);
  written.wrote({"shop", "a"}, "105", now);
  EXPECT_FALSE(written.visible({"shop", "a"}, "100", "100", now));
  written.wrote({"shop", "b"}, "106", now);
  written.wrote({"shop", "c"}, "107", now);
  EXPECT_EQ(written.size(), 2U);
  EXPECT_TRUE(written.visible({"shop", "a"}, "100", "100", now)) << "the oldest was dropped";
  written.forget({"shop", "b"});
  EXPECT_TRUE(written.visible({"shop", "b"}, std::nullopt, "", now));
}

}  // namespace
}  // namespace doorbuster::kube
