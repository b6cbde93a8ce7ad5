#include "tests/kube/hostile_server.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>

/// Streams: what a reader is told, and when it is told nothing any more.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct Fixture {
  explicit Fixture(Script script) : server(std::move(script)) {}
  std::shared_ptr<Transport> transport() {
    return transport_to({.server = server.url()}, options_at(clock));
  }
  HostileServer server;
  ManualClock clock;
};

struct EndCase {
  const char* sentence;
  Script script;
  int status;
  const char* text;
  const char* end;
};

void PrintTo(const EndCase& end, std::ostream* out) { *out << end.sentence; }

Script says(std::string bytes) {
  return [bytes](Visit& visit) {
    visit.read_request();
    visit.send(bytes);
  };
}

class StreamEnds : public ::testing::TestWithParam<EndCase> {};

TEST_P(StreamEnds, are_told_once) {
  Fixture fixture(GetParam().script);
  const auto transport = fixture.transport();
  RecordingReader reader;
  const auto stream = transport->open({.target = "/watch", .timeout = 300ms}, 200ms, reader);
  ASSERT_TRUE(reader.wait_for_end());
  std::this_thread::sleep_for(30ms);
  ASSERT_EQ(reader.ends().size(), 1u);
  EXPECT_EQ(reader.ends().front().kind, ErrorKind::Unavailable);
  EXPECT_THAT(reader.ends().front().message, HasSubstr(GetParam().end));
  EXPECT_EQ(reader.status(), GetParam().status);
  EXPECT_EQ(reader.text(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    A_stream,
    StreamEnds,
    ::testing::Values(
        EndCase{"that the server ends",
                says(chunked_head() + chunk("one") + "0\r\n\r\n"),
                200,
                "one",
                "end of stream"},
        EndCase{"that is an error from the start",
                says(answer(410, "gone")),
                410,
                "gone",
                "end of stream"},
        EndCase{"that is an error whose body comes late",
                [](Visit& visit) {
                  visit.read_request();
                  const std::string bytes = answer(410, "gone");
                  visit.send(bytes.substr(0, bytes.size() - 4));
                  visit.pause(50ms);
                  visit.send("gone");
                },
                410,
                "gone",
                "end of stream"},
        EndCase{"that breaks between chunks",
                says(chunked_head() + chunk("one")),
                200,
                "one",
                "connection closed within"},
        EndCase{"that breaks within a chunk",
                says(chunked_head() + "9\r\none"),
                200,
                "one",
                "connection closed within"},
        EndCase{"with a bad chunk",
                says(chunked_head() + chunk("one") + "-2\r\n"),
                200,
                "one",
                "unreadable answer"},
        EndCase{
            "that never begins", [](Visit& v) { v.hold(); }, 0, "", "no whole answer within 300ms"},
        EndCase{"that falls silent",
                [](Visit& visit) {
                  visit.read_request();
                  visit.send(chunked_head() + chunk("one"));
                  visit.hold();
                },
                200,
                "one",
                "nothing arrived for 200ms"},
        EndCase{"that is reset",
                [](Visit& visit) {
                  visit.read_request();
                  visit.send(chunked_head() + chunk("one"));
                  visit.pause(50ms);
                  visit.reset();
                },
                200,
                "one",
                "Connection reset"}));

TEST(Streams, events_at_intervals_shorter_than_the_idle_time_keep_a_stream_open) {
  Fixture fixture([](Visit& visit) {
    visit.read_request();
    visit.send(chunked_head());
    for (int i = 0; i < 8; ++i) {
      visit.send(chunk("x"));
      visit.pause(100ms);
    }
    visit.send("0\r\n\r\n");
  });
  const auto transport = fixture.transport();
  RecordingReader reader;
  const auto stream = transport->open({.target = "/watch", .timeout = 400ms}, 400ms, reader);
  ASSERT_TRUE(reader.wait_for_end());
  EXPECT_EQ(reader.ends().front().message, "end of stream");
  EXPECT_EQ(reader.text(), "xxxxxxxx");
}

TEST(Streams, a_stream_has_no_bound_in_bytes) {
  constexpr std::size_t kChunks = 1500, kSize = 8192;  // 12 MB
  Fixture fixture([](Visit& visit) {
    visit.read_request();
    visit.send(chunked_head());
    for (std::size_t i = 0; i < kChunks; ++i)
      visit.send(chunk(std::string(kSize, static_cast<char>('a' + i % 26))));
    visit.send("0\r\n\r\n");
  });
  const auto transport = fixture.transport();
  RecordingReader reader;
  const auto stream = transport->open({.target = "/watch", .max_body = 10}, 10s, reader);
  ASSERT_TRUE(reader.wait_for_end());
  EXPECT_EQ(reader.ends().front().message, "end of stream");
  const std::string text = reader.text();
  ASSERT_EQ(text.size(), kChunks * kSize);
  for (std::size_t i = 0; i < kChunks; ++i)
    ASSERT_EQ(text[i * kSize + i % kSize], static_cast<char>('a' + i % 26));
}

/// Sends events until nobody listens.
void flood(Visit& visit) {
  visit.read_request();
  visit.send(chunked_head());
  while (visit.send(chunk("event\n"))) {
  }
}

/// Fails when it is called after its stream was closed.
class ClosedReader : public StreamReader {
 public:
  void on_status(int, const Headers&) override { touch(); }
  void on_bytes(std::string_view) override { touch(); }
  void on_end(const Error&) override { touch(); }
  std::atomic<int> calls{0};
  std::atomic<bool> closed{false};
  std::atomic<bool> late{false};

 private:
  void touch() {
    late = late || closed;
    ++calls;
  }
};

TEST(Streams, no_callback_comes_after_closing_from_another_thread) {
  Fixture fixture(flood);
  const auto transport = fixture.transport();
  for (int i = 0; i < 20; ++i) {
    ClosedReader reader;
    const auto stream = transport->open({.target = "/watch"}, 10s, reader);
    while (reader.calls < i) std::this_thread::yield();
    stream->close();
    reader.closed = true;
    const int calls = reader.calls;
    std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(reader.late);
    EXPECT_EQ(reader.calls, calls);
  }
}

/// Closes its own stream from within a callback.
class SuicidalReader : public ClosedReader {
 public:
  void on_bytes(std::string_view bytes) override {
    ClosedReader::on_bytes(bytes);
    if (calls < 5 || !stream) return;
    if (destroys) {
      stream.reset();
    } else {
      stream->close();
    }
    closed = true;
  }
  std::unique_ptr<Stream> stream;
  bool destroys = false;
};

TEST(Streams, no_callback_comes_after_closing_from_within_a_callback) {
  for (const bool destroys : {false, true}) {
    Fixture fixture(flood);
    const auto transport = fixture.transport();
    SuicidalReader reader;
    reader.destroys = destroys;
    // Opened on the I/O thread, so that `stream` is set before the first callback.
    transport->post(0ms,
                    [&] { reader.stream = transport->open({.target = "/watch"}, 10s, reader); });
    while (!reader.closed) std::this_thread::yield();
    std::this_thread::sleep_for(30ms);
    EXPECT_FALSE(reader.late);
    EXPECT_EQ(reader.calls, 5);
  }
}

TEST(Streams, closing_from_both_threads_at_once) {
  Fixture fixture(flood);
  const auto transport = fixture.transport();
  for (int i = 0; i < 20; ++i) {
    ClosedReader reader;
    const std::shared_ptr<Stream> stream = transport->open({.target = "/watch"}, 10s, reader);
    while (reader.calls < 3) std::this_thread::yield();
    std::atomic<bool> done{false};
    transport->post(0ms, [stream, &done] {
      stream->close();
      done = true;
    });
    stream->close();
    reader.closed = true;
    while (!done) std::this_thread::yield();
    EXPECT_FALSE(reader.late);
  }
}

TEST(Streams, closing_before_the_answer_ends_the_connection) {
  std::atomic<bool> left{false};
  Fixture fixture([&left](Visit& visit) {
    visit.read_request();
    visit.hold();
    left = true;
  });
  const auto transport = fixture.transport();
  ClosedReader reader;
  const auto stream = transport->open({.target = "/watch"}, 10s, reader);
  while (fixture.server.count("GET") == 0) std::this_thread::yield();
  stream->close();
  for (int i = 0; i < 500 && !left; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(left);
  EXPECT_EQ(reader.calls, 0);
}

TEST(Streams, a_slow_reader_holds_the_server_back) {
  std::atomic<std::size_t> sent{0};
  Fixture fixture([&sent](Visit& visit) {
    visit.read_request();
    visit.send(chunked_head());
    const std::string event = chunk(std::string(65536, 'x'));
    while (visit.send(event)) sent += event.size();
  });
  class SlowReader : public ClosedReader {
   public:
    void on_bytes(std::string_view bytes) override {
      ClosedReader::on_bytes(bytes);
      std::this_thread::sleep_for(20ms);
    }
  };
  const auto transport = fixture.transport();
  SlowReader reader;
  const auto stream = transport->open({.target = "/watch"}, 10s, reader);
  std::this_thread::sleep_for(400ms);
  stream->close();
  EXPECT_LT(sent, 16U << 20U);  // what the kernel's buffers take, not what a server can send
}

TEST(Streams, streams_do_not_take_the_connections_of_calls) {
  Fixture fixture([](Visit& visit) {
    while (true) {
      const std::string request = visit.read_request();
      if (request.empty()) return;
      visit.send(request.starts_with("GET /watch") ? chunked_head() : answer(200, "{}"));
    }
  });
  TransportOptions options = options_at(fixture.clock);
  options.max_connections = 1;
  const auto transport = transport_to({.server = fixture.server.url()}, options);
  std::vector<std::unique_ptr<RecordingReader>> readers;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(std::make_unique<RecordingReader>());
    streams.push_back(transport->open({.target = "/watch"}, 10s, *readers.back()));
  }
  EXPECT_TRUE(transport->call({.target = "/api", .timeout = 5s}).ok());
  while (fixture.server.count("GET") < 6) std::this_thread::yield();
  EXPECT_EQ(fixture.server.connections(), 6);
}

TEST(Streams, a_transport_may_go_before_its_streams) {
  Fixture fixture(flood);
  ClosedReader reader;
  std::unique_ptr<Stream> stream;
  {
    const auto transport = fixture.transport();
    stream = transport->open({.target = "/watch"}, 10s, reader);
    while (reader.calls < 3) std::this_thread::yield();
  }
  reader.closed = true;
  stream->close();
  EXPECT_FALSE(reader.late);
}

}  // namespace
}  // namespace doorbuster::kube::testing
