// differential scenarios SEED FIRST COUNT: scenarios, one JSON text a line.
// differential compare [BUG]: reads records (play.h), one a line; prints what was found of each,
// with its table. With a number the simulator makes that mistake (planted_bugs).
#include "tests/differential/compare.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace doorbuster::differential;
using doorbuster::simulator::Tree;

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

int print_scenarios(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = first; i < first + count; ++i)
    std::cout << tree_of(make_scenario(seed, i)).print() << "\n";
  return 0;
}

/// One JSON object a record: what was found, with the table.
int compare_records(const Planted* bug) {
  for (std::string line; std::getline(std::cin, line);) {
    const Record record = record_of(Tree::parse(line));
    const Comparison made = compare(record, bug);
    Tree out = Tree::object();
    out.set("/number", Tree::integer(static_cast<std::int64_t>(record.scenario.number)));
    out.set("/looks", Tree::integer(static_cast<std::int64_t>(made.rows.size())));
    out.set("/worst", Tree::integer(made.worst));
    out.set("/disagreeing", Tree::integer(made.disagreeing));
    std::int64_t sum = 0, exact = 0;
    for (const Row& row : made.rows) {
      sum += row.replicas_off + row.pods_off + row.ready_off;
      exact += row.real.replicas == row.simulated.replicas ? 1 : 0;
    }
    out.set("/sum", Tree::integer(sum));
    out.set("/exact", Tree::integer(exact));
    out.set("/table", Tree::string(table_of(record, made)));
    std::cout << out.print() << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "scenarios")
    return print_scenarios(number(words[1]), number(words[2]), number(words[3]));
  if (words.size() == 1 && words[0] == "compare") return compare_records(nullptr);
  if (words.size() == 2 && words[0] == "compare" && number(words[1]) < planted_bugs().size())
    return compare_records(&planted_bugs()[number(words[1])]);
  std::cerr << "differential scenarios SEED FIRST COUNT | differential compare [BUG]\n";
  return 2;
}
