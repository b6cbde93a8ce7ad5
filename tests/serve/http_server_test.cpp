#include "operator/serve/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

namespace doorbuster::serve {
namespace {

/// A connection that speaks raw bytes.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~Wire() { close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  bool connected() const { return connected_; }
  /// False when the other side does not listen any more.
  bool try_send(const std::string& bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
  }
  void send(const std::string& bytes) const { EXPECT_TRUE(try_send(bytes)); }
  /// Until `mark` was seen, the other side closed, or the time is over.
  std::string read(const std::string& mark, int milliseconds = 3'000) {
    std::string got;
    closed_ = false;
    while (mark.empty() || got.find(mark) == std::string::npos) {
      pollfd wait{socket_, POLLIN, 0};
      if (poll(&wait, 1, milliseconds) <= 0) break;
      char buffer[4096];
      const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) {
        closed_ = true;
        break;
      }
      got.append(buffer, static_cast<std::size_t>(count));
    }
    return got;
  }
  bool closed() const { return closed_; }

 private:
  int socket_;
  bool connected_ = false, closed_ = false;
};

class HttpServerTest : public testing::Test {
 protected:
  void start(
      ServerBounds bounds = {}, Log log = [](const LogLine&) {}) {
    Listener listener;
    listener.address = "127.0.0.1";
    listener.routes["/healthz"] = [] { return Reply{200, "ok\n"}; };
    listener.routes["/readyz"] = [] { return Reply{503, "not yet\n"}; };
    auto server = HttpServer::start({listener}, std::move(log), bounds);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
    port_ = server_->ports().front();
  }
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
};

struct RequestCase {
  const char* says;
  std::string request;
  const char* status;
  const char* ends;
};

TEST_F(HttpServerTest, AnswersByTheTable) {
  start();
  const RequestCase cases[] = {
      {"a path that is served",
       "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
       "HTTP/1.1 200 ",
       "\r\n\r\nok\n"},
      {"a query is passed over",
       "GET /healthz?verbose=1 HTTP/1.1\r\nHost: x\r\n\r\n",
       "HTTP/1.1 200 ",
       "\r\n\r\nok\n"},
      {"not ready is 503",
       "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
       "HTTP/1.1 503 ",
       "\r\n\r\nnot yet\n"},
      {"another path is not found",
       "GET /secret HTTP/1.1\r\nHost: x\r\n\r\n",
       "HTTP/1.1 404 ",
       "\r\n\r\nnot found\n"},
      {"paths are not normalised",
       "GET /./healthz HTTP/1.1\r\nHost: x\r\n\r\n",
       "HTTP/1.1 404 ",
       "not found\n"},
      {"nothing can be posted",
       "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
       "HTTP/1.1 405 ",
       "only GET\n"},
      {"a large body is refused",
       "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
       "HTTP/1.1 413 ",
       "too large\n"},
      {"a body in chunks is refused, an empty one too",
       "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "HTTP/1.1 413 ",
       "too large\n"},
      {"a body of no length is none",
       "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
       "HTTP/1.1 200 ",
       "\r\n\r\nok\n"},
      {"a large head is refused",
       "GET /healthz HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n",
       "HTTP/1.1 413 ",
       "too large\n"},
  };
  for (const RequestCase& one : cases) {
    SCOPED_TRACE(one.says);
    Wire wire(port_);
    wire.send(one.request);
    const std::string answer = wire.read(one.ends);
    EXPECT_TRUE(answer.starts_with(one.status)) << answer;
    EXPECT_TRUE(answer.ends_with(one.ends)) << answer;
  }
}

TEST_F(HttpServerTest, AnEmptyBodyInChunksThatComesByteByByteEndsNothing) {
  start();
  Wire wire(port_);
  wire.send("GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char* piece : {"0", "\r", "\n", "\r", "\n"}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    wire.try_send(piece);
  }
  EXPECT_TRUE(wire.read("").starts_with("HTTP/1.1 413 "));
  Wire next(port_);
  next.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(next.read("ok\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  start();
  Wire wire(port_);
  wire.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = wire.read("");
  EXPECT_NE(answer.find("Content-Length: 3\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, KeepsAConnectionForTheNextRequest) {
  start();
  Wire wire(port_);
  for (int round = 0; round < 3; ++round) {
    wire.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(wire.read("ok\n").ends_with("ok\n"));
  }
}

TEST_F(HttpServerTest, GarbageClosesTheConnectionAndNothingElse) {
  start();
  Wire wire(port_);
  wire.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
  EXPECT_EQ(wire.read(""), "");
  EXPECT_TRUE(wire.closed());
  Wire next(port_);
  next.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(next.read("ok\n").ends_with("ok\n"));
}

TEST_F(HttpServerTest, ASlowSenderIsCutOff) {
  start({.request = Duration(300)});
  Wire wire(port_);
  wire.send("GET /heal");
  for (int piece = 0; piece < 20 && !wire.closed(); ++piece) {
    wire.read("never", 50);
    if (!wire.closed()) wire.send("x");  // a byte now and then does not buy time
  }
  EXPECT_TRUE(wire.closed());
}

TEST_F(HttpServerTest, MoreConnectionsThanTheBoundAreClosedAndTheOthersServed) {
  start({.connections = 2});
  Wire first(port_), second(port_);
  first.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(first.read("ok\n").ends_with("ok\n"));
  second.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(second.read("ok\n").ends_with("ok\n"));
  Wire third(port_);
  third.read("");
  EXPECT_TRUE(third.closed());
  first.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(first.read("ok\n").ends_with("ok\n"));
}

TEST_F(HttpServerTest, WithoutDescriptorsItWaitsForSomeAndDoesNotSpin) {
  std::atomic<int> refused = 0;
  start({}, [&refused](const LogLine&) { ++refused; });
  const int next = dup(STDIN_FILENO);
  ASSERT_GE(next, 0);
  close(next);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit one_more{static_cast<rlim_t>(next) + 1, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &one_more), 0);
  Wire wire(port_);  // takes the last one; connected by the kernel
  wire.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(wire.read("ok\n", 700), "");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_GE(refused, 1);
  EXPECT_LE(refused, 20);
  EXPECT_TRUE(wire.read("ok\n").ends_with("ok\n"));
}

TEST_F(HttpServerTest, APortThatIsTakenIsAnError) {
  start();
  Listener listener;
  listener.address = "127.0.0.1";
  listener.port = port_;
  const auto second = HttpServer::start({listener}, [](const LogLine&) {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
}

TEST_F(HttpServerTest, StoppingEndsOpenConnections) {
  start();
  Wire wire(port_);
  wire.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  wire.read("ok\n");
  server_->stop();
  EXPECT_EQ(wire.read(""), "");
  EXPECT_TRUE(wire.closed());
}

struct BindCase {
  const char* text;
  const char* address;
  int port;  // -1: refused
};

TEST(BindAddress, ReadsOrRefuses) {
  const BindCase cases[] = {
      {":8080", "", 8080},
      {"127.0.0.1:0", "127.0.0.1", 0},
      {"[::1]:9", "::1", 9},
      {"8080", "", -1},
      {":65536", "", -1},
      {":", "", -1},
      {":80a", "", -1},
      {"::1:80", "", -1},
      {"", "", -1},
      {":-1", "", -1},
  };
  for (const BindCase& one : cases) {
    SCOPED_TRACE(one.text);
    const auto bind = parse_bind_address(one.text);
    ASSERT_EQ(bind.ok(), one.port >= 0);
    if (!bind.ok()) continue;
    EXPECT_EQ(bind->address, one.address);
    EXPECT_EQ(bind->port, one.port);
    EXPECT_FALSE(bind->off);
  }
  EXPECT_TRUE(parse_bind_address("0")->off);
}

}  // namespace
}  // namespace doorbuster::serve
