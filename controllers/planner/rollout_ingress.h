#pragma once

#include "controllers/planner/rollout_route.h"

#include <string>
#include <utility>
#include <vector>

namespace doorbuster::planner {

// ingress-nginx shares out by a second Ingress of the same hosts and paths, which annotations make
// the canary of the first and give its weight
// (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary).
// That one is ours, made like the user's, and all that is held is its weight; the user's Ingress is
// never written.

inline constexpr const char* kIngressGroup = "networking.k8s.io";
inline constexpr const char* kCanaryWeight =
    "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight";
/// What IngressClasses of ingress-nginx say in spec.controller.
inline constexpr const char* kIngressNginx = "k8s.io/ingress-nginx";
/// The class by annotation of an ingress-nginx that was told none (its flag --ingress-class).
inline constexpr const char* kUsualClass = "nginx";

/// A weight is percent, as text; what is none counts as 0, as it does there.
Shares shares_of_weight(const JsonView& weight, const Sides&);
/// Invalid with requests.
Result<Json> shared_by_weight(const JsonView& weight, const Sides&, const Split&);
/// None, whatever somebody else wrote: it is of the candidate alone.
Json without_weight(const JsonView& weight, const JsonView& written, const Sides&);

bool is_canary_ingress(const JsonView& ingress);
/// Does the whole object, anybody's, send something to the candidate's Service?
bool ingress_sends_to(const Document& ingress, const Sides&);

/// The spec of its canary: those of its paths that lead to the target's Service, to the
/// candidate's. Nothing: none leads there.
Value canary_spec(const Document& ingress, const Sides&);
/// The canary's annotations, with a weight of 0.
std::vector<std::pair<std::string, std::string>> canary_annotations(const Document& ingress);

/// Which class it says it is of; an empty name: none.
struct IngressClassNamed {
  std::string name;
  bool by_annotation = false;
};
IngressClassNamed class_of(const Document& ingress);

/// A host and path that two specs both have, "shop.example/cart"; empty: there is none.
std::string path_of_both(const JsonView& spec, const JsonView& other);

}  // namespace doorbuster::planner
