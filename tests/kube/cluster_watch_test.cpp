// Watch, own writes, election, events and access reviews against a real API server, inside a test
// cluster: `hack/cluster run NAME -- kube_test --gtest_filter='ClusterWatch*'`. Skipped elsewhere.

#include "operator/base/json.h"
#include "operator/kube/access.h"
#include "operator/kube/events.h"
#include "operator/kube/http_transport.h"
#include "operator/kube/lease.h"
#include "operator/kube/store.h"
#include "operator/kube/watch_set.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

namespace doorbuster::kube {
namespace {

Resource core(const std::string& plural, const std::string& kind, bool namespaced = true) {
  return {"", "v1", plural, kind, namespaced, {}, {}};
}
const Resource kConfigMaps = core("configmaps", "ConfigMap");

Instant wall() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}
Error cut_off() {
  return {.kind = ErrorKind::Unavailable, .message = "cut", .causes = {}, .retry_after = {}};
}

/// The real transport with a wire that can be cut: open streams break, calls and new streams fail.
class CuttableTransport final : public Transport {
 public:
  explicit CuttableTransport(std::shared_ptr<Transport> real) : real_(std::move(real)) {}

  Result<Response> call(const Request& request) override {
    if (cut) return cut_off();
    return real_->call(request);
  }
  std::unique_ptr<Stream> open(const Request& request,
                               Duration idle,
                               StreamReader& reader) override {
    {
      const std::lock_guard lock(mutex_);
      targets_.push_back(request.target);
    }
    auto handle = std::make_unique<Handle>();
    handle->wire = std::make_shared<Wire>(reader);
    if (cut) {  // not a byte gets through, however late the look at the cut
      post(Duration(1), [weak = std::weak_ptr(handle->wire)] {
        if (const auto wire = weak.lock()) wire->on_end(cut_off());
      });
      return handle;
    }
    handle->real = real_->open(request, idle, *handle->wire);
    watch_the_cut(handle->wire);
    return handle;
  }
  void post(Duration after, std::function<void()> work) override {
    real_->post(after, std::move(work));
  }
  std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }

  std::atomic<bool> cut = false;

 private:
  struct Wire final : StreamReader {
    explicit Wire(StreamReader& reader) : to(reader) {}
    void on_status(int status, const Headers& headers) override {
      if (!broken) to.on_status(status, headers);
    }
    void on_bytes(std::string_view bytes) override {
      if (!broken) to.on_bytes(bytes);
    }
    void on_end(const Error& why) override {
      if (!broken.exchange(true)) to.on_end(why);
    }
    StreamReader& to;
    std::atomic<bool> broken = false;
  };
  struct Handle final : Stream {
    ~Handle() override { close(); }
    void close() override {
      wire->broken = true;
      if (real) real->close();
    }
    std::shared_ptr<Wire> wire;
    std::unique_ptr<Stream> real;
  };
  void watch_the_cut(std::weak_ptr<Wire> weak) {
    post(Duration(5), [this, weak = std::move(weak)] {
      const auto wire = weak.lock();
      if (!wire || wire->broken) return;
      if (cut) return wire->on_end(cut_off());
      watch_the_cut(weak);
    });
  }

  std::shared_ptr<Transport> real_;
  mutable std::mutex mutex_;
  std::vector<std::string> targets_;
};

struct Text {
  std::string value;
};
Result<Text> text_of(const Meta&, std::string_view text) {
  const auto view = JsonView::parse(text);
  if (!view.ok()) return view.error();
  const auto found = view->at("/data/v");
  return Text{found.ok() ? found->string().value_or("") : ""};
}

class ClusterWatch : public testing::Test {
 protected:
  void SetUp() override {
    if (from_environment("DOORBUSTER_CLUSTER_DIR").empty()) {
      GTEST_SKIP() << "not inside hack/cluster run";
    }
    cable = std::make_shared<CuttableTransport>(connect());
    client = std::make_shared<Client>(connect());
    ns = "watch-" + std::to_string(std::random_device{}());
    const Json body{R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + ns +
                    R"("}})"};
    ASSERT_TRUE(client->create(core("namespaces", "Namespace", false), "", body).ok());
  }
  void TearDown() override {
    if (!client) return;
    EXPECT_TRUE(client->remove(core("namespaces", "Namespace", false), {"", ns}).ok());
  }
  static std::shared_ptr<Transport> connect() {
    const auto config = load_kubeconfig({.env = from_environment("KUBECONFIG")});
    EXPECT_TRUE(config.ok());
    auto transport = make_transport(*config, {.user_agent = "kube_test", .now = wall, .seen = {}});
    EXPECT_TRUE(transport.ok());
    return *transport;
  }
  WatchWorld world() const {
    return {cable, wall, [] { return 0.5; }, {}};
  }
  std::string written_version(const Result<Object>& answer) const {
    EXPECT_TRUE(answer.ok()) << (answer.ok() ? "" : answer.error().message);
    return answer.ok() ? answer->meta.resource_version : "";
  }
  std::string create(const std::string& name, const std::string& value) const {
    return written_version(
        client->create(kConfigMaps,
                       ns,
                       {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                        R"("},"data":{"v":")" + value + R"("}})"}));
  }
  std::string set(const std::string& name, const std::string& value) const {
    return written_version(client->patch(
        kConfigMaps, {ns, name}, PatchType::Merge, {R"({"data":{"v":")" + value + R"("}})"}));
  }
  bool current() const { return store->report(ns).state == WatchState::Current; }
  std::string shown(const std::string& name) const {
    const auto found = store->get({ns, name});
    return found ? found->value : "nothing";
  }
  static bool eventually(const std::function<bool()>& check) {
    for (int i = 0; i < 12'000; ++i) {
      if (check()) return true;
      std::this_thread::sleep_for(Duration(5));
    }
    return false;
  }

  std::shared_ptr<CuttableTransport> cable;
  std::shared_ptr<Client> client;
  std::shared_ptr<Store<Text>> store = std::make_shared<Store<Text>>(text_of);
  std::string ns;
};

TEST_F(ClusterWatch, AStoreFollowsAndShowsOurOwnWrites) {
  create("before", "1");
  WatchSet watches(world());
  const WatchClaim claim = watches.acquire(kConfigMaps, ns, store);
  ASSERT_TRUE(eventually([&] { return current(); }));
  EXPECT_EQ(shown("before"), "1");
  Written written;
  const Key mine{ns, "mine"};
  for (int i = 0; i < 20; ++i) {
    const std::string value = std::to_string(i);
    written.wrote(mine, i == 0 ? create("mine", value) : set("mine", value), wall());
    ASSERT_TRUE(eventually([&] { return store->shows(written, mine, wall()); }));
    EXPECT_EQ(shown("mine"), value) << "what is shown is our write, never what was before";
  }
  ASSERT_TRUE(client->remove(kConfigMaps, mine).ok());
  ASSERT_TRUE(eventually([&] { return shown("mine") == "nothing"; }));
  EXPECT_EQ(cable->targets().size(), 2U) << "one list, one watch";
}

TEST_F(ClusterWatch, AfterACutItResumesWithoutListing) {
  WatchSet watches(world());
  const WatchClaim claim = watches.acquire(kConfigMaps, ns, store);
  ASSERT_TRUE(eventually([&] { return current(); }));
  create("a", "1");
  ASSERT_TRUE(eventually([&] { return shown("a") == "1"; }));
  cable->cut = true;
  ASSERT_TRUE(eventually([&] { return store->report(ns).state == WatchState::Retrying; }));
  set("a", "2");
  create("b", "1");
  ASSERT_TRUE(client->remove(kConfigMaps, {ns, "b"}).ok());
  cable->cut = false;
  ASSERT_TRUE(eventually([&] { return shown("a") == "2"; }));
  EXPECT_EQ(watches.running().at(0).lists, 1U);
}

TEST_F(ClusterWatch, AfterACompactionItListsAgainAndMissesNothing) {
  WatchSet watches(world());
  const WatchClaim claim = watches.acquire(kConfigMaps, ns, store);
  ASSERT_TRUE(eventually([&] { return current(); }));
  create("kept", "1");
  create("gone", "1");
  ASSERT_TRUE(eventually([&] { return shown("gone") == "1"; }));
  cable->cut = true;
  ASSERT_TRUE(eventually([&] { return store->report(ns).state == WatchState::Retrying; }));
  set("kept", "2");
  create("new", "1");
  ASSERT_TRUE(client->remove(kConfigMaps, {ns, "gone"}).ok());
  // The API server's watch cache would outlive the compaction.
  const std::string command = std::string(DOORBUSTER_SOURCE_DIR) +
                              "/hack/cluster compact --restart-apiserver " +
                              from_environment("DOORBUSTER_CLUSTER");
  ASSERT_EQ(std::system(command.c_str()), 0);
  cable->cut = false;
  ASSERT_TRUE(eventually(
      [&] { return shown("kept") == "2" && shown("new") == "1" && shown("gone") == "nothing"; }));
  EXPECT_EQ(watches.running().at(0).lists, 2U) << "the version was gone: one more list";
}

TEST_F(ClusterWatch, AKindThatIsNotServedIsReported) {
  WatchSet watches(world());
  const Resource unknown{"nowhere.example", "v1", "things", "Thing", true, {}, {}};
  const WatchClaim claim = watches.acquire(unknown, ns, store);
  ASSERT_TRUE(eventually([&] { return store->report(ns).state == WatchState::NotServed; }));
  EXPECT_FALSE(store->synced(ns));
}

TEST_F(ClusterWatch, OfTwoElectorsOneLeadsAndHandsOver) {
  const auto make = [&](const std::string& identity, std::shared_ptr<Transport> wire) {
    LeaseSettings settings;
    settings.ns = ns;
    settings.identity = identity;
    settings.lasts = Duration(3'000);
    settings.renew_within = Duration(2'000);
    settings.retry = Duration(300);
    Elector::World own{
        std::make_shared<Client>(std::move(wire)), since_boot, wall, [] { return 0.5; }, Log{}};
    return std::make_unique<Elector>(settings, std::move(own), Elector::Callbacks{});
  };
  const auto wire = std::make_shared<CuttableTransport>(connect());
  const auto a = make("a", wire), b = make("b", connect());
  a->start();
  ASSERT_TRUE(eventually([&] { return a->leading(); }));
  b->start();
  ASSERT_TRUE(eventually([&] { return b->leader() == "a"; }));
  wire->cut = true;
  bool both = false;
  ASSERT_TRUE(eventually([&] {
    both = both || (a->leading() && b->leading());
    return b->leading();
  }));
  EXPECT_FALSE(both);
  wire->cut = false;
  ASSERT_TRUE(eventually([&] { return a->leader() == "b"; }));
  b->stop();
  const auto given_back = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return a->leading(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - given_back, Duration(1'500))
      << "without waiting it out";
}

TEST_F(ClusterWatch, EventsAreAcceptedAndSoAreTheirSeries) {
  std::atomic<std::int64_t> ahead = 0;
  EventRecorder recorder(
      client,
      EventSettings{.instance = "kube_test"},
      [&] { return wall() + Duration(ahead.load()); },
      Log{});
  const EventNote note{.regarding = {"v1", "ConfigMap", ns, "a", "uid-1"},
                       .warning = true,
                       .reason = "FloorRaised",
                       .action = "Hold",
                       .note = "minReplicas from 2 to 12",
                       .about = ""};
  recorder.record(note);
  ASSERT_TRUE(eventually([&] { return recorder.counts().created == 1; }));
  recorder.record(note);
  ahead = 31'000;
  ASSERT_TRUE(eventually([&] { return recorder.counts().updated + recorder.counts().failed > 0; }));
  EXPECT_EQ(recorder.counts().updated, 1U);
  const Resource events{"events.k8s.io", "v1", "events", "Event", true, {}, {}};
  const auto listed = client->list(events, ns, 10, "");
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->items.size(), 1U);
  EXPECT_NE(listed->items[0].text.find(R"("series":{"count":2)"), std::string::npos)
      << listed->items[0].text;
}

TEST_F(ClusterWatch, AccessReviewsAreAnswered) {
  AccessReviewer reviewer(client, wall);
  const AccessAsk ask{"patch", "", "configmaps", "", ns, ""};
  const auto self = reviewer.self(ask);
  ASSERT_TRUE(self.ok());
  EXPECT_TRUE(self->allowed);
  const auto other = reviewer.service_account(ns, "default", ask);
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->allowed) << "a service account without a role";
  const auto implied = reviewer.service_account(
      ns, "default", {"create", "authorization.k8s.io", "selfsubjectaccessreviews", "", "", ""});
  ASSERT_TRUE(implied.ok());
  EXPECT_TRUE(implied->allowed) << "as every authenticated user may, by an implied group";
}

}  // namespace
}  // namespace doorbuster::kube
