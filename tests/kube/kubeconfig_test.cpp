#include "operator/kube/kubeconfig.h"

#include "operator/kube/yaml_json.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>

namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;

/// A kubeconfig with one of each, made of the lines inside cluster and user.
std::string config_of(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts:\n- name: here\n  context: {cluster: c, user: u, namespace: shop}\n"
         "clusters:\n- name: c\n  cluster:\n" +
         cluster + "users:\n- name: u\n  user:\n" + user;
}

const std::string kCluster =
    "    server: https://kube.test:6443\n    certificate-authority: ca.crt\n";

TEST(Kubeconfig, what_is_written_is_what_is_read) {
  const std::string text = config_of(
      "    server: https://kube.test:6443\n    tls-server-name: other.test\n    "
      "certificate-authority-data: Q0E=\n",
      "    client-certificate: certs/a.crt\n    client-key-data: S0VZ\n    tokenFile: "
      "/run/token\n");
  const auto config = read_kubeconfig(text, "/folder/of/mine/.kube", "config", "");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server, "https://kube.test:6443");
  EXPECT_EQ(config->server_name, "other.test");
  EXPECT_EQ(config->ca, "CA");
  EXPECT_EQ(config->ca_file, "");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_EQ(config->user.certificate_file, "/folder/of/mine/.kube/certs/a.crt");
  EXPECT_EQ(config->user.key, "KEY");
  EXPECT_EQ(config->user.token_file, "/run/token");
  EXPECT_TRUE(config->warnings.empty());
}

TEST(Kubeconfig, json_is_a_kubeconfig_too) {
  const auto config = read_kubeconfig(
      R"({"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c"}}],
         "clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:8001"}}],"users":null})",
      "/",
      "config",
      "");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server, "http://127.0.0.1:8001");
}

TEST(Kubeconfig, another_context_may_be_asked_for) {
  const std::string text = config_of(kCluster, "    token: abc\n") + "preferences: {}\n";
  EXPECT_EQ(read_kubeconfig(text, "/", "config", "here")->user.token, "abc");
  EXPECT_THAT(read_kubeconfig(text, "/", "config", "there").error().message,
              HasSubstr("config: contexts: no context \"there\""));
}

TEST(Kubeconfig, skipping_verification_is_taken_at_its_word_and_told) {
  const auto config = read_kubeconfig(
      config_of("    server: https://kube.test\n    insecure-skip-tls-verify: true\n",
                "    token: abc\n"),
      "/",
      "config",
      "");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->skip_verify);
  EXPECT_THAT(config->warnings, ::testing::ElementsAre(HasSubstr("not verified")));
}

TEST(Kubeconfig, a_plugin_with_everything) {
  const std::string text = config_of(
      kCluster +
          "    extensions:\n    - name: client.authentication.k8s.io/exec\n      extension: "
          "{audience: kube, level: 3}\n",
      "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: bin/login\n"
      "      args: [get, --all]\n      env:\n      - {name: A, value: b}\n      interactiveMode: "
      "IfAvailable\n"
      "      provideClusterInfo: true\n      installHint: get it\n");
  const auto config = read_kubeconfig(text, "/folder/of/mine", "config", "");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const ExecPlugin& plugin = *config->user.exec;
  EXPECT_EQ(plugin.command, "/folder/of/mine/bin/login");
  EXPECT_THAT(plugin.args, ::testing::ElementsAre("get", "--all"));
  EXPECT_THAT(plugin.env, ::testing::ElementsAre(std::pair<std::string, std::string>("A", "b")));
  EXPECT_EQ(plugin.cluster->text,
            R"({"server":"https://kube.test:6443","config":{"audience":"kube","level":3}})");
  EXPECT_EQ(plugin.install_hint, "get it");
}

struct BadCase {
  const char* sentence;
  std::string text;
  const char* error;
};

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.sentence; }

class BadKubeconfigs : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadKubeconfigs, are_explained) {
  const auto config = read_kubeconfig(GetParam().text, "/folder/of/mine", "my-config", "");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(config.error().message, ::testing::StartsWith("my-config"));
  EXPECT_THAT(config.error().message, HasSubstr(GetParam().error));
  EXPECT_THAT(config.error().message, ::testing::Not(HasSubstr("secret")));
}

const std::string kExec =
    "    exec:\n      command: x\n      interactiveMode: Never\n      apiVersion: "
    "client.authentication.k8s.io/";

INSTANTIATE_TEST_SUITE_P(
    One,
    BadKubeconfigs,
    ::testing::Values(
        BadCase{"that is empty", "", "holds no document"},
        BadCase{"that is a list", "[]", "must be an object"},
        BadCase{"that is no YAML", "a: [", "line"},
        BadCase{"of two documents", "a: b\n---\na: b\n", "more than one document"},
        BadCase{"with a key twice",
                "kind: Config\nkind: Config\n",
                "line 2, column 1: kind: must not be written twice"},
        BadCase{
            "that is too large", std::string(kMaxKubeconfigBytes + 1, '#'), "larger than 1 MiB"},
        BadCase{"without a context", "clusters: []\n", "current-context"},
        BadCase{"with an unknown context", "current-context: x\n", "no context \"x\""},
        BadCase{"whose lists are none",
                "current-context: x\ncontexts: {}\n",
                "contexts: must be a list"},
        BadCase{"with an unknown cluster",
                "current-context: x\ncontexts: [{name: x, context: {cluster: why}}]\n",
                "contexts[0].context.cluster: no cluster \"why\""},
        BadCase{"with an unknown user",
                "current-context: x\ncontexts: [{name: x, context: {cluster: why, user: z}}]\n"
                "clusters: [{name: why, cluster: {server: \"http://localhost\"}}]\n",
                "contexts[0].context.user: no user \"z\""},
        BadCase{"without a server",
                config_of("    certificate-authority: x\n", "    token: a\n"),
                "clusters[0].cluster.server"},
        BadCase{"with a number as server",
                config_of("    server: 12\n", "    token: a\n"),
                "clusters[0].cluster.server: must be a string"},
        BadCase{"without an authority",
                config_of("    server: https://x\n", "    token: a\n"),
                "the system's authorities are not trusted"},
        BadCase{"with an authority and none",
                config_of(kCluster + "    insecure-skip-tls-verify: true\n", "    token: a\n"),
                "contradicts"},
        BadCase{"with a flag that is none",
                config_of(kCluster + "    insecure-skip-tls-verify: maybe\n", "    token: a\n"),
                "true or false"},
        BadCase{"with a proxy",
                config_of(kCluster + "    proxy-url: socks5://x\n", "    token: a\n"),
                "clusters[0].cluster.proxy-url: proxies are not"},
        BadCase{"with bad base64",
                config_of("    server: https://x\n    certificate-authority-data: Q0E\n",
                          "    token: a\n"),
                "is not base64"},
        BadCase{"with a user name",
                config_of(kCluster, "    username: me\n    password: secret\n"),
                "users[0].user.username: basic"},
        BadCase{"with a password",
                config_of(kCluster, "    password: secret\n"),
                "users[0].user.password: basic"},
        BadCase{"with an auth provider",
                config_of(kCluster, "    auth-provider: {name: gcp}\n"),
                "auth-provider: auth providers are not"},
        BadCase{"that impersonates",
                config_of(kCluster, "    as: admin\n"),
                "users[0].user.as: impersonation"},
        BadCase{"with a certificate alone",
                config_of(kCluster, "    client-certificate: a\n"),
                "client-key: missing"},
        BadCase{"with a key alone",
                config_of(kCluster, "    client-key: a\n"),
                "client-certificate: missing"},
        BadCase{"with a token that is no string",
                config_of(kCluster, "    token: 123456\n"),
                "users[0].user.token: must be a string"},
        BadCase{"with an old plugin", config_of(kCluster, kExec + "v1alpha1\n"), "exec.apiVersion"},
        BadCase{"with a plugin that asks questions",
                config_of(kCluster,
                          "    exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
                          "interactiveMode: Always}\n"),
                "nobody to ask"},
        BadCase{"with a plugin of an unknown mode",
                config_of(kCluster,
                          "    exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
                          "interactiveMode: Maybe}\n"),
                "must be Never"},
        BadCase{"with a v1 plugin of no mode",
                config_of(kCluster,
                          "    exec: {apiVersion: client.authentication.k8s.io/v1, command: x}\n"),
                "must be given"},
        BadCase{"with a plugin without a program",
                config_of(kCluster,
                          "    exec: {apiVersion: client.authentication.k8s.io/v1, "
                          "interactiveMode: Never}\n"),
                "exec.command"},
        BadCase{"with arguments that are none",
                config_of(kCluster, kExec + "v1\n      args: [1]\n"),
                "exec.args: must be a list of strings"},
        BadCase{"with a variable that is none",
                config_of(kCluster, kExec + "v1\n      env: [{name: a=b}]\n"),
                "env[0].name"}));

TEST(KubeconfigFiles, the_first_that_says_something_wins_and_paths_are_its_own) {
  const ScratchFolder folder;
  const std::string one = folder.write("one/config",
                                       "contexts: [{name: x, context: {cluster: c, user: "
                                       "u}}]\nusers: [{name: u, user: {tokenFile: t}}]\n");
  const std::string two =
      folder.write("two/config",
                   "current-context: x\nusers: [{name: u, user: {token: other}}]\n"
                   "clusters: [{name: c, cluster: {server: \"https://kube.test\", "
                   "certificate-authority: ca.crt}}]\n");
  const auto config = load_kubeconfig({.env = folder.path() + "/none:" + one + "::" + two});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->user.token_file, folder.path() + "/one/t");
  EXPECT_EQ(config->user.token, "");
  EXPECT_EQ(config->ca_file, folder.path() + "/two/ca.crt");
}

TEST(KubeconfigFiles, a_flag_names_the_only_one) {
  const ScratchFolder folder;
  const std::string text = config_of(kCluster, "    token: abc\n");
  const std::string path = folder.write("config", text);
  EXPECT_EQ(load_kubeconfig({.explicit_path = path, .env = "/nonexistent"})->user.token, "abc");
  const auto missing = load_kubeconfig({.explicit_path = "/nonexistent", .env = path});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent: No such file"));
}

TEST(KubeconfigFiles, none_at_all_is_not_found) {
  EXPECT_EQ(load_kubeconfig({.env = "/nonexistent:/neither"}).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(load_kubeconfig({.fallback = "/nonexistent"}).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(load_kubeconfig({}).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(
      load_kubeconfig({.env = "/a:/b:/c:/d:/e:/f:/g:/h:/i:/j:/k:/l:/m:/n:/o:/p:/q"}).error().kind,
      ErrorKind::Invalid);
}

TEST(InCluster, a_pod_knows_its_server) {
  const ScratchFolder folder;
  folder.write("namespace", "shop\n");
  const auto config = in_cluster({.host = "10.0.0.1", .port = "443", .folder = folder.path()});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->server, "https://10.0.0.1:443");
  EXPECT_EQ(config->ca_file, folder.path() + "/ca.crt");
  EXPECT_EQ(config->user.token_file, folder.path() + "/token");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_EQ(in_cluster({.host = "fd00::1", .port = "443", .folder = folder.path()})->server,
            "https://[fd00::1]:443");
  EXPECT_EQ(in_cluster({.host = "10.0.0.1", .port = "", .folder = folder.path()}).error().kind,
            ErrorKind::NotFound);
  EXPECT_EQ(in_cluster({.host = "10.0.0.1", .port = "443", .folder = "/nonexistent"})->ns, "");
}

TEST(YamlAsJson, reads_what_kubectl_reads) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"a: b", R"({"a":"b"})"},
      {"[1, -2.5e3, 012, 1_000, 0x1f, '.inf', 1., +1]", R"([1,-2.5e3,10,1000,31,".inf",1,1])"},
      {"[true, FALSE, yes, 'true', \"1\", !!str 1]", R"([true,false,true,"true","1","1"])"},
      {"[null, ~, , Null, 'null']", R"([null,null,null,null,"null"])"},
      {"a:\nb: |\n  two\n  lines\n", R"({"a":null,"b":"two\nlines\n"})"},
      {"a: &x {b: [1]}\nc: *x\n", R"({"a":{"b":[1]},"c":{"b":[1]}})"},
      {"{}", "{}"},
      {"'1': 2", R"({"1":2})"},
      {"{1: a, true: b}", R"({"1":"a","true":"b"})"},
      {"<<: {a: b}", R"({"a":"b"})"},
      {"# only a comment after\na: 1 # this\n", R"({"a":1})"},
  };
  for (const auto& [yaml, json] : all) {
    const auto converted = json_from_yaml(yaml);
    ASSERT_TRUE(converted.ok()) << yaml << ": " << converted.error().message;
    EXPECT_EQ(converted->text, json);
  }
}

TEST(YamlAsJson, refuses_what_it_cannot_say_exactly) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) laughs += before + ", ";
    laughs += before + "]\n";
  }
  const std::vector<std::pair<std::string, std::string>> all = {
      {"a: &a [*a]", "must not refer to what contains it"},
      {"a: *b", "line 1"},
      {laughs, "must be smaller"},
      {std::string(70, '[') + std::string(70, ']'), "at most 64 levels deep"},
      {std::string(100'000, '[') + std::string(100'000, ']'), "at most 64 levels deep"},
      {"<<: b", "must merge an object"},
      {"{a: 1, a: 2}", "line 1, column 8: a: must not be written twice"},
      {"? [a]\n: b", "plain text as a key"},
      {"? {a: b}\n: c", "plain text as a key"},
      {"a: !custom b", "tag"},
      {std::string("a: b\0c", 6), "line 1, column 5: must be UTF-8"},
      {"# nothing", "no document"},
      {"a: b\n---\nc: d\n", "more than one document"},
  };
  for (const auto& [yaml, error] : all) {
    const auto converted = json_from_yaml(yaml);
    ASSERT_FALSE(converted.ok()) << yaml.substr(0, 100);
    EXPECT_THAT(converted.error().message, HasSubstr(error)) << yaml.substr(0, 100);
  }
}

TEST(YamlAsJson, tells_nothing_that_may_be_secret) {
  for (const char* yaml :
       {"token: 1e999000", "token: !secret 77321", "token: 's3cret", "- 12e4567"}) {
    const auto converted = json_from_yaml(yaml);
    ASSERT_FALSE(converted.ok()) << yaml;
    for (const char* value : {"999000", "77321", "s3cret", "12e4567"}) {
      EXPECT_THAT(converted.error().message, ::testing::Not(HasSubstr(value))) << yaml;
    }
  }
}

}  // namespace
}  // namespace doorbuster::kube::testing
