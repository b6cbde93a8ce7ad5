#include "operator/base/random.h"

namespace doorbuster {

namespace {

std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
  return bits ^ (bits >> 31U);
}

}  // namespace

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15U;
  return mixed(state_);
}

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound > 0);
  // Draws below 2^64 mod bound are thrown away: what remains is a whole multiple of bound.
  const std::uint64_t first_fair = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t draw = next();
    if (draw >= first_fair) return draw % bound;
  }
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  assert(low <= high);
  const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t step = width + 1 == 0 ? next() : below(width + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + step);
}

double Random::unit() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

Random Random::fork(std::string_view name) const {
  std::uint64_t seed = mixed(state_ ^ 0xA0761D6478BD642FU);
  for (const char c : name)
    seed = mixed(seed ^ static_cast<unsigned char>(c)) + 0x9E3779B97F4A7C15U;
  return Random(seed);
}

}  // namespace doorbuster
