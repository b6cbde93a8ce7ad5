#pragma once

#include "operator/base/result.h"
#include "operator/kube/client.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reading what lists and watches send, with simdjson. Texts handed in must be followed by
/// kTextPadding readable bytes; views handed out point into them.
namespace doorbuster::kube {

/// An object's Meta as far as it could be read. `why` is empty when it is usable, that is has a
/// name.
struct DecodedMeta {
  Meta meta;
  std::string why;
};
DecodedMeta decode_meta(std::string_view object);

struct DecodedList {
  std::vector<Meta> metas;
  std::vector<std::string_view> texts;  ///< as many as metas
  std::string version, continue_token;
  std::vector<std::string> undecodable;  ///< why, an item each
};
/// Invalid when the text as a whole is no list. An item that cannot be read is left out and named;
/// invalid UTF-8 in one item does not harm the others.
Result<DecodedList> decode_list(std::string_view body);

/// What an API server's Status object says.
struct ServerStatus {
  int code = 0;
  std::string reason, message;
  std::optional<Duration> retry_after;
  bool version_too_large = false;  ///< our resourceVersion lies ahead of what the server has
};
/// Empty when the text is no Status.
ServerStatus decode_status(std::string_view object);

struct DecodedFrame {
  enum class Type { Added, Modified, Deleted, Bookmark, Error, Unknown };
  Type type = Type::Unknown;
  std::string_view object;
};
/// Invalid when the line is not a watch event at all.
Result<DecodedFrame> decode_frame(std::string_view line);

}  // namespace doorbuster::kube
