package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
)

// unsupported names what a pod asks for and this agent cannot give. Such a pod is not run: its containers wait with
// reason CreateContainerConfigError and this text.
func unsupported(pod *v1.Pod) error {
	spec := &pod.Spec
	switch {
	case spec.HostNetwork:
		return fmt.Errorf("not supported on a local node: hostNetwork")
	case len(spec.ResourceClaims) > 0:
		return fmt.Errorf("not supported on a local node: resourceClaims")
	case spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace:
		return fmt.Errorf("not supported on a local node: shareProcessNamespace")
	case spec.RuntimeClassName != nil:
		return fmt.Errorf("not supported on a local node: runtimeClassName")
	}
	for _, volume := range spec.Volumes {
		if err := unsupportedVolume(volume); err != nil {
			return err
		}
	}
	for i := range spec.InitContainers {
		one := &spec.InitContainers[i]
		if one.RestartPolicy != nil {
			return fmt.Errorf("not supported on a local node: restartPolicy of init container %q (sidecar)", one.Name)
		}
		if err := unsupportedContainer(one); err != nil {
			return err
		}
	}
	for i := range spec.Containers {
		one := &spec.Containers[i]
		if one.RestartPolicy != nil || len(one.RestartPolicyRules) > 0 {
			return fmt.Errorf("not supported on a local node: restartPolicy of container %q", one.Name)
		}
		if err := unsupportedContainer(one); err != nil {
			return err
		}
	}
	return nil
}

func unsupportedVolume(volume v1.Volume) error {
	source := volume.VolumeSource
	switch {
	case source.ConfigMap != nil, source.Secret != nil, source.EmptyDir != nil, source.DownwardAPI != nil:
		return nil
	case source.Projected != nil:
		for _, part := range source.Projected.Sources {
			if part.ClusterTrustBundle != nil || part.PodCertificate != nil {
				return fmt.Errorf("not supported on a local node: clusterTrustBundle and podCertificate in volume %q", volume.Name)
			}
		}
		return nil
	}
	return fmt.Errorf("not supported on a local node: volume %q is of a type other than configMap, secret, emptyDir, downwardAPI, projected",
		volume.Name)
}

func unsupportedContainer(container *v1.Container) error {
	refuse := func(what string) error {
		return fmt.Errorf("not supported on a local node: %s of container %q", what, container.Name)
	}
	for _, port := range container.Ports {
		if port.HostPort != 0 {
			return refuse("hostPort")
		}
	}
	for _, m := range container.VolumeMounts {
		if m.SubPathExpr != "" {
			return refuse("subPathExpr")
		}
		if m.MountPropagation != nil && *m.MountPropagation != v1.MountPropagationNone {
			return refuse("mountPropagation")
		}
	}
	for _, variable := range container.Env {
		if variable.ValueFrom != nil && variable.ValueFrom.FileKeyRef != nil {
			return refuse("fileKeyRef in the environment")
		}
	}
	for _, probe := range []*v1.Probe{container.StartupProbe, container.ReadinessProbe, container.LivenessProbe} {
		if probe != nil && probe.GRPC != nil {
			return refuse("a grpc probe")
		}
	}
	switch hooks := container.Lifecycle; {
	case hooks != nil && hooks.PostStart != nil:
		return refuse("lifecycle.postStart")
	case hooks != nil && hooks.StopSignal != nil:
		return refuse("lifecycle.stopSignal")
	case container.Stdin || container.TTY:
		return refuse("stdin and tty")
	case len(container.VolumeDevices) > 0:
		return refuse("volumeDevices")
	}
	return nil
}

// unapplied names what is left out without harm to a test: said once a pod, in an event.
func unapplied(pod *v1.Pod) []string {
	var found []string
	for i := range pod.Spec.Containers {
		one := &pod.Spec.Containers[i]
		if one.SecurityContext != nil {
			found = append(found, fmt.Sprintf("securityContext of container %q", one.Name))
		}
		if path := one.TerminationMessagePath; path != "" && path != v1.TerminationMessagePathDefault {
			found = append(found, fmt.Sprintf("terminationMessagePath of container %q", one.Name))
		}
		if one.Resources.Limits.Cpu().Sign() > 0 {
			found = append(found, fmt.Sprintf("the CPU limit of container %q", one.Name))
		}
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.EmptyDir != nil && (volume.EmptyDir.SizeLimit != nil || volume.EmptyDir.Medium != "") {
			found = append(found, fmt.Sprintf("sizeLimit and medium of volume %q", volume.Name))
		}
	}
	if security := pod.Spec.SecurityContext; security != nil && (security.RunAsUser != nil || security.RunAsNonRoot != nil ||
		security.FSGroup != nil || security.SeccompProfile != nil || len(security.Sysctls) > 0) {
		found = append(found, "the pod's securityContext")
	}
	if pod.Spec.DNSConfig != nil || len(pod.Spec.HostAliases) > 0 {
		found = append(found, "dnsConfig and hostAliases")
	}
	return found
}
