#include "operator/kube/decode.h"

#include "operator/kube/sink.h"

#include <simdjson.h>

#include <algorithm>

namespace doorbuster::kube {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(kTextPadding >= simdjson::SIMDJSON_PADDING);

simdjson::padded_string_view padded(std::string_view text) {
  return simdjson::padded_string_view(text.data(), text.size(), text.size() + kTextPadding);
}

Error invalid(std::string message) {
  return Error{
      .kind = ErrorKind::Invalid, .message = std::move(message), .causes = {}, .retry_after = {}};
}

/// Walks an object's members until `visit` says that it has enough. False when the text breaks off
/// or is no object.
template <class Visit>
bool walk(ondemand::object& object, Visit visit) {
  for (auto field : object) {
    std::string_view name;
    ondemand::value value;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS)
      return false;
    if (!visit(name, value)) return true;
  }
  return true;
}

/// False, too, for what only begins like one: the library's own answer throws then.
bool is_null(ondemand::value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

/// A string member's text; false when it is something else.
bool take_string(ondemand::value& value, std::string& into) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return false;
  into.assign(text);
  return true;
}

bool open_object(ondemand::parser& parser,
                 ondemand::document& document,
                 ondemand::object& object,
                 std::string_view text) {
  return parser.iterate(padded(text)).get(document) == simdjson::SUCCESS &&
         document.get_object().get(object) == simdjson::SUCCESS;
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' ||
                           text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

bool read_meta(ondemand::object& metadata, Meta& meta) {
  bool good = true;
  const bool whole = walk(metadata, [&](std::string_view name, ondemand::value& value) {
    if (name == "name") {
      good = take_string(value, meta.name) && good;
    } else if (name == "namespace") {
      good = take_string(value, meta.ns) && good;
    } else if (name == "uid") {
      good = take_string(value, meta.uid) && good;
    } else if (name == "resourceVersion") {
      good = take_string(value, meta.resource_version) && good;
    } else if (name == "generation") {
      good = value.get_int64().get(meta.generation) == simdjson::SUCCESS && good;
    } else if (name == "deletionTimestamp") {
      meta.deleting = !is_null(value);
    }
    return true;
  });
  return whole && good;
}

DecodedMeta meta_with(ondemand::parser& parser, std::string_view text) {
  DecodedMeta decoded;
  ondemand::document document;
  ondemand::object object;
  if (!open_object(parser, document, object, text)) {
    decoded.why = "not a JSON object";
    return decoded;
  }
  bool found = false, good = true;
  const bool whole = walk(object, [&](std::string_view name, ondemand::value& value) {
    if (name != "metadata") return true;
    found = true;
    ondemand::object metadata;
    good =
        value.get_object().get(metadata) == simdjson::SUCCESS && read_meta(metadata, decoded.meta);
    return false;
  });
  if (!whole || !good) {
    decoded.why = "metadata cannot be read";
  } else if (!found) {
    decoded.why = "metadata is missing";
  } else if (decoded.meta.name.empty()) {
    decoded.why = "metadata.name is missing";
  }
  return decoded;
}

struct Cut {
  std::vector<std::string_view> items;
  std::string version, continue_token;
  bool has_items = false, has_metadata = false;
};

bool read_list_metadata(ondemand::object& metadata, Cut& cut) {
  bool good = true;
  const bool whole = walk(metadata, [&](std::string_view name, ondemand::value& value) {
    if (name == "resourceVersion") good = take_string(value, cut.version) && good;
    if (name == "continue") good = take_string(value, cut.continue_token) && good;
    return true;
  });
  return whole && good;
}

bool read_items(ondemand::value& value, Cut& cut) {
  cut.has_items = true;
  if (is_null(value)) return true;
  ondemand::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) return false;
  for (auto element : items) {
    ondemand::value item;
    ondemand::json_type type{};
    if (element.get(item) != simdjson::SUCCESS || item.type().get(type) != simdjson::SUCCESS)
      return false;
    if (type != ondemand::json_type::object) {
      cut.items.emplace_back();
      continue;
    }
    ondemand::object object;
    std::string_view text;
    if (item.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(text) != simdjson::SUCCESS)
      return false;
    cut.items.push_back(without_trailing_space(text));
  }
  return true;
}

simdjson::error_code cut_quickly(std::string_view body, Cut& cut) {
  ondemand::parser parser;  // its index is as large as the page: given back at once
  ondemand::document document;
  if (const auto error = parser.iterate(padded(body)).get(document); error != simdjson::SUCCESS)
    return error;
  ondemand::object object;
  if (const auto error = document.get_object().get(object); error != simdjson::SUCCESS)
    return error;
  bool good = true;
  const bool whole = walk(object, [&](std::string_view name, ondemand::value& value) {
    ondemand::object metadata;
    if (name == "metadata" && !cut.has_metadata) {
      cut.has_metadata = true;
      good = value.get_object().get(metadata) == simdjson::SUCCESS &&
             read_list_metadata(metadata, cut);
    } else if (name == "items" && !cut.has_items) {
      good = read_items(value, cut);
    }
    return good;
  });
  return whole && good ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

/// Finds where values end by quotes and brackets alone, for a page that is not valid UTF-8
/// throughout.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  /// The next value's own text; empty when there is none.
  std::string_view value() {
    skip_space();
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == '}' || c == ']' || c == ':')) break;
      if (c == '"' && !skip_string()) return {};
      if (c == '"') {
        if (depth == 0) break;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    return depth == 0 ? without_trailing_space(text_.substr(begin, at_ - begin))
                      : std::string_view();
  }
  bool at_end() {
    skip_space();
    return at_ >= text_.size();
  }

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

bool cut_items_slowly(std::string_view array, Cut& cut) {
  cut.has_items = true;
  if (array == "null") return true;
  Scanner scan(array);
  if (!scan.take('[')) return false;
  if (scan.take(']')) return true;
  for (;;) {
    const std::string_view item = scan.value();
    if (item.empty()) return false;
    cut.items.push_back(item.front() == '{' ? item : std::string_view());
    if (scan.take(']')) return true;
    if (!scan.take(',')) return false;
  }
}

bool cut_slowly(std::string_view body, Cut& cut) {
  Scanner scan(body);
  if (!scan.take('{')) return false;
  if (scan.take('}')) return scan.at_end();
  for (;;) {
    const std::string_view name = scan.value();
    if (name.empty() || !scan.take(':')) return false;
    const std::string_view value = scan.value();
    if (value.empty()) return false;
    if (name == "\"metadata\"" && !cut.has_metadata) {
      cut.has_metadata = true;
      ondemand::parser parser;
      ondemand::document document;
      ondemand::object metadata;
      if (!open_object(parser, document, metadata, value) || !read_list_metadata(metadata, cut))
        return false;
    } else if (name == "\"items\"" && !cut.has_items && !cut_items_slowly(value, cut)) {
      return false;
    }
    if (scan.take('}')) return scan.at_end();
    if (!scan.take(',')) return false;
  }
}

}  // namespace

DecodedMeta decode_meta(std::string_view object) {
  thread_local ondemand::parser parser;
  return meta_with(parser, object);
}

Result<DecodedList> decode_list(std::string_view body) {
  Cut cut;
  const simdjson::error_code error = cut_quickly(body, cut);
  if (error == simdjson::UTF8_ERROR || error == simdjson::UNESCAPED_CHARS) {
    cut = Cut();
    if (!cut_slowly(body, cut)) return invalid("not a list: malformed JSON");
  } else if (error != simdjson::SUCCESS) {
    return invalid(std::string("not a list: ") + simdjson::error_message(error));
  }
  if (!cut.has_items || !cut.has_metadata) return invalid("not a list: no items or no metadata");

  DecodedList list;
  list.version = std::move(cut.version);
  list.continue_token = std::move(cut.continue_token);
  list.metas.reserve(cut.items.size());
  list.texts.reserve(cut.items.size());
  ondemand::parser parser;
  for (const std::string_view text : cut.items) {
    DecodedMeta decoded =
        text.empty() ? DecodedMeta{{}, "not a JSON object"} : meta_with(parser, text);
    if (!decoded.why.empty()) {
      list.undecodable.push_back(std::move(decoded.why));
      continue;
    }
    list.metas.push_back(std::move(decoded.meta));
    list.texts.push_back(text);
  }
  return list;
}

namespace {

void read_details(ondemand::object& details, ServerStatus& status) {
  walk(details, [&](std::string_view name, ondemand::value& value) {
    std::int64_t seconds = 0;
    if (name == "retryAfterSeconds" && value.get_int64().get(seconds) == simdjson::SUCCESS &&
        seconds >= 0) {
      status.retry_after = std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400));
    }
    ondemand::array causes;
    if (name != "causes" || value.get_array().get(causes) != simdjson::SUCCESS) return true;
    for (auto element : causes) {
      ondemand::object cause;
      if (element.get_object().get(cause) != simdjson::SUCCESS) return false;
      walk(cause, [&](std::string_view key, ondemand::value& text) {
        std::string reason;
        if (key == "reason" && take_string(text, reason) && reason == "ResourceVersionTooLarge")
          status.version_too_large = true;
        return true;
      });
    }
    return true;
  });
}

}  // namespace

ServerStatus decode_status(std::string_view text) {
  ServerStatus status;
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (!open_object(parser, document, object, text)) return {};
  walk(object, [&](std::string_view name, ondemand::value& value) {
    std::int64_t code = 0;
    ondemand::object details;
    if (name == "code") {
      if (value.get_int64().get(code) == simdjson::SUCCESS && code >= 0 && code < 1000)
        status.code = static_cast<int>(code);
    } else if (name == "reason") {
      take_string(value, status.reason);
    } else if (name == "message") {
      take_string(value, status.message);
    } else if (name == "details" && value.get_object().get(details) == simdjson::SUCCESS) {
      read_details(details, status);
    }
    return true;
  });
  // Servers before the cause existed say it in words only.
  if (status.message.starts_with("Too large resource version")) status.version_too_large = true;
  if (status.code == 0 && status.reason == "Expired") status.code = 410;
  return status;
}

Result<DecodedFrame> decode_frame(std::string_view line) {
  thread_local ondemand::parser parser;
  ondemand::document document;
  ondemand::object frame;
  if (!open_object(parser, document, frame, line)) return invalid("not a JSON object");
  DecodedFrame decoded;
  std::string type;
  const bool whole = walk(frame, [&](std::string_view name, ondemand::value& value) {
    ondemand::object object;
    if (name == "type") {
      take_string(value, type);
    } else if (name == "object" && value.get_object().get(object) == simdjson::SUCCESS) {
      std::string_view text;
      if (object.raw_json().get(text) == simdjson::SUCCESS)
        decoded.object = without_trailing_space(text);
    }
    return true;
  });
  if (!whole || type.empty() || decoded.object.empty()) return invalid("not a watch event");
  using Type = DecodedFrame::Type;
  decoded.type = type == "ADDED"      ? Type::Added
                 : type == "MODIFIED" ? Type::Modified
                 : type == "DELETED"  ? Type::Deleted
                 : type == "BOOKMARK" ? Type::Bookmark
                 : type == "ERROR"    ? Type::Error
                                      : Type::Unknown;
  return decoded;
}

}  // namespace doorbuster::kube
