#include "controllers/simulator/tree.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace doorbuster::simulator {

std::string escaped(std::string_view step) {
  std::string out;
  for (const char c : step) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

namespace {

std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    if (escape) ++i;
    out += !escape ? step[i] : step[i] == '1' ? '/' : '~';
  }
  return out;
}

}  // namespace

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  while (!pointer.empty()) {
    assert(pointer.front() == '/');
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    steps.push_back(unescaped(step));
  }
  return steps;
}

Tree Tree::of(const JsonView& view) {
  Tree out;
  out.type_ = view.type();
  if (out.type_ == JsonType::Object) {
    out.scalar_.clear();
    for (const auto& [name, child] : view.members()) out.members_.emplace_back(name, of(child));
  } else if (out.type_ == JsonType::Array) {
    out.scalar_.clear();
    for (const JsonView& child : view.elements()) out.elements_.push_back(of(child));
  } else {
    out.scalar_ = view.text();
  }
  return out;
}

Tree Tree::parse(std::string_view text) {
  const auto view = JsonView::parse(text);
  assert(view.ok());
  return of(*view);
}

Tree Tree::object() {
  Tree out;
  out.type_ = JsonType::Object;
  out.scalar_.clear();
  return out;
}

Tree Tree::integer(std::int64_t number) {
  Tree out;
  out.type_ = JsonType::Number;
  out.scalar_ = json_of(number).text;
  return out;
}

Tree Tree::string(std::string_view text) {
  Tree out;
  out.type_ = JsonType::String;
  out.scalar_ = quoted(text);
  return out;
}

Tree Tree::boolean(bool value) {
  Tree out;
  out.type_ = JsonType::Boolean;
  out.scalar_ = value ? "true" : "false";
  return out;
}

const Tree* Tree::member(std::string_view name) const {
  for (const auto& [own, child] : members_) {
    if (own == name) return &child;
  }
  return nullptr;
}

Tree* Tree::member(std::string_view name) {
  return const_cast<Tree*>(
      std::as_const(*this).member(name));  // NOLINT: the object itself is not const here
}

const Tree* Tree::child(std::string_view step) const {
  if (type_ != JsonType::Array) return member(step);
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool found =
      error == std::errc() && end == step.data() + step.size() && index < elements_.size();
  return found ? &elements_[index] : nullptr;
}

/// The most frequent question of a simulation: a step without escapes is not copied.
const Tree* Tree::at(std::string_view pointer) const {
  const Tree* here = this;
  while (here != nullptr && !pointer.empty()) {
    assert(pointer.front() == '/');
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    const bool plain = step.find('~') == std::string_view::npos;
    here = plain ? here->child(step) : here->child(unescaped(step));
  }
  return here;
}

Tree* Tree::at(std::string_view pointer) {
  return const_cast<Tree*>(
      std::as_const(*this).at(pointer));  // NOLINT: the object itself is not const here
}

void Tree::set_member(std::string_view name, Tree value) {
  if (type_ != JsonType::Object) *this = object();
  if (Tree* old = member(name)) {
    *old = std::move(value);
  } else {
    members_.emplace_back(std::string(name), std::move(value));
  }
}

void Tree::set(std::string_view pointer, Tree value) {
  Tree* here = this;
  for (const std::string& step : steps_of(pointer)) {
    if (here->type_ == JsonType::Array) {
      Tree* next = here->at("/" + step);
      assert(next != nullptr);
      here = next;
      continue;
    }
    if (here->member(step) == nullptr) here->set_member(step, Tree{});
    here = here->member(step);
  }
  *here = std::move(value);
}

bool Tree::erase(std::string_view pointer) {
  const std::size_t cut = pointer.rfind('/');
  if (cut == std::string_view::npos) return false;
  Tree* parent = at(pointer.substr(0, cut));
  if (parent == nullptr) return false;
  const std::string name = steps_of(pointer.substr(cut)).front();
  if (parent->type_ == JsonType::Array) {
    std::size_t index = 0;
    std::from_chars(name.data(), name.data() + name.size(), index);
    if (index >= parent->elements_.size()) return false;
    parent->elements_.erase(parent->elements_.begin() + static_cast<std::ptrdiff_t>(index));
    return true;
  }
  const auto it = std::find_if(parent->members_.begin(),
                               parent->members_.end(),
                               [&](const auto& one) { return one.first == name; });
  if (it == parent->members_.end()) return false;
  parent->members_.erase(it);
  return true;
}

std::int64_t Tree::number(std::string_view pointer, std::int64_t otherwise) const {
  const Tree* found = at(pointer);
  if (found == nullptr || found->type_ != JsonType::Number) return otherwise;
  return integer_of(Json{found->scalar_}).value_or(otherwise);
}

std::string Tree::text_at(std::string_view pointer) const {
  const Tree* found = at(pointer);
  if (found == nullptr || found->type_ != JsonType::String) return "";
  if (found->scalar_.find('\\') == std::string::npos)
    return found->scalar_.substr(1, found->scalar_.size() - 2);
  const auto view = JsonView::parse(found->scalar_);
  return view ? view->string().value_or("") : "";
}

Value Tree::value_at(std::string_view pointer) const {
  const Tree* found = at(pointer);
  if (found == nullptr) return std::nullopt;
  return Json{found->print()};
}

void Tree::merge(const Tree& patch) {
  if (patch.type_ != JsonType::Object) {
    *this = patch;
    return;
  }
  if (type_ != JsonType::Object) *this = object();
  for (const auto& [name, value] : patch.members_) {
    if (value.is_null()) {
      std::erase_if(members_, [&, &wanted = name](const auto& one) { return one.first == wanted; });
    } else {
      if (member(name) == nullptr) members_.emplace_back(name, Tree{});
      member(name)->merge(value);
    }
  }
}

void Tree::print_to(std::string& out) const {
  if (type_ == JsonType::Object) {
    out += '{';
    for (const auto& [name, child] : members_) {
      if (out.back() != '{') out += ',';
      out += quoted(name);
      out += ':';
      child.print_to(out);
    }
    out += '}';
  } else if (type_ == JsonType::Array) {
    out += '[';
    for (const Tree& child : elements_) {
      if (out.back() != '[') out += ',';
      child.print_to(out);
    }
    out += ']';
  } else {
    out += scalar_;
  }
}

std::string Tree::print() const {
  std::string out;
  print_to(out);
  return out;
}

void Tree::leaves_to(const std::string& prefix, std::map<std::string, std::string>& out) const {
  if (type_ == JsonType::Object && !members_.empty()) {
    for (const auto& [name, child] : members_) child.leaves_to(prefix + "/" + escaped(name), out);
  } else {
    out.emplace(prefix, print());
  }
}

std::map<std::string, std::string> Tree::leaves() const {
  std::map<std::string, std::string> out;
  leaves_to("", out);
  return out;
}

bool Tree::operator==(const Tree& other) const {
  if (type_ != other.type_ || scalar_ != other.scalar_ || elements_ != other.elements_)
    return false;
  if (members_.size() != other.members_.size()) return false;
  return std::all_of(members_.begin(), members_.end(), [&](const auto& one) {
    const Tree* theirs = other.member(one.first);
    return theirs != nullptr && *theirs == one.second;
  });
}

}  // namespace doorbuster::simulator
