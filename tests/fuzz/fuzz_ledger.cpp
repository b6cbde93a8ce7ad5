// links: planner
// Any bytes as the annotation on a held object and as a copy in an event's status: what is read is
// written and read again as the same, and an edit of a record is seen.
#include "controllers/planner/ledger.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::planner {
namespace {

using fuzz::require;

void check_record(const Ledger& record) {
  const std::string text = write_ledger(record);
  const Ledger again = read_ledger(&text);
  require(again.state == Ledger::State::Good, "a written record is good");
  require(again.uid == record.uid && again.serial == record.serial, "a record keeps whose it is");
  require(again.fields == record.fields, "a record reads as it was written");
  require(write_ledger(again) == text, "a record has one spelling");
}

void check(std::string_view bytes) {
  const std::string text(bytes);
  const Ledger ledger = read_ledger(&text);
  switch (ledger.state) {
    case Ledger::State::Good:
      check_record(ledger);
      break;
    case Ledger::State::Corrupt:
    case Ledger::State::Newer:
      require(!ledger.why.empty(), "what is not read is told");
      require(ledger.fields.empty(), "nothing is taken from what is not trusted");
      break;
    case Ledger::State::None:
    case Ledger::State::Stripped:
    case Ledger::State::Stale:
    case Ledger::State::Foreign:
      require(false, "a text alone is good, corrupt or newer");
  }
  const auto entry = read_entry(text);
  if (!entry) return;
  const auto& [path, held] = *entry;
  const auto again = read_entry(write_entry(path, held));
  require(again && *again == *entry, "a copy reads as it was written");
  Ledger one{.state = Ledger::State::Good, .uid = "u", .serial = 7, .fields = {}, .why = {}};
  one.fields.emplace(path, held);
  check_record(one);
}

}  // namespace
}  // namespace doorbuster::planner

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::planner::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
