package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// agent is what all pods share. Each pod has a worker of its own.
type agent struct {
	options    *options
	client     kubernetes.Interface
	images     *images
	launcher   *launcher
	recorders  map[string]record.EventRecorder
	configMaps listers.ConfigMapLister
	secrets    listers.SecretLister
	cpu        *cpuMeter
	ctx        context.Context

	mutex     sync.Mutex
	workers   map[types.UID]*worker
	addresses map[netip.Addr]types.UID
	lastGiven map[string]netip.Addr // by node
}

func newAgent(o *options, client kubernetes.Interface) (*agent, error) {
	a := &agent{
		options: o, client: client, images: newImages(o.imagesFile), launcher: newLauncher(), cpu: newCPUMeter(),
		recorders: map[string]record.EventRecorder{}, workers: map[types.UID]*worker{}, addresses: map[netip.Addr]types.UID{},
		lastGiven: map[string]netip.Addr{},
	}
	for _, folder := range []string{a.podsFolder(), o.logs} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	for _, node := range o.nodes {
		a.recorders[node.name] = events.NewRecorder(scheme.Scheme, v1.EventSource{Component: "kubelet", Host: node.name})
	}
	return a, nil
}

func (a *agent) podsFolder() string { return filepath.Join(a.options.data, "pods") }

func (a *agent) run(ctx context.Context) error {
	a.ctx = ctx
	failed := make(chan error, 1)
	go func() { failed <- a.serve(ctx) }()
	objects := informers.NewSharedInformerFactory(a.client, 0)
	a.configMaps = objects.Core().V1().ConfigMaps().Lister()
	a.secrets = objects.Core().V1().Secrets().Lister()
	wake := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { a.wakeAll() },
		UpdateFunc: func(any, any) { a.wakeAll() },
		DeleteFunc: func(any) { a.wakeAll() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		objects.Core().V1().ConfigMaps().Informer(), objects.Core().V1().Secrets().Informer()} {
		if _, err := informer.AddEventHandler(wake); err != nil {
			return err
		}
	}
	objects.Start(ctx.Done())
	objects.WaitForCacheSync(ctx.Done())
	known := map[string]bool{}
	for _, node := range a.options.nodes {
		if err := a.follow(ctx, node, known); err != nil {
			return err
		}
		go a.keepNode(ctx, node)
	}
	if err := a.forgetOldPods(known); err != nil {
		return err
	}
	go a.poll(ctx)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		log.Print("ends, and every container with it")
		return nil
	}
}

// forgetOldPods removes the folders of pods that are gone since an earlier agent ran them. Those that are still there
// keep what is in their emptyDirs, as with kubelet.
func (a *agent) forgetOldPods(known map[string]bool) error {
	entries, err := os.ReadDir(a.podsFolder())
	if err != nil {
		return err
	}
	for _, entry := range entries {
		a.mutex.Lock()
		_, begun := a.workers[types.UID(entry.Name())]
		a.mutex.Unlock()
		if !known[entry.Name()] && !begun && a.ctx.Err() == nil {
			if err := os.RemoveAll(filepath.Join(a.podsFolder(), entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow watches the pods of one node, and adds the UIDs of those there are to `known`.
func (a *agent) follow(ctx context.Context, node nodeSpec, known map[string]bool) error {
	factory := informers.NewSharedInformerFactoryWithOptions(a.client, 0, informers.WithTweakListOptions(
		func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node.name).String()
		}))
	informer := factory.Core().V1().Pods().Informer()
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { a.see(node, o.(*v1.Pod)) },
		UpdateFunc: func(_, o any) { a.see(node, o.(*v1.Pod)) },
		DeleteFunc: func(o any) {
			if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			a.lose(o.(*v1.Pod))
		},
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for _, one := range informer.GetStore().List() {
		known[string(one.(*v1.Pod).UID)] = true
	}
	return nil
}

func (a *agent) see(node nodeSpec, pod *v1.Pod) {
	a.mutex.Lock()
	w := a.workers[pod.UID]
	if w == nil {
		w = newWorker(a, node, pod)
		a.workers[pod.UID] = w
		go w.loop()
	}
	a.mutex.Unlock()
	w.see(pod)
}

// lose is for a pod that is gone from the API, by our hand or by somebody's force.
func (a *agent) lose(pod *v1.Pod) {
	a.mutex.Lock()
	w := a.workers[pod.UID]
	a.mutex.Unlock()
	if w != nil {
		w.lose()
	}
}

// forget is a worker's last act.
func (a *agent) forget(w *worker) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.workers, w.uid)
	if a.addresses[w.address] == w.uid {
		delete(a.addresses, w.address)
	}
}

func (a *agent) all() []*worker {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	found := make([]*worker, 0, len(a.workers))
	for _, w := range a.workers {
		found = append(found, w)
	}
	return found
}

func (a *agent) wakeAll() {
	for _, w := range a.all() {
		w.wakeUp()
	}
}

// addressFor gives a pod the address it had, or the next free one of its node.
func (a *agent) addressFor(w *worker, had string) (netip.Addr, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if old, err := netip.ParseAddr(had); err == nil && w.node.cidr.Contains(old) {
		if owner, taken := a.addresses[old]; !taken || owner == w.uid {
			a.addresses[old] = w.uid
			return old, nil
		}
	}
	// Round and round: who still knows an address of a pod that is gone must not meet another pod there.
	candidate, given := a.lastGiven[w.node.name]
	if !given {
		candidate = w.node.cidr.Addr()
	}
	for range 2 * 256 {
		candidate = candidate.Next()
		last := candidate.As4()[3]
		if !w.node.cidr.Contains(candidate) || last == 255 {
			candidate = w.node.cidr.Addr()
			continue
		}
		if last < 2 {
			continue
		}
		if _, taken := a.addresses[candidate]; !taken {
			a.addresses[candidate] = w.uid
			a.lastGiven[w.node.name] = candidate
			return candidate, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("no address is free in %s", w.node.cidr)
}

// poll looks at what nothing reports: memory above its limit, logs above theirs, images that have changed.
func (a *agent) poll(ctx context.Context) {
	ticker := time.NewTicker(pollPeriod)
	defer ticker.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if round%120 == 0 {
			a.forgetOldLogs()
		}
		if a.images.refresh() {
			for _, w := range a.all() {
				w.retryPulls()
			}
		}
		table := readProcesses()
		for _, w := range a.all() {
			w.checkMemory(table)
			w.checkLogs()
		}
	}
}

// forgetOldLogs removes the logs that were written to least lately, when there are too many.
func (a *agent) forgetOldLogs() {
	entries, err := os.ReadDir(a.options.logs)
	if err != nil || len(entries) <= maxLogs {
		return
	}
	written := map[string]time.Time{}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			written[entry.Name()] = info.ModTime()
		}
	}
	names := slices.SortedFunc(maps.Keys(written), func(one, other string) int { return written[one].Compare(written[other]) })
	for _, name := range names[:max(0, len(names)-maxLogs)] {
		_ = os.Remove(filepath.Join(a.options.logs, name))
	}
	log.Printf("logs: more than %d, the oldest are removed", maxLogs)
}
