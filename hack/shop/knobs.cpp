#include "hack/shop/knobs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace shop {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) ||
      value < 0) {
    return std::nullopt;
  }
  return value;
}

std::optional<Seconds> duration(std::string_view text) {
  constexpr double kLongest = 86400;
  double unit = 1;
  if (text.ends_with("ms")) {
    unit = 1e-3;
    text.remove_suffix(2);
  } else if (text.ends_with("us")) {
    unit = 1e-6;
    text.remove_suffix(2);
  } else if (text.ends_with("s")) {
    text.remove_suffix(1);
  } else if (text != "0") {
    return std::nullopt;
  }
  const auto value = number(text);
  if (!value || *value * unit > kLongest) {
    return std::nullopt;
  }
  return Seconds{*value * unit};
}

std::optional<std::uint64_t> bytes(std::string_view text) {
  double unit = 1;
  constexpr std::array<std::pair<std::string_view, double>, 3> kUnits{
      {{"Ki", 1024.0}, {"Mi", 1048576.0}, {"Gi", 1073741824.0}}};
  for (const auto& [suffix, factor] : kUnits) {
    if (text.ends_with(suffix)) {
      unit = factor;
      text.remove_suffix(suffix.size());
      break;
    }
  }
  const auto value = number(text);
  if (!value || *value * unit > 1e12) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*value * unit);
}

std::optional<double> share(std::string_view text) {
  const auto value = number(text);
  return value && *value <= 1 ? value : std::nullopt;
}

std::pair<std::string_view, std::string_view> cut(std::string_view text, char at) {
  const auto found = text.find(at);
  if (found == std::string_view::npos) {
    return {text, {}};
  }
  return {text.substr(0, found), text.substr(found + 1)};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Sets a value if the text is one.
template <class T>
bool take(std::optional<T> value, T& into) {
  if (value) {
    into = *value;
  }
  return value.has_value();
}

bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

/// The five that the file of SHOP_CONFIG may set as well; false for a bad value, nothing for
/// another key.
std::optional<bool> set(Behaviour& behaviour, std::string_view key, std::string_view text) {
  if (key == "version") {
    behaviour.version = std::string(text);
    return is_version(text);
  }
  if (key == "error_rate") {
    return take(share(text), behaviour.error_rate);
  }
  if (key == "latency") {
    return take(Latency::parse(text), behaviour.latency);
  }
  if (key == "cpu_per_request") {
    return take(duration(text), behaviour.cpu_per_request);
  }
  if (key == "memory_growth") {
    return take(bytes(text), behaviour.memory_growth);
  }
  return std::nullopt;
}

bool set_port(Knobs& knobs, std::string_view text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), knobs.port);
  return error == std::errc{} && end == text.data() + text.size() && knobs.port > 0;
}

bool set_warmup(Knobs& knobs, std::string_view text) {
  const auto [length, factor] = cut(text, ',');
  return take(duration(length), knobs.warmup) &&
         (factor.empty() ||
          (take(number(factor), knobs.warmup_factor) && knobs.warmup_factor >= 1));
}

bool set_ready(Knobs& knobs, std::string_view text) {
  knobs.ready_when_warm = text == "warm";
  return text == "warm" || text == "listening";
}

bool set_crash(Knobs& knobs, std::string_view text) {
  const auto [length, code] = cut(text, ',');
  knobs.crash_after = duration(length);
  double value = knobs.crash_code;
  if (!knobs.crash_after || (!code.empty() && !take(number(code), value)) || value > 255 ||
      value != std::floor(value)) {
    return false;
  }
  knobs.crash_code = static_cast<int>(value);
  return true;
}

struct Knob {
  std::string_view name, takes, does;
  bool (*set)(Knobs&, std::string_view);
};

constexpr std::string_view kLatency =
    "fixed:D, uniform:D,D or lognormal:MEDIAN,SIGMA, and +tail:SHARE,D; D is a number with ms or s";
constexpr std::string_view kDuration = "a number with us, ms or s, a day at most";

const std::array<Knob, 14> kKnobs{{
    {"SHOP_ADDRESS",
     "an address",
     "where it listens (default POD_IP, else 127.0.0.1)",
     [](Knobs& k, std::string_view text) { return !(k.address = std::string(text)).empty(); }},
    {"SHOP_PORT", "1 to 65535", "its port (default 8090)", set_port},
    {"SHOP_VERSION",
     "1 to 64 printable characters",
     "header x-version and label of its metrics (default v1)",
     [](Knobs& k, std::string_view text) { return *set(k.behaviour, "version", text); }},
    {"SHOP_ERROR_RATE",
     "0 to 1",
     "share of answers that are 500",
     [](Knobs& k, std::string_view text) { return *set(k.behaviour, "error_rate", text); }},
    {"SHOP_LATENCY",
     kLatency,
     "how long an answer takes",
     [](Knobs& k, std::string_view text) { return *set(k.behaviour, "latency", text); }},
    {"SHOP_CPU_PER_REQUEST",
     kDuration,
     "processor time that each answer takes",
     [](Knobs& k, std::string_view text) { return *set(k.behaviour, "cpu_per_request", text); }},
    {"SHOP_MEMORY_GROWTH",
     "bytes, with Ki, Mi or Gi",
     "memory taken each second and never given back",
     [](Knobs& k, std::string_view text) { return *set(k.behaviour, "memory_growth", text); }},
    {"SHOP_STARTUP",
     kDuration,
     "time before it listens",
     [](Knobs& k, std::string_view text) { return take(duration(text), k.startup); }},
    {"SHOP_WARMUP",
     "DURATION[,FACTOR]",
     "answers take FACTOR (default 5) times as long at first, falling to 1",
     set_warmup},
    {"SHOP_READY", "warm or listening", "when /ready says 200 (default warm)", set_ready},
    {"SHOP_CRASH_AFTER", "DURATION[,CODE]", "ends with that exit code (default 1)", set_crash},
    {"SHOP_DRAIN",
     kDuration,
     "most time for open requests after SIGTERM (default 10s)",
     [](Knobs& k, std::string_view text) { return take(duration(text), k.drain); }},
    {"SHOP_CONFIG",
     "a path",
     "file of lines such as error_rate=0.05, followed as it changes: version, error_rate, latency, "
     "cpu_per_request, memory_growth",
     [](Knobs& k, std::string_view text) { return !(k.config = std::string(text)).empty(); }},
    {"SHOP_SEED",
     "a number",
     "of the random numbers (default: another each time)",
     [](Knobs&, std::string_view text) { return number(text).has_value(); }},
}};

}  // namespace

std::optional<Latency> Latency::parse(std::string_view text) {
  Latency latency;
  const auto [body, tail] = cut(text, '+');
  const auto [shape, values] = cut(body, ':');
  const auto [first, second] = cut(values, ',');
  if (!take(duration(first), latency.first_)) {
    return std::nullopt;
  }
  if (shape == "fixed" && second.empty()) {
    latency.shape_ = Shape::Fixed;
  } else if (shape == "uniform" && take(duration(second), latency.second_) &&
             latency.first_ <= latency.second_) {
    latency.shape_ = Shape::Uniform;
  } else if (shape == "lognormal" && take(number(second), latency.sigma_) && latency.sigma_ <= 5) {
    latency.shape_ = Shape::Lognormal;
  } else {
    return std::nullopt;
  }
  if (tail.empty()) {
    return text.ends_with('+') ? std::nullopt : std::optional(latency);
  }
  const auto [name, of] = cut(tail, ':');
  const auto [how_many, longer] = cut(of, ',');
  if (name != "tail" || !take(share(how_many), latency.tail_share_) ||
      !take(duration(longer), latency.tail_)) {
    return std::nullopt;
  }
  return latency;
}

Seconds Latency::draw(std::mt19937_64& random) const {
  Seconds value = first_;
  switch (shape_) {
    case Shape::Fixed:
      break;
    case Shape::Uniform:
      value =
          Seconds{std::uniform_real_distribution<double>(first_.count(), second_.count())(random)};
      break;
    case Shape::Lognormal:
      value = first_ * std::exp(sigma_ * std::normal_distribution<double>()(random));
      break;
  }
  if (tail_share_ > 0 && std::bernoulli_distribution(tail_share_)(random)) {
    value += tail_;
  }
  return value;
}

std::variant<Knobs, Bad> read_knobs(const Lookup& variable) {
  Knobs knobs;
  knobs.address = variable("POD_IP").value_or(knobs.address);
  for (const Knob& knob : kKnobs) {
    const auto text = variable(std::string(knob.name));
    if (text && !knob.set(knobs, *text)) {
      return Bad{std::string(knob.name) + " takes " + std::string(knob.takes) + ", not \"" + *text +
                 "\""};
    }
  }
  return knobs;
}

bool is_known(std::string_view name) {
  return std::ranges::any_of(kKnobs, [name](const Knob& knob) { return knob.name == name; });
}

std::variant<Behaviour, Bad> read_config(const Behaviour& base, std::string_view text) {
  Behaviour behaviour = base;
  int line_number = 0;
  while (!text.empty()) {
    auto [line, rest] = cut(text, '\n');
    text = rest;
    ++line_number;
    line = trimmed(cut(line, '#').first);
    if (line.empty()) {
      continue;
    }
    const auto [key, value] = cut(line, '=');
    const auto good = set(behaviour, trimmed(key), trimmed(value));
    if (!good || !*good) {
      return Bad{"line " + std::to_string(line_number) + ": " +
                 (good ? "bad value: " : "unknown key: ") + std::string(line)};
    }
  }
  return behaviour;
}

std::string help() {
  std::string text = "Usage: shop        answers HTTP as its environment says:\n";
  for (const Knob& knob : kKnobs) {
    text += "  " + std::string(knob.name) + std::string(22 - knob.name.size(), ' ') +
            std::string(knob.does) + "; takes " + std::string(knob.takes) + "\n";
  }
  return text + "/healthz, /ready and /metrics are what they say; every other path is a sale.\n";
}

}  // namespace shop
