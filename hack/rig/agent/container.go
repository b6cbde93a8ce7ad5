package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

// containerState is what is known of one container; under its worker's mutex.
type containerState struct {
	name     string
	run      *run                         // the process there is
	ended    *v1.ContainerStateTerminated // how the last one ended
	previous *v1.ContainerStateTerminated // and the one before
	waiting  v1.ContainerStateWaiting     // why there is none
	restarts int32
	started  bool // since the present process began: its startup probe has succeeded
	ready    bool
	delay    time.Duration // CrashLoopBackOff
	said     bool          // the back-off's event
	pulls    pulls
}

// pulls is the back-off of an image that is not there.
type pulls struct {
	delay time.Duration
	next  time.Time
}

// run is one process of a container.
type run struct {
	id        string
	image     string
	fallback  bool // its log's end is its termination message, when it fails
	pid       int
	process   *os.Process
	env       []string
	startedAt time.Time
	ctx       context.Context // ends with the process
	cancel    context.CancelFunc
	done      chan struct{}
	stopping  bool
	killAt    time.Time
	reason    string // why it is killed, when that is more than its exit code tells
}

func graceOf(pod *v1.Pod) time.Duration {
	if pod.Spec.TerminationGracePeriodSeconds == nil {
		return 30 * time.Second
	}
	return time.Duration(*pod.Spec.TerminationGracePeriodSeconds) * time.Second
}

// begin starts a container if its time has come, else says why it waits, and returns when to look again. Holds the mutex.
func (w *worker) begin(pod *v1.Pod, c *containerState, spec *v1.Container) time.Duration {
	now := time.Now()
	if c.ended != nil {
		if left := c.ended.FinishedAt.Add(c.delay).Sub(now); left > 0 {
			who := fmt.Sprintf("pod=%s_%s(%s)", w.name, w.namespace, w.uid)
			text := fmt.Sprintf("back-off %s restarting failed container=%s %s", short(c.delay), c.name, who)
			c.waiting = v1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: text}
			if !c.said {
				c.said = true
				w.event(v1.EventTypeWarning, "BackOff", "Back-off restarting failed container %s in pod %s_%s(%s)", c.name, w.name, w.namespace, w.uid)
			}
			return left
		}
	}
	entrypoint, wait := w.pull(c, spec, now)
	if entrypoint == nil {
		return wait
	}
	values, err := w.environment(pod, spec)
	var mounts []mount
	if err == nil {
		mounts, err = w.mountsOf(pod, spec)
	}
	if err != nil {
		if c.waiting.Message != err.Error() {
			w.event(v1.EventTypeWarning, "Failed", "Error: %v", err)
		}
		c.waiting = v1.ContainerStateWaiting{Reason: "CreateContainerConfigError", Message: err.Error()}
		return 2 * time.Second
	}
	w.launch(pod, c, spec, launchSpec{Mounts: mounts, WorkingDir: workingDir(spec), Args: w.commandLine(spec, entrypoint, values)}, flatten(values))
	return 0
}

func short(d time.Duration) string {
	return strings.TrimSuffix(d.Round(time.Millisecond).String(), "0s")
}

// pull returns the image's entrypoint, or nil and when to try again.
func (w *worker) pull(c *containerState, spec *v1.Container, now time.Time) ([]string, time.Duration) {
	if left := c.pulls.next.Sub(now); left > 0 {
		text := fmt.Sprintf("Back-off pulling image %q", spec.Image)
		if c.waiting.Reason == "ErrImagePull" {
			text += ": ErrImagePull: " + c.waiting.Message
			w.event(v1.EventTypeNormal, "BackOff", "Back-off pulling image %q", spec.Image)
			w.event(v1.EventTypeWarning, "Failed", "Error: ImagePullBackOff")
			c.waiting = v1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: text}
		}
		return nil, left
	}
	entrypoint, err := w.agent.images.entrypoint(spec.Image)
	if err == nil {
		c.pulls = pulls{}
		return entrypoint, 0
	}
	if spec.ImagePullPolicy == v1.PullNever {
		c.waiting = v1.ContainerStateWaiting{Reason: "ErrImageNeverPull", Message: fmt.Sprintf("Container image %q is not present with pull policy of Never", spec.Image)}
		return nil, 10 * time.Second
	}
	c.pulls.delay = min(max(2*c.pulls.delay, w.agent.options.pullBackoff), w.agent.options.crashMax)
	c.pulls.next = now.Add(c.pulls.delay)
	w.event(v1.EventTypeWarning, "Failed", "Failed to pull image %q: %v", spec.Image, err)
	w.event(v1.EventTypeWarning, "Failed", "Error: ErrImagePull")
	c.waiting = v1.ContainerStateWaiting{Reason: "ErrImagePull", Message: err.Error()}
	return nil, time.Second
}

func (w *worker) launch(pod *v1.Pod, c *containerState, spec *v1.Container, launch launchSpec, env []string) {
	if c.ended != nil {
		c.restarts++
		c.delay = min(max(2*c.delay, w.agent.options.crashBackoff), w.agent.options.crashMax)
		c.previous = c.ended
	}
	c.said = false
	id := "local://" + rand.String(16)
	launch.Stage = filepath.Join(w.folder(), "stage", c.name)
	err := os.MkdirAll(launch.Stage, 0o700)
	var process *os.Process
	begun := time.Now()
	if err == nil {
		process, err = w.agent.launcher.start(launch, env, w.logFile(c.name))
	}
	if err != nil {
		w.event(v1.EventTypeWarning, "Failed", "Error: failed to start container %q: %v", c.name, err)
		at := metav1.NewTime(begun)
		c.ended = &v1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: err.Error(), StartedAt: at, FinishedAt: at, ContainerID: id}
		return
	}
	ctx, cancel := context.WithCancel(w.agent.ctx)
	r := &run{id: id, image: spec.Image, pid: process.Pid, process: process, env: env, startedAt: begun, ctx: ctx, cancel: cancel,
		fallback: spec.TerminationMessagePolicy == v1.TerminationMessageFallbackToLogsOnError, done: make(chan struct{})}
	c.run, c.waiting = r, v1.ContainerStateWaiting{}
	c.started, c.ready = spec.StartupProbe == nil, spec.ReadinessProbe == nil
	w.event(v1.EventTypeNormal, "Pulled", "Container image %q already present on machine", spec.Image)
	w.event(v1.EventTypeNormal, "Created", "Container created")
	w.event(v1.EventTypeNormal, "Started", "Container started")
	go w.await(c, r)
	w.startProbes(pod, c, spec, r)
}

func (w *worker) logFile(container string) string {
	return filepath.Join(w.agent.options.logs, fmt.Sprintf("%s_%s_%s.log", w.namespace, w.name, container))
}

// await takes note of how a process ends.
func (w *worker) await(c *containerState, r *run) {
	state, err := r.process.Wait()
	r.cancel()
	ended := &v1.ContainerStateTerminated{ContainerID: r.id, StartedAt: metav1.NewTime(r.startedAt), FinishedAt: metav1.Now(), Reason: "Completed"}
	if err != nil {
		ended.ExitCode, ended.Message = 255, err.Error()
	} else if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		ended.ExitCode = int32(128 + status.Signal())
	} else {
		ended.ExitCode = int32(status.ExitStatus())
	}
	w.agent.cpu.forget(r.id)
	w.mutex.Lock()
	if ended.ExitCode != 0 {
		ended.Reason = "Error"
		if r.fallback {
			ended.Message = endOf(w.logFile(c.name))
		}
	}
	if r.reason != "" {
		ended.Reason = r.reason
	}
	// As kubelet: whoever ran for long enough starts anew with the shortest delay.
	if ended.FinishedAt.Sub(r.startedAt) > 2*w.agent.options.crashMax {
		c.delay = 0
	}
	c.run, c.ended, c.started, c.ready = nil, ended, false, false
	close(r.done)
	w.mutex.Unlock()
	w.wakeUp()
}

// endOf is the end of a log as kubelet takes it for a termination message: 80 lines, 2048 bytes at most.
func endOf(path string) string {
	const lines, length = 80, 2048
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > length {
		_, _ = file.Seek(-length, io.SeekEnd)
	}
	text, _ := io.ReadAll(io.LimitReader(file, length))
	parts := strings.SplitAfter(string(text), "\n")
	return strings.ToValidUTF8(strings.Join(parts[max(0, len(parts)-lines-1):], ""), "")
}

// stop ends a process as kubelet does: hook, SIGTERM, grace, SIGKILL. Returns when it is gone; asked twice, the earlier
// end counts.
func (w *worker) stop(c *containerState, spec *v1.Container, r *run, grace time.Duration) {
	killAt := time.Now().Add(grace)
	w.mutex.Lock()
	already := r.stopping
	if !already || killAt.Before(r.killAt) {
		r.killAt = killAt
	}
	r.stopping = true
	w.mutex.Unlock()
	if already {
		<-r.done
		return
	}
	if spec.Lifecycle != nil && spec.Lifecycle.PreStop != nil && grace > 0 {
		ctx, cancel := context.WithCancel(r.ctx)
		hook := make(chan struct{})
		go func() {
			defer close(hook)
			w.preStop(ctx, c, spec, r, grace)
		}()
		w.awaitKill(r, hook)
		cancel()
		// As kubelet: two seconds are left even when the hook took all of the grace.
		w.mutex.Lock()
		if least := time.Now().Add(2 * time.Second); r.killAt.Before(least) && r.killAt.Equal(killAt) {
			r.killAt = least
		}
		w.mutex.Unlock()
	}
	_ = r.process.Signal(syscall.SIGTERM)
	w.awaitKill(r, nil)
	_ = r.process.Kill()
	<-r.done
}

// awaitKill returns when the process has ended, when the other thing has, or when its grace is over, which may be cut
// short meanwhile.
func (w *worker) awaitKill(r *run, other <-chan struct{}) {
	for {
		w.mutex.Lock()
		left := time.Until(r.killAt)
		w.mutex.Unlock()
		if left <= 0 {
			return
		}
		select {
		case <-r.done:
			return
		case <-other:
			return
		case <-time.After(min(left, 100*time.Millisecond)):
		}
	}
}

func (w *worker) preStop(ctx context.Context, c *containerState, spec *v1.Container, r *run, grace time.Duration) {
	hook := spec.Lifecycle.PreStop
	var err error
	switch {
	case hook.Sleep != nil:
		pause(ctx, time.Duration(hook.Sleep.Seconds)*time.Second)
	default:
		err = w.ask(ctx, spec, r, &v1.ProbeHandler{Exec: hook.Exec, HTTPGet: hook.HTTPGet, TCPSocket: hook.TCPSocket}, grace)
	}
	if err != nil && ctx.Err() == nil {
		w.event(v1.EventTypeWarning, "FailedPreStopHook", "PreStopHook of container %s failed: %v", c.name, err)
	}
}

// checkMemory kills what holds more memory than its limit allows, as the kernel does for a cgroup.
func (w *worker) checkMemory(table processTable) {
	pod := w.latest()
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, spec := range append(append([]v1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...) {
		limit, limited := spec.Resources.Limits[v1.ResourceMemory]
		c := w.states[spec.Name]
		if !limited || c == nil || c.run == nil {
			continue
		}
		if _, resident := table.tree(c.run.pid); resident > limit.Value() {
			c.run.reason = "OOMKilled"
			_ = c.run.process.Kill()
		}
	}
}

// checkLogs cuts a log that has grown above its bound: it begins anew.
func (w *worker) checkLogs() {
	for _, one := range w.running() {
		file := w.logFile(one.container)
		if info, err := os.Stat(file); err == nil && info.Size() > maxLogBytes {
			log.Printf("%s: longer than %d bytes, begins anew", file, maxLogBytes)
			_ = os.Truncate(file, 0)
		}
	}
}

// runningContainer is what the metrics want to know.
type runningContainer struct {
	container, id string
	pid           int
	startedAt     time.Time
}

func (w *worker) running() []runningContainer {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var found []runningContainer
	for _, c := range w.order {
		if c.run != nil {
			found = append(found, runningContainer{c.name, c.run.id, c.run.pid, c.run.startedAt})
		}
	}
	return found
}
