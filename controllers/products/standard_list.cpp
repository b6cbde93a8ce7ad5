// The knobs that known products turn for a sale and that can be turned back. Field paths are those
// of the products' own CRD schemas; one row a kind, sorted by what it is for.
#include "controllers/products/allow_list.h"

namespace doorbuster::products {
namespace {

std::vector<AllowedKind> scaling() {
  return {
      {"autoscaling",
       "HorizontalPodAutoscaler",
       {"/spec/minReplicas",
        "/spec/maxReplicas",
        "/spec/behavior",
        "/spec/metrics/*/resource/target"}},
      {"apps",
       "Deployment",
       {"/spec/replicas",
        "/spec/strategy/rollingUpdate",
        "/spec/progressDeadlineSeconds",
        "/spec/paused",
        "/spec/template"}},
      {"apps",
       "StatefulSet",
       {"/spec/replicas", "/spec/updateStrategy/rollingUpdate/maxUnavailable", "/spec/template"}},
      {"apps", "DaemonSet", {"/spec/updateStrategy/rollingUpdate", "/spec/template"}},
      {"apps", "ReplicaSet", {"/spec/replicas"}},
      {"", "ReplicationController", {"/spec/replicas"}},
      {"batch", "CronJob", {"/spec/suspend", "/spec/schedule", "/spec/concurrencyPolicy"}},
      {"batch", "Job", {"/spec/suspend", "/spec/parallelism"}},
      {"policy", "PodDisruptionBudget", {"/spec/minAvailable", "/spec/maxUnavailable"}},
      {"", "ResourceQuota", {"/spec/hard"}},
      {"keda.sh",
       "ScaledObject",
       {"/spec/minReplicaCount",
        "/spec/maxReplicaCount",
        "/spec/idleReplicaCount",
        "/spec/cooldownPeriod",
        "/spec/pollingInterval",
        "/spec/fallback",
        "/spec/advanced/horizontalPodAutoscalerConfig/behavior",
        "/spec/triggers/*/metadata",
        "/metadata/annotations/autoscaling.keda.sh~1paused",
        "/metadata/annotations/autoscaling.keda.sh~1paused-replicas",
        "/metadata/annotations/autoscaling.keda.sh~1paused-scale-in"}},
      {"keda.sh",
       "ScaledJob",
       {"/spec/minReplicaCount", "/spec/maxReplicaCount", "/spec/pollingInterval"}},
      {"autoscaling.k8s.io",
       "VerticalPodAutoscaler",
       {"/spec/updatePolicy", "/spec/resourcePolicy/containerPolicies"}},
      {"serving.knative.dev",
       "Revision",
       {"/metadata/annotations/autoscaling.knative.dev~1min-scale",
        "/metadata/annotations/autoscaling.knative.dev~1max-scale",
        "/metadata/annotations/autoscaling.knative.dev~1target"}},
      {"argoproj.io",
       "Rollout",
       {"/spec/replicas", "/spec/paused", "/spec/progressDeadlineSeconds"}},
      {"flagger.app",
       "Canary",
       {"/spec/suspend", "/spec/skipAnalysis", "/spec/autoscalerRef/primaryScalerReplicas"}},
      {"kueue.x-k8s.io", "ClusterQueue", {"/spec/stopPolicy"}},
      {"kueue.x-k8s.io", "LocalQueue", {"/spec/stopPolicy"}},
  };
}

std::vector<AllowedKind> nodes() {
  return {
      {"karpenter.sh",
       "NodePool",
       {"/spec/limits",
        "/spec/disruption/budgets",
        "/spec/disruption/consolidateAfter",
        "/spec/replicas",
        "/spec/weight"}},
      {"autoscaling.x-k8s.io",
       "CapacityBuffer",
       {"/spec/replicas", "/spec/percentage", "/spec/limits"}},
      {"cluster.x-k8s.io",
       "MachineDeployment",
       {"/spec/replicas",
        "/metadata/annotations/cluster.x-k8s.io~1cluster-api-autoscaler-node-group-min-size",
        "/metadata/annotations/cluster.x-k8s.io~1cluster-api-autoscaler-node-group-max-size"}},
      {"container.cnrm.cloud.google.com", "ContainerNodePool", {"/spec/autoscaling"}},
  };
}

std::vector<AllowedKind> limits() {
  return {
      {"gateway.envoyproxy.io",
       "BackendTrafficPolicy",
       {"/spec/rateLimit",
        "/spec/circuitBreaker",
        "/spec/retry",
        "/spec/timeout",
        "/spec/healthCheck",
        "/spec/loadBalancer"}},
      {"gateway.envoyproxy.io", "ClientTrafficPolicy", {"/spec/connection", "/spec/timeout"}},
      {"traefik.io",
       "Middleware",
       {"/spec/rateLimit",
        "/spec/inFlightReq",
        "/spec/circuitBreaker",
        "/spec/retry",
        "/spec/buffering"}},
      {"traefik.io", "ServersTransport", {"/spec/forwardingTimeouts", "/spec/maxIdleConnsPerHost"}},
      {"traefik.io", "TraefikService", {"/spec/weighted", "/spec/mirroring"}},
      {"networking.istio.io", "VirtualService", {"/spec/http", "/spec/tcp"}},
      {"networking.istio.io",
       "DestinationRule",
       {"/spec/trafficPolicy", "/spec/subsets/*/trafficPolicy"}},
      {"networking.istio.io", "EnvoyFilter", {"/spec/configPatches"}},
      {"networking.istio.io", "Sidecar", {"/spec/outboundTrafficPolicy"}},
      {"gateway.networking.k8s.io", "HTTPRoute", {"/spec/rules"}},
      {"gateway.networking.k8s.io", "GRPCRoute", {"/spec/rules"}},
      {"networking.k8s.io",
       "Ingress",
       {"/metadata/annotations/nginx.ingress.kubernetes.io~1limit-rps",
        "/metadata/annotations/nginx.ingress.kubernetes.io~1limit-rpm",
        "/metadata/annotations/nginx.ingress.kubernetes.io~1limit-connections",
        "/metadata/annotations/nginx.ingress.kubernetes.io~1limit-burst-multiplier",
        "/metadata/annotations/nginx.ingress.kubernetes.io~1limit-rate",
        "/metadata/annotations/higress.io~1route-limit-rps",
        "/metadata/annotations/higress.io~1route-limit-rpm"}},
      {"k8s.nginx.org", "Policy", {"/spec/rateLimit"}},
      {"k8s.nginx.org", "VirtualServer", {"/spec/upstreams"}},
      {"configuration.konghq.com", "KongPlugin", {"/config"}},
      {"configuration.konghq.com", "KongClusterPlugin", {"/config"}},
      {"configuration.konghq.com", "KongUpstreamPolicy", {"/spec/healthchecks"}},
      {"kuadrant.io",
       "RateLimitPolicy",
       {"/spec/limits", "/spec/defaults/limits", "/spec/overrides/limits"}},
      {"policy.linkerd.io",
       "HTTPLocalRateLimitPolicy",
       {"/spec/total", "/spec/identity", "/spec/overrides"}},
      {"apisix.apache.org", "ApisixRoute", {"/spec/http"}},
      {"apisix.apache.org",
       "ApisixUpstream",
       {"/spec/retries", "/spec/timeout", "/spec/healthCheck"}},
      {"extensions.higress.io", "WasmPlugin", {"/spec/defaultConfig", "/spec/matchRules"}},
      {"", "Service", {"/metadata/annotations", "/spec/sessionAffinity"}},
  };
}

std::vector<AllowedKind> data_and_flags() {
  return {
      {"", "ConfigMap", {"/data"}},
      {"core.openfeature.dev", "FeatureFlag", {"/spec/flagSpec/flags"}},
      {"core.openfeature.dev", "Flagd", {"/spec/replicas"}},
      {"postgresql.cnpg.io", "Cluster", {"/spec/instances", "/spec/postgresql/parameters"}},
      {"postgresql.cnpg.io", "Pooler", {"/spec/instances", "/spec/pgbouncer/parameters"}},
      {"acid.zalan.do", "postgresql", {"/spec/numberOfInstances", "/spec/connectionPooler"}},
      {"pgv2.percona.com",
       "PerconaPGCluster",
       {"/spec/instances/*/replicas", "/spec/proxy/pgBouncer"}},
      {"planetscale.com", "VitessCluster", {"/spec/cells/*/gateway"}},
      {"k8s.mariadb.com", "MariaDB", {"/spec/replicas"}},
      {"k8s.mariadb.com", "MaxScale", {"/spec/replicas"}},
      {"redis.redis.opstreelabs.in", "RedisReplication", {"/spec/clusterSize"}},
      {"redis.redis.opstreelabs.in",
       "RedisCluster",
       {"/spec/redisFollower/replicas", "/spec/clusterSize"}},
      {"kafka.strimzi.io", "KafkaTopic", {"/spec/partitions", "/spec/config"}},
      {"kafka.strimzi.io", "KafkaConnect", {"/spec/replicas"}},
      {"kafka.strimzi.io", "KafkaConnector", {"/spec/tasksMax", "/spec/state"}},
      {"kafka.strimzi.io", "KafkaNodePool", {"/spec/replicas"}},
      {"rabbitmq.com", "RabbitmqCluster", {"/spec/replicas"}},
      {"chaos-mesh.org", "*", {"/metadata/annotations/experiment.chaos-mesh.org~1pause"}},
      {"litmuschaos.io", "ChaosEngine", {"/spec/engineState"}},
      {"kustomize.toolkit.fluxcd.io", "Kustomization", {"/spec/suspend"}},
      {"helm.toolkit.fluxcd.io", "HelmRelease", {"/spec/suspend"}},
      {"monitoring.coreos.com", "ServiceMonitor", {"/spec/endpoints"}},
      {"monitoring.coreos.com", "PodMonitor", {"/spec/podMetricsEndpoints"}},
  };
}

}  // namespace

AllowList AllowList::standard() {
  AllowList out;
  for (auto part : {scaling(), nodes(), limits(), data_and_flags()}) {
    out.kinds.insert(out.kinds.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace doorbuster::products
