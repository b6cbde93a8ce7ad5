#include "operator/kube/http_response.h"

#include <boost/beast/http/parser.hpp>

#include <limits>
#include <utility>

namespace doorbuster::kube {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr int kMaxInterimAnswers = 8;
/// "0", its line break and the last one (RFC 9112 section 7.1): nothing shorter is a chunked body.
constexpr std::size_t kShortestChunkedBody = 5;

/// A Beast body that hands its bytes on instead of keeping them.
struct SinkBody {
  using value_type = const ResponseReader::Sink*;
  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>&, value_type& sink) : sink_(sink) {}
    void init(const boost::optional<std::uint64_t>&, error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers);
           ++at) {
        const boost::asio::const_buffer piece = *at;
        if (piece.size() > 0) (*sink_)({static_cast<const char*>(piece.data()), piece.size()});
        taken += piece.size();
      }
      return taken;
    }
    void finish(error_code& error) { error = {}; }

   private:
    value_type& sink_;
  };
};

using BeastParser = http::response_parser<SinkBody>;

Error unreadable(const std::string& why) {
  return Error{ErrorKind::Unavailable, "unreadable answer: " + why, {}, {}};
}

}  // namespace

struct ResponseReader::Parser {
  Parser(std::optional<std::size_t> max, Sink into) : max_body(max), sink(std::move(into)) {
    restart();
  }

  void restart() {
    beast.emplace();
    chunks_begun = false;
    beast->get().body() = &sink;
    beast->header_limit(kMaxHeaderBytes);
    // Not eager, and never without a limit: with bytes behind the head, Beast 1.74 forgets that the
    // announced length was beyond the limit, and without a limit it takes every announced length
    // for beyond it.
    beast->eager(false);
    beast->body_limit(max_body.value_or(std::numeric_limits<std::uint64_t>::max()));
  }

  /// Beast 1.74 ends the program (assertion n >= 5) where the first chunk is the last one and four
  /// of its five bytes are there after three were: it gets no fewer than all of them.
  bool too_little_for_beast(std::string_view bytes) const {
    return beast->is_header_done() && beast->chunked() && !chunks_begun &&
           bytes.size() < kShortestChunkedBody;
  }

  std::size_t put(std::string_view bytes, error_code& error) {
    const bool within_body = beast->is_header_done();
    const std::size_t taken =
        beast->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    chunks_begun = chunks_begun || (within_body && taken > 0);
    return taken;
  }

  bool interim() const { return beast->is_done() && beast->get().result_int() / 100 == 1; }

  std::optional<std::size_t> max_body;
  Sink sink;
  std::optional<BeastParser> beast;
  std::string pending;  // bytes that do not yet make a whole header or chunk line
  bool chunks_begun = false;
  int interim_answers = 0;
  bool surplus = false, broken = false;
};

ResponseReader::ResponseReader(std::optional<std::size_t> max_body, Sink sink)
    : parser_(std::make_unique<Parser>(max_body, std::move(sink))) {}
ResponseReader::~ResponseReader() = default;

Outcome ResponseReader::feed(std::string_view bytes) {
  Parser& p = *parser_;
  if (p.broken) return unreadable("more bytes after an error");
  if (!p.pending.empty()) {
    p.pending.append(bytes);
    bytes = p.pending;
  }
  while (!bytes.empty() && !done() && !p.too_little_for_beast(bytes)) {
    error_code error;
    const std::size_t taken = p.put(bytes, error);
    bytes.remove_prefix(taken);
    if (error && error != http::error::need_more) {
      p.broken = true;
      return unreadable(error.message());
    }
    if (p.interim()) {
      const int status = p.beast->get().result_int();
      if (status == 101 || ++p.interim_answers > kMaxInterimAnswers) {
        p.broken = true;
        return unreadable("unexpected interim answer " + std::to_string(status));
      }
      p.restart();
      continue;
    }
    if (error || taken == 0) break;
  }
  if (done()) {
    p.surplus = p.surplus || !bytes.empty();
    p.pending.clear();
    return Done{};
  }
  if (bytes.size() > kMaxHeaderBytes) {
    p.broken = true;
    return unreadable("a header or chunk line is too long");
  }
  p.pending = std::string(bytes);
  return Done{};
}

Outcome ResponseReader::end_of_input() {
  Parser& p = *parser_;
  if (done()) return Done{};
  p.surplus = true;  // a connection that has ended is not used again
  if (p.broken || !p.beast->got_some()) return unreadable("connection closed before an answer");
  if (!p.pending.empty()) return unreadable("connection closed within an answer");
  error_code error;
  p.beast->put_eof(error);
  if (error) return unreadable("connection closed within an answer");
  return Done{};
}

bool ResponseReader::head_done() const {
  return parser_->beast->is_header_done() && !parser_->interim();
}
bool ResponseReader::done() const {
  return parser_->beast->is_done() && !parser_->interim() && !parser_->broken;
}
int ResponseReader::status() const { return static_cast<int>(parser_->beast->get().result_int()); }

Headers ResponseReader::headers() const {
  Headers all;
  for (const auto& field : parser_->beast->get()) {
    all.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  return all;
}

std::string ResponseReader::header(std::string_view name) const {
  return std::string(parser_->beast->get()[boost::beast::string_view(name.data(), name.size())]);
}

bool ResponseReader::reusable() const {
  return done() && !parser_->surplus && parser_->beast->keep_alive();
}

}  // namespace doorbuster::kube
