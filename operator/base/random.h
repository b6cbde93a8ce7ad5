#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster {

/// Chance as an argument: the same seed gives the same numbers on every machine (splitmix64:
/// Steele, Lea, Flood 2014). For jitter and simulated worlds; nothing secret may depend on it. Not
/// thread-safe.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  /// 0 to bound - 1, each equally likely. `bound` is not 0.
  std::uint64_t below(std::uint64_t bound);
  /// low to high, both included; low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// True `times` of `of` times on average.
  bool chance(std::uint64_t times, std::uint64_t of) { return below(of) < times; }
  /// 0 <= x < 1, in steps of 2^-53.
  double unit();
  /// A stream of its own, which later draws from this one do not change; forks by different names
  /// differ.
  Random fork(std::string_view name) const;

  /// One of a list that is not empty.
  template <class List>
  const auto& pick(const List& list) {
    assert(!list.empty());
    return list[static_cast<std::size_t>(below(list.size()))];
  }

  /// Every order equally likely (Fisher-Yates).
  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) {
      const auto other = static_cast<std::size_t>(below(i));
      if (other != i - 1) std::swap(list[i - 1], list[other]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace doorbuster
