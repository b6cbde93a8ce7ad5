#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>

extern char** environ;

/// Servers that die, stop, come back, or fall silent: as processes of their own, by signals.
namespace doorbuster::kube::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPortVariable = "DOORBUSTER_TEST_PORT";

/// This very program once more, as a server on a loopback port.
class ServerProcess {
 public:
  explicit ServerProcess(int port = 0) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    setenv(kPortVariable, std::to_string(port).c_str(), 1);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::string words[] = {"server",
                           "--gtest_filter=DISABLED_Server.serves_until_it_is_killed",
                           "--gtest_also_run_disabled_tests",
                           "--gtest_brief=1"};
    char* arguments[] = {
        words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    const int failed = posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    unsetenv(kPortVariable);
    close(ends[1]);
    if (failed != 0) throw std::runtime_error("no server process");
    port_ = port_in(ends[0]);
    close(ends[0]);
  }
  ~ServerProcess() { die(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void stop() const {
    kill(pid_, SIGSTOP);
    waitpid(pid_, nullptr, WUNTRACED);  // until it has stopped
  }
  void go_on() const { kill(pid_, SIGCONT); }
  void die() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  /// It says `port N` among whatever else a test program says.
  static int port_in(int from) {
    std::string said;
    char buffer[256];
    int port = 0;
    for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) {
      said.append(buffer, static_cast<std::size_t>(got));
      const std::size_t at = said.find("port "), end = said.find(';');
      if (at == std::string::npos || end == std::string::npos) continue;
      std::from_chars(said.data() + at + 5, said.data() + end, port);
      return port;
    }
    throw std::runtime_error("the server did not start: " + said);
  }

  pid_t pid_ = 0;
  int port_ = 0;
};

/// Watches get one event and no end; everything else is answered.
void watch_or_answer(Visit& visit) {
  for (;;) {
    const std::string request = visit.read_request();
    if (request.empty()) return;
    if (request.find("watch=1") != std::string::npos) {
      visit.send(chunked_head() + chunk("event"));
      return visit.hold();
    }
    visit.send(answer(200, "{}"));
  }
}

/// No test by itself: what ServerProcess runs.
TEST(DISABLED_Server, serves_until_it_is_killed) {
  const char* given = std::getenv(kPortVariable);
  if (given == nullptr) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int port = 0;
  std::from_chars(given, given + std::string_view(given).size(), port);
  const HostileServer server(watch_or_answer, std::nullopt, port);
  const std::string said = "port " + std::to_string(server.port()) + ";";
  ASSERT_GT(write(STDOUT_FILENO, said.data(), said.size()), 0);
  for (;;) pause();
}

class DeadServer : public ::testing::Test {
 protected:
  std::shared_ptr<Transport> transport() {
    return transport_to({.server = server.url()}, options_at(clock));
  }
  static bool answers(Transport& transport, Duration timeout) {
    return transport.call({.target = "/api", .timeout = timeout}).ok();
  }
  static Duration since(std::chrono::steady_clock::time_point began) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  }

  ServerProcess server;
  ManualClock clock;
};

TEST_F(DeadServer, a_stopped_one_under_an_open_watch_is_given_up_and_found_again) {
  const auto transport = this->transport();
  RecordingReader reader;
  const auto stream = transport->open({.target = "/x?watch=1"}, 1'000ms, reader);
  ASSERT_TRUE(reader.wait_for_bytes(5));
  ASSERT_TRUE(answers(*transport, 5'000ms));
  server.stop();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(answers(*transport, 300ms));
  EXPECT_LT(since(began), 5'000ms) << "a call ends with its time";
  ASSERT_TRUE(reader.wait_for_end()) << "silence ends a watch";
  EXPECT_EQ(reader.ends().front().kind, ErrorKind::Unavailable);
  server.go_on();
  EXPECT_TRUE(answers(*transport, 10'000ms));
  RecordingReader again;
  const auto next = transport->open({.target = "/x?watch=1"}, 10'000ms, again);
  EXPECT_TRUE(again.wait_for_bytes(5));
}

TEST_F(DeadServer, a_killed_one_ends_its_watches_at_once_and_is_found_again_on_its_port) {
  const auto transport = this->transport();
  RecordingReader reader;
  const auto stream = transport->open({.target = "/x?watch=1"}, 60'000ms, reader);
  ASSERT_TRUE(reader.wait_for_bytes(5));
  ASSERT_TRUE(answers(*transport, 5'000ms));
  const auto began = std::chrono::steady_clock::now();
  server.die();
  ASSERT_TRUE(reader.wait_for_end());
  EXPECT_LT(since(began), 10'000ms) << "not after its 60 s of patience";
  EXPECT_EQ(reader.ends().size(), 1U);
  const auto refused = transport->call({.target = "/api", .timeout = 5'000ms});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Unavailable);
  const ServerProcess successor(server.port());
  ASSERT_EQ(successor.port(), server.port());
  EXPECT_TRUE(answers(*transport, 5'000ms));
  RecordingReader again;
  const auto next = transport->open({.target = "/x?watch=1"}, 60'000ms, again);
  EXPECT_TRUE(again.wait_for_bytes(5));
}

/// Our ends of the connections to a loopback port.
std::vector<int> sockets_to(int port) {
  std::vector<int> out;
  for (int fd = 0; fd < 1'024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family == AF_INET && ntohs(peer.sin_port) == port) out.push_back(fd);
  }
  return out;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

TEST_F(DeadServer, a_black_hole_is_noticed_by_the_kernel_within_a_minute) {
  const auto transport = this->transport();
  RecordingReader reader;
  const auto stream = transport->open({.target = "/x?watch=1"}, 600'000ms, reader);
  ASSERT_TRUE(reader.wait_for_bytes(5));
  ASSERT_TRUE(answers(*transport, 5'000ms));
  const std::vector<int> sockets = sockets_to(server.port());
  ASSERT_GE(sockets.size(), 2U) << "one of the watch, one of the calls";
  for (const int fd : sockets) {
    // Bytes of ours that nobody acknowledges.
    EXPECT_GT(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    EXPECT_LE(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
    // Silence where we have nothing to say.
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    const int probes = option(fd, IPPROTO_TCP, TCP_KEEPCNT);
    EXPECT_GE(probes, 2) << "one lost packet is no death";
    EXPECT_LE(
        option(fd, IPPROTO_TCP, TCP_KEEPIDLE) + probes * option(fd, IPPROTO_TCP, TCP_KEEPINTVL),
        60);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1) << "and nothing waits for more to send";
  }
}

}  // namespace
}  // namespace doorbuster::kube::testing
