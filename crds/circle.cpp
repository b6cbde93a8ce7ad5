#include "crds/circle.h"

#include <map>
#include <set>
#include <string_view>

namespace doorbuster::api {

std::optional<std::size_t> first_in_circle(
    std::size_t count,
    const std::function<const std::string&(std::size_t)>& name_of,
    const std::function<const std::vector<std::string>&(std::size_t)>& after) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < count; ++i) index.emplace(name_of(i), i);
  for (std::size_t i = 0; i < count; ++i) {
    std::set<std::size_t> reached;
    std::vector<std::size_t> open{i};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      for (const std::string& name : after(at)) {
        const auto found = index.find(name);
        if (found != index.end() && reached.insert(found->second).second)
          open.push_back(found->second);
      }
    }
    if (reached.contains(i)) return i;
  }
  return std::nullopt;
}

}  // namespace doorbuster::api
