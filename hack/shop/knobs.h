#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace shop {

using Seconds = std::chrono::duration<double>;

/// How long an answer takes: "fixed:D", "uniform:D,D" or "lognormal:MEDIAN,SIGMA", with
/// "+tail:SHARE,D" where that share of answers takes D longer. D is a number with ms or s.
class Latency {
 public:
  static std::optional<Latency> parse(std::string_view text);
  [[nodiscard]] Seconds draw(std::mt19937_64& random) const;

 private:
  enum class Shape { Fixed, Uniform, Lognormal };
  Shape shape_ = Shape::Fixed;
  Seconds first_{0};   // the value, the least, the median
  Seconds second_{0};  // the most
  double sigma_ = 0;
  double tail_share_ = 0;
  Seconds tail_{0};
};

/// What may change while the shop runs, by the file of SHOP_CONFIG.
struct Behaviour {
  std::string version = "v1";
  double error_rate = 0;
  Latency latency;
  Seconds cpu_per_request{0};
  std::uint64_t memory_growth = 0;  // bytes per second
};

struct Knobs {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8090;
  Behaviour behaviour;
  Seconds startup{0};
  Seconds warmup{0};
  double warmup_factor = 5;
  bool ready_when_warm = true;
  std::optional<Seconds> crash_after;
  int crash_code = 1;
  Seconds drain{10};
  std::string config;  // path, empty without
};

/// What is wrong with a knob, for people.
struct Bad {
  std::string text;
};

using Lookup = std::function<std::optional<std::string>(const std::string&)>;

/// The knobs of an environment. A name that begins with SHOP_ and is none of them is the caller's
/// to refuse: is_known.
std::variant<Knobs, Bad> read_knobs(const Lookup& variable);
bool is_known(std::string_view name);

/// A file of lines "error_rate=0.05", '#' begins a comment: `base` with those values. Keys:
/// version, error_rate, latency, cpu_per_request, memory_growth.
std::variant<Behaviour, Bad> read_config(const Behaviour& base, std::string_view text);

/// One line a knob, for --help.
std::string help();

}  // namespace shop
