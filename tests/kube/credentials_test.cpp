#include "operator/kube/credentials.h"

#include "operator/kube/exec_plugin.h"
#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>

/// Tokens that change, servers that refuse them, plugins that hand them out.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string token_of(const std::string& request) {
  const std::size_t at = request.find("Authorization: Bearer ");
  return at == std::string::npos ? "" : request.substr(at + 22, request.find("\r\n", at) - at - 22);
}

/// Accepts one token; everything else is 401. Runs `on_refusal` before each of those.
Script accepts(std::string token, std::function<void()> on_refusal = {}) {
  return [=](Visit& visit) {
    while (true) {
      const std::string request = visit.read_request();
      if (request.empty()) return;
      const bool good = token_of(request) == token;
      if (!good && on_refusal) on_refusal();
      visit.send(good ? answer(200, "welcome") : answer(401, "refused"));
    }
  };
}

std::vector<std::string> tokens_seen(const HostileServer& server) {
  std::vector<std::string> tokens;
  for (const std::string& request : server.requests()) tokens.push_back(token_of(request));
  return tokens;
}

TEST(Tokens, a_refused_token_is_read_again_and_the_request_repeated_once) {
  const ScratchFolder folder;
  HostileServer server(accepts("new"));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .user = {.token_file = folder.write("token", "old\n")}},
                   options_at(clock));
  folder.write("token", "new\n");
  const auto response =
      transport->call({.method = "POST", .target = "/api"});  // a 401 has changed nothing
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "welcome");
  EXPECT_THAT(tokens_seen(server), ::testing::ElementsAre("old", "new"));
}

TEST(Tokens, a_token_that_stays_refused_is_not_sent_again) {
  const ScratchFolder folder;
  HostileServer server(accepts("other"));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .user = {.token_file = folder.write("token", "old")}},
                   options_at(clock));
  const auto response = transport->call({.target = "/api"});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(response->body, "refused");
  EXPECT_EQ(server.count("GET"), 1);
}

TEST(Tokens, a_token_that_changes_all_the_time_is_tried_twice_and_no_more) {
  const ScratchFolder folder;
  std::atomic<int> refusals{0};
  HostileServer server(
      accepts("never", [&] { folder.write("token", "token-" + std::to_string(++refusals)); }));
  ManualClock clock;
  const auto transport = transport_to(
      {.server = server.url(), .user = {.token_file = folder.write("token", "token-0")}},
      options_at(clock));
  EXPECT_EQ(transport->call({.target = "/api"})->status, 401);
  EXPECT_EQ(server.count("GET"), 2);
}

TEST(Tokens, a_stream_gets_the_new_token_too) {
  const ScratchFolder folder;
  HostileServer server(accepts("new"));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .user = {.token_file = folder.write("token", "old")}},
                   options_at(clock));
  folder.write("token", "new");
  RecordingReader reader;
  const auto stream = transport->open({.target = "/watch"}, 10s, reader);
  ASSERT_TRUE(reader.wait_for_end());
  EXPECT_EQ(reader.status(), 200);
  EXPECT_EQ(reader.text(), "welcome");
}

TEST(Tokens, a_token_file_is_read_again_after_a_minute) {
  const ScratchFolder folder;
  HostileServer server(always("{}"));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .user = {.token_file = folder.write("token", "one")}},
                   options_at(clock));
  const auto call = [&] { ASSERT_TRUE(transport->call({.target = "/api"}).ok()); };
  call();
  folder.write("token", "two");
  clock.advance(kReadAgain - 1ms);
  call();
  clock.advance(1ms);
  call();
  folder.write("token", "");  // caught in the middle of being written
  clock.advance(kReadAgain);
  call();
  std::filesystem::remove(folder.path() + "/token");
  clock.advance(kReadAgain);
  call();
  folder.write("token", "three");
  clock.advance(kReadAgain);
  call();
  folder.write("token", "four");
  clock.advance(-1h);  // a clock set back must not keep an old token alive
  call();
  EXPECT_THAT(tokens_seen(server),
              ::testing::ElementsAre("one", "one", "two", "two", "two", "three", "four"));
}

TEST(Tokens, a_missing_token_file_is_told_at_once) {
  ManualClock clock;
  const auto made =
      make_transport({.server = "http://127.0.0.1:1", .user = {.token_file = "/nonexistent/token"}},
                     options_at(clock));
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::Denied);
  EXPECT_THAT(made.error().message, HasSubstr("/nonexistent/token: No such file"));
}

/// A plugin as a shell script.
struct Plugin {
  explicit Plugin(const std::string& body) {
    config.api_version = "client.authentication.k8s.io/v1";
    config.command = folder.write("plugin", "#!/bin/sh\n" + body, true);
    config.env = {{"COUNT_FILE", folder.path() + "/runs"}};
  }
  int runs() const {
    std::ifstream file(folder.path() + "/runs");
    int lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }
  ScratchFolder folder;
  ExecPlugin config;
};

std::string says(const std::string& status) {
  return "echo run >> \"$COUNT_FILE\"\necho "
         "'{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","
         "\"status\":" +
         status + "}'\n";
}

TEST(Plugins, a_token_is_fetched_once_and_kept_until_it_expires) {
  Plugin plugin(says(
      R"({"token":"'$(wc -l < "$COUNT_FILE")'","expirationTimestamp":"2023-11-14T22:23:20Z"})"));
  HostileServer server(always("{}"));
  ManualClock clock;  // 2023-11-14T22:13:20Z
  ServerConfig config{.server = server.url()};
  config.user.exec = plugin.config;
  const auto transport = transport_to(config, options_at(clock));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(plugin.runs(), 1);
  clock.advance(9min + 51s);  // soon
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_EQ(plugin.runs(), 2);
  EXPECT_THAT(tokens_seen(server), ::testing::ElementsAre("1", "1", "1", "2"));
}

TEST(Plugins, many_callers_wait_for_one_run) {
  Plugin plugin("sleep 0.2\n" + says(R"({"token":"abc"})"));
  HostileServer server(accepts("abc"));
  ManualClock clock;
  ServerConfig config{.server = server.url()};
  config.user.exec = plugin.config;
  const auto transport = transport_to(config, options_at(clock));
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto response = transport->call({.target = "/api"});
      good += response.ok() && response->status == 200 ? 1 : 0;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(plugin.runs(), 1);
}

TEST(Plugins, a_refused_token_makes_it_run_again_but_not_all_the_time) {
  Plugin plugin(says(R"({"token":"bad"})"));
  HostileServer server(accepts("good"));
  ManualClock clock;
  ServerConfig config{.server = server.url()};
  config.user.exec = plugin.config;
  const auto transport = transport_to(config, options_at(clock));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(transport->call({.target = "/api"})->status, 401);
  EXPECT_EQ(plugin.runs(), 1);
  clock.advance(10s);
  EXPECT_EQ(transport->call({.target = "/api"})->status, 401);
  EXPECT_EQ(plugin.runs(), 2);
}

TEST(Plugins, a_call_does_not_wait_longer_for_one_than_its_deadline) {
  Plugin plugin("sleep 20\n");
  ManualClock clock;
  ServerConfig config{.server = "http://127.0.0.1:1"};
  config.user.exec = plugin.config;
  const auto began = std::chrono::steady_clock::now();
  {
    const auto transport = transport_to(config, options_at(clock));
    const auto response = transport->call({.target = "/api", .timeout = 200ms});
    ASSERT_FALSE(response.ok());
    EXPECT_THAT(response.error().message, HasSubstr("no whole answer"));
  }  // and the transport ends it
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

struct PluginCase {
  const char* sentence;
  std::string body;
  const char* error;
};

TEST(Plugins, failures_are_explained) {
  const std::vector<PluginCase> all = {
      {"exits with an error", "echo 'log in first' >&2; exit 3\n", "exit status 3: log in first"},
      {"is killed", "kill -9 $$\n", "signal 9"},
      {"says nothing", "exit 0\n", "no JSON"},
      {"says garbage", "echo hello\n", "no JSON"},
      {"says something else", "echo '{\"kind\":\"Pod\"}'\n", "no ExecCredential"},
      {"speaks another version",
       "echo "
       "'{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'\n",
       "client.authentication.k8s.io/v1"},
      {"gives nothing", says("{}"), "neither token nor certificate"},
      {"gives a certificate without key",
       says(R"({"clientCertificateData":"x"})"),
       "without the other"},
      {"gives a bad time", says(R"({"token":"x","expirationTimestamp":"tomorrow"})"), "RFC 3339"},
      {"never stops talking",
       "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done\n",
       "256 KiB"},
      {"hangs", "sleep 20 & wait\n", "took too long"},
  };
  const std::atomic<bool> stop{false};
  for (const PluginCase& wrong : all) {
    const Plugin plugin(wrong.body);
    const auto answer =
        run_plugin(plugin.config, stop, *wrong.error == 't' ? Duration(200) : Duration(10'000));
    ASSERT_FALSE(answer.ok()) << wrong.sentence;
    EXPECT_EQ(answer.error().kind, ErrorKind::Denied) << wrong.sentence;
    EXPECT_THAT(answer.error().message, HasSubstr(wrong.error)) << wrong.sentence;
  }
  ExecPlugin missing{.api_version = "client.authentication.k8s.io/v1",
                     .command = "no-such-plugin-here"};
  missing.install_hint = "install it first";
  const auto answer = run_plugin(missing, stop);
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message,
              HasSubstr("no-such-plugin-here: No such file or directory; install it first"));
}

TEST(Plugins, get_their_arguments_environment_and_cluster_and_nothing_else) {
  setenv("FROM_OUTSIDE", "yes", 1);
  // An open descriptor that a plugin must not inherit.
  std::FILE* const open_file = std::fopen("/dev/null", "r");
  Plugin plugin("[ -e /proc/self/fd/" + std::to_string(fileno(open_file)) +
                " ] && fd=leaked || fd=closed\n"
                "read line && input=some || input=none\n"
                "printf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$INFO\"\n" +
                says(R"({"token":"'"$1|$2|$EXTRA|$FROM_OUTSIDE|$fd|$input"'"})"));
  plugin.config.args = {"get token", "$(exit)"};
  plugin.config.env.push_back({"EXTRA", "a=b"});
  plugin.config.env.push_back({"INFO", plugin.folder.path() + "/info"});
  plugin.config.cluster = Json{R"({"server":"https://kube.test"})"};
  const std::atomic<bool> stop{false};
  const auto answer = run_plugin(plugin.config, stop);
  std::fclose(open_file);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->token, "get token|$(exit)|a=b|yes|closed|none");
  EXPECT_EQ(*read_file(plugin.folder.path() + "/info", 1000),
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
            R"("spec":{"cluster":{"server":"https://kube.test"},"interactive":false}})");
}

}  // namespace
}  // namespace doorbuster::kube::testing
