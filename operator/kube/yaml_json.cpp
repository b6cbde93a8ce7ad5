#include "operator/kube/yaml_json.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace doorbuster::kube {
namespace {

/// Thrown by the handler, caught at the end of this file: yaml-cpp has no other way to stop.
struct Stop {
  YAML::Mark mark;
  std::string why;
};

bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

std::string plain_scalar(const std::string& value) {
  if (value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL")
    return "null";
  if (value == "true" || value == "True" || value == "TRUE") return "true";
  if (value == "false" || value == "False" || value == "FALSE") return "false";
  return is_json_number(value) ? value : quoted(value);
}

class JsonWriter : public YAML::EventHandler {
 public:
  std::optional<Json> document() && { return std::move(document_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(mark, anchor, {"null", 1});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{mark, "an alias that contains itself"};
    nodes_ += found->second.nodes;
    put(mark, 0, found->second);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    const bool string = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!string && tag != "?") throw Stop{mark, "tag " + quoted(tag) + " is not known here"};
    if (is_key()) return key(mark, anchor, string || plain_scalar(value).starts_with('"'), value);
    put(mark, anchor, {string ? quoted(value) : plain_scalar(value), 1});
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, anchor, false);
  }
  void OnSequenceEnd() override { end(']'); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, anchor, true);
  }
  void OnMapEnd() override { end('}'); }

 private:
  struct Piece {
    std::string text;
    std::size_t nodes = 0;
  };
  struct Frame {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    bool map;
    std::string text;
    std::size_t nodes_before;
    std::set<std::string> keys;
    bool key_read = false;
  };

  bool is_key() const { return !frames_.empty() && frames_.back().map && !frames_.back().key_read; }

  void key(const YAML::Mark& mark, YAML::anchor_t anchor, bool string, const std::string& name) {
    Frame& frame = frames_.back();
    if (!string || anchor != 0) throw Stop{mark, "a key must be a plain string"};
    if (name == "<<") throw Stop{mark, "merge keys are not supported"};
    if (!frame.keys.insert(name).second)
      throw Stop{mark, "key " + quoted(name) + " stands here twice"};
    if (frame.keys.size() > 1) frame.text += ',';
    frame.text += quoted(name) + ":";
    frame.key_read = true;
  }

  void begin(const YAML::Mark& mark, YAML::anchor_t anchor, bool map) {
    if (is_key()) throw Stop{mark, "a key must be a plain string"};
    if (frames_.size() >= static_cast<std::size_t>(kMaxYamlDepth))
      throw Stop{mark, "nested too deeply"};
    frames_.push_back({mark, anchor, map, map ? "{" : "[", nodes_, {}, false});
  }

  void end(char bracket) {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    frame.text += bracket;
    put(frame.mark, frame.anchor, {std::move(frame.text), nodes_ - frame.nodes_before + 1});
  }

  /// A finished value. Its own inner nodes are counted already.
  void put(const YAML::Mark& mark, YAML::anchor_t anchor, Piece piece) {
    if (++nodes_ > kMaxYamlNodes || piece.text.size() > kMaxJsonBytes)
      throw Stop{mark, "too large when written out"};
    if (anchor != 0) anchors_[anchor] = piece;
    if (frames_.empty()) {
      document_ = Json{std::move(piece.text)};
      return;
    }
    Frame& frame = frames_.back();
    if (frame.map && !frame.key_read) throw Stop{mark, "a key must be a plain string"};
    if (frame.text.size() + piece.text.size() > kMaxJsonBytes)
      throw Stop{mark, "too large when written out"};
    if (!frame.map && frame.text.size() > 1) frame.text += ',';
    frame.text += piece.text;
    frame.key_read = false;
  }

  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Piece> anchors_;
  std::optional<Json> document_;
  std::size_t nodes_ = 0;
};

Error invalid_at(const YAML::Mark& mark, const std::string& why) {
  const std::string where = mark.is_null() ? ""
                                           : "line " + std::to_string(mark.line + 1) + ", column " +
                                                 std::to_string(mark.column + 1) + ": ";
  return Error{ErrorKind::Invalid, where + why, {}, {}};
}

}  // namespace

Result<Json> json_from_yaml(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return invalid_at(YAML::Mark::null_mark(), "contains a NUL byte");
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    JsonWriter writer;
    if (!parser.HandleNextDocument(writer))
      return invalid_at(YAML::Mark::null_mark(), "holds no document");
    JsonWriter second;
    if (parser.HandleNextDocument(second))
      return invalid_at(YAML::Mark::null_mark(), "holds more than one document");
    std::optional<Json> document = std::move(writer).document();
    if (!document) return invalid_at(YAML::Mark::null_mark(), "holds no document");
    return *std::move(document);
  } catch (const Stop& stop) {
    return invalid_at(stop.mark, stop.why);
  } catch (const YAML::Exception& error) {
    return invalid_at(error.mark, error.msg);
  }
}

}  // namespace doorbuster::kube
