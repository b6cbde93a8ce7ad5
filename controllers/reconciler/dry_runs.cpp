#include "controllers/reconciler/dry_runs.h"

#include "controllers/planner/refusal.h"
#include "controllers/reconciler/caches.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

using Says = planner::Answer::Says;

bool refuses(const Error& error) {
  return planner::is_refusal(error) &&
         error.message.find("does not support dry run") == std::string::npos;
}

}  // namespace

planner::Answer answer_dry_run(const kube::Client& client,
                               const kube::Resource& resource,
                               const planner::Question& question,
                               Instant now) {
  const bool renders = question.kind == planner::Question::Kind::Render;
  kube::WriteOptions options;
  options.dry_run = true;
  const bool strategic = renders && question.about.group == "apps";
  const kube::PatchType type = strategic ? kube::PatchType::Strategic : kube::PatchType::Merge;
  const ObjectRef object = canonical(resource, question.about);
  Result<kube::Object> done =
      client.patch(resource, {object.ns, object.name}, type, question.patch, options);
  if (!done.ok())
    return {.at = now,
            .says = refuses(done.error()) ? Says::No : Says::Unknown,
            .why = done.error().message};
  planner::Answer answer{.at = now, .says = Says::Yes, .why = ""};
  if (renders) answer.body = {std::move(done->text)};
  return answer;
}

}  // namespace doorbuster::reconciler
