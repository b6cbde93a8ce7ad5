// What is made of the answers of a gate's server, and what its questions are signed with.
#include "controllers/adapters/gate_answer.h"

#include "controllers/adapters/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace doorbuster::adapters {
namespace {

using testing::HasSubstr;
using Says = Reading::Says;

TEST(GateAnswer, opens_by_2xx_rejects_by_403_and_by_nothing_else) {
  struct Case {
    int status;
    Says says;
    double value;
    const char* text;
  };
  const Case cases[] = {
      {200, Says::Value, 1, ""},
      {204, Says::Value, 1, ""},
      {299, Says::Value, 1, ""},
      {403, Says::Value, 0, "not today"},
      {199, Says::Error, 0, "the server answers with status 199"},
      {301, Says::Error, 0, "status 301, a redirect, which is not followed"},
      {401, Says::Error, 0, "the server answers with status 401"},
      {404, Says::Error, 0, "the server answers with status 404"},
      {429, Says::Error, 0, "the server answers with status 429"},
      {500, Says::Error, 0, "the server answers with status 500"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.status);
    const Reading reading = read_gate({one.status, {}, "not today"});
    EXPECT_EQ(reading.says, one.says);
    EXPECT_EQ(reading.value, one.value);
    EXPECT_THAT(reading.text, HasSubstr(one.text));
    EXPECT_EQ(reading.text.find("not today") != std::string::npos, one.status == 403);
  }
}

TEST(GateAnswer, of_a_reason_stays_the_beginning_in_one_line) {
  struct Case {
    const char* sentence;
    std::string body, text;
  };
  const Case cases[] = {
      {"nothing", "", ""},
      {"words", "carts are slow", "carts are slow"},
      {"line breaks and tabs", "\r\n carts\n\n\tare slow \n", "carts are slow"},
      {"a terminal's escapes", "\x1B[31mred\x7F", "[31mred"},
      {"zero bytes", std::string("a\0b", 3), "a b"},
      {"C1 controls",
       "a\xC2\x9B"
       "b",
       "a b"},
      {"UTF-8", "zu sp\xC3\xA4t \xE2\x98\x83", "zu sp\xC3\xA4t \xE2\x98\x83"},
      {"what is no UTF-8", "a\xFF\xC3(b", "a (b"},
      {"as much as may be", std::string(300, 'x'), std::string(256, 'x')},
      {"no half of a character", std::string(255, 'x') + "\xC3\xA4", std::string(255, 'x')},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(one_line(one.body), one.text);
  }
}

/// RFC 4231, section 4; case 5 is of a truncated MAC.
TEST(Signature, hmac_is_that_of_rfc_4231) {
  struct Case {
    std::string key, text;
    const char* mac;
  };
  std::string counted;
  for (char c = 1; c <= 0x19; ++c) counted += c;
  const Case cases[] = {
      {std::string(20, '\x0b'),
       "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe",
       "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'),
       std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counted,
       std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'),
       "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.mac);
    EXPECT_EQ(hmac_sha256(one.key, one.text), one.mac);
  }
}

TEST(Signature, signs_the_time_with_the_body) {
  const Instant at{std::chrono::milliseconds(1'764'233'000'999)};
  EXPECT_EQ(signature_of("key", at, "{}"),
            "t=1764233000,v1=" + hmac_sha256("key", "1764233000.{}"));
}

}  // namespace
}  // namespace doorbuster::adapters
