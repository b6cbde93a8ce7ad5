package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestExpand(t *testing.T) {
	values := map[string]string{"A": "one", "B": "two"}
	for _, c := range []struct{ sentence, text, wanted string }{
		{"a known name is replaced", "x $(A)-$(B) y", "x one-two y"},
		{"an unknown one stays", "$(NONE)", "$(NONE)"},
		{"two dollars are one, and what follows is not looked at", "$$(A)", "$(A)"},
		{"a dollar before anything else stays", "$A $", "$A $"},
		{"without its end it is no reference", "$(A", "$(A"},
	} {
		if got := expand(c.text, values); got != c.wanted {
			t.Errorf("%s: %q, not %q", c.sentence, got, c.wanted)
		}
	}
}

func TestWithoutTag(t *testing.T) {
	for _, c := range []struct{ sentence, image, wanted string }{
		{"no tag", "shop", "shop"},
		{"a tag", "shop:1", "shop"},
		{"a digest", "shop@sha256:00ff", "shop"},
		{"a tag and a digest", "shop:1@sha256:00ff", "shop:1"},
		{"the port of a registry is no tag", "registry.example:5000/shop", "registry.example:5000/shop"},
		{"a tag behind such a port", "registry.example:5000/shop:1", "registry.example:5000/shop"},
	} {
		if got := withoutTag(c.image); got != c.wanted {
			t.Errorf("%s: %q, not %q", c.sentence, got, c.wanted)
		}
	}
}

func TestCommandLine(t *testing.T) {
	entrypoint := []string{"/bin/shop", "--default"}
	for _, c := range []struct {
		sentence      string
		command, args []string
		wanted        string
	}{
		{"the image's words when there are no others", nil, nil, "/bin/shop --default"},
		{"args take the place of the image's own", nil, []string{"$(A)"}, "/bin/shop one"},
		{"a command takes the place of all of it", []string{"sh", "-c"}, []string{"true"}, "sh -c true"},
	} {
		got := (&worker{}).commandLine(&v1.Container{Command: c.command, Args: c.args}, entrypoint, map[string]string{"A": "one"})
		if strings.Join(got, " ") != c.wanted {
			t.Errorf("%s: %q, not %q", c.sentence, got, c.wanted)
		}
	}
}

func TestVolumesAreReplacedAtOneMoment(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "volume")
	read := func(name string) string {
		text, _ := os.ReadFile(filepath.Join(folder, name))
		return string(text)
	}
	generation := func() string {
		link, _ := os.Readlink(filepath.Join(folder, "..data"))
		return link
	}
	steps := []struct {
		sentence string
		wanted   content
		changes  bool
	}{
		{"the first content", content{"a": {"1", 0o644}, "deep/b": {"2", 0o600}}, true},
		{"the same again changes nothing", content{"a": {"1", 0o644}, "deep/b": {"2", 0o600}}, false},
		{"another value, and a key that is gone", content{"a": {"3", 0o644}}, true},
	}
	for _, step := range steps {
		before := generation()
		if err := write(folder, step.wanted); err != nil {
			t.Fatal(step.sentence, err)
		}
		if (generation() != before) != step.changes {
			t.Errorf("%s: generation %q after %q", step.sentence, generation(), before)
		}
		for name, one := range step.wanted {
			if read(name) != one.data {
				t.Errorf("%s: %s is %q", step.sentence, name, read(name))
			}
		}
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 3 { // a, ..data and what it leads to
		t.Errorf("left over: %v", entries)
	}
}

func TestAddressesGoRound(t *testing.T) {
	a := &agent{addresses: map[netip.Addr]types.UID{}, lastGiven: map[string]netip.Addr{}}
	node := nodeSpec{"local-1", netip.MustParsePrefix("10.244.9.0/24")}
	give := func(uid, had string) string {
		got, err := a.addressFor(&worker{node: node, uid: types.UID(uid)}, had)
		if err != nil {
			return err.Error()
		}
		return got.String()
	}
	for _, c := range []struct{ sentence, uid, had, wanted string }{
		{"the first is 2", "a", "", "10.244.9.2"},
		{"then the next", "b", "", "10.244.9.3"},
		{"who had one keeps it", "c", "10.244.9.77", "10.244.9.77"},
		{"unless it is another's", "d", "10.244.9.2", "10.244.9.4"},
		{"one of another node is not kept", "e", "10.244.8.9", "10.244.9.5"},
	} {
		if got := give(c.uid, c.had); got != c.wanted {
			t.Errorf("%s: %s", c.sentence, got)
		}
	}
	delete(a.addresses, netip.MustParseAddr("10.244.9.5"))
	if got := give("f", ""); got != "10.244.9.6" {
		t.Errorf("what has just become free is given at once: %s", got)
	}
	for a.addresses[netip.MustParseAddr("10.244.9.254")] == "" {
		give("more", "")
	}
	if got := give("g", ""); got != "10.244.9.5" {
		t.Errorf("after the last comes the first that is free: %s", got)
	}
	if got := give("h", ""); !strings.HasPrefix(got, "no address is free") {
		t.Errorf("none is left: %s", got)
	}
}

func TestUnsupportedIsNamed(t *testing.T) {
	always := v1.ContainerRestartPolicyAlways
	for _, c := range []struct {
		sentence, names string
		spec            v1.PodSpec
	}{
		{"an ordinary pod is run", "", v1.PodSpec{Containers: []v1.Container{{Name: "main"}}}},
		{"a sidecar", "sidecar", v1.PodSpec{InitContainers: []v1.Container{{Name: "s", RestartPolicy: &always}}}},
		{"a volume of the machine", `volume "h"`, v1.PodSpec{Volumes: []v1.Volume{{Name: "h", VolumeSource: v1.VolumeSource{
			HostPath: &v1.HostPathVolumeSource{}}}}}},
		{"a port of the machine", "hostPort", v1.PodSpec{Containers: []v1.Container{{Ports: []v1.ContainerPort{{HostPort: 80}}}}}},
	} {
		err := unsupported(&v1.Pod{Spec: c.spec})
		if (err == nil) != (c.names == "") || (err != nil && !strings.Contains(err.Error(), c.names)) {
			t.Errorf("%s: %v", c.sentence, err)
		}
	}
}
