// The node agent of hack/cluster: owns some Nodes and runs their pods as local processes, with kubelet's states,
// reasons and events. What it cannot do it refuses by name (unsupported.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// What bounds the agent; crossing one is an error, an event or a line in its log.
const (
	maxNodes        = 16
	maxPodsPerNode  = 60
	maxLogBytes     = 64 << 20
	maxVolumeBytes  = 8 << 20
	maxImages       = 256
	maxLogs         = 2000
	launchers       = 4
	probeBodyBytes  = 10 << 10
	heartbeatPeriod = 10 * time.Second
	leaseSeconds    = 40
	pollPeriod      = 500 * time.Millisecond
)

type nodeSpec struct {
	name string
	cidr netip.Prefix
}

type options struct {
	kubeconfig, imagesFile, data, logs  string
	address                             string
	port                                int
	tlsCert, tlsKey, clientCA, server   string
	nodes                               []nodeSpec
	taint                               bool
	crashBackoff, crashMax, pullBackoff time.Duration
}

func parse(words []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("node-agent", flag.ContinueOnError)
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of the agent's user")
	flags.StringVar(&o.imagesFile, "images", "", `JSON file {"IMAGE": "PROGRAM" | ["PROGRAM", "ARG"…]}; read again when it changes`)
	flags.StringVar(&o.data, "data", "", "folder of the pods' volumes")
	flags.StringVar(&o.logs, "logs", "", "folder of the containers' logs: NAMESPACE_POD_CONTAINER.log")
	flags.StringVar(&o.address, "address", "127.0.0.1", "address of the nodes and of the kubelet endpoint")
	flags.IntVar(&o.port, "port", 10248, "port of the kubelet endpoint")
	flags.StringVar(&o.tlsCert, "tls-cert-file", "", "certificate of the kubelet endpoint")
	flags.StringVar(&o.tlsKey, "tls-private-key-file", "", "its key")
	flags.StringVar(&o.clientCA, "client-ca-file", "", "authority of the clients of the kubelet endpoint")
	flags.BoolVar(&o.taint, "taint", false, "taint the nodes with "+localLabel+":NoSchedule")
	flags.DurationVar(&o.crashBackoff, "crash-backoff", 10*time.Second, "first delay of CrashLoopBackOff, doubling")
	flags.DurationVar(&o.crashMax, "crash-backoff-max", 5*time.Minute, "longest delay of any back-off")
	flags.DurationVar(&o.pullBackoff, "pull-backoff", 10*time.Second, "first delay of ImagePullBackOff, doubling")
	flags.Func("node", "NAME=CIDR, a node and the addresses of its pods; may be repeated", func(text string) error {
		name, cidr, _ := strings.Cut(text, "=")
		prefix, err := netip.ParsePrefix(cidr)
		if err == nil && (name == "" || !prefix.Addr().Is4() || prefix.Bits() != 24) {
			err = errors.New("takes NAME=CIDR with a /24 of IPv4")
		}
		o.nodes = append(o.nodes, nodeSpec{name, prefix.Masked()})
		return err
	})
	if err := flags.Parse(words); err != nil {
		return nil, err
	}
	if len(o.nodes) == 0 || len(o.nodes) > maxNodes {
		return nil, fmt.Errorf("takes 1 to %d --node", maxNodes)
	}
	if o.crashBackoff <= 0 || o.pullBackoff <= 0 || o.crashMax < o.crashBackoff {
		return nil, errors.New("back-offs must be positive, and the longest not below the first")
	}
	for _, folder := range []*string{&o.data, &o.logs} {
		if *folder == "" {
			return nil, errors.New("needs --data and --logs")
		}
		absolute, err := filepath.Abs(*folder)
		if err != nil {
			return nil, err
		}
		*folder = absolute
	}
	return o, nil
}

func serveNodes(o *options) error {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	config.UserAgent = "node-agent"
	o.server = config.Host
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	a, err := newAgent(o, client)
	if err != nil {
		return err
	}
	return a.run(ctx)
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == launchVerb {
		launched() // Does not return.
	}
	log.SetFlags(log.LstdFlags | log.Lmicroseconds | log.LUTC)
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "node-agent:", err)
		os.Exit(2)
	}
	if err := serveNodes(o); err != nil {
		log.Fatal("node-agent: ", err)
	}
}
