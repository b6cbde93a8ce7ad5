package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	authentication "k8s.io/api/authentication/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// content is what a volume holds: path below its folder -> bytes and mode.
type content map[string]file

type file struct {
	data string
	mode os.FileMode
}

// syncVolumes brings every volume of a pod up to date. It may be called as often as one likes.
func (w *worker) syncVolumes(pod *v1.Pod) error {
	for i := range pod.Spec.Volumes {
		volume := &pod.Spec.Volumes[i]
		folder := w.volumeFolder(volume.Name)
		if volume.EmptyDir != nil {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				return err
			}
			continue
		}
		wanted, err := w.contentOf(pod, volume)
		if err != nil {
			return fmt.Errorf("MountVolume.SetUp failed for volume %q : %w", volume.Name, err)
		}
		if err := write(folder, wanted); err != nil {
			return fmt.Errorf("volume %q: %w", volume.Name, err)
		}
	}
	return nil
}

func (w *worker) folder() string { return filepath.Join(w.agent.podsFolder(), string(w.uid)) }

func (w *worker) volumeFolder(name string) string { return filepath.Join(w.folder(), "volumes", name) }

func (w *worker) contentOf(pod *v1.Pod, volume *v1.Volume) (content, error) {
	out := content{}
	var err error
	switch source := volume.VolumeSource; {
	case source.ConfigMap != nil:
		err = w.addConfigMap(out, pod, source.ConfigMap.Name, source.ConfigMap.Items, source.ConfigMap.Optional, source.ConfigMap.DefaultMode)
	case source.Secret != nil:
		err = w.addSecret(out, pod, source.Secret.SecretName, source.Secret.Items, source.Secret.Optional, source.Secret.DefaultMode)
	case source.DownwardAPI != nil:
		err = w.addDownward(out, pod, source.DownwardAPI.Items, source.DownwardAPI.DefaultMode)
	case source.Projected != nil:
		mode := source.Projected.DefaultMode
		for _, part := range source.Projected.Sources {
			switch {
			case part.ConfigMap != nil:
				err = w.addConfigMap(out, pod, part.ConfigMap.Name, part.ConfigMap.Items, part.ConfigMap.Optional, mode)
			case part.Secret != nil:
				err = w.addSecret(out, pod, part.Secret.Name, part.Secret.Items, part.Secret.Optional, mode)
			case part.DownwardAPI != nil:
				err = w.addDownward(out, pod, part.DownwardAPI.Items, mode)
			case part.ServiceAccountToken != nil:
				var token string
				if token, err = w.token(pod, part.ServiceAccountToken); err == nil {
					out[part.ServiceAccountToken.Path] = file{token, modeOf(nil, mode)}
				}
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		return nil, err
	}
	size := 0
	for path, one := range out {
		size += len(one.data)
		if !filepath.IsLocal(path) || strings.HasPrefix(path, "..") {
			return nil, fmt.Errorf("invalid path %q", path)
		}
	}
	if size > maxVolumeBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxVolumeBytes)
	}
	return out, nil
}

func modeOf(own, common *int32) os.FileMode {
	switch {
	case own != nil:
		return os.FileMode(*own)
	case common != nil:
		return os.FileMode(*common)
	}
	return 0o644
}

// pick adds the keys that items name, or all of them.
func pick(out content, what string, data map[string]string, items []v1.KeyToPath, optional *bool, mode *int32) error {
	if len(items) == 0 {
		for key, value := range data {
			out[key] = file{value, modeOf(nil, mode)}
		}
	}
	for _, item := range items {
		value, given := data[item.Key]
		if !given {
			if isOptional(optional) {
				continue
			}
			return fmt.Errorf("%s references non-existent key: %s", what, item.Key)
		}
		out[item.Path] = file{value, modeOf(item.Mode, mode)}
	}
	return nil
}

func (w *worker) addConfigMap(out content, pod *v1.Pod, name string, items []v1.KeyToPath, optional *bool, mode *int32) error {
	found, err := w.agent.configMap(pod.Namespace, name)
	if err != nil {
		return unlessOptional(err, optional)
	}
	data := map[string]string{}
	for key, value := range found.Data {
		data[key] = value
	}
	for key, value := range found.BinaryData {
		data[key] = string(value)
	}
	return pick(out, "configmap", data, items, optional, mode)
}

func (w *worker) addSecret(out content, pod *v1.Pod, name string, items []v1.KeyToPath, optional *bool, mode *int32) error {
	found, err := w.agent.secret(pod.Namespace, name)
	if err != nil {
		return unlessOptional(err, optional)
	}
	data := map[string]string{}
	for key, value := range found.Data {
		data[key] = string(value)
	}
	return pick(out, "secret", data, items, optional, mode)
}

func (w *worker) addDownward(out content, pod *v1.Pod, items []v1.DownwardAPIVolumeFile, mode *int32) error {
	for _, item := range items {
		var value string
		var err error
		if item.FieldRef != nil {
			value, err = w.field(pod, item.FieldRef.FieldPath)
		} else if item.ResourceFieldRef != nil {
			value, err = w.resourceField(pod, item.ResourceFieldRef.ContainerName, item.ResourceFieldRef)
		}
		if err != nil {
			return err
		}
		out[item.Path] = file{value, modeOf(item.Mode, mode)}
	}
	return nil
}

// heldToken is a service account token and when it is to be asked for anew.
type heldToken struct {
	text  string
	renew time.Time
}

func (w *worker) token(pod *v1.Pod, source *v1.ServiceAccountTokenProjection) (string, error) {
	key := source.Path + "\x00" + source.Audience
	if held, ok := w.tokens[key]; ok && time.Now().Before(held.renew) {
		return held.text, nil
	}
	request := &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{
		ExpirationSeconds: source.ExpirationSeconds,
		BoundObjectRef:    &authentication.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	if source.Audience != "" {
		request.Spec.Audiences = []string{source.Audience}
	}
	ctx, cancel := context.WithTimeout(w.agent.ctx, 10*time.Second)
	defer cancel()
	answer, err := w.agent.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, pod.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	life := time.Until(answer.Status.ExpirationTimestamp.Time)
	w.tokens[key] = heldToken{answer.Status.Token, time.Now().Add(life * 8 / 10)}
	return answer.Status.Token, nil
}

// write makes a folder hold exactly this, all of it at one moment: a new folder of the files, then one rename of the link
// "..data" through which every name leads (kubelet's way, which file watchers know).
func write(folder string, wanted content) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	current, _ := os.Readlink(filepath.Join(folder, "..data"))
	if current != "" && holds(filepath.Join(folder, current), wanted) {
		return nil
	}
	fresh, err := os.MkdirTemp(folder, ".."+time.Now().UTC().Format("2006_01_02_15_04_05."))
	if err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	for path, one := range wanted {
		target := filepath.Join(fresh, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, []byte(one.data), one.mode); err != nil {
			return err
		}
		if err := os.Chmod(target, one.mode); err != nil {
			return err
		}
	}
	next := filepath.Join(folder, "..data_tmp")
	os.Remove(next)
	if err := os.Symlink(filepath.Base(fresh), next); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(folder, "..data")); err != nil {
		return err
	}
	return tidy(folder, filepath.Base(fresh), wanted)
}

func holds(folder string, wanted content) bool {
	count := 0
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		text, err := os.ReadFile(path)
		if one, ok := wanted[name]; err != nil || !ok || one.data != string(text) {
			return fmt.Errorf("%s differs", name)
		}
		count++
		return nil
	})
	return err == nil && count == len(wanted)
}

// tidy makes the names that lead through "..data" and removes what is no longer there.
func tidy(folder, fresh string, wanted content) error {
	names := map[string]bool{}
	for path := range wanted {
		names[strings.SplitN(path, "/", 2)[0]] = true
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == "..data" || name == fresh || names[name] {
			delete(names, name)
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	for name := range names {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// mountsOf lists what a container sees where. Deeper paths come later, so that none is covered by one above it.
func (w *worker) mountsOf(pod *v1.Pod, container *v1.Container) ([]mount, error) {
	var out []mount
	for _, m := range container.VolumeMounts {
		source := w.volumeFolder(m.Name)
		writable := false
		for _, volume := range pod.Spec.Volumes {
			writable = writable || (volume.Name == m.Name && volume.EmptyDir != nil)
		}
		if m.SubPath != "" {
			if !filepath.IsLocal(m.SubPath) {
				return nil, fmt.Errorf("subPath %q leaves its volume", m.SubPath)
			}
			source = filepath.Join(source, m.SubPath)
			if _, err := os.Stat(source); err != nil && writable {
				if err := os.MkdirAll(source, 0o777); err != nil {
					return nil, err
				}
			}
			// A file that the volume later replaces stays as it was, as with kubelet.
			resolved, err := filepath.EvalSymlinks(source)
			if err != nil {
				return nil, fmt.Errorf("subPath %q: %w", m.SubPath, err)
			}
			source = resolved
		}
		out = append(out, mount{source, filepath.Clean("/" + m.MountPath), m.ReadOnly || !writable})
	}
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if len(out[j].Target) < len(out[i].Target) {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out, nil
}
