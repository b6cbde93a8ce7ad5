package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const idle = 30 * time.Second

// worker runs one pod. Its loop looks at everything anew each time it is woken: the pod as the API has it, what runs,
// what has ended, and does the next thing.
type worker struct {
	agent           *agent
	node            nodeSpec
	namespace, name string
	uid             types.UID
	wake            chan struct{}
	tokens          map[string]heldToken // only the loop's

	seen   sync.Mutex
	pod    *v1.Pod // the newest that was seen
	gone   bool    // no longer in the API
	mutex  sync.Mutex
	states map[string]*containerState
	order  []*containerState

	address  netip.Addr
	adopted  bool
	settled  bool // Succeeded or Failed: nothing is started any more
	failure  string
	message  string // of that failure
	deleting bool
	deleted  bool
	complain string // the last trouble with its volumes
	warned   bool
}

func newWorker(a *agent, node nodeSpec, pod *v1.Pod) *worker {
	w := &worker{agent: a, node: node, namespace: pod.Namespace, name: pod.Name, uid: pod.UID, pod: pod,
		wake: make(chan struct{}, 1), tokens: map[string]heldToken{}, states: map[string]*containerState{}}
	return w
}

func (w *worker) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// see takes a pod unless a newer one has been seen: an answer to a patch may overtake the watch.
func (w *worker) see(pod *v1.Pod) {
	w.seen.Lock()
	if newer(pod.ResourceVersion, w.pod.ResourceVersion) {
		w.pod = pod
	}
	w.seen.Unlock()
	w.wakeUp()
}

func newer(one, other string) bool {
	return len(one) > len(other) || (len(one) == len(other) && one > other)
}

func (w *worker) lose() {
	w.seen.Lock()
	w.gone = true
	w.seen.Unlock()
	w.wakeUp()
}

func (w *worker) latest() *v1.Pod {
	w.seen.Lock()
	defer w.seen.Unlock()
	return w.pod
}

func (w *worker) isGone() bool {
	w.seen.Lock()
	defer w.seen.Unlock()
	return w.gone
}

func (w *worker) event(kind, reason, text string, values ...any) {
	w.agent.recorders[w.node.name].Eventf(w.latest(), kind, reason, text, values...)
}

func (w *worker) loop() {
	for {
		wait := w.step()
		if w.isGone() && len(w.running()) == 0 {
			os.RemoveAll(w.folder())
			w.agent.forget(w)
			return
		}
		if err := w.report(); err != nil {
			wait = min(wait, time.Second)
		} else if err := w.deleteWhenEnded(); err != nil {
			wait = min(wait, time.Second)
		}
		select {
		case <-w.agent.ctx.Done():
			return
		case <-w.wake:
		case <-time.After(max(wait, 10*time.Millisecond)):
		}
	}
}

// step does the next thing there is to do, and returns when to look again if nothing happens before.
func (w *worker) step() time.Duration {
	pod := w.latest()
	w.adopt(pod)
	if w.isGone() {
		w.stopAll(pod, 0)
		return time.Second
	}
	if pod.DeletionTimestamp != nil {
		return w.terminate(pod)
	}
	if w.settled {
		return idle
	}
	if w.failure != "" {
		w.stopAll(pod, graceOf(pod))
		w.settled = len(w.running()) == 0
		return time.Second
	}
	if left, limited := w.deadline(pod); limited && left <= 0 {
		w.failure, w.message = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
		return 0
	}
	if err := w.prepare(pod); err != nil {
		return 2 * time.Second
	}
	w.mutex.Lock()
	wait := w.advance(pod)
	w.mutex.Unlock()
	if left, limited := w.deadline(pod); limited {
		wait = min(wait, left)
	}
	return wait
}

// deadline is how much is left of the pod's activeDeadlineSeconds.
func (w *worker) deadline(pod *v1.Pod) (time.Duration, bool) {
	if pod.Spec.ActiveDeadlineSeconds == nil || pod.Status.StartTime == nil {
		return idle, false
	}
	return time.Until(pod.Status.StartTime.Add(time.Duration(*pod.Spec.ActiveDeadlineSeconds) * time.Second)), true
}

// adopt makes the states, once, of what the API knows: after a restart of the agent nothing runs of what it says runs.
func (w *worker) adopt(pod *v1.Pod) {
	if w.adopted {
		return
	}
	w.adopted = true
	w.mutex.Lock()
	defer w.mutex.Unlock()
	known := map[string]v1.ContainerStatus{}
	for _, status := range append(append([]v1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
		known[status.Name] = status
	}
	for _, spec := range append(append([]v1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...) {
		c := &containerState{name: spec.Name}
		if status, ok := known[spec.Name]; ok {
			c.restarts, c.ended = status.RestartCount, status.State.Terminated
			if c.ended == nil {
				c.ended = status.LastTerminationState.Terminated
			}
			if status.State.Running != nil {
				c.previous = c.ended
				c.ended = &v1.ContainerStateTerminated{ExitCode: 137, Reason: "ContainerStatusUnknown", ContainerID: status.ContainerID,
					Message: "The container could not be located when the node agent started", StartedAt: status.State.Running.StartedAt,
					FinishedAt: metav1.Now()}
			}
		}
		w.states[spec.Name] = c
		w.order = append(w.order, c)
	}
	w.settled = pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
}

// prepare gives the pod its address and its volumes; while it cannot, its containers wait with the reason.
func (w *worker) prepare(pod *v1.Pod) error {
	err := unsupported(pod)
	reason, kind := "CreateContainerConfigError", "Failed"
	if err == nil && !w.address.IsValid() {
		w.address, err = w.agent.addressFor(w, pod.Status.PodIP)
		reason, kind = "ContainerCreating", "FailedCreatePodSandBox"
	}
	if err == nil {
		if err = w.syncVolumes(pod); err != nil {
			reason, kind = "ContainerCreating", "FailedMount"
		}
	}
	if err == nil {
		w.complain = ""
		w.warn(pod)
		return nil
	}
	if w.complain != err.Error() {
		w.complain = err.Error()
		w.event(v1.EventTypeWarning, kind, "%v", err)
	}
	if len(w.running()) > 0 {
		return nil // What runs keeps its volumes as they are, and goes on.
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, c := range w.order {
		c.waiting = v1.ContainerStateWaiting{Reason: reason}
		if reason != "ContainerCreating" {
			c.waiting.Message = err.Error()
		}
	}
	return err
}

func (w *worker) warn(pod *v1.Pod) {
	if w.warned {
		return
	}
	w.warned = true
	if left := unapplied(pod); len(left) > 0 {
		w.event(v1.EventTypeWarning, "NotApplied", "not applied on a local node: %s", strings.Join(left, ", "))
	}
	if count := len(pod.Spec.EphemeralContainers); count > 0 {
		w.event(v1.EventTypeWarning, "NotApplied", "not supported on a local node: ephemeral containers")
	}
}

// advance starts what is to be started next. Holds the mutex.
func (w *worker) advance(pod *v1.Pod) time.Duration {
	for i := range pod.Spec.InitContainers {
		spec := &pod.Spec.InitContainers[i]
		c := w.states[spec.Name]
		switch {
		case c.run != nil:
			return idle
		case c.ended != nil && c.ended.ExitCode == 0:
			continue
		case c.ended != nil && pod.Spec.RestartPolicy == v1.RestartPolicyNever:
			w.settled = true
			return 0
		default:
			return w.begin(pod, c, spec)
		}
	}
	wait, open := idle, false
	for i := range pod.Spec.Containers {
		spec := &pod.Spec.Containers[i]
		c := w.states[spec.Name]
		switch {
		case c.run != nil:
			open = true
			if c.run.image != spec.Image && !c.run.stopping {
				w.event(v1.EventTypeNormal, "Killing", "Container %s definition changed, will be restarted", spec.Name)
				go w.stop(c, spec, c.run, graceOf(pod))
			}
		case c.ended == nil || restarts(pod, c.ended):
			open = true
			wait = min(wait, w.begin(pod, c, spec))
			if c.run == nil && wait == 0 {
				wait = 10 * time.Millisecond // It did not start: how it ended decides what comes next.
			}
		}
	}
	w.settled = !open
	return wait
}

func restarts(pod *v1.Pod, ended *v1.ContainerStateTerminated) bool {
	switch pod.Spec.RestartPolicy {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return ended.ExitCode != 0
	case v1.RestartPolicyAlways:
	}
	return true
}

// terminate is for a pod that is to be deleted.
func (w *worker) terminate(pod *v1.Pod) time.Duration {
	grace := time.Duration(0)
	if pod.DeletionGracePeriodSeconds != nil {
		grace = time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
	}
	w.deleting = true
	w.stopAll(pod, grace)
	return time.Second
}

// stopAll begins to end whatever runs, or brings the end forward.
func (w *worker) stopAll(pod *v1.Pod, grace time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, spec := range append(append([]v1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...) {
		c := w.states[spec.Name]
		if c == nil || c.run == nil {
			continue
		}
		if c.run.stopping {
			// Only a shorter grace than the one it was given changes anything.
			if at := time.Now().Add(grace); at.Before(c.run.killAt) {
				c.run.killAt = at
			}
			continue
		}
		w.event(v1.EventTypeNormal, "Killing", "Stopping container %s", spec.Name)
		go w.stop(c, &spec, c.run, grace)
	}
}

// deleteWhenEnded removes a pod from the API for good once nothing of it runs and that has been reported.
func (w *worker) deleteWhenEnded() error {
	if !w.deleting || w.deleted || w.isGone() || len(w.running()) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(w.agent.ctx, 10*time.Second)
	defer cancel()
	err := w.agent.client.CoreV1().Pods(w.namespace).Delete(ctx, w.name, metav1.DeleteOptions{
		GracePeriodSeconds: new(int64), Preconditions: &metav1.Preconditions{UID: &w.uid}})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("deleting %s/%s: %w", w.namespace, w.name, err)
	}
	w.deleted = true
	return nil
}

// retryPulls is for images that have changed.
func (w *worker) retryPulls() {
	w.mutex.Lock()
	for _, c := range w.order {
		c.pulls = pulls{}
	}
	w.mutex.Unlock()
	w.wakeUp()
}
