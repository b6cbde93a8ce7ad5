#pragma once

#include "crds/sale_action.h"
#include "crds/sale_event.h"
#include "crds/sale_schedule.h"
#include "crds/schema.h"
#include "operator/base/instant.h"
#include "operator/base/node.h"
#include "operator/base/result.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::api {

inline constexpr const char* kGroup = "doorbuster.dev";
inline constexpr const char* kVersion = "v1alpha1";
inline constexpr const char* kApiVersion = "doorbuster.dev/v1alpha1";
inline constexpr const char* kSaleEventKind = "SaleEvent";
inline constexpr const char* kSaleEvents = "saleevents";
inline constexpr const char* kSaleScheduleKind = "SaleSchedule";
inline constexpr const char* kSaleSchedules = "saleschedules";
inline constexpr const char* kSaleActionKind = "SaleAction";
inline constexpr const char* kSaleActions = "saleactions";

/// Bounds what is said about one document.
inline constexpr std::size_t kMaxFindings = 100;

/// How bad it is.
enum class Severity {
  Error,   ///< the API server refuses the object
  Strict,  ///< the API server drops it with a warning; kubectl's default (--validate=strict)
           ///< refuses it
};

/// What kind of mistake a finding is; stable, documented in docs/reference/findings.md.
namespace codes {
inline constexpr const char* kUnreadable = "DB0101";  ///< a file that cannot be read, or too large
inline constexpr const char* kText = "DB0102";        ///< not YAML or JSON; a key that stands twice
inline constexpr const char* kIdentity = "DB0103";    ///< apiVersion, kind, metadata
inline constexpr const char* kUnknownField = "DB0201";  ///< no field of the API
inline constexpr const char* kShape = "DB0202";         ///< type, bound, pattern, enum, required
inline constexpr const char* kRule = "DB0203";          ///< a rule over several fields (CEL)
inline constexpr const char* kMeaning = "DB0301";       ///< fields that contradict one another
inline constexpr const char* kTwice = "DB0302";         ///< one event described twice
inline constexpr const char* kWindow = "DB0401";        ///< the window cannot be resolved
inline constexpr const char* kWindowOver = "DB0402";    ///< it lies in the past
inline constexpr const char* kPrepareBegun = "DB0403";  ///< its preparation does
inline constexpr const char* kRampShort = "DB0404";     ///< the ramp is cut short by the window
inline constexpr const char* kProfileLate = "DB0405";   ///< a profile's step begins after the end
inline constexpr const char* kNotAllowed = "DB0501";    ///< the allow-list does not name the field
}  // namespace codes

/// One thing that is wrong with a document.
struct Finding {
  Severity severity = Severity::Error;
  std::string path =
      {};  ///< `spec.capacity.targets[0].need`, the API server's spelling; empty: the document
  std::string message = {};  ///< "must be ..."
  std::string hint = {};     ///< what to write instead; may be empty
  Mark mark = {};            ///< line 0 when not from a file
  std::string code = {};     ///< one of codes::, which a pipeline may name; empty: not from a file
  auto operator<=>(const Finding&) const = default;
};

/// `flash-sale.yaml:7:13: spec.window.end: must be later than ...; write ...`
std::string to_text(const Finding& finding, std::string_view file_name = {});

/// What the operator uses of metadata.
struct Metadata {
  std::string name, generate_name, ns, uid, resource_version;
  std::int64_t generation = 0;
  std::vector<std::string> finalizers;
  std::map<std::string, std::string> labels, annotations;
  std::optional<Instant> created, deleted;  ///< creationTimestamp, deletionTimestamp
};

struct SaleEvent {
  Metadata metadata;
  SaleEventSpec spec;
  SaleEventStatus status;
};

struct SaleSchedule {
  Metadata metadata;
  SaleScheduleSpec spec;
  SaleScheduleStatus status;
};

struct SaleAction {
  Metadata metadata;
  SaleActionSpec spec;
  SaleActionStatus status;
};

/// A document that was read. The object of its kind is there when no finding outside status is an
/// Error.
struct Reading {
  std::optional<SaleEvent> event;
  std::optional<SaleSchedule> schedule;
  std::optional<SaleAction> action;
  std::vector<Finding> findings;  ///< at most kMaxFindings, in document order of the schema
  bool accepted() const { return event || schedule || action; }
};

/// A SaleEvent as the API server sent it. Unknown fields are passed over; a spec or status that
/// does not fit the schema (another version's, an edit past validation) gives findings. A status
/// alone that does not fit leaves `event` with an empty status and the findings beside it.
Reading read_sale_event(std::string_view json);

/// The same as a Result: Invalid with one FieldCause a finding.
Result<SaleEvent> sale_event_of(std::string_view json);

/// A SaleSchedule as the API server sent it, read like a SaleEvent.
Reading read_sale_schedule(std::string_view json);
/// A SaleAction, likewise.
Reading read_sale_action(std::string_view json);

/// One document of a file.
struct Document {
  Mark mark;            ///< where it begins
  std::string kind;     ///< as written; empty when there is none
  bool is_ours = true;  ///< of our group, or of none that can be told
  Node root;            ///< as written, without defaults
  Reading reading;      ///< of our kinds; for any other one finding that says so
  /// Where `spec.window.end` stands; of a field that was left out, its nearest parent.
  Mark mark_at(std::string_view path) const;
};

/// Every document of a YAML (or JSON) file; empty ones are left out. What is wrong with the YAML
/// itself, a repeated key among it, is a finding of the document in which it is; reading ends
/// there.
std::vector<Document> read_documents(std::string_view yaml);

/// What no schema can say but needs neither clock nor cluster: two literals on one field at the
/// same time, a circle in `after`, a literal too large to keep. The operator reports these as
/// Accepted=False.
std::vector<Finding> check_meaning(const SaleEventSpec& spec);
/// The same of what each event of a schedule will be, and a `schedule` that is not cron.
std::vector<Finding> check_meaning(const SaleScheduleSpec& spec);

/// What an occurrence is.
SaleEventSpec event_spec(const SaleScheduleSpec& schedule, Instant start);

/// Drops unknown fields (as Strict findings), fills in defaults and checks, in the API server's
/// order: shape first, rules only when the shape is right. Used by the readers; `path` is where the
/// value stands ("spec").
void check(Node& value,
           const Schema& schema,
           const std::string& path,
           std::vector<Finding>& findings);

}  // namespace doorbuster::api
