#include "operator/kube/lease.h"

#include "operator/base/json.h"
#include "operator/kube/micro_time.h"
#include "tests/kube/fake_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace doorbuster::kube {
namespace {

using testing::ElementsAre;

const std::string kLeasePath = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/doorbuster";

Duration s(int seconds) { return std::chrono::seconds(seconds); }

LeaseSettings settings_of(const std::string& identity) {
  LeaseSettings settings;
  settings.ns = "ops";
  settings.identity = identity;
  return settings;
}

// ---- the decision

struct Decision {
  const char* sentence;
  LeaseView view;
  SinceBoot now;
  LeaseMove move;
};

LeaseView nothing_known() { return {}; }
LeaseView missing() { return {.known = true, .exists = false, .holder = "", .renewed = {}}; }
LeaseView held_by(const std::string& holder, SinceBoot changed, Duration lasts = s(15)) {
  return {.known = true,
          .exists = true,
          .holder = holder,
          .lasts = lasts,
          .changed = changed,
          .renewed = {}};
}
LeaseView leading(SinceBoot renewed, const std::string& holder = "me") {
  return {.known = true,
          .exists = true,
          .holder = holder,
          .lasts = s(15),
          .changed = renewed,
          .renewed = renewed};
}

TEST(LeaseDecision, IsATable) {
  const std::vector<Decision> cases = {
      {"what has not been read is left alone", nothing_known(), s(900), LeaseMove::Wait},
      {"a missing lease is taken", missing(), s(900), LeaseMove::Acquire},
      {"a released lease is taken", held_by("", s(100)), s(100), LeaseMove::Acquire},
      {"another's lease is waited for", held_by("other", s(100)), s(114), LeaseMove::Wait},
      {"another's lease that did not change for as long as it lasts is taken",
       held_by("other", s(100)),
       s(115),
       LeaseMove::Acquire},
      {"it is the holder's own span that counts",
       held_by("other", s(100), s(60)),
       s(159),
       LeaseMove::Wait},
      {"and after it the lease is free",
       held_by("other", s(100), s(60)),
       s(160),
       LeaseMove::Acquire},
      {"our name without our knowing: a lost answer",
       held_by("me", s(100)),
       s(101),
       LeaseMove::Acquire},
      {"a leader renews", leading(s(100)), s(102), LeaseMove::Renew},
      {"a leader renews until the last moment",
       leading(s(100)),
       s(110) - Duration(1),
       LeaseMove::Renew},
      {"a leader that could not renew has lost before others may begin",
       leading(s(100)),
       s(110),
       LeaseMove::Lost},
      {"a leader that slept has lost", leading(s(100)), s(4'000), LeaseMove::Lost},
      {"a leader that sees another's name has lost at once",
       leading(s(100), "other"),
       s(101),
       LeaseMove::Lost},
      {"a leader that sees the lease released by hand has lost",
       leading(s(100), ""),
       s(101),
       LeaseMove::Lost},
      {"a clock that goes backwards frees nothing",
       held_by("other", s(100)),
       s(50),
       LeaseMove::Wait},
  };
  for (const Decision& given : cases) {
    EXPECT_EQ(decide(given.view, settings_of("me"), given.now), given.move) << given.sentence;
  }
  LeaseView deleted = leading(s(100));
  deleted.exists = false;
  EXPECT_EQ(decide(deleted, settings_of("me"), s(101)), LeaseMove::Renew)
      << "a leader makes a deleted lease again";
}

TEST(LeaseDecision, TwoWithClocksOfOneRateNeverBothLead) {
  // Two views of one history: B sees a renewal of A at the earliest when A sent it. Whenever B may
  // take over, A has lost.
  for (int offset = 0; offset <= 20'000; offset += 250) {
    for (int delay = 0; delay <= 5'000; delay += 500) {
      const SinceBoot sent = s(100);
      const LeaseView a = leading(sent, "a");
      const LeaseView b = held_by("a", sent + Duration(delay));
      const SinceBoot now = sent + Duration(offset);
      if (decide(b, settings_of("b"), now) == LeaseMove::Acquire) {
        EXPECT_EQ(decide(a, settings_of("a"), now), LeaseMove::Lost) << offset << " " << delay;
      }
    }
  }
}

TEST(LeaseSettings, AreChecked) {
  struct Bad {
    const char* sentence;
    std::function<void(LeaseSettings&)> spoil;
  };
  const std::vector<Bad> cases = {
      {"no namespace", [](LeaseSettings& it) { it.ns.clear(); }},
      {"no name", [](LeaseSettings& it) { it.name.clear(); }},
      {"no identity", [](LeaseSettings& it) { it.identity.clear(); }},
      {"lasts no longer than it is renewed within", [](LeaseSettings& it) { it.lasts = s(10); }},
      {"not enough time for a retry", [](LeaseSettings& it) { it.retry = Duration(8'400); }},
      {"no retry", [](LeaseSettings& it) { it.retry = {}; }},
      {"not whole seconds", [](LeaseSettings& it) { it.lasts = Duration(15'500); }},
  };
  EXPECT_TRUE(check(settings_of("me")).ok());
  for (const Bad& bad : cases) {
    LeaseSettings settings = settings_of("me");
    bad.spoil(settings);
    EXPECT_FALSE(check(settings).ok()) << bad.sentence;
  }
}

TEST(MicroTime, HasSixDigits) {
  EXPECT_EQ(micro_time(Instant(Duration(0))), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(micro_time(Instant(Duration(1'120))), "1970-01-01T00:00:01.120000Z");
}

// ---- the elector, with spans a hundred times shorter

struct Member {
  Member(std::string name, std::shared_ptr<FakeApi> api, LeaseSettings settings)
      : identity(std::move(name)), client(std::make_shared<Client>(transport_to(api))) {
    settings.identity = identity;
    elector = std::make_unique<Elector>(
        settings,
        Elector::World{client,
                       [this] {
                         return std::chrono::duration_cast<Duration>(
                                    std::chrono::steady_clock::now().time_since_epoch()) +
                                Duration(skew.load());
                       },
                       [] { return Instant(s(1'000'000)); },
                       [] { return 0.5; },
                       Log{}},
        Elector::Callbacks{[this] { ++elected; },
                           [this](const std::string& why) {
                             const std::lock_guard lock(mutex);
                             reasons.push_back(why);
                             ++lost;
                           },
                           [this](const std::string& who) {
                             const std::lock_guard lock(mutex);
                             leaders.push_back(who);
                           }});
    gate = elector->gate();
  }
  bool may_write() {
    Duration any = s(60);
    return gate(any).ok();
  }

  std::string identity;
  std::shared_ptr<Client> client;
  std::atomic<std::int64_t> skew = 0;
  std::atomic<int> elected = 0, lost = 0;
  std::mutex mutex;
  std::vector<std::string> reasons, leaders;
  std::unique_ptr<Elector> elector;
  WriteGate gate;
};

class Election : public testing::Test {
 protected:
  Election() {
    settings.ns = "ops";
    settings.lasts = s(1);
    settings.renew_within = Duration(600);
    settings.retry = Duration(50);
  }
  std::unique_ptr<Member> member(const std::string& name) {
    return std::make_unique<Member>(name, api, settings);
  }
  static bool eventually(const std::function<bool()>& check) {
    for (int i = 0; i < 2'000; ++i) {
      if (check()) return true;
      std::this_thread::sleep_for(Duration(5));
    }
    return false;
  }
  std::string holder() const { return api->value(kLeasePath, "/spec/holderIdentity"); }

  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  LeaseSettings settings;
};

TEST_F(Election, TheFirstCreatesTheLeaseAndKeepsRenewingIt) {
  const auto a = member("a");
  EXPECT_FALSE(a->may_write());
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  EXPECT_TRUE(a->may_write());
  EXPECT_EQ(holder(), "a");
  EXPECT_EQ(api->value(kLeasePath, "/spec/leaseDurationSeconds"), "1");
  EXPECT_EQ(api->value(kLeasePath, "/spec/renewTime"), "1970-01-12T13:46:40.000000Z");
  EXPECT_EQ(api->value(kLeasePath, "/spec/leaseTransitions"), "0");
  std::this_thread::sleep_for(Duration(1'200));  // longer than it lasts
  EXPECT_TRUE(a->may_write());
  EXPECT_EQ(a->elected, 1);
  EXPECT_EQ(a->lost, 0);
}

TEST_F(Election, ACleanStopHandsOverAtOnce) {
  const auto a = member("a"), b = member("b");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  b->elector->start();
  ASSERT_TRUE(eventually([&] { return b->elector->leader() == "a"; }));
  a->elector->stop();
  EXPECT_FALSE(a->may_write());
  EXPECT_EQ(a->lost, 0) << "it was not lost but given back";
  const auto stopped = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return b->elected == 1; }));
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, Duration(500));
  EXPECT_EQ(holder(), "b");
  EXPECT_EQ(api->value(kLeasePath, "/spec/leaseTransitions"), "1");
}

TEST_F(Election, ALeaderThatIsCutOffLosesBeforeAnotherBegins) {
  const auto b = member("b");
  std::atomic<bool> cut = false;
  const auto own_api = api;
  auto cut_off = std::make_shared<ScriptedTransport>(
      ScriptedTransport::Script{}, [own_api, &cut](const Request& request) {
        return cut ? FakeApi::no_answer() : own_api->handle(request);
      });
  LeaseSettings own = settings;
  own.identity = "a";
  std::atomic<int> elected = 0, lost = 0;
  Elector elector(own,
                  {std::make_shared<Client>(cut_off),
                   [] {
                     return std::chrono::duration_cast<Duration>(
                         std::chrono::steady_clock::now().time_since_epoch());
                   },
                   [] { return Instant(s(1)); },
                   [] { return 0.5; },
                   Log{}},
                  {[&] { ++elected; }, [&](const std::string&) { ++lost; }, {}});
  elector.start();
  ASSERT_TRUE(eventually([&] { return elected == 1; }));
  b->elector->start();
  ASSERT_TRUE(eventually([&] { return b->elector->leader() == "a"; }));
  cut = true;
  bool both = false;
  ASSERT_TRUE(eventually([&] {
    Duration any = s(60);
    both = both || (b->may_write() && elector.gate()(any).ok());
    return b->elected == 1;
  }));
  EXPECT_FALSE(both);
  EXPECT_EQ(lost, 1);
  cut = false;
  std::this_thread::sleep_for(Duration(300));
  EXPECT_FALSE(elector.leading());
  EXPECT_EQ(holder(), "b");
}

TEST_F(Election, AProcessThatWasStoppedWritesNothingWhenItWakes) {
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  a->skew += 700;  // as if suspended: more than renew_within passed between two instructions
  EXPECT_FALSE(a->may_write());
  ASSERT_TRUE(eventually([&] { return a->lost == 1; }));
}

TEST_F(Election, TheGateCapsAWriteToTheEndOfTheLease) {
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  Duration timeout = s(60);
  ASSERT_TRUE(a->gate(timeout).ok());
  EXPECT_LE(timeout, s(1));
  Duration small(5);
  ASSERT_TRUE(a->gate(small).ok());
  EXPECT_EQ(small, Duration(5)) << "it never gives more time";
  const WriteGate gate = a->gate;
  a->elector.reset();
  Duration any = s(60);
  EXPECT_FALSE(gate(any).ok()) << "a gate outlives its elector and stays shut";
}

TEST_F(Election, ALostAnswerIsNoLoss) {
  int swallowed = 0;
  api->fault_after([&](const Request& request) -> std::optional<Result<Response>> {
    if (request.method == "GET" || swallowed >= 2) return std::nullopt;
    ++swallowed;
    return FakeApi::no_answer();
  });
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  EXPECT_EQ(holder(), "a");
  EXPECT_EQ(a->lost, 0);
}

TEST_F(Election, SomebodysLabelDoesNotCostTheLease) {
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  for (int i = 0; i < 20; ++i) {
    api->edit(kLeasePath, R"({"metadata":{"labels":{"n":")" + std::to_string(i) + R"("}}})");
    std::this_thread::sleep_for(Duration(30));
  }
  std::this_thread::sleep_for(Duration(700));
  EXPECT_TRUE(a->may_write());
  EXPECT_EQ(a->lost, 0);
  EXPECT_EQ(api->value(kLeasePath, "/metadata/labels/n"), "19") << "and the label stays";
}

TEST_F(Election, AnotherNameInTheLeaseIsALoss) {
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  api->edit(kLeasePath, R"({"spec":{"holderIdentity":"somebody","leaseDurationSeconds":3600}})");
  ASSERT_TRUE(eventually([&] { return a->lost == 1; }));
  EXPECT_FALSE(a->may_write());
  EXPECT_EQ(holder(), "somebody");
}

TEST_F(Election, ADeletedLeaseIsMadeAgain) {
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  api->remove(kLeasePath);
  ASSERT_TRUE(eventually([&] { return holder() == "a"; }));
  EXPECT_EQ(a->lost, 0);
  EXPECT_TRUE(a->may_write());
}

TEST_F(Election, NonsenseInTheLeaseIsOutlasted) {
  const auto a = member("a");
  a->elector->start();
  ASSERT_TRUE(eventually([&] { return a->elected == 1; }));
  a->elector->stop();
  api->edit(kLeasePath,
            R"({"spec":{"holderIdentity":"ghost","leaseDurationSeconds":-5,"renewTime":"9999"}})");
  const auto b = member("b");
  b->elector->start();
  ASSERT_TRUE(eventually([&] { return b->elected == 1; }));
  EXPECT_EQ(holder(), "b");
}

TEST_F(Election, OfManyExactlyOneLeadsAtATime) {
  std::vector<std::unique_ptr<Member>> members;
  for (const char* name : {"a", "b", "c", "d"}) members.push_back(member(name));
  for (const auto& one : members) one->elector->start();
  for (int round = 0; round < 3; ++round) {
    Member* leader = nullptr;
    ASSERT_TRUE(eventually([&] {
      int leading = 0;
      for (const auto& one : members) {
        if (!one->may_write()) continue;
        ++leading;
        leader = one.get();
      }
      EXPECT_LE(leading, 1);
      return leading == 1;
    }));
    leader->elector->stop();
  }
}

}  // namespace
}  // namespace doorbuster::kube
