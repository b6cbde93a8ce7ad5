#include "tests/simulation/run.h"

#include <algorithm>

#include "controllers/products/allow_list.h"
#include "tests/simulation/stage.h"

namespace doorbuster::simulation {

std::set<std::string> Report::oracles() const {
  std::set<std::string> out;
  for (const Violation& one : violations) out.insert(one.oracle);
  return out;
}

Report play(const History& history, const Sabotage& sabotage, bool with_trace) {
  Stage stage(history, sabotage, with_trace);
  return stage.play();
}

History shrunk(const History& history, const Sabotage& sabotage) {
  const std::set<std::string> broken = play(history, sabotage).oracles();
  const auto still = [&](const History& candidate) {
    const std::set<std::string> now = play(candidate, sabotage).oracles();
    return std::any_of(now.begin(), now.end(), [&](const std::string& one) { return broken.contains(one); });
  };
  History best = history;
  const auto drop_each = [&](auto list_of) {
    for (std::size_t i = 0; i < list_of(best).size();) {
      History candidate = best;
      auto& list = list_of(candidate);
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      if (still(candidate)) {
        best = std::move(candidate);
      } else {
        ++i;
      }
    }
  };
  for (int again = 0; again < 2; ++again) {
    drop_each([](History& one) -> auto& { return one.steps; });
    if (best.events.size() > 1) {
      while (best.events.size() > 1) {
        History candidate = best;
        candidate.events.pop_back();
        if (!still(candidate)) break;
        best = std::move(candidate);
      }
    }
    for (std::size_t i = 0; i < best.events.size(); ++i) {
      drop_each([i](History& one) -> auto& { return one.events[i].holds; });
      drop_each([i](History& one) -> auto& { return one.events[i].targets; });
    }
  }
  return best;
}

}  // namespace doorbuster::simulation
