// Servers that open gates: real ones over TLS, good and bad.
#include "controllers/adapters/signature.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/webhook_gate.h"
#include "controllers/reconciler/check_poller.h"
#include "controllers/reconciler/cluster_world.h"
#include "controllers/reconciler/event_reading.h"
#include "operator/kube/decode.h"
#include "tests/kube/certificates.h"
#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"
#include "tests/reconciler/small_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace doorbuster::reconciler {
namespace {

using kube::testing::always;
using kube::testing::answer;
using kube::testing::Authority;
using kube::testing::chunk;
using kube::testing::chunked_head;
using kube::testing::HostileServer;
using kube::testing::ScratchFolder;
using kube::testing::Script;
using kube::testing::ServerTls;
using kube::testing::Visit;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Says = planner::Measurement::Says;

constexpr const char* kNow = "2026-11-27T09:30:00Z";

Script says(int status, const std::string& body = "", const std::string& headers = "") {
  return [=](Visit& visit) {
    while (!visit.read_request().empty()) visit.send(answer(status, body, headers));
  };
}

/// A sale whose release waits at its first step for the server.
std::string sale_text(const std::string& url, const std::string& more, const std::string& attempt) {
  const auto decision = [&attempt](const char* kind, const char* value) {
    return std::string(R"({"run":1,"kind":")") + kind + R"(","subject":"v2","hash":")" + attempt +
           R"(","at":"2026-11-27T09:20:00Z","value":")" + value + R"("})";
  };
  return R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleEvent","metadata":{"name":"flash","namespace":"shop","uid":"u",)"
         R"("resourceVersion":"1","generation":1,"creationTimestamp":"2026-11-27T00:00:00Z"},)"
         R"("spec":{"window":{"start":"2026-11-27T09:00:00Z","end":"2026-11-27T10:00:00Z"},)"
         R"("gates":[{"name":"board","webhook":{"url":")" +
         url + R"(","every":"1s")" + more +
         R"(}}],"rollouts":[{"name":"v2","target":{"name":"checkout"},"patch":{"spec":{"priority":1}},)"
         R"("strategy":{"canary":{"steps":[{"weight":10,"approval":"board"}]}},)"
         R"("traffic":{"httpRoute":{"name":"shop","backend":"checkout"}}}]},)"
         R"("status":{"install":"here","run":1,"conditions":[{"type":"Accepted","status":"True",)"
         R"("observedGeneration":1,"lastTransitionTime":"2026-11-27T08:00:00Z","reason":"Accepted",)"
         R"("message":""}],"window":{"prepare":"2026-11-27T08:00:00Z","start":"2026-11-27T09:00:00Z",)"
         R"("end":"2026-11-27T10:00:00Z","restoredBy":"2026-11-27T11:00:00Z"},"decisions":[)" +
         decision("RolloutStarted", "10") + "," + decision("StepEntered", "1") + "]}}";
}

std::string sale_at(const std::string& url, const std::string& more = "") {
  const auto first = read_event(sale_text(url, more, ""));
  if (!first.ok() || !first->spec.ok()) return "";
  return sale_text(url, more, planner::attempt_of(first->spec->rollouts[0], first->status));
}

class GateServer : public testing::Test {
 protected:
  GateServer() { cluster_.put({"", "namespaces", "shop", "shop"}, R"({"kind":"Namespace"})"); }

  HostileServer serve(const Script& script) {
    return HostileServer(script, ServerTls{identity_.certificate, identity_.key, "", 0});
  }
  std::shared_ptr<ProviderMeasurer> measurer(const Authority& trusted,
                                             const std::string& hosts = "127.0.0.1") {
    const auto parts = parts_of(cluster_, [](const LogLine&) {});
    adapters::WebOptions web{.user_agent = "doorbuster/test",
                             .ca_file = folder_.write("ca.pem", trusted.certificate()),
                             .now = [] { return *parse_rfc3339(kNow); }};
    ProviderMeasurer::Parts out{
        .client = parts.client,
        .kinds = nullptr,
        .access = parts.access,
        .web = adapters::make_web(std::move(web)),
        .setup = {.prometheus = "", .hosts = {*planner::parse_host_pattern(hosts)}},
        .now = [] { return *parse_rfc3339(kNow); }};
    return std::make_shared<ProviderMeasurer>(std::move(out));
  }
  /// One question to that server.
  planner::Measurement ask(const std::string& url, const std::string& more = "") {
    const auto event = read_event(sale_at(url, more));
    if (!event.ok() || !event->spec.ok()) return {.at = {}, .text = "the sale cannot be read"};
    const auto asked = planner::gate_questions(*event, *parse_rfc3339(kNow));
    if (asked.size() != 1) return {.at = {}, .text = "nothing is asked"};
    return measurer(authority_)->measure(*event, asked.front().check);
  }

  SmallCluster cluster_{{kServedSales, kServedAutoscalers}};
  const Authority authority_{"shop"};
  const kube::testing::Identity identity_ = authority_.issue({.alternative_names = "IP:127.0.0.1"});
  const ScratchFolder folder_;
};

TEST_F(GateServer, opens_with_2xx_and_rejects_with_403) {
  HostileServer good = serve(says(204));
  const auto opened = ask(good.url() + "/gate");
  EXPECT_EQ(opened.says, Says::Value) << opened.text;
  EXPECT_EQ(opened.value, 1);
  HostileServer strict = serve(says(403, "carts are\nslow"));
  const auto rejected = ask(strict.url() + "/gate");
  EXPECT_EQ(rejected.says, Says::Value) << rejected.text;
  EXPECT_EQ(rejected.value, 0);
  EXPECT_EQ(rejected.text, "carts are slow");
}

TEST_F(GateServer, what_it_does_wrong_opens_nothing_and_is_over_in_time) {
  struct Case {
    const char* sentence;
    Script script;
    const char* text;
  };
  const std::string block(64U << 10U, 'x');
  HostileServer elsewhere = serve(says(200));
  const Case cases[] = {
      {"says 500", says(500), "status 500"},
      {"says 404", says(404), "status 404"},
      {"redirects", says(307, "", "Location: " + elsewhere.url() + "/\r\n"), "is not followed"},
      {"never answers",
       [](Visit& visit) {
         visit.read_request();
         visit.hold();
       },
       "no whole answer within 3s"},
      {"says 200 and never ends",
       [block](Visit& visit) {
         visit.read_request();
         visit.send(chunked_head());
         while (visit.send(chunk(block))) {
         }
       },
       "body limit exceeded"},
      {"says 403 and never ends",
       [block](Visit& visit) {
         visit.read_request();
         visit.send(chunked_head(403));
         while (visit.send(chunk(block))) {
         }
       },
       "body limit exceeded"},
      {"says half of 200",
       [](Visit& visit) {
         visit.read_request();
         visit.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
       },
       "connection closed within an answer"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    HostileServer server = serve(one.script);
    const auto said = ask(server.url() + "/gate");
    EXPECT_EQ(said.says, Says::Error);
    EXPECT_THAT(said.text, HasSubstr(one.text));
  }
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(GateServer, whom_nobody_vouches_for_opens_nothing) {
  const Authority other("other");
  const kube::testing::Identity identity = other.issue({.alternative_names = "IP:127.0.0.1"});
  HostileServer server(says(200), ServerTls{identity.certificate, identity.key, "", 0});
  const auto said = ask(server.url() + "/gate");
  EXPECT_EQ(said.says, Says::Error);
  EXPECT_THAT(said.text, HasSubstr("TLS handshake"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(GateServer, of_a_host_that_is_not_allowed_is_never_asked) {
  HostileServer server = serve(says(200));
  const auto event = read_event(sale_at(server.url() + "/gate"));
  const auto asked = planner::gate_questions(*event, *parse_rfc3339(kNow));
  ASSERT_EQ(asked.size(), 1U);
  const auto said = measurer(authority_, "board.example")->measure(*event, asked.front().check);
  EXPECT_EQ(said.says, Says::Error);
  EXPECT_THAT(said.text, HasSubstr("--allow-check-hosts does not name"));
  EXPECT_EQ(server.connections(), 0);
}

constexpr const char* kSigned = R"(,"signWith":{"secret":"board","key":"hmac"})";

TEST_F(GateServer, is_asked_with_a_signature_by_the_secrets_key) {
  cluster_.put({"", "secrets", "shop", "board"}, R"({"data":{"hmac":"c2VjcmV0Cg=="}})");
  HostileServer server = serve(says(200));
  EXPECT_EQ(ask(server.url() + "/gate?by=board", kSigned).value, 1);
  const std::string request = server.requests().at(0);
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  const auto event = read_event(sale_at(server.url() + "/gate?by=board", kSigned));
  const auto asked = planner::gate_questions(*event, *parse_rfc3339(kNow)).at(0);
  EXPECT_TRUE(request.starts_with("POST /gate?by=board HTTP/1.1\r\n")) << request;
  EXPECT_EQ(body, asked.body);
  EXPECT_THAT(request, HasSubstr("\r\nDoorbuster-Delivery: " + asked.delivery + "\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(request,
              HasSubstr("\r\nDoorbuster-Signature: " +
                        adapters::signature_of("secret", *parse_rfc3339(kNow), body) + "\r\n"));
  EXPECT_EQ(cluster_.asked("POST /apis/authorization.k8s.io/v1/subjectaccessreviews"), 1);
}

TEST_F(GateServer, is_not_asked_without_the_key_that_its_questions_are_signed_with) {
  HostileServer server = serve(says(200));
  EXPECT_EQ(ask(server.url() + "/gate", kSigned).text, "Secret board does not exist");
  cluster_.put({"", "secrets", "shop", "board"}, R"({"data":{"other":"c2VjcmV0Cg=="}})");
  EXPECT_EQ(ask(server.url() + "/gate", kSigned).text, "Secret board has no entry hmac");
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.ends_with("subjectaccessreviews")) return std::nullopt;
    return kube::Response{
        201, {}, merge_patched({request.body}, Json{R"({"status":{"allowed":false}})"})->text};
  });
  EXPECT_EQ(ask(server.url() + "/gate", kSigned).text,
            "the service account default may not get Secret board");
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(GateServer, is_not_asked_about_what_is_decided_by_now) {
  HostileServer server = serve(says(200));
  const auto event = read_event(sale_at(server.url() + "/gate"));
  const auto asked = planner::gate_questions(*event, *parse_rfc3339(kNow)).at(0);
  planner::Event later = *event;
  later.status.decisions.push_back({.run = 1,
                                    .kind = planner::rollout_kind::kRolledBack,
                                    .subject = "v2",
                                    .hash = later.status.decisions.front().hash});
  EXPECT_EQ(measurer(authority_)->measure(later, asked.check).text, "nothing waits there any more");
  EXPECT_EQ(server.connections(), 0);
}

// ---- by the poller

class PolledGate : public GateServer {
 protected:
  void poll(const std::string& sale) {
    const std::string text = sale + std::string(kube::kTextPadding, ' ');
    const kube::Meta meta{"shop", "flash", "u", "1", 1, false};
    events_->on_page(
        "",
        {.first = true,
         .last = true,
         .items = {{meta, std::string_view(text).substr(0, text.size() - kube::kTextPadding)}},
         .version = "1"});
    CheckPoller::Parts parts;
    parts.measurer = measurer(authority_);
    parts.events = events_;
    parts.install = "here";
    parts.now = [] { return *parse_rfc3339(kNow); };
    parts.steady = [] {
      return std::chrono::duration_cast<Duration>(
          std::chrono::steady_clock::now().time_since_epoch());
    };
    parts.jitter = [] { return 0.5; };
    parts.leading = [] { return true; };
    parts.look_again = [this](const kube::Key&) { ++looks_; };
    poller_ = std::make_unique<CheckPoller>(std::move(parts));
    poller_->start();
  }
  std::vector<planner::Measurement> shown() const {
    const auto all = poller_->show(*events_->all().begin()->second);
    return all.empty() ? std::vector<planner::Measurement>() : all.begin()->second;
  }
  void wait_until(const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (!done() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(10));
  }
  std::shared_ptr<EventStore> events_ = make_event_store();
  std::atomic<int> looks_ = 0;
  std::unique_ptr<CheckPoller> poller_;
};

TEST_F(PolledGate, is_asked_again_ever_more_rarely_until_it_opens_and_then_no_more) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  HostileServer server = serve([asked](Visit& visit) {
    while (!visit.read_request().empty()) visit.send(answer(++*asked < 3 ? 500 : 200, ""));
  });
  const auto began = std::chrono::steady_clock::now();
  poll(sale_at(server.url() + "/gate"));
  wait_until([&] { return *asked == 3; });
  EXPECT_GE(std::chrono::steady_clock::now() - began, seconds(3)) << "one second, then two";
  wait_until([&] { return shown().size() == 3; });
  ASSERT_EQ(shown().size(), 3U);
  EXPECT_THAT(shown().front().text, HasSubstr("status 500"));
  EXPECT_EQ(shown().back().value, 1);
  EXPECT_GE(looks_, 1) << "the event's round is to hear it";
  std::this_thread::sleep_for(milliseconds(1'500));
  EXPECT_EQ(*asked, 3);
  poller_->stop();
}

}  // namespace
}  // namespace doorbuster::reconciler
