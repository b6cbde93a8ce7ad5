package main

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"sort"
	"strings"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// configMap and secret ask the cache, and the API when the cache has not got that far yet.
func (a *agent) configMap(namespace, name string) (*v1.ConfigMap, error) {
	found, err := a.configMaps.ConfigMaps(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return a.client.CoreV1().ConfigMaps(namespace).Get(context.TODO(), name, metav1.GetOptions{})
	}
	return found, err
}

func (a *agent) secret(namespace, name string) (*v1.Secret, error) {
	found, err := a.secrets.Secrets(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return a.client.CoreV1().Secrets(namespace).Get(context.TODO(), name, metav1.GetOptions{})
	}
	return found, err
}

func isOptional(flag *bool) bool { return flag != nil && *flag }

// environment is a container's, by name: what the rig gives, then envFrom, then env, each over what came before.
func (w *worker) environment(pod *v1.Pod, container *v1.Container) (map[string]string, error) {
	values := map[string]string{
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
		"HOSTNAME": pod.Name,
		// Not of Kubernetes: all pods share one network namespace, so a program must listen on its own address only.
		"POD_IP": w.address.String(),
	}
	if host, port := serverOf(w.agent.options.server); host != "" {
		values["KUBERNETES_SERVICE_HOST"], values["KUBERNETES_SERVICE_PORT"] = host, port
	}
	for _, source := range container.EnvFrom {
		data, err := w.allOf(pod.Namespace, source)
		if err != nil {
			return nil, err
		}
		for key, value := range data {
			values[source.Prefix+key] = value
		}
	}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			values[variable.Name] = expand(variable.Value, values)
			continue
		}
		value, given, err := w.valueFrom(pod, container, variable.ValueFrom)
		if err != nil {
			return nil, fmt.Errorf("env %s: %w", variable.Name, err)
		}
		if given {
			values[variable.Name] = value
		}
	}
	return values, nil
}

func (w *worker) allOf(namespace string, source v1.EnvFromSource) (map[string]string, error) {
	data := map[string]string{}
	switch {
	case source.ConfigMapRef != nil:
		found, err := w.agent.configMap(namespace, source.ConfigMapRef.Name)
		if err != nil {
			return data, unlessOptional(err, source.ConfigMapRef.Optional)
		}
		return found.Data, nil
	case source.SecretRef != nil:
		found, err := w.agent.secret(namespace, source.SecretRef.Name)
		if err != nil {
			return data, unlessOptional(err, source.SecretRef.Optional)
		}
		for key, value := range found.Data {
			data[key] = string(value)
		}
	}
	return data, nil
}

func unlessOptional(err error, optional *bool) error {
	if apierrors.IsNotFound(err) && isOptional(optional) {
		return nil
	}
	return err
}

// valueFrom returns a value, and whether there is one: an optional reference may lead nowhere.
func (w *worker) valueFrom(pod *v1.Pod, container *v1.Container, source *v1.EnvVarSource) (string, bool, error) {
	switch {
	case source.FieldRef != nil:
		value, err := w.field(pod, source.FieldRef.FieldPath)
		return value, err == nil, err
	case source.ResourceFieldRef != nil:
		value, err := w.resourceField(pod, container.Name, source.ResourceFieldRef)
		return value, err == nil, err
	case source.ConfigMapKeyRef != nil:
		ref := source.ConfigMapKeyRef
		found, err := w.agent.configMap(pod.Namespace, ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}
		value, given := found.Data[ref.Key]
		if !given && !isOptional(ref.Optional) {
			err = fmt.Errorf("couldn't find key %s in ConfigMap %s/%s", ref.Key, pod.Namespace, ref.Name)
		}
		return value, given, err
	case source.SecretKeyRef != nil:
		ref := source.SecretKeyRef
		found, err := w.agent.secret(pod.Namespace, ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}
		value, given := found.Data[ref.Key]
		if !given && !isOptional(ref.Optional) {
			err = fmt.Errorf("couldn't find key %s in Secret %s/%s", ref.Key, pod.Namespace, ref.Name)
		}
		return string(value), given, err
	}
	return "", false, fmt.Errorf("not supported on a local node: this kind of valueFrom")
}

// field is what the downward API tells of a pod.
func (w *worker) field(pod *v1.Pod, path string) (string, error) {
	if name, key, ok := strings.Cut(strings.TrimSuffix(path, "']"), "['"); ok {
		switch name {
		case "metadata.labels":
			return pod.Labels[key], nil
		case "metadata.annotations":
			return pod.Annotations[key], nil
		}
	}
	switch path {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "metadata.labels":
		return quotedLines(pod.Labels), nil
	case "metadata.annotations":
		return quotedLines(pod.Annotations), nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.hostIP", "status.hostIPs":
		return w.agent.options.address, nil
	case "status.podIP", "status.podIPs":
		return w.address.String(), nil
	}
	return "", fmt.Errorf("not supported on a local node: field %q", path)
}

func quotedLines(values map[string]string) string {
	lines := make([]string, 0, len(values))
	for key, value := range values {
		lines = append(lines, fmt.Sprintf("%s=%q", key, value))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// resourceField falls back to the node's room where there is no limit, as Kubernetes does.
func (w *worker) resourceField(pod *v1.Pod, name string, ref *v1.ResourceFieldSelector) (string, error) {
	if ref.ContainerName != "" {
		name = ref.ContainerName
	}
	all := append(append([]v1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...)
	kind, resourceName, _ := strings.Cut(ref.Resource, ".")
	for _, container := range all {
		if container.Name != name {
			continue
		}
		list := container.Resources.Requests
		if kind == "limits" {
			list = container.Resources.Limits
		}
		quantity, given := list[v1.ResourceName(resourceName)]
		if !given && kind == "limits" {
			quantity = w.agent.nodeStatus(w.node).Allocatable[v1.ResourceName(resourceName)]
		}
		divisor := ref.Divisor
		if divisor.IsZero() {
			divisor = resource.MustParse("1")
		}
		if resourceName == "cpu" {
			return fmt.Sprint(int64(math.Ceil(float64(quantity.MilliValue()) / float64(divisor.MilliValue())))), nil
		}
		return fmt.Sprint(int64(math.Ceil(float64(quantity.Value()) / float64(divisor.Value())))), nil
	}
	return "", fmt.Errorf("no container %q", name)
}

// expand replaces $(NAME) by a value that is known, leaves it when there is none, and reads $$ as one $.
func expand(text string, values map[string]string) string {
	var out strings.Builder
	for at := 0; at < len(text); at++ {
		if text[at] != '$' || at+1 == len(text) {
			out.WriteByte(text[at])
			continue
		}
		if text[at+1] == '$' {
			out.WriteByte('$')
			at++
			continue
		}
		end := strings.IndexByte(text[at:], ')')
		if text[at+1] != '(' || end < 0 {
			out.WriteByte('$')
			continue
		}
		name := text[at+2 : at+end]
		if value, known := values[name]; known {
			out.WriteString(value)
		} else {
			out.WriteString(text[at : at+end+1])
		}
		at += end
	}
	return out.String()
}

func expandAll(words []string, values map[string]string) []string {
	out := make([]string, 0, len(words))
	for _, word := range words {
		out = append(out, expand(word, values))
	}
	return out
}

func serverOf(address string) (host, port string) {
	parsed, err := url.Parse(address)
	if err != nil {
		return "", ""
	}
	if host, port, err = net.SplitHostPort(parsed.Host); err != nil {
		return "", ""
	}
	return host, port
}

// commandLine is the program with its arguments: command stands for the image's entrypoint, args for what follows it.
func (w *worker) commandLine(container *v1.Container, entrypoint []string, values map[string]string) []string {
	words := expandAll(container.Command, values)
	if len(words) == 0 {
		words = append(words, entrypoint[0])
		if len(container.Args) == 0 {
			words = append(words, entrypoint[1:]...)
		}
	}
	return append(words, expandAll(container.Args, values)...)
}

func flatten(values map[string]string) []string {
	out := make([]string, 0, len(values))
	for name, value := range values {
		out = append(out, name+"="+value)
	}
	sort.Strings(out)
	return out
}

func workingDir(container *v1.Container) string {
	if container.WorkingDir != "" {
		return container.WorkingDir
	}
	return os.TempDir()
}
