#include "crds/reader.h"

#include "crds/binding.h"
#include "crds/patterns.h"
#include "operator/base/source_lines.h"
#include "operator/base/yaml.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorbuster::api {
namespace {

/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
constexpr std::array<std::string_view, 15> kMetadataFields{"name",
                                                           "generateName",
                                                           "namespace",
                                                           "selfLink",
                                                           "uid",
                                                           "resourceVersion",
                                                           "generation",
                                                           "creationTimestamp",
                                                           "deletionTimestamp",
                                                           "deletionGracePeriodSeconds",
                                                           "labels",
                                                           "annotations",
                                                           "ownerReferences",
                                                           "finalizers",
                                                           "managedFields"};
constexpr std::array<std::string_view, 5> kTopFields{
    "apiVersion", "kind", "metadata", "spec", "status"};
constexpr std::size_t kMaxName = 253;

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

/// What differs between the kinds.
template <class Object>
struct Kind;
template <>
struct Kind<SaleEvent> {
  static constexpr const char* name = kSaleEventKind;
  static constexpr const char* add_spec = "add `spec` with a `window`";
  static constexpr const Schema* spec = &kSaleEventSpecSchema;
  static constexpr const Schema* status = &kSaleEventStatusSchema;
  static constexpr auto in_reading = &Reading::event;
};
template <>
struct Kind<SaleSchedule> {
  static constexpr const char* name = kSaleScheduleKind;
  static constexpr const char* add_spec = "add `spec` with `schedule`, `duration` and `template`";
  static constexpr const Schema* spec = &kSaleScheduleSpecSchema;
  static constexpr const Schema* status = &kSaleScheduleStatusSchema;
  static constexpr auto in_reading = &Reading::schedule;
};
template <>
struct Kind<SaleAction> {
  static constexpr const char* name = kSaleActionKind;
  static constexpr const char* add_spec = "add `spec` with `event` and `action`";
  static constexpr const Schema* spec = &kSaleActionSpecSchema;
  static constexpr const Schema* status = &kSaleActionStatusSchema;
  static constexpr auto in_reading = &Reading::action;
};

template <class Object>
class ObjectReader {
 public:
  /// `from_file`: as kubectl would send it: a name is needed, status is not looked at, unknown
  /// fields are findings.
  ObjectReader(Node root, bool from_file) : root_(std::move(root)), from_file_(from_file) {
    object_.status.observed_generation = -1;  // the CRD's default
  }

  Reading read() {
    if (root_.type != JsonType::Object) {
      wrong("", root_.mark, "must be an object with `apiVersion`, `kind`, `metadata` and `spec`");
      Reading refused;
      refused.findings = std::move(findings_);
      return refused;
    }
    identity();
    metadata();
    spec();
    const bool refused = has_errors();
    if (!from_file_) status();
    Reading out;
    out.findings = std::move(findings_);
    if (!refused) out.*Kind<Object>::in_reading = std::move(object_);
    return out;
  }

 private:
  void wrong(std::string path, Mark mark, std::string message, std::string hint = {}) {
    if (findings_.size() >= kMaxFindings) return;
    findings_.push_back({.severity = Severity::Error,
                         .path = std::move(path),
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .mark = mark,
                         .code = codes::kIdentity});
  }

  bool has_errors() const {
    return std::any_of(findings_.begin(), findings_.end(), [](const Finding& one) {
      return one.severity == Severity::Error;
    });
  }

  void identity() {
    expect("apiVersion", kApiVersion);
    expect("kind", Kind<Object>::name);
    if (from_file_) unknown(root_, kTopFields, "");
  }

  void expect(std::string_view name, std::string_view value) {
    const Node* found = root_.find(name);
    const std::string hint = "write `" + std::string(name) + ": " + std::string(value) + "`";
    if (!found || found->type != JsonType::String)
      return wrong(std::string(name), root_.mark, "must be set", hint);
    if (found->text != value)
      wrong(std::string(name), found->mark, "must be `" + std::string(value) + "`", hint);
  }

  template <std::size_t N>
  void unknown(const Node& object,
               const std::array<std::string_view, N>& known,
               const std::string& prefix) {
    for (const Member& member : object.members) {
      if (is_one_of(member.name, known) || findings_.size() >= kMaxFindings) continue;
      findings_.push_back(
          {.severity = Severity::Strict,
           .path = prefix + member.name,
           .message = "must be a field of the API; `" + member.name.substr(0, 64) + "` is not",
           .hint = {},
           .mark = member.mark,
           .code = codes::kUnknownField});
    }
  }

  void metadata() {
    const Node* meta = root_.find("metadata");
    if (!meta || meta->type != JsonType::Object) {
      return wrong("metadata", meta ? meta->mark : root_.mark, "must be an object with a `name`");
    }
    if (from_file_) unknown(*meta, kMetadataFields, "metadata.");
    Metadata& out = object_.metadata;
    take(*meta, "name", out.name);
    take(*meta, "generateName", out.generate_name);
    take(*meta, "namespace", out.ns);
    take(*meta, "uid", out.uid);
    take(*meta, "resourceVersion", out.resource_version);
    take(*meta, "labels", out.labels);
    take(*meta, "annotations", out.annotations);
    out.created = instant(*meta, "creationTimestamp");
    out.deleted = instant(*meta, "deletionTimestamp");
    if (const Node* generation = meta->find("generation")) bind(*generation, out.generation);
    if (const Node* finalizers = meta->find("finalizers")) {
      for (const Node& one : finalizers->items) out.finalizers.push_back(one.text);
    }
    name_is_right(*meta);
  }

  void name_is_right(const Node& meta) {
    const Metadata& out = object_.metadata;
    if (out.name.empty() && out.generate_name.empty()) {
      return wrong("metadata.name", meta.mark, "must be set", "add `name` to `metadata`");
    }
    if (out.name.empty() || (out.name.size() <= kMaxName && patterns::dns_subdomain(out.name)))
      return;
    const Node* name = meta.find("name");
    wrong("metadata.name",
          name->mark,
          "must be a name of lower-case letters, digits, `-` and `.`, such as `flash-sale`");
  }

  void take(const Node& meta, std::string_view name, std::string& out) {
    const Node* found = meta.find(name);
    if (!found || found->type == JsonType::Null) return;
    if (found->type != JsonType::String) {
      return wrong(
          "metadata." + std::string(name), found->mark, "must be a string", "put it in quotes");
    }
    out = found->text;
  }

  void take(const Node& meta, std::string_view name, std::map<std::string, std::string>& out) {
    const Node* found = meta.find(name);
    if (!found || found->type == JsonType::Null) return;
    const std::string path = "metadata." + std::string(name);
    if (found->type != JsonType::Object)
      return wrong(path, found->mark, "must be an object of strings");
    for (const Member& member : found->members) {
      if (member.value.type == JsonType::String) {
        out[member.name] = member.value.text;
      } else if (member.value.type != JsonType::Null) {
        wrong(path + "." + member.name, member.value.mark, "must be a string", "put it in quotes");
      }
    }
  }

  static std::optional<Instant> instant(const Node& meta, std::string_view name) {
    const Node* found = meta.find(name);
    return found ? parse_rfc3339(found->text) : std::nullopt;
  }

  void spec() {
    Node* node = root_.find("spec");
    if (!node || node->type == JsonType::Null) {
      return wrong("spec", root_.mark, "must be set", Kind<Object>::add_spec);
    }
    const std::size_t before = findings_.size();
    check(*node, *Kind<Object>::spec, "spec", findings_);
    if (!from_file_)
      std::erase_if(findings_, [](const Finding& one) { return one.severity == Severity::Strict; });
    const auto fresh =
        findings_.begin() + static_cast<std::ptrdiff_t>(std::min(before, findings_.size()));
    const bool bad = std::any_of(
        fresh, findings_.end(), [](const Finding& one) { return one.severity == Severity::Error; });
    if (!bad) bind(*node, object_.spec);
  }

  void status() {
    Node* node = root_.find("status");
    if (!node || node->type == JsonType::Null) return;
    std::vector<Finding> findings;
    check(*node, *Kind<Object>::status, "status", findings);
    std::erase_if(findings, [](const Finding& one) { return one.severity == Severity::Strict; });
    if (findings.empty()) bind(*node, object_.status);
    findings_.insert(findings_.end(), findings.begin(), findings.end());
  }

  Node root_;
  bool from_file_;
  Object object_;
  std::vector<Finding> findings_;
};

Finding problem(Mark mark, std::string message) {
  return {.severity = Severity::Error,
          .path = {},
          .message = std::move(message),
          .hint = {},
          .mark = mark,
          .code = codes::kText};
}

Reading unreadable(std::string why) {
  Reading out;
  out.findings.push_back(problem({}, std::move(why)));
  return out;
}

template <class Object>
Reading read_from_server(std::string_view json) {
  auto root = node_of_json(json, false);
  if (!root) return unreadable(root.error().message);
  return ObjectReader<Object>(std::move(root).value(), false).read();
}

Document document_of(Mark mark, Node root) {
  const Node* kind = root.find("kind");
  const Node* version = root.find("apiVersion");
  Document out{.mark = mark,
               .kind = kind ? kind->text : "",
               .is_ours = !version || version->text.substr(0, version->text.find('/')) == kGroup,
               .root = root,
               .reading = {}};
  if (kind && !out.is_ours) {
    Finding other = problem(mark,
                            "must be a SaleEvent, a SaleSchedule or a SaleAction; this is another "
                            "kind, which is passed over");
    other.code = codes::kIdentity;
    out.reading.findings.push_back(std::move(other));
    return out;
  }
  if (out.kind == kSaleScheduleKind) {
    out.reading = ObjectReader<SaleSchedule>(std::move(root), true).read();
  } else if (out.kind == kSaleActionKind) {
    out.reading = ObjectReader<SaleAction>(std::move(root), true).read();
  } else {
    out.reading = ObjectReader<SaleEvent>(std::move(root), true).read();
  }
  return out;
}

/// The member or entry that a path begins with, and the rest of the path.
const Node* step_into(const Node& node, std::string_view& path) {
  if (path.front() == '.') path.remove_prefix(1);
  if (path.substr(0, 1) == "[") {
    const std::size_t close = path.find(']');
    if (close == std::string_view::npos) return nullptr;
    const auto index = integer_of(Json{std::string(path.substr(1, close - 1))});
    path.remove_prefix(close + 1);
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= node.items.size())
      return nullptr;
    return &node.items[static_cast<std::size_t>(*index)];
  }
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  const Node* found = node.find(path.substr(0, end));
  path.remove_prefix(end);
  return found;
}

}  // namespace

std::string to_text(const Finding& finding, std::string_view file_name) {
  return to_text(Problem{.mark = finding.mark,
                         .path = finding.path,
                         .message = finding.message,
                         .hint = finding.hint},
                 file_name);
}

Mark Document::mark_at(std::string_view path) const {
  const Node* at = &root;
  while (!path.empty()) {
    const Node* next = step_into(*at, path);
    if (next == nullptr) break;
    at = next;
  }
  return at->mark.line > 0 ? at->mark : mark;
}

Reading read_sale_event(std::string_view json) { return read_from_server<SaleEvent>(json); }
Reading read_sale_schedule(std::string_view json) { return read_from_server<SaleSchedule>(json); }
Reading read_sale_action(std::string_view json) { return read_from_server<SaleAction>(json); }

Result<SaleEvent> sale_event_of(std::string_view json) {
  Reading reading = read_sale_event(json);
  if (reading.event) return std::move(*reading.event);
  Error error{.kind = ErrorKind::Invalid,
              .message = "not a valid SaleEvent",
              .causes = {},
              .retry_after = {}};
  for (const Finding& finding : reading.findings) {
    const std::string hint = finding.hint.empty() ? "" : "; " + finding.hint;
    error.causes.push_back({.field = finding.path, .message = finding.message + hint});
  }
  return error;
}

std::vector<Document> read_documents(std::string_view yaml) {
  std::vector<Document> out;
  const std::size_t first = yaml.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && yaml[first] == '{' && yaml.size() <= kMaxYamlBytes) {
    if (auto root = node_of_json(yaml, true)) {
      const Mark mark = root.value().mark;
      out.push_back(document_of(mark, std::move(root).value()));
      return out;
    }
  }
  YamlText text = read_yaml(yaml);
  for (YamlDocument& one : text.documents)
    out.push_back(document_of(one.mark, std::move(one.root)));
  if (text.problem) {
    Finding finding{.severity = Severity::Error,
                    .path = text.problem->path,
                    .message = text.problem->message,
                    .hint = text.problem->hint,
                    .mark = text.problem->mark};
    finding.code = codes::kText;
    out.push_back(
        {.mark = finding.mark,
         .kind = {},
         .is_ours = true,
         .root = {},
         .reading = {.event = {}, .schedule = {}, .action = {}, .findings = {std::move(finding)}}});
  }
  return out;
}

}  // namespace doorbuster::api
