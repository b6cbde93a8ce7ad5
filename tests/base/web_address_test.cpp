#include "operator/base/web_address.h"

#include "operator/base/base64.h"

#include <gtest/gtest.h>

namespace doorbuster {
namespace {

struct Case {
  const char *url, *host;
  int port;
  const char *authority, *target;
};

TEST(WebAddress, is_taken_apart) {
  const Case cases[] = {
      {"http://a", "a", 80, "a", "/"},
      {"https://a/", "a", 443, "a", "/"},
      {"http://prometheus.monitoring.svc:9090/p?q=1&r=[2]@x",
       "prometheus.monitoring.svc",
       9090,
       "prometheus.monitoring.svc:9090",
       "/p?q=1&r=[2]@x"},
      {"https://[fd00::1]:8443/x", "fd00::1", 8443, "[fd00::1]:8443", "/x"},
      {"http://[::1]", "::1", 80, "[::1]", "/"},
      {"http://127.0.0.1:65535", "127.0.0.1", 65535, "127.0.0.1:65535", "/"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.url);
    const auto address = parse_web_address(one.url);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->host, one.host);
    EXPECT_EQ(address->port, one.port);
    EXPECT_EQ(address->authority, one.authority);
    EXPECT_EQ(address->target, one.target);
    EXPECT_EQ(address->server(), std::string(one.url).substr(0, address->server().size()));
  }
}

TEST(WebAddress, what_could_be_read_in_two_ways_is_none) {
  for (const char* wrong : {"",
                            "a",
                            "ftp://a",
                            "http://",
                            "http:///a",
                            "http://A/",
                            "http://user@a/",
                            "http://user:secret@a/",
                            "http://good.example@evil.example/",
                            "http://good.example#@evil.example/",
                            "http://good.example?@evil.example/",
                            "http://good.example\\@evil.example/",
                            "http://a b/",
                            "http://a/\r\nHost: b",
                            "http://a/#b",
                            "http://a:0/",
                            "http://a:65536/",
                            "http://a:x/",
                            "http://a:/",
                            "http://a:80:81/",
                            "http://-a/",
                            "http://a-/",
                            "http://a./",
                            "http://[::1/",
                            "http://[::1]x/",
                            "http://[fe80::1%25eth0]/",
                            "http://[]/",
                            "http://\xc3\xa4/"})
    EXPECT_FALSE(parse_web_address(wrong)) << wrong;
}

TEST(WebAddress, every_byte_that_means_something_is_encoded) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a b+c&d=%\n\xff"), "a%20b%2Bc%26d%3D%25%0A%FF");
}

TEST(Base64, is_read_strictly) {
  EXPECT_EQ(from_base64("c2VjcmV0Cg=="), "secret\n");
  EXPECT_EQ(from_base64(""), "");
  for (const char* wrong : {"c2Vjc", "====", "c2V=cmV0", "c2Vj cmV0"})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace doorbuster
