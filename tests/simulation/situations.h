#pragma once

#include <map>
#include <string>
#include <vector>

namespace doorbuster::simulation {

/// Something that must have happened often enough for the oracles' silence to mean anything.
struct Situation {
  const char* name;
  int at_least;  ///< times in ten thousand histories
};

const std::vector<Situation>& required_situations();

/// The situations that came up too rarely in so many histories, with how often they did.
std::vector<std::string> missed(const std::map<std::string, int>& seen, int histories);

}  // namespace doorbuster::simulation
