#include "tests/simulation/situations.h"

namespace doorbuster::simulation {

const std::vector<Situation>& required_situations() {
  static const std::vector<Situation> kAll = {
      {"killed before adding the finalizer", 5},
  };
  return kAll;
}

std::vector<std::string> missed(const std::map<std::string, int>& seen, int histories) {
  std::vector<std::string> out;
  for (const Situation& one : required_situations()) {
    const auto found = seen.find(one.name);
    const int times = found == seen.end() ? 0 : found->second;
    if (static_cast<long>(times) * 10'000 >= static_cast<long>(one.at_least) * histories) continue;
    out.push_back(std::string(one.name) + ": " + std::to_string(times) + " times, at least " + std::to_string(one.at_least) +
                  " in 10000 histories");
  }
  return out;
}

}  // namespace doorbuster::simulation
