#include "controllers/planner/rehearsal.h"

#include "controllers/planner/refusal.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

const std::string kAheadOf = "ahead/";

Question asked_ahead(Question question) {
  question.id = kAheadOf + question.id;
  question.kind = Question::Kind::AccessAhead;
  return question;
}

std::string why_unknown(const Answer& answer) {
  return answer.why.empty() ? "it was not answered" : answer.why;
}

std::optional<Question> dry_run_of(const Write& write) {
  if (write.type != Write::Type::Merge) return std::nullopt;
  Question out{.id = "", .about = write.object, .verb = "patch", .service_account = ""};
  out.kind = Question::Kind::DryRun;
  out.api_version = write.api_version;
  out.patch = without_version(write.patch);
  out.id = "dry-run/" + to_text(write.object) + "/" + out.patch.text;
  return out;
}

void forbid(const std::string& name, const std::string& why, Rehearsal& out) {
  const bool said = std::any_of(out.findings.begin(), out.findings.end(), [&name](const auto& one) {
    return one.subject == name;
  });
  if (!said)
    out.findings.push_back(
        {Level::NoGo, "Forbidden", name, why + ": extend the role of that account"});
}

/// Targets and holds whose objects may not be written.
void forbidden(const Plan& start, Rehearsal& out) {
  for (const api::TargetStatus& row : start.status.targets) {
    if (row.state == "Forbidden") forbid(row.name, row.message, out);
  }
  for (const api::HoldStatus& row : start.status.holds) {
    if (row.state == "Forbidden") forbid(row.name, row.message, out);
  }
}

}  // namespace

Observation at_the_start(const Observation& seen) {
  Observation out = seen;
  out.room.reset();
  for (const auto& [id, answer] : seen.answers) {
    if (id.starts_with(kAheadOf)) out.answers.insert_or_assign(id.substr(kAheadOf.size()), answer);
  }
  return out;
}

Rehearsal rehearse(const Plan& start, const Observation& seen) {
  Rehearsal out;
  for (const Question& one : start.questions) out.questions.push_back(asked_ahead(one));
  if (!out.questions.empty()) return out;
  for (const auto& [id, answer] : seen.answers) {
    if (id.starts_with(kAheadOf) && answer.says == Answer::Says::Unknown)
      out.unknown = why_unknown(answer);
  }
  forbidden(start, out);
  std::size_t tried = 0;
  for (const Write& write : start.writes) {
    const auto question = dry_run_of(write);
    if (!question || ++tried > kDryRuns) continue;
    const auto answer = seen.answers.find(question->id);
    if (answer == seen.answers.end()) {
      out.questions.push_back(*question);
      continue;
    }
    switch (answer->second.says) {
      case Answer::Says::Yes:
        break;
      case Answer::Says::No:
        out.findings.push_back(
            {Level::NoGo,
             "WriteRefused",
             to_text(write.object),
             "what will be written at the start is refused in a dry run: " + answer->second.why});
        break;
      case Answer::Says::Unknown:
        out.unknown = why_unknown(answer->second);
        break;
    }
  }
  return out;
}

}  // namespace doorbuster::planner
