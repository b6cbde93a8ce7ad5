#pragma once

#include "operator/base/json.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster {

/// Where something stands in its file; from 1. Line 0: not from a file.
struct Mark {
  std::uint32_t line = 0, column = 0;
  auto operator<=>(const Mark&) const = default;
};

/// What is wrong with a document, and where.
struct Problem {
  Mark mark = {};
  std::string path = {};     ///< `spec.targets[0].name`; empty: the document
  std::string message = {};  ///< "must be ..."
  std::string hint = {};     ///< what to write instead; may be empty
  bool operator==(const Problem&) const = default;
};

/// `flash-sale.yaml:7:13: spec.window.end: must be later than ...; write ...`
std::string to_text(const Problem& problem, std::string_view file_name = {});

struct Member;

/// One value of a document that was read from JSON or YAML; both make the same nodes.
struct Node {
  JsonType type = JsonType::Null;
  std::string text;  ///< String: its characters; Number: JSON spelling; Boolean: "true" or "false"
  std::string_view
      source;  ///< its JSON source text, valid while that text is; empty when read from YAML
  Mark mark;
  std::vector<Member> members;  ///< Object, in source order; no name twice
  std::vector<Node> items;      ///< Array

  const Node* find(
      std::string_view name) const;  ///< a member's value; nullptr when absent or not an object
  Node* find(std::string_view name);
  bool has(std::string_view name) const { return find(name) != nullptr; }
};

struct Member {
  std::string name;
  Mark mark;  ///< of the name
  Node value;
};

/// JSON text of a node: its source text where it has one, else compact.
Json json_of(const Node& node);

/// The node of a JSON text; marks are set when `with_marks`. Invalid as JsonView::parse says.
Result<Node> node_of_json(std::string_view text, bool with_marks);

}  // namespace doorbuster
