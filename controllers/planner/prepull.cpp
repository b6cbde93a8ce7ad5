#include "controllers/planner/prepull.h"

#include "controllers/planner/child_draft.h"
#include "controllers/planner/child_pod.h"
#include "controllers/planner/pending.h"
#include "controllers/planner/puller.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

using PullDraft = ChildDraft<api::ImagePrepullStatus>;

/// No pulls for this target: what stands goes.
void without(PullDraft& pull, const char* state, std::string why) {
  pull.row.state = state;
  pull.row.message = why;
  release_child(pull, {"PrepullReleased", std::move(why)});
}

bool allowed(PullDraft& pull, const Question& question, const std::string& who) {
  const Permission answer = permission(pull, question, who);
  switch (answer.says) {
    case Answer::Says::Yes:
      return true;
    case Answer::Says::No:
      without(pull, "Forbidden", answer.why);
      pull.warnings.push_back({"PrepullForbidden", pull.row.target + ": " + answer.why});
      return false;
    case Answer::Says::Unknown:
      if (!answer.why.empty()) keep_child(pull, answer.why);
      return false;
  }
  return false;
}

/// The pods that pull count in the namespace's quota: where that refuses pods of a target they make
/// place, and do not come again.
bool quota_is_short(const View& view) {
  const auto& rows = view.event.status.targets;
  return std::any_of(rows.begin(), rows.end(), [](const api::TargetStatus& row) {
    return std::any_of(row.pending.begin(), row.pending.end(), [](const auto& one) {
      return one.reason == "QuotaExceeded";
    });
  });
}

/// What keeps the pods that pull; told as warnings where more time would not help.
std::string what_is_pending(PullDraft& pull, const ObjectRef& object, const Document& puller) {
  const auto pods = pull.view.seen.pods.find(object);
  const std::vector<PendingReason> reasons =
      pending_of(puller,
                 puller.integer("/status/desiredNumberScheduled").value_or(0),
                 puller.integer("/status/currentNumberScheduled").value_or(0),
                 pods == pull.view.seen.pods.end() ? nullptr : &pods->second);
  for (const PendingReason& one : reasons) {
    if (is_stuck(one))
      pull.warnings.push_back(
          {"ImagesNotPulled",
           pull.row.target + ": pods that pull its images ahead " + in_words_of(one)});
  }
  return in_words(reasons);
}

/// How many nodes have all images. Of a template that the DaemonSet controller has not taken up yet
/// (observedGeneration) its counts say nothing.
void report_pulled(PullDraft& pull, const ObjectRef& object, const Present* child) {
  pull.row.state = "Pulling";
  if (child == nullptr) return;
  const auto count = [child](const char* pointer) {
    return child->object->integer(pointer).value_or(0);
  };
  if (count("/status/observedGeneration") <
      std::max<std::int64_t>(1, count("/metadata/generation")))
    return;
  const std::int64_t nodes = count("/status/desiredNumberScheduled");
  pull.row.nodes = nodes;
  pull.row.pulled = std::min(count("/status/updatedNumberScheduled"), count("/status/numberReady"));
  if (nodes == 0) {
    pull.row.message = "there is no node where its pods may stand";
  } else if (*pull.row.pulled >= nodes) {
    pull.row.state = "Pulled";
  } else {
    pull.row.message = what_is_pending(pull, object, *child->object);
  }
}

void ask_for_child(PullDraft& pull, const ObjectRef& object, Json manifest) {
  const View& view = pull.view;
  ChildWant want{.object = object,
                 .api_version = "apps/v1",
                 .name = pull.spec.name,
                 .manifest = std::move(manifest),
                 .compared = {},
                 .replaced = {"/spec/template"},
                 .reason = {"ImagesAsked", pull.spec.name + ": its images are pulled ahead"}};
  const Holder parent = parent_in(view.event, view.setup, kImagePrepull, pull.spec.name);
  const ChildVerdict verdict = settle_child(view.seen, want, parent);
  switch (verdict.there) {
    case ChildVerdict::There::Taken:
      pull.row.state = "Refused";
      pull.row.message = to_text(object) + " is somebody else's";
      return;
    case ChildVerdict::There::Unknown:
      return keep_child(pull, to_text(object) + " is not read yet");
    case ChildVerdict::There::Forbidden:
      return without(pull, "Forbidden", "the operator may not read " + to_text(object));
    case ChildVerdict::There::No:
    case ChildVerdict::There::Ours:
    case ChildVerdict::There::Going:
      break;
  }
  pull.row.object = to_text(object);
  report_pulled(pull, object, verdict.seen);
  pull.items.emplace_back(std::move(want));
}

/// Of a workload that is there.
void pull_images_of(PullDraft& pull, const InCharge& charge, const ObjectRef& object) {
  const Document& workload = *charge.seen->object;
  const auto pod_spec = workload.root().at(kPodSpec);
  auto manifest = puller_for(
      workload,
      object.name,
      {.tool = pull.view.setup.prepull_image, .pause = pull.view.setup.placeholder_image});
  if (!manifest || !pod_spec.ok())
    return without(pull, "Refused", to_text(charge.workload) + " has no pod template to go by");
  if (is_for_windows(*pod_spec))
    return without(pull, "Refused", "images of Windows pods are not pulled ahead");
  const TemplateImages images = images_of(*pod_spec);
  if (images.images.empty())
    return without(pull, "NotNeeded", "none of its images is ever pulled (imagePullPolicy)");
  pull.row.images = static_cast<std::int64_t>(images.images.size());
  ask_for_child(pull, object, std::move(*manifest));
  if (images.left_out > 0 && pull.row.message.empty())
    pull.row.message = std::to_string(images.left_out) + " images more than " +
                       std::to_string(kMostImages) + " are not pulled ahead";
}

/// Between `lead` before the preparation and the start.
void pull_ahead(PullDraft& pull) {
  const View& view = pull.view;
  pull.wake = sooner(pull.wake, view.window.start);
  if (view.seen.namespace_terminating)
    return without(pull, "NotNeeded", "the namespace is being deleted");
  if (quota_is_short(view) || (pull.before != nullptr && pull.before->state == "Released")) {
    if (pull.before != nullptr) pull.row = *pull.before;
    return without(pull, "Released", "the namespace's quota is needed by pods of the sale");
  }
  const InCharge charge = in_charge(view, *pull.spec.ref);
  if (const auto not_so = not_raised(pull.spec, charge)) {
    if (std::string_view(not_so->state).empty()) return keep_child(pull, not_so->why);
    return without(pull, not_so->state, not_so->why);
  }
  const ObjectRef object = puller_ref(view.event, view.setup, pull.spec.name);
  const std::string& account = view.spec.service_account_name;
  if (!allowed(pull, access_question(object, "create", account), "service account " + account))
    return;
  pull_images_of(pull, charge, object);
}

/// The sale has begun, or the event goes: the row tells what was.
void over(PullDraft& pull, const char* why) {
  if (pull.before != nullptr) pull.row = *pull.before;
  const bool asked = pull.row.images.has_value();
  const bool open = pull.row.state == "Waiting" || pull.row.state == "Unknown";
  if (asked) {
    pull.row.state = "Released";
  } else if (open) {
    pull.row.state = "NotNeeded";
    pull.row.message.clear();
  }
  release_child(pull, {"PrepullReleased", why});
}

void plan_pulls(PullDraft& pull) {
  const View& view = pull.view;
  const Instant begin = view.window.prepare - view.spec.capacity.image_prepull->lead.value;
  if (view.ending != Ending::None) return over(pull, why_over(view));
  if (view.now >= view.window.start) return over(pull, "the sale has begun");
  if (view.now >= begin) return pull_ahead(pull);
  without(pull, "Waiting", "");
  pull.wake = begin;
}

Reason not_asked() { return {"PrepullReleased", "not asked for any more"}; }

}  // namespace

ObjectRef puller_ref(const Event& event, const Setup& setup, const std::string& target) {
  return {.group = "apps",
          .kind = "DaemonSet",
          .ns = event.ref.ns,
          .name = child_name(parent_in(event, setup, kImagePrepull, target))};
}

PrepullWants image_prepull(const View& view) {
  PrepullWants out;
  out.wants.feature = kImagePrepull;
  std::set<std::string> named;
  if (view.spec.capacity.image_prepull) {
    const Instant begin = view.window.prepare - view.spec.capacity.image_prepull->lead.value;
    if (view.now < begin) out.begins = begin;
    for (const api::TargetSpec& spec : view.spec.capacity.targets) {
      named.insert(spec.name);
      PullDraft pull = draft_child(view, spec, kImagePrepull, view.event.status.image_prepull);
      plan_pulls(pull);
      collect_child(out.wants, out.rows, std::move(pull));
    }
  }
  const std::vector<std::string> unread = unread_ahead(view);
  release_unnamed(out.wants, view.children, named, not_asked(), unread);
  keep_unread_rows(out.rows, view.event.status.image_prepull, unread);
  return out;
}

PrepullWants image_prepull_without_window(const OurChildren& children) {
  PrepullWants out;
  out.wants.feature = kImagePrepull;
  release_unnamed(out.wants, children, {}, not_asked());
  return out;
}

PrepullWants image_prepull_at_rest(const View& view) {
  PrepullWants out;
  out.wants.feature = kImagePrepull;
  out.rows = view.event.status.image_prepull;
  const bool begun = view.now >= view.window.start;
  for (api::ImagePrepullStatus& row : out.rows) row.state = begun ? "Released" : "Suspended";
  if (begun) release_unnamed(out.wants, view.children, {}, not_asked());
  if (!begun) out.wants.wake = view.window.start;
  return out;
}

}  // namespace doorbuster::planner
