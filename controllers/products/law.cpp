#include "controllers/products/law.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace doorbuster::products {
namespace {

/// A field that says "at least so many" or "up to so many": nobody gets less than asked for.
struct Floor {
  std::string_view group, kind, pointer;  ///< "*": any group or kind; the pointer is exact
};
constexpr std::array kHighest = {
    Floor{"autoscaling", "HorizontalPodAutoscaler", "/spec/minReplicas"},
    Floor{"autoscaling", "HorizontalPodAutoscaler", "/spec/maxReplicas"},
    Floor{"keda.sh", "ScaledObject", "/spec/minReplicaCount"},
    Floor{"keda.sh", "ScaledObject", "/spec/maxReplicaCount"},
    Floor{"keda.sh", "ScaledObject", "/spec/fallback/replicas"},
    Floor{"keda.sh", "ScaledJob", "/spec/minReplicaCount"},
    Floor{"keda.sh", "ScaledJob", "/spec/maxReplicaCount"},
    Floor{"flagger.app", "Canary", "/spec/autoscalerRef/primaryScalerReplicas/minReplicas"},
    Floor{"flagger.app", "Canary", "/spec/autoscalerRef/primaryScalerReplicas/maxReplicas"},
    Floor{"karpenter.sh", "NodePool", "/spec/limits/cpu"},
    Floor{"karpenter.sh", "NodePool", "/spec/limits/memory"},
    Floor{"karpenter.sh", "NodePool", "/spec/limits/nodes"},
    Floor{"acid.zalan.do", "postgresql", "/spec/numberOfInstances"},
    Floor{"postgresql.cnpg.io", "*", "/spec/instances"},
};
/// Kinds whose replicas are spare room that a sale also takes away: the last word counts, not the
/// highest.
constexpr std::array<std::string_view, 1> kSpareRoom = {"CapacityBuffer"};

/// Where traffic goes: the field, whatever lies below it, and whatever contains it.
struct Steering {
  std::string_view group, kind, pointer;
};
constexpr std::array kTrafficFields = {
    Steering{"gateway.networking.k8s.io", "*", "/spec/rules"},
    Steering{"networking.istio.io", "VirtualService", "/spec/http"},
    Steering{"networking.istio.io", "VirtualService", "/spec/tcp"},
    Steering{"networking.istio.io", "VirtualService", "/spec/tls"},
    Steering{"traefik.io", "TraefikService", "/spec/weighted"},
    Steering{"traefik.io", "TraefikService", "/spec/mirroring"},
    Steering{"traefik.io", "IngressRoute", "/spec/routes"},
    Steering{"k8s.nginx.org", "VirtualServer", "/spec/upstreams"},
    Steering{"k8s.nginx.org", "VirtualServer", "/spec/routes"},
    Steering{"apisix.apache.org", "ApisixRoute", "/spec/http"},
    Steering{"networking.k8s.io", "Ingress", "/spec/rules"},
    Steering{"networking.k8s.io",
             "Ingress",
             "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight"},
    Steering{"", "Service", "/spec/selector"},
};

struct Place {
  std::string_view group, kind;
  int order;
};
constexpr int kNodes = 0, kPools = 1, kFloors = 2, kWorkloads = 3, kProxies = 4, kLimits = 5,
              kFlags = 6, kTraffic = 7;
constexpr std::array kPlaces = {
    Place{"karpenter.sh", "*", kNodes},
    Place{"autoscaling.x-k8s.io", "*", kNodes},
    Place{"cluster.x-k8s.io", "*", kNodes},
    Place{"container.cnrm.cloud.google.com", "*", kNodes},
    Place{"", "ResourceQuota", kNodes},
    Place{"", "LimitRange", kNodes},
    Place{"policy", "PodDisruptionBudget", kNodes},
    Place{"postgresql.cnpg.io", "*", kPools},
    Place{"acid.zalan.do", "*", kPools},
    Place{"pgv2.percona.com", "*", kPools},
    Place{"planetscale.com", "*", kPools},
    Place{"k8s.mariadb.com", "*", kPools},
    Place{"autoscaling", "HorizontalPodAutoscaler", kFloors},
    Place{"autoscaling.k8s.io", "*", kFloors},
    Place{"keda.sh", "*", kFloors},
    Place{"flagger.app", "*", kFloors},
    Place{"apps", "*", kWorkloads},
    Place{"argoproj.io", "Rollout", kWorkloads},
    Place{"networking.istio.io", "*", kProxies},
    Place{"traefik.io", "ServersTransport", kProxies},
    Place{"gateway.envoyproxy.io", "*", kLimits},
    Place{"traefik.io", "Middleware", kLimits},
    Place{"", "ConfigMap", kFlags},
    Place{"core.openfeature.dev", "*", kFlags},
    Place{"gateway.networking.k8s.io", "*", kTraffic},
    Place{"traefik.io", "TraefikService", kTraffic},
    Place{"traefik.io", "IngressRoute", kTraffic},
    Place{"", "Service", kTraffic},
};

bool names(std::string_view pattern, std::string_view text) {
  return pattern == "*" || pattern == text;
}

/// Is one of two pointers the other, or does it contain it?
bool overlap(std::string_view a, std::string_view b) {
  const auto within = [](std::string_view outer, std::string_view inner) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
  };
  return within(a, b) || within(b, a);
}

}  // namespace

bool steers_traffic(const FieldRef& field) {
  return std::any_of(kTrafficFields.begin(), kTrafficFields.end(), [&field](const Steering& one) {
    return names(one.group, field.object.group) && names(one.kind, field.object.kind) &&
           overlap(one.pointer, field.pointer);
  });
}

Law law_of(const FieldRef& field, bool replicas) {
  const ObjectRef& object = field.object;
  if (!field.inside.empty()) return Law::Pick;
  const bool listed = std::any_of(kHighest.begin(), kHighest.end(), [&](const Floor& one) {
    return names(one.group, object.group) && names(one.kind, object.kind) &&
           one.pointer == field.pointer;
  });
  if (listed) return Law::Highest;
  // The scale subresource of built-in and custom workloads alike writes here, or where the CRD
  // says, which the caller knows.
  replicas = replicas || field.pointer == "/spec/replicas" || field.pointer == "/spec/clusterSize";
  const bool spare =
      std::find(kSpareRoom.begin(), kSpareRoom.end(), object.kind) != kSpareRoom.end();
  return replicas && !spare ? Law::Highest : Law::Pick;
}

int order_of(const ObjectRef& object) {
  for (const Place& one : kPlaces) {
    if (names(one.group, object.group) && names(one.kind, object.kind)) return one.order;
  }
  return kLimits;
}

}  // namespace doorbuster::products
