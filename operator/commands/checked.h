#pragma once

#include "controllers/products/allow_list.h"
#include "crds/reader.h"
#include "operator/base/instant.h"
#include "operator/commands/inputs.h"

#include <map>
#include <string>
#include <vector>

namespace doorbuster::commands {

enum class Level { Error, Warning };

/// One finding of one file.
struct Checked {
  std::string file;
  Level level = Level::Error;
  api::Finding finding;  ///< with a code; the mark is a line of that file
};

/// What `validate` says of a set of files.
struct CheckedFiles {
  std::size_t files = 0, events = 0, schedules = 0, actions = 0;
  std::size_t passed_over = 0;  ///< documents of other kinds
  bool unparsable = false;      ///< a file was not read to its end
  std::vector<Checked> findings;
  std::vector<api::SaleEvent> accepted;  ///< in the order read; of a schedule its next sale
  std::size_t count(Level) const;
};

/// What the operator that will get the files may hold.
struct Allowed {
  products::AllowList list = products::AllowList::standard();
  bool assumed = true;  ///< it may have been started with a wider list: only warnings
};

/// Everything that can be told of SaleEvents, SaleSchedules and SaleActions without a cluster:
/// schema and rules as the API server has them, contradictions, the window by this system's zones,
/// the fields by an allow-list. A bad file keeps none of the others back.
CheckedFiles check_files(const std::vector<InputFile>& files, const Allowed& allowed, Instant now);

/// Exit codes of every command of kubectl-sale (`kubectl sale help exit-codes`).
inline constexpr int kDone = 0;
inline constexpr int kCommandFailed = 1;
inline constexpr int kUsage = 2;  ///< or input that cannot be parsed
inline constexpr int kBad = 10;   ///< asked, and the answer is bad
inline constexpr int kWarned = 11;
inline constexpr int kChanges = 12;
inline constexpr int kTimedOut = 124;  ///< as timeout(1)

int exit_code_of(const CheckedFiles& checked, bool fail_on_warnings);

/// `flash-sale.yaml:7:13: error DB0203 spec.window.end: must be ...; write ...`, one a line, and a
/// line that counts.
std::string as_text(const CheckedFiles& checked);
/// The same as one JSON object.
std::string as_json(const CheckedFiles& checked);

}  // namespace doorbuster::commands
