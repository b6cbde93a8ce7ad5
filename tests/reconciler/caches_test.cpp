#include "controllers/reconciler/caches.h"

#include "tests/reconciler/answering_transport.h"

#include <gtest/gtest.h>

#include <thread>

namespace doorbuster::reconciler {
namespace {

/// A shop of which only namespaces are known; their watch brings what a test says.
class CachesTest : public testing::Test {
 protected:
  class Held final : public kube::Transport {
   public:
    Result<kube::Response> call(const kube::Request& request) override {
      kube::Response response;
      response.status = 200;
      const std::string kinds =
          R"({"metadata":{"name":""},"versions":[{"version":"v1","resources":[)"
          R"({"resource":"namespaces","responseKind":{"kind":"Namespace"},"scope":"Cluster"}]}]})";
      response.body = R"({"kind":"APIGroupDiscoveryList","items":[)" +
                      (request.target == "/api" ? kinds : std::string()) + "]}";
      return response;
    }
    std::unique_ptr<kube::Stream> open(const kube::Request&,
                                       Duration,
                                       kube::StreamReader& reader) override {
      struct Silence final : kube::Stream {
        void close() override {}
      };
      const std::lock_guard lock(mutex);
      open_reader = &reader;
      return std::make_unique<Silence>();
    }
    void post(Duration after, std::function<void()> work) override {
      if (after == Duration(0)) work();
    }
    kube::StreamReader* reader() {
      const std::lock_guard lock(mutex);
      return open_reader;
    }

   private:
    std::mutex mutex;
    kube::StreamReader* open_reader = nullptr;
  };

  CachesTest() {
    const auto now = [] { return Instant(std::chrono::hours(500'000)); };
    const auto client = std::make_shared<kube::Client>(transport_);
    watches_ = std::make_shared<kube::WatchSet>(kube::WatchWorld{
        .transport = transport_, .now = now, .jitter = [] { return 0.5; }, .log = {}});
    caches_ = std::make_unique<Caches>(Caches::World{.client = client,
                                                     .kinds = std::make_shared<Kinds>(client, now),
                                                     .watches = watches_,
                                                     .namespaces = {},
                                                     .now = now,
                                                     .changed = [](const auto&) {}});
    caches_->ask(kEvent, {namespace_ref("shop")}, {});
  }
  ~CachesTest() override { watches_->stop(); }

  const kube::Key kEvent{"shop", "flash"};
  std::shared_ptr<Held> transport_ = std::make_shared<Held>();
  std::shared_ptr<kube::WatchSet> watches_;
  std::unique_ptr<Caches> caches_;
};

TEST_F(CachesTest, ARoundGoesOnAsSoonAsTheFirstListIsThere) {
  ASSERT_NE(transport_->reader(), nullptr);
  std::thread server([this] {
    std::this_thread::sleep_for(Duration(50));
    kube::StreamReader* reader = transport_->reader();
    reader->on_status(200, {});
    reader->on_bytes(
        R"({"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"shop","uid":"u","resourceVersion":"5"}}]})");
    reader->on_end(Error{ErrorKind::Unavailable, "end of stream", {}, {}});
  });
  caches_->await_first_lists(kEvent, std::chrono::hours(1));
  EXPECT_FALSE(caches_->namespace_terminating("shop"));
  server.join();
}

TEST_F(CachesTest, ARoundDoesNotWaitForWhatIsRefused) {
  std::thread server([this] {
    std::this_thread::sleep_for(Duration(50));
    kube::StreamReader* reader = transport_->reader();
    reader->on_status(403, {});
    reader->on_bytes(R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})");
    reader->on_end(Error{ErrorKind::Unavailable, "end of stream", {}, {}});
  });
  caches_->await_first_lists(kEvent, std::chrono::hours(1));
  server.join();
}

TEST_F(CachesTest, ARoundWaitsNoLongerThanItSays) {
  caches_->await_first_lists(kEvent, Duration(20));
}

}  // namespace
}  // namespace doorbuster::reconciler
