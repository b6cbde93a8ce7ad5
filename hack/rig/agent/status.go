package main

import (
	"context"
	"encoding/json"
	"log"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// report writes the pod's status if it is not what the API has.
func (w *worker) report() error {
	base := w.latest()
	if w.isGone() || (w.settled && base.Status.Phase != v1.PodPending && base.Status.Phase != v1.PodRunning && !w.deleting) {
		return nil
	}
	next := base.DeepCopy()
	w.fill(next)
	if equality.Semantic.DeepEqual(base.Status, next.Status) {
		return nil
	}
	patch, err := patchOf(base, next)
	if err != nil {
		log.Printf("status of %s/%s: %v", w.namespace, w.name, err)
		return err
	}
	ctx, cancel := context.WithTimeout(w.agent.ctx, 10*time.Second)
	defer cancel()
	answer, err := w.agent.client.CoreV1().Pods(w.namespace).Patch(ctx, w.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // Gone, or another pod of that name.
		return nil
	case err != nil:
		log.Printf("status of %s/%s: %v", w.namespace, w.name, err)
		return err
	}
	w.seen.Lock()
	if newer(answer.ResourceVersion, w.pod.ResourceVersion) {
		w.pod = answer
	}
	w.seen.Unlock()
	return nil
}

// patchOf holds only what differs, and the UID, so that no other pod of that name is meant.
func patchOf(base, next *v1.Pod) ([]byte, error) {
	old, err := json.Marshal(&v1.Pod{Status: base.Status})
	if err != nil {
		return nil, err
	}
	fresh, err := json.Marshal(&v1.Pod{ObjectMeta: metav1.ObjectMeta{UID: base.UID}, Status: next.Status})
	if err != nil {
		return nil, err
	}
	return strategicpatch.CreateTwoWayMergePatch(old, fresh, v1.Pod{})
}

// fill computes the whole status, but leaves conditions of others as they are.
func (w *worker) fill(pod *v1.Pod) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	status := &pod.Status
	status.ObservedGeneration = pod.Generation
	if status.StartTime == nil {
		now := metav1.Now().Rfc3339Copy()
		status.StartTime = &now
	}
	status.HostIP, status.HostIPs = w.agent.options.address, []v1.HostIP{{IP: w.agent.options.address}}
	if w.address.IsValid() {
		status.PodIP, status.PodIPs = w.address.String(), []v1.PodIP{{IP: w.address.String()}}
	}
	status.InitContainerStatuses = w.statuses(pod, pod.Spec.InitContainers, status.InitContainerStatuses, true)
	status.ContainerStatuses = w.statuses(pod, pod.Spec.Containers, status.ContainerStatuses, false)
	status.Phase = w.phase(pod)
	if w.failure != "" {
		status.Reason, status.Message = w.failure, w.message
	}
	w.fillConditions(pod)
}

func (w *worker) statuses(pod *v1.Pod, specs []v1.Container, had []v1.ContainerStatus, init bool) []v1.ContainerStatus {
	var out []v1.ContainerStatus
	for i := range specs {
		spec := &specs[i]
		c := w.states[spec.Name]
		one := v1.ContainerStatus{}
		for _, old := range had {
			if old.Name == spec.Name {
				one = old
			}
		}
		one.Name, one.Image, one.ImageID = spec.Name, spec.Image, ""
		one.RestartCount, one.Ready = c.restarts, c.run != nil && c.started && c.ready
		if init {
			one.Ready = c.run == nil && c.ended != nil && c.ended.ExitCode == 0
		}
		started := c.run != nil && c.started
		one.Started = &started
		one.State, one.LastTerminationState = w.stateOf(pod, c, init)
		if c.run != nil {
			one.ContainerID, one.ImageID = c.run.id, "local://"+spec.Image
		} else if c.ended != nil {
			one.ContainerID = c.ended.ContainerID
		}
		out = append(out, one)
	}
	return out
}

func (w *worker) stateOf(pod *v1.Pod, c *containerState, init bool) (now, last v1.ContainerState) {
	if c.run != nil {
		last.Terminated = c.previous
		now.Running = &v1.ContainerStateRunning{StartedAt: metav1.NewTime(c.run.startedAt).Rfc3339Copy()}
		return now, rounded(last)
	}
	again := c.ended != nil && restarts(pod, c.ended) && !w.settled && !w.deleting && w.failure == "" && !(init && c.ended.ExitCode == 0)
	switch {
	case c.ended != nil && (!again || c.waiting.Reason == ""):
		now.Terminated, last.Terminated = c.ended, c.previous
	case c.ended != nil:
		now.Waiting, last.Terminated = waitingOf(c), c.ended
	default:
		now.Waiting = waitingOf(c)
		if now.Waiting.Reason == "" {
			now.Waiting.Reason = "ContainerCreating"
			if !init && len(pod.Spec.InitContainers) > 0 {
				now.Waiting.Reason = "PodInitializing"
			}
		}
	}
	return rounded(now), rounded(last)
}

func waitingOf(c *containerState) *v1.ContainerStateWaiting {
	waiting := c.waiting
	return &waiting
}

// rounded has the times as the API gives them back, to whole seconds; else each look would find a difference.
func rounded(state v1.ContainerState) v1.ContainerState {
	if state.Terminated != nil {
		copied := *state.Terminated
		copied.StartedAt, copied.FinishedAt = copied.StartedAt.Rfc3339Copy(), copied.FinishedAt.Rfc3339Copy()
		state.Terminated = &copied
	}
	return state
}

// phase follows kubelet's getPhase.
func (w *worker) phase(pod *v1.Pod) v1.PodPhase {
	if pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed {
		return pod.Status.Phase
	}
	if w.failure != "" && w.settled {
		return v1.PodFailed
	}
	for i := range pod.Spec.InitContainers {
		c := w.states[pod.Spec.InitContainers[i].Name]
		if c.ended == nil || c.ended.ExitCode != 0 || c.run != nil {
			if w.settled || (w.deleting && w.nothingRuns()) {
				return v1.PodFailed
			}
			return v1.PodPending
		}
	}
	running, waiting, good, bad := 0, 0, 0, 0
	for i := range pod.Spec.Containers {
		c := w.states[pod.Spec.Containers[i].Name]
		switch {
		case c.run != nil:
			running++
		case c.ended == nil:
			waiting++
		case c.ended.ExitCode == 0:
			good++
		default:
			bad++
		}
	}
	switch {
	case w.deleting && running == 0, w.settled:
		if bad+waiting > 0 {
			return v1.PodFailed
		}
		return v1.PodSucceeded
	case waiting > 0:
		return v1.PodPending
	}
	return v1.PodRunning
}

func (w *worker) nothingRuns() bool {
	for _, c := range w.order {
		if c.run != nil {
			return false
		}
	}
	return true
}

func (w *worker) fillConditions(pod *v1.Pod) {
	ended := pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
	initialized := true
	for i := range pod.Spec.InitContainers {
		c := w.states[pod.Spec.InitContainers[i].Name]
		initialized = initialized && c.run == nil && c.ended != nil && c.ended.ExitCode == 0
	}
	containers, reason := true, ""
	for _, one := range pod.Status.ContainerStatuses {
		containers = containers && one.Ready
	}
	if !containers {
		reason = "ContainersNotReady"
	}
	if pod.Status.Phase == v1.PodSucceeded {
		reason = "PodCompleted"
	} else if ended {
		reason = "PodFailed"
	}
	containers = containers && !ended
	ready := containers
	for _, gate := range pod.Spec.ReadinessGates {
		if !isTrue(pod, gate.ConditionType) {
			ready = false
			if reason == "" {
				reason = "ReadinessGatesNotReady"
			}
		}
	}
	readyReason, containersReason := reason, reason
	if reason == "ReadinessGatesNotReady" {
		containersReason = ""
	}
	initReason := ""
	if !initialized {
		initReason = "ContainersNotInitialized"
	}
	setCondition(pod, v1.PodReadyToStartContainers, w.address.IsValid() && !ended, "")
	setCondition(pod, v1.PodInitialized, initialized, initReason)
	setCondition(pod, v1.ContainersReady, containers, containersReason)
	setCondition(pod, v1.PodReady, ready, readyReason)
	setCondition(pod, v1.PodScheduled, true, "")
}

func isTrue(pod *v1.Pod, kind v1.PodConditionType) bool {
	for _, one := range pod.Status.Conditions {
		if one.Type == kind {
			return one.Status == v1.ConditionTrue
		}
	}
	return false
}

func setCondition(pod *v1.Pod, kind v1.PodConditionType, holds bool, reason string) {
	wanted := v1.ConditionFalse
	if holds {
		wanted = v1.ConditionTrue
	}
	for i := range pod.Status.Conditions {
		one := &pod.Status.Conditions[i]
		if one.Type != kind {
			continue
		}
		if one.Status != wanted {
			one.LastTransitionTime = metav1.Now().Rfc3339Copy()
		}
		one.Status, one.Reason, one.Message, one.ObservedGeneration = wanted, reason, "", pod.Generation
		return
	}
	pod.Status.Conditions = append(pod.Status.Conditions, v1.PodCondition{Type: kind, Status: wanted, Reason: reason,
		LastTransitionTime: metav1.Now().Rfc3339Copy(), ObservedGeneration: pod.Generation})
}
