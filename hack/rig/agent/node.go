package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strings"
	"time"

	coordination "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// localLabel marks the agent's nodes: as a label of them all, and as a taint where kwok plays nodes too.
const localLabel = "rig.doorbuster.dev/local"

// keepNode registers a node and renews its lease for as long as the agent lives.
func (a *agent) keepNode(ctx context.Context, node nodeSpec) {
	registered, complaint := false, ""
	for {
		var err error
		if !registered {
			err = a.registerNode(ctx, node)
			registered = err == nil
		}
		if registered {
			err = a.renewLease(ctx, node.name)
			if apierrors.IsNotFound(err) {
				registered = false // Somebody deleted the node; it comes back, as a kubelet's does at its restart.
			}
		}
		if said := errorText(err); said != complaint {
			complaint = said
			log.Printf("node %s: %s", node.name, said)
		}
		wait := heartbeatPeriod
		if err != nil {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return "is well"
	}
	return err.Error()
}

func (a *agent) registerNode(ctx context.Context, node nodeSpec) error {
	api := a.client.CoreV1().Nodes()
	wanted := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: node.name,
			Labels: map[string]string{"kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux",
				"kubernetes.io/arch": "amd64", localLabel: "true", "topology.kubernetes.io/zone": "zone-local"},
			// One endpoint answers for all nodes; metrics-server asks this path of it.
			Annotations: map[string]string{"metrics.k8s.io/resource-metrics-path": metricsPath(node.name)},
		},
		Spec: v1.NodeSpec{PodCIDR: node.cidr.String(), PodCIDRs: []string{node.cidr.String()}},
	}
	if a.options.taint {
		wanted.Spec.Taints = []v1.Taint{{Key: localLabel, Effect: v1.TaintEffectNoSchedule}}
	}
	if _, err := api.Create(ctx, wanted, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	patch, err := json.Marshal(map[string]any{"status": a.nodeStatus(node)})
	if err != nil {
		return err
	}
	_, err = api.Patch(ctx, node.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

func (a *agent) nodeStatus(node nodeSpec) v1.NodeStatus {
	room := v1.ResourceList{v1.ResourceCPU: resource.MustParse("16"), v1.ResourceMemory: resource.MustParse("64Gi"),
		v1.ResourceEphemeralStorage: resource.MustParse("64Gi"), v1.ResourcePods: *resource.NewQuantity(maxPodsPerNode, resource.DecimalSI)}
	now := metav1.Now()
	condition := func(kind v1.NodeConditionType, status v1.ConditionStatus, reason string) v1.NodeCondition {
		return v1.NodeCondition{Type: kind, Status: status, Reason: reason, LastHeartbeatTime: now, LastTransitionTime: now}
	}
	return v1.NodeStatus{
		Capacity: room, Allocatable: room,
		Conditions: []v1.NodeCondition{
			condition(v1.NodeMemoryPressure, v1.ConditionFalse, "KubeletHasSufficientMemory"),
			condition(v1.NodeDiskPressure, v1.ConditionFalse, "KubeletHasNoDiskPressure"),
			condition(v1.NodePIDPressure, v1.ConditionFalse, "KubeletHasSufficientPID"),
			condition(v1.NodeReady, v1.ConditionTrue, "KubeletReady"),
		},
		Addresses: []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: a.options.address},
			{Type: v1.NodeHostName, Address: node.name}},
		DaemonEndpoints: v1.NodeDaemonEndpoints{KubeletEndpoint: v1.DaemonEndpoint{Port: int32(a.options.port)}},
		NodeInfo: v1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: "v1.36.3-local",
			ContainerRuntimeVersion: "local://processes", KernelVersion: kernelVersion()},
	}
}

func kernelVersion() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(text))
}

// renewLease is the heartbeat; conditions are written again only when a node controller has doubted the node.
func (a *agent) renewLease(ctx context.Context, name string) error {
	node, err := a.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == v1.NodeReady && condition.Status != v1.ConditionTrue {
			for _, spec := range a.options.nodes {
				if spec.name == name {
					if err := a.registerNode(ctx, spec); err != nil {
						return err
					}
				}
			}
		}
	}
	leases := a.client.CoordinationV1().Leases(v1.NamespaceNodeLease)
	lease, err := leases.Get(ctx, name, metav1.GetOptions{})
	seconds, now := int32(leaseSeconds), metav1.NowMicro()
	spec := coordination.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now}
	if apierrors.IsNotFound(err) {
		owner := metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: name, UID: node.UID}
		_, err = leases.Create(ctx, &coordination.Lease{ObjectMeta: metav1.ObjectMeta{Name: name,
			OwnerReferences: []metav1.OwnerReference{owner}}, Spec: spec}, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	lease.Spec = spec
	_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}
