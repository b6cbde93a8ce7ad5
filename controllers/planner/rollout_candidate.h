#pragma once

#include "controllers/planner/in_charge.h"
#include "controllers/planner/view.h"
#include "controllers/planner/wanted.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

// The candidate of a rollout: a Deployment of ours beside the target, with a Service of its own
// and, where a HorizontalPodAutoscaler scales the target, one of its own; with an Ingress too where
// that shares out the traffic (rollout_ingress.h). Its pods match neither
// the target's selector nor the Service that selects the target (DESIGN.md section 5); but without
// a router they match both, and the Deployment is alone.

inline constexpr const char* kRollouts = "rollouts";
inline constexpr const char* kRolloutLabel = "doorbuster.dev/rollout";  ///< on its pods
inline constexpr const char* kTemplate = "/spec/template";

struct CandidateRefs {
  ObjectRef deployment, service, autoscaler, ingress;
};
CandidateRefs candidate_refs(const Event&, const Setup&, const std::string& rollout);

/// What an object would be with the patch, as it is seen now.
Question render_question(const ObjectRef& object, const Present& seen, const Json& patch);
/// What the target would be with the patch of its template.
Question template_question(const ObjectRef& target, const Present& stable, const Json& patch);

/// The label by which the candidate's pods differ: one that both the target and the Service select
/// by. Invalid where there is none, or the Service does not select the template's pods.
Result<std::string> parting_label(const Document& stable,
                                  const JsonView& selector,
                                  const JsonView& rendered_template);

/// Does the Service select the pods of the target, and with the template those of the candidate
/// too? Invalid where it does not.
Outcome selects_both(const Document& stable,
                     const JsonView& selector,
                     const JsonView& rendered_template);

struct CandidateIn {
  const Event& event;
  const Setup& setup;
  const std::string& rollout;
  const std::string& attempt;
  const Present& stable;
  const Present* service = nullptr;     ///< the target's; null: none is asked for
  bool by_pods = false;                 ///< its pods keep all labels of the target's
  JsonView selector;                    ///< of the Service, as its author wrote it
  const Present* autoscaler = nullptr;  ///< the target's HorizontalPodAutoscaler
  /// The target with the patch; nullptr: the candidate stands already, and only its size matters.
  const Document* rendered = nullptr;
  std::int64_t replicas = 1;
  std::int64_t most = 0;  ///< that the candidate's autoscaler may make of them now; 0: none stands
};
/// The Deployment, the Service and the autoscaler that are wanted, in that order. Without
/// `rendered` those of them that stand.
Result<std::vector<ChildWant>> candidate_wants(const CandidateIn&);

/// Another size for a Deployment that stands, written also at rest.
ChildWant resized_candidate(const CandidateRefs&,
                            const std::string& rollout,
                            const std::string& attempt,
                            std::int64_t pods,
                            const char* reason);

/// The fields in which the second template differs from the first, with the second's values.
/// Invalid where something of the first is gone: a hold cannot say that.
Result<std::vector<std::pair<std::string, Json>>> template_changes(const JsonView& from,
                                                                   const JsonView& to);

}  // namespace doorbuster::planner
