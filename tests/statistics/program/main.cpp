// Answers tables for tests/statistics/against_scipy.py: one a line on standard input, one answer a
// line.
//   errors CANDIDATE_REQUESTS CANDIDATE_ERRORS STABLE_REQUESTS STABLE_ERRORS TOLERATED
//       -> EVIDENCE P
//   values CANDIDATE STABLE [CANDIDATE STABLE ...]
//       -> U P
// "none" where nothing is said.
#include "controllers/planner/statistics.h"

#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

int main() {
  using namespace doorbuster::planner;
  std::cout << std::setprecision(17);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string what;
    in >> what;
    if (what == "errors") {
      Tally candidate, stable;
      double tolerated = 1;
      in >> candidate.requests >> candidate.errors >> stable.requests >> stable.errors >> tolerated;
      const auto test = worse_errors(candidate, stable, tolerated);
      if (test) {
        std::cout << test->evidence << " " << test->p << "\n";
      } else {
        std::cout << "none\n";
      }
    } else {
      std::vector<Tie> ties;
      for (Tie one; in >> one.candidate >> one.stable;) ties.push_back(one);
      const auto test = higher_values(ties);
      if (test) {
        std::cout << test->u << " " << test->p << "\n";
      } else {
        std::cout << "none\n";
      }
    }
  }
}
