#pragma once

#include "operator/base/json.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster::simulator {

/// A JSON value that is changed in place. The simulated server has its own, so that the patches
/// which the operator computes over texts are carried out by other code than the code that made
/// them.
class Tree {
 public:
  using Members = std::vector<std::pair<std::string, Tree>>;

  Tree() = default;  ///< null
  static Tree of(const JsonView& view);
  /// The text must be well-formed JSON: a broken one is a bug of the simulation.
  static Tree parse(std::string_view text);
  static Tree object();
  static Tree integer(std::int64_t number);
  static Tree string(std::string_view text);
  static Tree boolean(bool value);

  JsonType type() const { return type_; }
  bool is_null() const { return type_ == JsonType::Null; }
  /// RFC 6901 without keyed steps; nullptr when absent.
  const Tree* at(std::string_view pointer) const;
  Tree* at(std::string_view pointer);
  const Tree* member(std::string_view name) const;
  Tree* member(std::string_view name);
  const Members& members() const { return members_; }
  const std::vector<Tree>& elements() const { return elements_; }
  std::vector<Tree>& elements() { return elements_; }

  /// Sets the value at a pointer; objects on the way are made.
  void set(std::string_view pointer, Tree value);
  void set_member(std::string_view name, Tree value);
  /// Removes what is at a pointer; false when nothing was there.
  bool erase(std::string_view pointer);

  std::int64_t number(std::string_view pointer, std::int64_t otherwise) const;
  std::string text_at(std::string_view pointer) const;  ///< a string's contents; empty when absent
  Value value_at(std::string_view pointer) const;

  /// RFC 7396.
  void merge(const Tree& patch);
  std::string print() const;
  /// Every leaf below, by pointer, as text. Lists are leaves as a whole, empty objects too.
  std::map<std::string, std::string> leaves() const;

  bool operator==(const Tree& other) const;

 private:
  const Tree* child(std::string_view step) const;  ///< a member, or an element by its index
  void print_to(std::string& out) const;
  void leaves_to(const std::string& prefix, std::map<std::string, std::string>& out) const;

  JsonType type_ = JsonType::Null;
  std::string scalar_ = "null";  ///< source text of what is neither object nor array
  Members members_;
  std::vector<Tree> elements_;
};

/// One step of a pointer as it is written in one.
std::string escaped(std::string_view step);
/// The steps of a pointer, unescaped.
std::vector<std::string> steps_of(std::string_view pointer);

}  // namespace doorbuster::simulator
