package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func metricsPath(node string) string { return "/metrics/nodes/" + node + "/metrics/resource" }

// serve answers as the kubelets of all nodes: /metrics/resource, and nothing of logs and exec.
func (a *agent) serve(ctx context.Context) error {
	authority, err := os.ReadFile(a.options.clientCA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return errors.New("no certificate in " + a.options.clientCA)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	for _, node := range a.options.nodes {
		routes.HandleFunc("GET "+metricsPath(node.name), func(w http.ResponseWriter, _ *http.Request) { a.writeMetrics(w, node.name) })
	}
	server := &http.Server{
		Addr: net.JoinHostPort(a.options.address, strconv.Itoa(a.options.port)), Handler: routes,
		ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12},
		// What only connects, to see whether somebody listens, is no error.
		ErrorLog: log.New(discard{}, "", 0),
	}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	return server.ListenAndServeTLS(a.options.tlsCert, a.options.tlsKey)
}

type discard struct{}

func (discard) Write(text []byte) (int, error) { return len(text), nil }

// usage is what one container has used and uses.
type usage struct {
	cpu    time.Duration
	memory int64
}

func (a *agent) writeMetrics(out http.ResponseWriter, node string) {
	table := readProcesses()
	text := &strings.Builder{}
	total := usage{cpu: time.Millisecond, memory: 1}
	at := time.Now().UnixMilli()
	for _, w := range a.all() {
		if w.node.name != node {
			continue
		}
		var pod usage
		namespace, name := w.namespace, w.name
		for _, one := range w.running() {
			used := a.cpu.measure(table, one.pid, one.id)
			pod.cpu += used.cpu
			pod.memory += used.memory
			labels := fmt.Sprintf(`{container=%q,namespace=%q,pod=%q}`, one.container, namespace, name)
			fmt.Fprintf(text, "container_cpu_usage_seconds_total%s %.6f %d\n", labels, used.cpu.Seconds(), at)
			fmt.Fprintf(text, "container_memory_working_set_bytes%s %d %d\n", labels, used.memory, at)
			fmt.Fprintf(text, "container_start_time_seconds%s %.3f\n", labels, float64(one.startedAt.UnixMilli())/1000)
		}
		if pod.cpu > 0 {
			labels := fmt.Sprintf(`{namespace=%q,pod=%q}`, namespace, name)
			fmt.Fprintf(text, "pod_cpu_usage_seconds_total%s %.6f %d\n", labels, pod.cpu.Seconds(), at)
			fmt.Fprintf(text, "pod_memory_working_set_bytes%s %d %d\n", labels, pod.memory, at)
		}
		total.memory += pod.memory
		total.cpu += pod.cpu
	}
	total.cpu = a.cpu.nodeTotal(node, total.cpu)
	fmt.Fprintf(text, "node_cpu_usage_seconds_total %.6f %d\n", total.cpu.Seconds(), at)
	fmt.Fprintf(text, "node_memory_working_set_bytes %d %d\n", total.memory, at)
	out.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprint(out, text.String())
}

// process is a line of /proc/PID/stat.
type process struct {
	parent   int
	cpuTicks int64 // of its own, and of its children that ended and were waited for
	resident int64 // bytes
}

// processTable is all processes, and who is whose child.
type processTable struct {
	processes map[int]process
	children  map[int][]int
}

const ticksPerSecond = 100 // USER_HZ, which is 100 wherever Linux shows it to programs

func readProcesses() processTable {
	table := processTable{map[int]process{}, map[int][]int{}}
	folder, err := os.Open("/proc")
	if err != nil {
		return table
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		// The command's name may hold anything; what follows its last bracket are fields 3 and on.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 22 {
			continue
		}
		number := func(field int) int64 {
			n, _ := strconv.ParseInt(fields[field-3], 10, 64)
			return n
		}
		parent := int(number(4))
		table.processes[pid] = process{parent, number(14) + number(15) + number(16) + number(17), number(24) * int64(os.Getpagesize())}
		table.children[parent] = append(table.children[parent], pid)
	}
	return table
}

// tree sums a process and all below it.
func (t processTable) tree(pid int) (ticks, resident int64) {
	found, ok := t.processes[pid]
	if !ok {
		return 0, 0
	}
	ticks, resident = found.cpuTicks, found.resident
	for _, child := range t.children[pid] {
		more, memory := t.tree(child)
		ticks += more
		resident += memory
	}
	return ticks, resident
}

// cpuMeter keeps counters from falling when a process ends without having been waited for.
type cpuMeter struct {
	mutex sync.Mutex
	most  map[string]time.Duration
	nodes map[string]nodeMeter
}

type nodeMeter struct{ sum, last time.Duration }

func newCPUMeter() *cpuMeter {
	return &cpuMeter{most: map[string]time.Duration{}, nodes: map[string]nodeMeter{}}
}

func (m *cpuMeter) measure(table processTable, pid int, id string) usage {
	ticks, resident := table.tree(pid)
	// metrics-server leaves out a container that has used nothing at all.
	cpu := max(time.Duration(ticks)*(time.Second/ticksPerSecond), time.Millisecond)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.most[id] = max(m.most[id], cpu)
	return usage{m.most[id], max(resident, int64(os.Getpagesize()))}
}

func (m *cpuMeter) forget(id string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.most, id)
}

// nodeTotal is a counter of a node's CPU out of what its present containers have used, which falls when one ends.
func (m *cpuMeter) nodeTotal(node string, now time.Duration) time.Duration {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	meter := m.nodes[node]
	meter.sum += max(0, now-meter.last)
	meter.last = now
	m.nodes[node] = meter
	return max(meter.sum, time.Millisecond)
}
