// A client of servers that nobody vouches for.
#include "controllers/adapters/web.h"

#include "tests/kube/certificates.h"
#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::adapters {
namespace {

using kube::testing::always;
using kube::testing::answer;
using kube::testing::Authority;
using kube::testing::chunk;
using kube::testing::chunked_head;
using kube::testing::HostileServer;
using kube::testing::ManualClock;
using kube::testing::ScratchFolder;
using kube::testing::Script;
using kube::testing::Visit;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class WebTest : public testing::Test {
 protected:
  std::unique_ptr<Web> web(const std::string& ca_file = "") {
    return make_web({.user_agent = "doorbuster/test", .ca_file = ca_file, .now = clock_.reader()});
  }
  static WebAsk ask(const std::string& url, const std::string& token = "") {
    const auto address = parse_web_address(url);
    return {.address = *address, .target = address->target, .token = token};
  }
  ManualClock clock_;
};

Script says(const std::string& bytes) {
  return [bytes](Visit& visit) {
    visit.read_request();
    visit.send(bytes);
  };
}

struct HostileCase {
  const char* sentence;
  Script script;
  const char* error;
};

TEST_F(WebTest, what_a_server_does_wrong_is_an_error_in_time) {
  const std::string block(64U << 10U, 'x');
  const HostileCase cases[] = {
      {"never answers",
       [](Visit& visit) {
         visit.read_request();
         visit.hold();
       },
       "no whole answer within 3s"},
      {"sends its answer byte by byte, for ever",
       [](Visit& visit) {
         visit.read_request();
         visit.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
         while (visit.send("1") && visit.pause(50ms)) {
         }
       },
       "no whole answer within 3s"},
      {"announces more than a mebibyte",
       says("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n"),
       "body limit exceeded"},
      {"sends chunks without an end",
       [block](Visit& visit) {
         visit.read_request();
         visit.send(chunked_head());
         while (visit.send(chunk(block))) {
         }
       },
       "body limit exceeded"},
      {"sends chunks that are none", says(chunked_head() + "zz\r\nabc\r\n"), "unreadable answer"},
      {"speaks no HTTP", says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "unreadable answer"},
      {"closes at once", [](Visit& visit) { visit.read_request(); }, "connection closed"},
      {"closes within its answer",
       says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
       "connection closed within an answer"},
      {"compresses", says(answer(200, "x", "Content-Encoding: gzip\r\n")), "not asked for"},
  };
  for (const HostileCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    HostileServer server(one.script);
    const auto asked = web()->get(ask(server.url() + "/x"));
    ASSERT_FALSE(asked.ok());
    EXPECT_THAT(asked.error().message, HasSubstr(one.error));
  }
}

TEST_F(WebTest, follows_no_redirect) {
  HostileServer elsewhere(always("{}"));
  HostileServer server(says(answer(302, "", "Location: " + elsewhere.url() + "/x\r\n")));
  const auto asked = web()->get(ask(server.url() + "/x"));
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(WebTest, shows_a_401_as_it_is_and_asks_once) {
  HostileServer server([](Visit& visit) {
    while (!visit.read_request().empty()) visit.send(answer(401, "who are you?"));
  });
  const auto asked = web()->get(ask(server.url() + "/x"));
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->status, 401);
  EXPECT_EQ(asked->body, "who are you?");
  EXPECT_EQ(server.count("GET"), 1);
}

TEST_F(WebTest, keeps_a_connection_between_questions) {
  HostileServer server(always("{}"));
  const auto one = web();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(one->get(ask(server.url() + "/x")).ok());
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(server.requests().front(), HasSubstr("GET /x HTTP/1.1"));
  EXPECT_THAT(server.requests().front(), Not(HasSubstr("Authorization")));
}

WebPost post_to(const std::string& url, kube::Headers headers = {}) {
  const auto address = parse_web_address(url);
  return {.address = *address,
          .target = address->target,
          .body = R"({"step":1})",
          .headers = std::move(headers)};
}

TEST_F(WebTest, posts_json_with_headers_of_the_asker) {
  HostileServer server(always("{}"));
  ASSERT_TRUE(web()->post(post_to(server.url() + "/gate", {{"Doorbuster-Delivery", "u/1"}})).ok());
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /gate HTTP/1.1\r\n")) << request;
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 10\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nDoorbuster-Delivery: u/1\r\n"));
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"step\":1}")) << request;
}

TEST_F(WebTest, posts_once_more_where_a_kept_connection_had_been_closed) {
  HostileServer server([](Visit& visit) {
    visit.read_request();
    visit.send(answer(200, "{}"));
    if (visit.number() == 0) visit.read_request();
  });
  const auto one = web();
  ASSERT_TRUE(one->post(post_to(server.url() + "/gate")).ok());
  const auto again = one->post(post_to(server.url() + "/gate"));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(WebTest, sends_no_header_that_is_none) {
  HostileServer server(always("{}"));
  const std::pair<std::string, std::string> wrong[] = {
      {"", "a"}, {"A B", "a"}, {"A:", "a"}, {"A\r\nB", "a"}, {"A", "a\r\nB: b"}};
  for (const auto& one : wrong) {
    SCOPED_TRACE(one.first);
    const auto posted = web()->post(post_to(server.url() + "/gate", {one}));
    ASSERT_FALSE(posted.ok());
    EXPECT_THAT(posted.error().message, HasSubstr("malformed"));
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(WebTest, sends_a_token_over_tls_alone_and_only_with_its_own_question) {
  const Authority authority("shop");
  const kube::testing::Identity identity = authority.issue({.alternative_names = "IP:127.0.0.1"});
  HostileServer server(always("{}"),
                       kube::testing::ServerTls{identity.certificate, identity.key, "", 0});
  const ScratchFolder folder;
  const auto one = web(folder.write("ca.pem", authority.certificate()));
  ASSERT_TRUE(one->get(ask(server.url() + "/a", "of-a")).ok());
  ASSERT_TRUE(one->get(ask(server.url() + "/b")).ok());
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Bearer of-a\r\n"));
  EXPECT_THAT(server.requests().at(1), Not(HasSubstr("Authorization")));

  HostileServer plain(always("{}"));
  const auto refused = one->get(ask(plain.url() + "/a", "of-a"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(plain.connections(), 0);
  const auto broken = one->get(ask(server.url() + "/a", "of\r\nHost: b"));
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().message, HasSubstr("malformed"));
  EXPECT_THAT(broken.error().message, Not(HasSubstr("Host")));
}

TEST_F(WebTest, trusts_only_the_authorities_of_its_file) {
  const Authority authority("shop"), other("other");
  const kube::testing::Identity identity = authority.issue({.alternative_names = "IP:127.0.0.1"});
  HostileServer server(always("{}"),
                       kube::testing::ServerTls{identity.certificate, identity.key, "", 0});
  const ScratchFolder folder;
  const auto refused =
      web(folder.write("ca.pem", other.certificate()))->get(ask(server.url() + "/a"));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("TLS handshake"));
  EXPECT_FALSE(web(folder.path() + "/gone.pem")->get(ask(server.url() + "/a")).ok());
}

TEST_F(WebTest, many_servers_are_asked_one_after_the_other) {
  const auto one = web();
  for (std::size_t i = 0; i < kWebServers + 4; ++i) {
    HostileServer server(always("{}"));
    EXPECT_TRUE(one->get(ask(server.url() + "/x")).ok()) << i;
  }
}

}  // namespace
}  // namespace doorbuster::adapters
