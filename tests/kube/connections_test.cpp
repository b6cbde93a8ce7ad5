#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>

/// Which connection carries which request, and what may be sent twice.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct Fixture {
  explicit Fixture(Script script) : server(std::move(script)) { options = options_at(clock); }
  std::shared_ptr<Transport> transport() { return transport_to({.server = server.url()}, options); }
  HostileServer server;
  ManualClock clock;
  TransportOptions options;
};

/// Answers `good` requests on each connection, then takes one more and closes without an answer.
Script good_then_close(int good) {
  return [good](Visit& visit) {
    for (int i = 0; !visit.read_request().empty() && i < good; ++i) visit.send(answer(200, "{}"));
  };
}

TEST(Connections, a_connection_is_used_again) {
  Fixture fixture(always("{}"));
  const auto transport = fixture.transport();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(fixture.server.connections(), 1);
}

TEST(Connections, a_get_on_a_connection_that_just_closed_is_sent_once_more) {
  Fixture fixture(good_then_close(1));
  const auto transport = fixture.transport();
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(fixture.server.connections(), 2);
  EXPECT_EQ(fixture.server.count("GET"), 3);
}

TEST(Connections, a_get_that_fails_on_a_fresh_connection_is_not_sent_again) {
  Fixture fixture([](Visit& visit) {
    if (visit.read_request().empty() || visit.number() > 0) return;
    visit.send(answer(200, "{}"));
    visit.read_request();
  });
  const auto transport = fixture.transport();
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_FALSE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(fixture.server.count("GET"),
            3);  // the good one, the stale one, the one on a fresh connection
}

TEST(Connections, a_get_whose_answer_had_begun_is_not_sent_again) {
  Fixture fixture([](Visit& visit) {
    if (visit.read_request().empty()) return;
    visit.send(answer(200, "{}"));
    visit.read_request();
    visit.send("HTTP/1.1 200");
  });
  const auto transport = fixture.transport();
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_FALSE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(fixture.server.count("GET"), 2);
}

class Writes : public ::testing::TestWithParam<const char*> {};

TEST_P(Writes, are_never_sent_twice) {
  Fixture fixture(good_then_close(1));
  const auto transport = fixture.transport();
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  const auto written = transport->call(
      {.method = GetParam(), .target = "/api", .content_type = "text/plain", .body = "x"});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(fixture.server.connections(), 1);
  EXPECT_EQ(fixture.server.count(GetParam()), 1);
}

INSTANTIATE_TEST_SUITE_P(On_a_kept_connection,
                         Writes,
                         ::testing::Values("POST", "PUT", "PATCH", "DELETE"));

TEST(Connections, a_close_while_idle_is_noticed_before_the_next_request) {
  Fixture fixture([](Visit& visit) {
    visit.read_request();
    visit.send(answer(200, "{}"));
  });
  const auto transport = fixture.transport();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(transport->call({.method = "POST", .target = "/api"}).ok());
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(fixture.server.count("POST"), 3);
}

TEST(Connections, bytes_that_nobody_asked_for_end_an_idle_connection) {
  Fixture fixture([](Visit& visit) {
    while (!visit.read_request().empty()) {
      visit.send(answer(200, visit.number() == 0 ? "first" : "second"));
      visit.pause(30ms);
      visit.send(answer(200, "smuggled"));
    }
  });
  const auto transport = fixture.transport();
  ASSERT_EQ(transport->call({.target = "/api"})->body, "first");
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(transport->call({.target = "/api"})->body, "second");
  EXPECT_EQ(fixture.server.connections(), 2);
}

TEST(Connections, an_idle_connection_is_closed_in_time) {
  Fixture fixture(always("{}"));
  fixture.options.idle_time = 50ms;
  const auto transport = fixture.transport();
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  std::this_thread::sleep_for(250ms);
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(fixture.server.connections(), 2);
}

TEST(Connections, calls_beyond_the_bound_wait_their_turn) {
  Fixture fixture([](Visit& visit) {
    while (!visit.read_request().empty() && visit.pause(20ms) && visit.send(answer(200, "{}"))) {
    }
  });
  fixture.options.max_connections = 2;
  const auto transport = fixture.transport();
  std::vector<std::thread> callers;
  std::atomic<int> good{0};
  for (int i = 0; i < 10; ++i) {
    callers.emplace_back([&] { good += transport->call({.target = "/api"}).ok() ? 1 : 0; });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 10);
  EXPECT_LE(fixture.server.connections(), 2);
}

TEST(Connections, a_call_that_waits_for_its_turn_has_a_deadline_too) {
  Fixture fixture([](Visit& visit) { visit.hold(); });
  fixture.options.max_connections = 1;
  const auto transport = fixture.transport();
  std::thread first(
      [&] { EXPECT_FALSE(transport->call({.target = "/first", .timeout = 600ms}).ok()); });
  std::this_thread::sleep_for(100ms);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(transport->call({.target = "/second", .timeout = 100ms}).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, 400ms);
  first.join();
  EXPECT_EQ(fixture.server.connections(), 1);
}

TEST(Connections, a_thousand_calls_from_eight_threads) {
  Fixture fixture([](Visit& visit) {
    while (true) {
      const std::string request = visit.read_request();
      if (request.empty()) return;
      visit.send(answer(200, request.substr(4, request.find(' ', 4) - 4)));
    }
  });
  const auto transport = fixture.transport();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 125; ++i) {
        const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
        const auto response = transport->call({.target = target});
        right += response.ok() && response->body == target ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 1000);
  EXPECT_LE(fixture.server.most_at_once(), 8);
}

TEST(Connections, a_large_body_travels_both_ways) {
  Fixture fixture([](Visit& visit) {
    const std::string request = visit.read_request();
    visit.send(answer(200, request.substr(request.find("\r\n\r\n") + 4)));
  });
  const auto transport = fixture.transport();
  std::string body;
  for (int i = 0; body.size() < (4U << 20U); ++i) body += std::to_string(i);
  const auto response = transport->call({.method = "POST",
                                         .target = "/api",
                                         .content_type = "text/plain",
                                         .body = body,
                                         .timeout = 20s});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, body);
}

TEST(Connections, posted_work_runs_in_its_order_and_not_early) {
  Fixture fixture(always("{}"));
  const auto transport = fixture.transport();
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> order;
  const auto note = [&](std::string what) {
    return [&, what] {
      const std::lock_guard lock(mutex);
      order.push_back(what);
      changed.notify_all();
    };
  };
  const auto began = std::chrono::steady_clock::now();
  transport->post(100ms, note("later"));
  transport->post(30ms, note("soon"));
  transport->post(0ms, note("now"));
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, 10s, [&] { return order.size() == 3; }));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 100ms);
  EXPECT_THAT(order, ::testing::ElementsAre("now", "soon", "later"));
}

}  // namespace
}  // namespace doorbuster::kube::testing
