#include "tests/simulation/run.h"

#include "controllers/products/allow_list.h"
#include "tests/simulation/stage.h"

#include <algorithm>

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
  const Report whole = play(history, sabotage);
  if (whole.violations.empty()) return history;
  const std::string broken = whole.violations.front().oracle;
  const auto still = [&](const History& candidate) {
    return play(candidate, sabotage).oracles().contains(broken);
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
