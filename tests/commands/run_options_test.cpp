#include "operator/commands/run_options.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace doorbuster::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// An environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

RunFlags parsed(std::vector<std::string> words) {
  CLI::App app;
  RunFlags flags;
  declare(app, flags);
  std::reverse(words.begin(), words.end());
  app.parse(words);
  return flags;
}

TEST(RunOptions, WithoutFlagsTheDefaultsAreUnderstood) {
  const auto options = understand(parsed({}));
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->install_id, "doorbuster");
  EXPECT_TRUE(options->namespaces.empty()) << "all";
  EXPECT_EQ(options->lease.name, "doorbuster");
  EXPECT_EQ(options->lease.lasts, Duration(15'000));
  EXPECT_EQ(options->lease.renew_within, Duration(10'000));
  EXPECT_EQ(options->lease.retry, Duration(2'000));
  EXPECT_EQ(options->workers, 16);
  EXPECT_EQ(options->bind.port, 8080);
  EXPECT_EQ(options->log_level, LogLevel::Info);
  EXPECT_EQ(options->allow.kinds, products::AllowList::standard().kinds);
  EXPECT_EQ(options->headroom_image, "registry.k8s.io/pause:3.10");
  EXPECT_EQ(options->prepull_image, "docker.io/library/busybox:1.37.0-musl");
  EXPECT_EQ(options->request_timeout, Duration(10'000));
  EXPECT_EQ(options->sweep_interval, Duration(3'600'000));
}

TEST(RunOptions, ChecksAskNobodyUntilAServerIsNamed) {
  EXPECT_TRUE(understand(parsed({}))->checks.hosts.empty());
  const auto own =
      understand(parsed({"--prometheus-address", "http://prometheus.monitoring.svc:9090/p"}));
  ASSERT_TRUE(own.ok()) << own.error().message;
  EXPECT_EQ(own->checks.prometheus, "http://prometheus.monitoring.svc:9090/p");
  EXPECT_THAT(own->checks.hosts,
              ElementsAre(planner::HostPattern{"prometheus.monitoring.svc", 9090}));
  const auto listed = understand(parsed({"--prometheus-address",
                                         "http://prometheus.monitoring.svc:9090",
                                         "--allow-check-hosts",
                                         "*.monitoring.svc,status.example:443"}));
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  EXPECT_THAT(listed->checks.hosts,
              ElementsAre(planner::HostPattern{".monitoring.svc", std::nullopt},
                          planner::HostPattern{"status.example", 443}));
  for (const char* wrong : {"prometheus:9090", "ftp://a", "http://a/?b", "http://A"})
    EXPECT_FALSE(understand(parsed({"--prometheus-address", wrong})).ok()) << wrong;
  for (const char* wrong : {"*", "http://a", "a/b"})
    EXPECT_FALSE(understand(parsed({"--allow-check-hosts", wrong})).ok()) << wrong;
}

TEST(RunOptions, NamespacesAreSortedAndEachOnce) {
  const auto flags = parsed({"--namespace", "shop", "--namespace", "cart,shop"});
  const auto options = understand(flags);
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_THAT(options->namespaces, ElementsAre("cart", "shop"));
}

TEST(RunOptions, TheEnvironmentGivesWhatNoFlagDoes) {
  const Variable install("DOORBUSTER_INSTALL_ID", "blue"),
      lease("DOORBUSTER_LEASE_DURATION", "30s"), names("DOORBUSTER_NAMESPACE", "b,a");
  const auto from_environment = understand(parsed({}));
  ASSERT_TRUE(from_environment.ok()) << from_environment.error().message;
  EXPECT_EQ(from_environment->install_id, "blue");
  EXPECT_EQ(from_environment->lease.lasts, Duration(30'000));
  EXPECT_THAT(from_environment->namespaces, ElementsAre("a", "b"));
  const auto flag_first = understand(parsed({"--install-id", "green"}));
  ASSERT_TRUE(flag_first.ok());
  EXPECT_EQ(flag_first->install_id, "green");
}

struct BadFlag {
  std::string name, value, says;
};

void PrintTo(const BadFlag& one, std::ostream* out) { *out << one.name << "=" << one.value; }

class BadRunFlag : public ::testing::TestWithParam<BadFlag> {};

TEST_P(BadRunFlag, IsRefusedByItsName) {
  const auto options = understand(parsed({"--" + GetParam().name + "=" + GetParam().value}));
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(options.error().message, StartsWith("--" + GetParam().name + ": "));
  EXPECT_THAT(options.error().message, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Flags,
    BadRunFlag,
    ::testing::Values(BadFlag{"lease-duration", "15", "\"15\" is no duration; write 15s"},
                      BadFlag{"lease-duration", "0s", "is no duration"},
                      BadFlag{"renew-deadline", "-1s", "is no duration"},
                      BadFlag{"retry-period", "soon", "is no duration"},
                      BadFlag{"request-timeout", "1e3s", "is no duration"},
                      BadFlag{"sweep-interval", "0m", "is no duration"},
                      BadFlag{"lease-namespace", "Shop", "\"Shop\" is no namespace"},
                      BadFlag{"lease-name", "a_b", "is no name"},
                      BadFlag{"namespace", "-shop", "\"-shop\" is no namespace"},
                      BadFlag{"namespace", std::string(64, 'a'), "is no namespace"},
                      BadFlag{"install-id", "my install", "label value"},
                      BadFlag{"workers", "0", "between 1 and 256"},
                      BadFlag{"workers", "257", "between 1 and 256"},
                      BadFlag{"bind-address", "nowhere:http", ""},
                      BadFlag{"bind-address", ":70000", ""},
                      BadFlag{"headroom-image", "a pause", "is no image"},
                      BadFlag{"prepull-image", "a box", "is no image"},
                      BadFlag{"log-level", "loud", "debug, info, warn or error"},
                      BadFlag{"log-format", "xml", "text or json"},
                      BadFlag{
                          "allow-list", "/nowhere/allow-list.yaml", "/nowhere/allow-list.yaml"}));

TEST(RunOptions, AnAllowListFileIsNamedWithTheLineThatIsWrong) {
  const std::string path = ::testing::TempDir() + "/allow-list.yaml";
  std::ofstream(path) << "kinds:\n  - group: apps\n    kind: Deployment\n    feilds: []\n";
  const auto options = understand(parsed({"--allow-list", path}));
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.error().message,
            "--allow-list: " + path + ": line 4, column 5: \"feilds\" is not known here");
  std::ofstream(path) << "kinds: [{group: g, kind: K, fields: [/spec]}]\n";
  const auto good = understand(parsed({"--allow-list", path}));
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->allow.kinds.size(), 1U);
}

TEST(RunOptions, AnUnknownFlagIsNoFlag) {
  EXPECT_THROW(parsed({"--lease-duraton", "15s"}), CLI::ParseError);
  EXPECT_THROW(parsed({"--workers", "many"}), CLI::ParseError);
}

}  // namespace
}  // namespace doorbuster::commands
