#include "operator/kube/credentials.h"
#include "tests/kube/certificates.h"
#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

/// Whom we believe over TLS, and as whom we are believed.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// One authority for all cases: keys cost time, most of all under sanitizers.
const Authority& cluster_ca() {
  static const Authority authority("cluster");
  return authority;
}

ServerTls served(const Identity& identity) { return {identity.certificate, identity.key, "", 0}; }

struct NameCase {
  const char* sentence;
  const char* alternative_names;
  const char* common_name;
  const char* server_name;  ///< tls-server-name; empty: the address 127.0.0.1
  const char* error;        ///< empty: accepted
};

void PrintTo(const NameCase& name, std::ostream* out) { *out << name.sentence; }

class ServerNames : public ::testing::TestWithParam<NameCase> {};

TEST_P(ServerNames, are_verified) {
  const NameCase& name = GetParam();
  const Identity identity = cluster_ca().issue(
      {.common_name = name.common_name, .alternative_names = name.alternative_names});
  HostileServer server(always("{}"), served(identity));
  ManualClock clock;
  const auto transport = transport_to(
      {.server = server.url(), .server_name = name.server_name, .ca = cluster_ca().certificate()},
      options_at(clock));
  const auto response = transport->call({.target = "/api"});
  if (*name.error == '\0') {
    EXPECT_TRUE(response.ok()) << response.error().message;
  } else {
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
    EXPECT_THAT(response.error().message, HasSubstr(name.error));
    EXPECT_TRUE(server.requests().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    A_certificate,
    ServerNames,
    ::testing::Values(
        NameCase{"with our address is accepted", "IP:127.0.0.1", "kube", "", ""},
        NameCase{"with another address is refused", "IP:127.0.0.2", "kube", "", "mismatch"},
        NameCase{"with only a name does not stand for an address",
                 "DNS:127.0.0.1",
                 "kube",
                 "",
                 "mismatch"},
        NameCase{
            "with our address only as its subject is refused", "", "127.0.0.1", "", "mismatch"},
        NameCase{"with the name we expect is accepted", "DNS:kube.test", "x", "kube.test", ""},
        NameCase{"with a wildcard for the name is accepted",
                 "DNS:*.example.test",
                 "x",
                 "kube.example.test",
                 ""},
        NameCase{"with a wildcard for two labels is refused",
                 "DNS:*.test",
                 "x",
                 "kube.example.test",
                 "mismatch"},
        NameCase{"with another name is refused", "DNS:other.test", "x", "kube.test", "mismatch"},
        NameCase{"with the name only as its subject is refused",
                 "DNS:other.test",
                 "kube.test",
                 "kube.test",
                 "mismatch"},
        NameCase{"with our address is refused when another name is expected",
                 "IP:127.0.0.1",
                 "x",
                 "kube.test",
                 "mismatch"}));

TEST(Tls, a_certificate_of_another_authority_is_refused) {
  const Authority other("cluster");  // even one of the same name
  HostileServer server(always("{}"), served(other.issue({.alternative_names = "IP:127.0.0.1"})));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .ca = cluster_ca().certificate()}, options_at(clock));
  const auto response = transport->call({.target = "/api"});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("TLS handshake: "));
  EXPECT_TRUE(server.requests().empty());
}

TEST(Tls, an_expired_certificate_is_refused) {
  HostileServer server(
      always("{}"),
      served(cluster_ca().issue({.alternative_names = "IP:127.0.0.1", .expired = true})));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .ca = cluster_ca().certificate()}, options_at(clock));
  const auto response = transport->call({.target = "/api"});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("expired"));
}

/// Does OpenSSL with its default paths believe this certificate? Shows that the next test could
/// fail.
bool default_paths_trust(const std::string& pem) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_default_verify_paths(context);
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  X509_STORE_CTX* const verification = X509_STORE_CTX_new();
  X509_STORE_CTX_init(verification, SSL_CTX_get_cert_store(context), certificate, nullptr);
  const bool trusted = X509_verify_cert(verification) == 1;
  X509_STORE_CTX_free(verification);
  X509_free(certificate);
  BIO_free(bio);
  SSL_CTX_free(context);
  return trusted;
}

TEST(Tls, the_system_authorities_are_not_trusted) {
  const Authority system("system");
  const ScratchFolder folder;
  setenv("SSL_CERT_FILE", folder.write("system.pem", system.certificate()).c_str(), 1);
  const Identity identity = system.issue({.alternative_names = "IP:127.0.0.1"});
  EXPECT_TRUE(default_paths_trust(identity.certificate));
  HostileServer server(always("{}"), served(identity));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .ca = cluster_ca().certificate()}, options_at(clock));
  EXPECT_FALSE(transport->call({.target = "/api"}).ok());
  unsetenv("SSL_CERT_FILE");
}

TEST(Tls, anybody_is_trusted_only_when_told_so) {
  const Authority other("other");
  HostileServer server(always("{}"), served(other.issue({.alternative_names = "DNS:nobody"})));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .skip_verify = true}, options_at(clock));
  EXPECT_TRUE(transport->call({.target = "/api"}).ok());
}

TEST(Tls, versions_before_1_2_are_refused) {
  ServerTls tls = served(cluster_ca().issue({.alternative_names = "IP:127.0.0.1"}));
  tls.max_version = TLS1_1_VERSION;
  HostileServer server(always("{}"), tls);
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .ca = cluster_ca().certificate()}, options_at(clock));
  EXPECT_FALSE(transport->call({.target = "/api"}).ok());
  tls.max_version = TLS1_2_VERSION;
  HostileServer newer(always("{}"), tls);
  const auto fine =
      transport_to({.server = newer.url(), .ca = cluster_ca().certificate()}, options_at(clock));
  EXPECT_TRUE(fine->call({.target = "/api"}).ok());
}

TEST(Tls, a_server_that_asks_for_a_certificate_gets_ours_or_refuses) {
  ServerTls tls = served(cluster_ca().issue({.alternative_names = "IP:127.0.0.1"}));
  tls.client_ca = cluster_ca().certificate();
  const Identity client = cluster_ca().issue({.common_name = "operator"});
  HostileServer server(
      [](Visit& visit) {
        while (!visit.read_request().empty()) visit.send(answer(200, visit.client_name()));
      },
      tls);
  ManualClock clock;
  const ServerConfig stranger{.server = server.url(), .ca = cluster_ca().certificate()};
  EXPECT_FALSE(transport_to(stranger, options_at(clock))->call({.target = "/api"}).ok());
  ServerConfig known = stranger;
  known.user.certificate = client.certificate;
  known.user.key = client.key;
  const auto response = transport_to(known, options_at(clock))->call({.target = "/api"});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "operator");
}

TEST(Tls, a_renewed_certificate_file_is_used_on_a_new_connection) {
  ServerTls tls = served(cluster_ca().issue({.alternative_names = "IP:127.0.0.1"}));
  tls.client_ca = cluster_ca().certificate();
  HostileServer server(
      [](Visit& visit) {
        while (!visit.read_request().empty()) visit.send(answer(200, visit.client_name()));
      },
      tls);
  const ScratchFolder folder;
  const auto write = [&](const std::string& name) {
    const Identity identity = cluster_ca().issue({.common_name = name});
    folder.write("tls.crt", identity.certificate);
    folder.write("tls.key", identity.key);
  };
  write("first");
  ManualClock clock;
  ServerConfig config{.server = server.url(), .ca = cluster_ca().certificate()};
  config.user.certificate_file = folder.path() + "/tls.crt";
  config.user.key_file = folder.path() + "/tls.key";
  const auto transport = transport_to(config, options_at(clock));
  EXPECT_EQ(transport->call({.target = "/api"})->body, "first");
  write("second");
  EXPECT_EQ(transport->call({.target = "/api"})->body, "first");  // not read again yet
  clock.advance(kReadAgain);
  EXPECT_EQ(transport->call({.target = "/api"})->body, "second");
  folder.write("tls.crt",
               cluster_ca().issue({.common_name = "third"}).certificate);  // half rotated
  clock.advance(kReadAgain);
  EXPECT_EQ(transport->call({.target = "/api"})->body, "second");
  write("fourth");
  clock.advance(kReadAgain);
  EXPECT_EQ(transport->call({.target = "/api"})->body, "fourth");
  EXPECT_EQ(server.connections(), 3);
}

TEST(Tls, a_renewed_authority_file_is_trusted) {
  const Authority next("next");
  HostileServer server(always("{}"), served(next.issue({.alternative_names = "IP:127.0.0.1"})));
  const ScratchFolder folder;
  ManualClock clock;
  const auto transport = transport_to(
      {.server = server.url(), .ca_file = folder.write("ca.crt", cluster_ca().certificate())},
      options_at(clock));
  EXPECT_FALSE(transport->call({.target = "/api"}).ok());
  folder.write("ca.crt", cluster_ca().certificate() + next.certificate());
  clock.advance(kReadAgain);
  EXPECT_TRUE(transport->call({.target = "/api"}).ok());
}

TEST(Tls, a_server_without_tls_is_an_error) {
  HostileServer server([](Visit& visit) { visit.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  ManualClock clock;
  const auto transport =
      transport_to({.server = "https://127.0.0.1:" + std::to_string(server.port()),
                    .ca = cluster_ca().certificate()},
                   options_at(clock));
  const auto response = transport->call({.target = "/api"});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("TLS handshake"));
}

TEST(Tls, a_handshake_that_hangs_meets_the_deadline) {
  HostileServer server([](Visit& visit) { visit.hold(); });
  ManualClock clock;
  const auto transport =
      transport_to({.server = "https://127.0.0.1:" + std::to_string(server.port()),
                    .ca = cluster_ca().certificate()},
                   options_at(clock));
  const auto response = transport->call({.target = "/api", .timeout = 150ms});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("no whole answer within 150ms"));
}

TEST(Tls, a_body_that_ends_with_the_connection_needs_an_orderly_end) {
  const Identity identity = cluster_ca().issue({.alternative_names = "IP:127.0.0.1"});
  HostileServer server(
      [](Visit& visit) {
        visit.read_request();
        visit.send("HTTP/1.1 200 OK\r\n\r\nall of it?");
        if (visit.number() == 0) visit.cut();
      },
      served(identity));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .ca = cluster_ca().certificate()}, options_at(clock));
  const auto cut = transport->call({.target = "/api"});
  ASSERT_FALSE(cut.ok());
  EXPECT_THAT(cut.error().message, HasSubstr("without a TLS end"));
  const auto whole = transport->call({.target = "/api"});
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(whole->body, "all of it?");
}

struct BadSettings {
  const char* sentence;
  ServerConfig config;
  ErrorKind kind;
  const char* error;
};

TEST(Tls, settings_that_cannot_work_are_refused_at_once) {
  const Identity one = cluster_ca().issue({}), two = cluster_ca().issue({});
  const std::string ca = cluster_ca().certificate(), url = "https://127.0.0.1:1";
  const std::string broken = ca + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const std::vector<BadSettings> all = {
      {"no authority", {.server = url}, ErrorKind::Invalid, "holds no certificate"},
      {"no PEM", {.server = url, .ca = "hello"}, ErrorKind::Invalid, "holds no certificate"},
      {"a broken second one", {.server = url, .ca = broken}, ErrorKind::Invalid, "broken PEM"},
      {"no authority file",
       {.server = url, .ca_file = "/nonexistent/ca"},
       ErrorKind::Denied,
       "/nonexistent/ca"},
      {"key of another",
       {.server = url, .ca = ca, .user = {.certificate = one.certificate, .key = two.key}},
       ErrorKind::Invalid,
       "client key"},
      {"no key",
       {.server = url, .ca = ca, .user = {.certificate = one.certificate, .key = "x"}},
       ErrorKind::Invalid,
       "client key"},
      {"no certificate",
       {.server = url, .ca = ca, .user = {.certificate = "x", .key = two.key}},
       ErrorKind::Invalid,
       "client cert"},
      {"a token with a line break",
       {.server = url, .ca = ca, .user = {.token = "a\r\nb"}},
       ErrorKind::Denied,
       "token"},
      {"http beyond loopback", {.server = "http://192.0.2.1"}, ErrorKind::Invalid, "loopback"},
      {"a user in the URL",
       {.server = "https://me:secret@kube.test"},
       ErrorKind::Invalid,
       "host, a port and a path"},
      {"a query in the URL",
       {.server = "https://kube.test/?a=b"},
       ErrorKind::Invalid,
       "host, a port and a path"},
      {"port 0", {.server = "https://kube.test:0"}, ErrorKind::Invalid, "port"},
      {"port 65536", {.server = "https://kube.test:65536"}, ErrorKind::Invalid, "port"},
      {"no port after the colon", {.server = "https://kube.test:"}, ErrorKind::Invalid, "port"},
      {"no host", {.server = "https://:6443"}, ErrorKind::Invalid, "host"},
      {"another scheme", {.server = "unix:///run/kube"}, ErrorKind::Invalid, "https://"},
  };
  for (const BadSettings& bad : all) {
    ManualClock clock;
    const auto made = make_transport(bad.config, options_at(clock));
    ASSERT_FALSE(made.ok()) << bad.sentence;
    EXPECT_EQ(made.error().kind, bad.kind) << bad.sentence;
    EXPECT_THAT(made.error().message, HasSubstr(bad.error)) << bad.sentence;
    EXPECT_THAT(made.error().message, ::testing::Not(HasSubstr("secret"))) << bad.sentence;
  }
}

}  // namespace
}  // namespace doorbuster::kube::testing
