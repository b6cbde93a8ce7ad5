package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// startProbes begins the probes of a container that has just been started; they end with its context.
func (w *worker) startProbes(pod *v1.Pod, c *containerState, spec *v1.Container, r *run) {
	if spec.StartupProbe != nil {
		go w.probe(pod, c, spec, r, "Startup", spec.StartupProbe)
	}
	if spec.ReadinessProbe != nil {
		go w.probe(pod, c, spec, r, "Readiness", spec.ReadinessProbe)
	}
	if spec.LivenessProbe != nil {
		go w.probe(pod, c, spec, r, "Liveness", spec.LivenessProbe)
	}
}

// probe asks again and again. The startup probe comes first: the others wait until it has succeeded, then it ends.
func (w *worker) probe(pod *v1.Pod, c *containerState, spec *v1.Container, r *run, kind string, probe *v1.Probe) {
	if !pause(r.ctx, time.Duration(probe.InitialDelaySeconds)*time.Second) {
		return
	}
	for kind != "Startup" && !w.hasStarted(c, r) {
		if !pause(r.ctx, 50*time.Millisecond) {
			return
		}
	}
	successes, failures := int32(0), int32(0)
	period := time.Duration(max(1, probe.PeriodSeconds)) * time.Second
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		err := w.ask(r.ctx, spec, r, &probe.ProbeHandler, time.Duration(max(1, probe.TimeoutSeconds))*time.Second)
		if r.ctx.Err() != nil {
			return
		}
		if err == nil {
			successes, failures = successes+1, 0
		} else {
			successes, failures = 0, failures+1
			w.event(v1.EventTypeWarning, "Unhealthy", "%s probe failed: %v", kind, err)
		}
		switch {
		case err == nil && successes >= max(1, probe.SuccessThreshold):
			w.probed(c, r, kind, true)
			if kind == "Startup" {
				return
			}
		case err != nil && failures >= max(1, probe.FailureThreshold):
			if kind == "Readiness" {
				w.probed(c, r, kind, false)
				break
			}
			grace := graceOf(pod)
			if probe.TerminationGracePeriodSeconds != nil {
				grace = time.Duration(*probe.TerminationGracePeriodSeconds) * time.Second
			}
			verb := "failed liveness probe, will be restarted"
			if kind == "Startup" {
				verb = "failed startup probe, will be restarted"
			}
			w.event(v1.EventTypeNormal, "Killing", "Container %s %s", c.name, verb)
			w.stop(c, spec, r, grace)
			return
		}
		select {
		case <-r.ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// pause returns whether the time has passed before the context ended.
func pause(ctx context.Context, length time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(length):
		return true
	}
}

func (w *worker) hasStarted(c *containerState, r *run) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return c.run == r && c.started
}

func (w *worker) probed(c *containerState, r *run, kind string, good bool) {
	w.mutex.Lock()
	changed := false
	if c.run == r {
		switch kind {
		case "Startup":
			changed, c.started = !c.started, true
		case "Readiness":
			changed, c.ready = c.ready != good, good
		}
	}
	w.mutex.Unlock()
	if changed {
		w.wakeUp()
	}
}

// ask makes one request of a probe or a hook.
func (w *worker) ask(ctx context.Context, spec *v1.Container, r *run, handler *v1.ProbeHandler, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch {
	case handler.HTTPGet != nil:
		return w.get(ctx, spec, handler.HTTPGet, limit)
	case handler.TCPSocket != nil:
		port, err := portOf(spec, handler.TCPSocket.Port)
		if err != nil {
			return err
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(w.hostOr(handler.TCPSocket.Host), port))
		if err != nil {
			return err
		}
		return connection.Close()
	case handler.Exec != nil:
		return execInside(ctx, r, handler.Exec.Command, limit)
	}
	return errors.New("no handler that is known")
}

func (w *worker) hostOr(host string) string {
	if host != "" {
		return host
	}
	return w.address.String()
}

func portOf(spec *v1.Container, port intstr.IntOrString) (string, error) {
	if port.Type == intstr.Int {
		return strconv.Itoa(int(port.IntVal)), nil
	}
	for _, named := range spec.Ports {
		if named.Name == port.StrVal {
			return strconv.Itoa(int(named.ContainerPort)), nil
		}
	}
	if _, err := strconv.Atoi(port.StrVal); err == nil {
		return port.StrVal, nil
	}
	return "", fmt.Errorf("no port named %q", port.StrVal)
}

// probeTransport keeps nothing open, as kubelet's does not, and takes any certificate of a pod.
var probeTransport = &http.Transport{DisableKeepAlives: true, Proxy: nil, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}

func (w *worker) get(ctx context.Context, spec *v1.Container, action *v1.HTTPGetAction, limit time.Duration) error {
	port, err := portOf(spec, action.Port)
	if err != nil {
		return err
	}
	scheme := "http"
	if action.Scheme == v1.URISchemeHTTPS {
		scheme = "https"
	}
	path := action.Path
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	address := scheme + "://" + net.JoinHostPort(w.hostOr(action.Host), port) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "kube-probe/1.36")
	for _, header := range action.HTTPHeaders {
		if header.Name == "Host" {
			request.Host = header.Value
		}
		request.Header.Set(header.Name, header.Value)
	}
	answer, err := (&http.Client{Transport: probeTransport, Timeout: limit}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, probeBodyBytes))
	if answer.StatusCode < 200 || answer.StatusCode >= 400 {
		return fmt.Errorf("HTTP probe failed with statuscode: %d", answer.StatusCode)
	}
	return nil
}

// execInside runs a command in a container's namespaces; whatever is left of it after the limit dies with the container.
func execInside(ctx context.Context, r *run, words []string, limit time.Duration) error {
	// -r and -w: the container's own root and working directory.
	enter := []string{"--preserve-credentials", "-t", strconv.Itoa(r.pid), "-m", "-p", "-r", "-w", "--"}
	command := exec.CommandContext(ctx, "nsenter", append(enter, words...)...)
	command.Env = append([]string{}, r.env...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &limited{&output, probeBodyBytes}, &limited{&output, probeBodyBytes}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	err := command.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("command timed out after %s", limit)
	}
	if err != nil {
		return fmt.Errorf("%v: %s", err, bytes.TrimSpace(output.Bytes()))
	}
	return nil
}

// limited drops what is beyond its bound.
type limited struct {
	to   *bytes.Buffer
	room int
}

func (l *limited) Write(text []byte) (int, error) {
	if kept := min(len(text), l.room-l.to.Len()); kept > 0 {
		l.to.Write(text[:kept])
	}
	return len(text), nil
}
