#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>

/// What a call makes of a server that misbehaves. The list is that of the HTTP libraries' known
/// failures.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct HostileCase {
  const char* sentence;
  Script script;
  const char* error;         ///< part of the message
  Duration timeout{10'000};  ///< of the call; cases without a deadline end long before
  std::size_t max_body = 64U << 10U;
};

void PrintTo(const HostileCase& hostile, std::ostream* out) { *out << hostile.sentence; }

/// Reads the request, sends this, and closes.
Script says(const std::string& bytes) {
  return [bytes](Visit& visit) {
    visit.read_request();
    visit.send(bytes);
  };
}

/// Sends a head, then the same piece until nobody listens.
Script endless(const std::string& head, const std::string& piece) {
  return [head, piece](Visit& visit) {
    visit.read_request();
    visit.send(head);
    while (visit.send(piece)) {
    }
  };
}

/// Each byte by itself; false when nobody listens any more.
bool send_slowly(Visit& visit, std::string_view bytes) {
  for (const char byte : bytes) {
    if (!visit.send({&byte, 1}) || !visit.pause(20ms)) return false;
  }
  return true;
}

Script drip(const std::string& head, const std::string& bytes) {
  return [head, bytes](Visit& visit) {
    visit.read_request();
    visit.send(head);
    send_slowly(visit, bytes);
  };
}

void hang(Visit& visit) {
  visit.read_request();
  visit.hold();
}

void reset_within_body(Visit& visit) {
  visit.read_request();
  visit.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  visit.pause(20ms);
  visit.reset();
}

Script chunk_size(const std::string& size) {
  return says(chunked_head() + size + "\r\nabc\r\n0\r\n\r\n");
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";

std::vector<HostileCase> cases() {
  const std::string block(16384, 'x');
  return {
      {"hangs before its headers", hang, "no whole answer within 200ms", 200ms},
      {"says nothing at all and never reads",
       [](Visit& v) { v.pause(10s); },
       "no whole answer",
       200ms},
      {"drips its headers",
       drip("", kHead + "Content-Length: 2\r\n\r\n{}"),
       "no whole answer",
       200ms},
      {"drips its body",
       drip(kHead + "Content-Length: 99\r\n\r\n", std::string(99, 'x')),
       "no whole answer",
       200ms},
      {"drips chunks", drip(chunked_head(), std::string(99, '1')), "no whole answer", 200ms},
      {"closes at once", [](Visit&) {}, "onnection "},
      {"closes after the request", says(""), "connection closed before an answer"},
      {"closes within the headers",
       says("HTTP/1.1 200 OK\r\nContent-Le"),
       "connection closed within"},
      {"closes within the body",
       says(kHead + "Content-Length: 100\r\n\r\nshort"),
       "connection closed within"},
      {"closes within a chunk", says(chunked_head() + "10\r\nshort"), "connection closed within"},
      {"closes between chunks", says(chunked_head() + chunk("whole")), "connection closed within"},
      {"resets within the body", reset_within_body, "Connection reset"},
      {"speaks another protocol", says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "unreadable answer"},
      {"sends garbage",
       says(std::string("\x01\x02\xff\x00garbage\r\n\r\n", 14)),
       "unreadable answer"},
      {"sends HTTP/2", says(std::string("\0\0\0\4\0\0\0\0\0", 9)), "unreadable answer"},
      {"gives no status", says("HTTP/1.1 \r\n\r\n"), "unreadable answer"},
      {"gives a status of four digits", says("HTTP/1.1 2000 OK\r\n\r\n"), "unreadable answer"},
      {"sends headers without end", endless(kHead, "X-Header: more of the same\r\n"), "header"},
      {"sends one header without end", endless(kHead + "X-Header: ", block), "header"},
      {"sends 20 MB of headers",
       says(kHead + "X-Big: " + std::string(20U << 20U, 'h') + "\r\n\r\n"),
       "header"},
      {"puts a NUL into a header",
       says(kHead + std::string("X-Nul: a\0b\r\n", 12) + "\r\n"),
       "unreadable answer"},
      {"puts a NUL into a header's name",
       says(kHead + std::string("X\0N: a\r\n", 8) + "\r\n"),
       "unreadable answer"},
      {"announces more than the bound",
       says(kHead + "Content-Length: 70000\r\n\r\n"),
       "body limit"},
      {"announces more than the bound and sends some of it",
       says(kHead + "Content-Length: 70000\r\n\r\n" + std::string(70000, 'x')),
       "body limit"},
      {"announces a negative length",
       says(kHead + "Content-Length: -1\r\n\r\n"),
       "unreadable answer"},
      {"announces a length beyond 64 bits",
       says(kHead + "Content-Length: 99999999999999999999999\r\n\r\n"),
       "unreadable answer"},
      {"announces two lengths",
       says(kHead + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
       "unreadable answer"},
      {"gives length and chunks",
       says(kHead + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       "unreadable answer"},
      {"sends a body without end", endless(kHead + "\r\n", block), "body limit"},
      {"sends chunks without end", endless(chunked_head(), chunk(block)), "body limit"},
      {"gives the chunk size -2", chunk_size("-2"), "unreadable answer"},
      {"gives the chunk size -5", chunk_size("-5"), "unreadable answer"},
      {"gives a chunk size beyond 64 bits", chunk_size("FFFFFFFFFFFFFFFFF"), "unreadable answer"},
      {"gives a chunk size of 2^64-1", chunk_size("FFFFFFFFFFFFFFFF"), "body limit"},
      {"gives a chunk size that is no number", chunk_size("three"), "unreadable answer"},
      {"gives an empty chunk size", chunk_size(""), "unreadable answer"},
      {"gives a chunk size with 0x", chunk_size("0x3"), "unreadable answer"},
      {"gives a chunk longer than announced",
       says(chunked_head() + "3\r\nabcdef\r\n0\r\n\r\n"),
       "unreadable answer"},
      {"sends a chunk extension without end", endless(chunked_head() + "3;", block), "too long"},
      {"sends trailers without end",
       endless(chunked_head() + "0\r\n", "X-Trailer: more of the same\r\n"),
       "too long"},
      {"continues without end", endless("", "HTTP/1.1 100 Continue\r\n\r\n"), "interim"},
      {"switches protocols",
       says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
       "interim"},
      {"compresses what nobody asked to",
       says(answer(200, "zip", "Content-Encoding: gzip\r\n")),
       "encoding"},
  };
}

class HostileAnswers : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileAnswers, are_errors_in_time) {
  const HostileCase& hostile = GetParam();
  HostileServer server(hostile.script);
  ManualClock clock;
  const auto transport = transport_to({.server = server.url()}, options_at(clock));

  const auto began = std::chrono::steady_clock::now();
  const auto answer =
      transport->call({.target = "/api", .timeout = hostile.timeout, .max_body = hostile.max_body});
  const auto took = std::chrono::steady_clock::now() - began;

  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr(hostile.error));
  EXPECT_LT(took, 8s);
  EXPECT_EQ(server.connections(), 1);
}

INSTANTIATE_TEST_SUITE_P(The_server, HostileAnswers, ::testing::ValuesIn(cases()));

/// Unusual, but to be understood.
struct OddCase {
  const char* sentence;
  std::string bytes;
  std::string body;
  bool kept;             ///< may the connection be used again?
  std::string slowly{};  ///< sent after that, byte by byte
};

void PrintTo(const OddCase& odd, std::ostream* out) { *out << odd.sentence; }

class OddAnswers : public ::testing::TestWithParam<OddCase> {};

TEST_P(OddAnswers, are_understood) {
  const OddCase& odd = GetParam();
  HostileServer server([&odd](Visit& visit) {
    while (!visit.read_request().empty() && visit.send(odd.bytes) &&
           send_slowly(visit, odd.slowly)) {
      if (odd.bytes.find("Length") == std::string::npos &&
          odd.bytes.find("chunked") == std::string::npos)
        return;
    }
  });
  ManualClock clock;
  const auto transport = transport_to({.server = server.url()}, options_at(clock));
  for (int i = 0; i < 2; ++i) {
    const auto answer = transport->call({.target = "/api"});
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->body, odd.body);
  }
  EXPECT_EQ(server.connections(), odd.kept ? 1 : 2);
}

INSTANTIATE_TEST_SUITE_P(
    The_server,
    OddAnswers,
    ::testing::Values(
        OddCase{
            "answers in HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", false},
        OddCase{"answers in HTTP/1.0 until it closes", "HTTP/1.0 200 OK\r\n\r\nok", "ok", false},
        OddCase{"asks to close", answer(200, "ok", "Connection: close\r\n"), "ok", false},
        OddCase{"continues first", "HTTP/1.1 100 Continue\r\n\r\n" + answer(200, "ok"), "ok", true},
        OddCase{"sends more than announced", answer(200, "ok") + "more", "ok", false},
        OddCase{"sends two answers for one request",
                answer(200, "ok") + answer(200, "smuggled"),
                "ok",
                false},
        OddCase{"sends chunks with extensions and trailers",
                chunked_head() + "2;name=value\r\nok\r\n0\r\nX-Trailer: yes\r\n\r\n",
                "ok",
                true},
        OddCase{
            "sends an empty body in chunks, byte by byte", chunked_head(), "", true, "0\r\n\r\n"},
        OddCase{"says nothing with 204",
                "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
                "",
                true}));

TEST(HostileServerTest, a_redirect_is_only_an_answer) {
  HostileServer elsewhere(always("{}"));
  HostileServer server([&](Visit& visit) {
    while (!visit.read_request().empty()) {
      visit.send(answer(302, "", "Location: " + elsewhere.url() + "/api\r\n"));
    }
  });
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url(), .user = {.token = "secret"}}, options_at(clock));
  const auto response = transport->call({.target = "/api"});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
  EXPECT_EQ(server.count("GET"), 1);
}

TEST(HostileServerTest, a_server_that_stops_reading_meets_the_deadline) {
  HostileServer server([](Visit& visit) { visit.pause(10s); });
  ManualClock clock;
  const auto transport = transport_to({.server = server.url()}, options_at(clock));
  const std::string body(16U << 20U, 'x');
  const auto began = std::chrono::steady_clock::now();
  const auto response = transport->call({.method = "POST",
                                         .target = "/api",
                                         .content_type = "text/plain",
                                         .body = body,
                                         .timeout = 300ms});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("no whole answer within 300ms"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST(HostileServerTest, nobody_listens) {
  int port = 0;
  {
    const HostileServer gone(always("{}"));
    port = gone.port();
  }
  ManualClock clock;
  const auto transport =
      transport_to({.server = "http://127.0.0.1:" + std::to_string(port)}, options_at(clock));
  const auto response = transport->call({.target = "/api"});
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message,
              HasSubstr("127.0.0.1:" + std::to_string(port) + ": Connection refused"));
}

TEST(HostileServerTest, an_early_answer_to_a_body_still_being_sent_is_heard) {
  HostileServer server([](Visit& visit) {
    visit.send(answer(413, "{}", "Connection: close\r\n"));
    visit.pause(2s);
  });
  ManualClock clock;
  const auto transport = transport_to({.server = server.url()}, options_at(clock));
  const auto response = transport->call({.method = "POST",
                                         .target = "/api",
                                         .content_type = "text/plain",
                                         .body = std::string(8U << 20U, 'x')});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST(HostileServerTest, requests_that_would_be_two_are_refused) {
  HostileServer server(always("{}"));
  ManualClock clock;
  const auto transport = transport_to({.server = server.url()}, options_at(clock));
  const std::vector<Request> bad = {
      {.target = "/api HTTP/1.1\r\nX: y"},
      {.target = "/api\r\n"},
      {.target = "api"},
      {.target = ""},
      {.target = "/api#part"},
      {.method = "GET /", .target = "/api"},
      {.method = "", .target = "/api"},
      {.target = "/api", .content_type = "a\r\nb"},
      {.target = "/api", .accept = "a\r\nb"},
  };
  for (const Request& request : bad) {
    const auto response = transport->call(request);
    ASSERT_FALSE(response.ok()) << request.target;
    EXPECT_EQ(response.error().kind, ErrorKind::Invalid);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HostileServerTest, what_is_sent_is_what_is_documented) {
  HostileServer server(always("{}"));
  ManualClock clock;
  const auto transport =
      transport_to({.server = server.url() + "/k8s/clusters/c-1/", .user = {.token = "secret"}},
                   options_at(clock));
  ASSERT_TRUE(transport->call({.target = "/api"}).ok());
  ASSERT_TRUE(transport->call({.method = "DELETE", .target = "/api/x"}).ok());
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(server.requests().at(0),
            "GET /k8s/clusters/c-1/api HTTP/1.1\r\nHost: " + host +
                "\r\nUser-Agent: doorbuster/test (linux)\r\nAccept: "
                "application/json\r\nAuthorization: Bearer secret\r\n\r\n");
  EXPECT_THAT(server.requests().at(1), HasSubstr("Content-Length: 0\r\n"));
}

TEST(HostileServerTest, every_request_is_counted_with_its_code) {
  HostileServer server([](Visit& visit) {
    if (visit.number() > 0) return;
    while (!visit.read_request().empty()) visit.send(answer(404, "{}"));
  });
  ManualClock clock;
  std::mutex mutex;
  std::vector<std::string> seen;
  TransportOptions options = options_at(clock);
  options.max_idle = 0;
  options.seen = [&](const RequestSeen& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request.method + " " + request.code);
  };
  const auto transport = transport_to({.server = server.url()}, options);
  EXPECT_TRUE(transport->call({.target = "/api"}).ok());
  EXPECT_FALSE(transport->call({.method = "PUT", .target = "/api"}).ok());
  const std::lock_guard lock(mutex);
  EXPECT_THAT(seen, ::testing::ElementsAre("GET 404", "PUT <error>"));
}

}  // namespace
}  // namespace doorbuster::kube::testing
