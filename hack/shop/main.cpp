#include "hack/shop/server.h"

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <random>

extern char** environ;

namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

/// A knob that is misspelt would else be a shop that behaves well.
std::optional<std::string> unknown_knob() {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (name.starts_with("SHOP_") && !shop::is_known(name)) {
      return std::string(name);
    }
  }
  return std::nullopt;
}

std::uint64_t seed() {
  std::uint64_t value = std::random_device{}();
  if (const auto text = variable("SHOP_SEED")) {
    std::from_chars(text->data(), text->data() + text->size(), value);
  }
  return value;
}

}  // namespace

int main(int count, char** words) {
  if (count > 1) {
    const bool asked = std::string_view(words[1]) == "--help";
    (asked ? std::cout : std::cerr) << shop::help();
    return asked ? 0 : 2;
  }
  if (const auto name = unknown_knob()) {
    std::cerr << "shop: unknown knob " << *name << "\n";
    return 2;
  }
  const auto knobs = shop::read_knobs(variable);
  if (const auto* bad = std::get_if<shop::Bad>(&knobs)) {
    std::cerr << "shop: " << bad->text << "\n";
    return 2;
  }
  return shop::serve(std::get<shop::Knobs>(knobs), seed());
}
