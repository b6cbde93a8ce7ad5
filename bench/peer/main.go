// What a careful team would write with controller-runtime instead of Doorbuster's core: at a SaleEvent's start the
// autoscaler of each target gets its floor. Only for measuring; it keeps no baseline and restores nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type reconciler struct{ client.Client }

func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var sale SaleEvent
	if err := r.Get(ctx, request.NamespacedName, &sale); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if wait := time.Until(sale.Spec.Window.Start.Time); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	for _, target := range sale.Spec.Capacity.Targets {
		if err := r.raise(ctx, sale.Namespace, target); err != nil {
			return reconcile.Result{}, err
		}
	}
	return reconcile.Result{}, nil
}

// raise writes a floor once; the autoscaler bears its workload's name here.
func (r *reconciler) raise(ctx context.Context, namespace string, target Target) error {
	var cached autoscalingv2.HorizontalPodAutoscaler
	key := types.NamespacedName{Namespace: namespace, Name: target.Ref.Name}
	if err := r.Get(ctx, key, &cached); err != nil {
		return err
	}
	if cached.Spec.MinReplicas != nil && *cached.Spec.MinReplicas >= target.Need.Replicas {
		return nil
	}
	raised := cached.DeepCopy()
	raised.Spec.MinReplicas = &target.Need.Replicas
	raised.Spec.MaxReplicas = max(raised.Spec.MaxReplicas, target.Need.Replicas*3/2)
	patch := client.MergeFromWithOptions(&cached, client.MergeFromWithOptimisticLock{})
	return r.Patch(ctx, raised, patch, client.FieldOwner("peer"))
}

func sameName(_ context.Context, object client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKeyFromObject(object)}}
}

func run() error {
	kubeconfig := flag.String("config", "", "kubeconfig")
	workers := flag.Int("workers", 16, "rounds at once")
	sales := flag.Bool("sales", true, "act on SaleEvents; false: only cache")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // the server's own fairness limits, not a client's guess
	scheme := runtime.NewScheme()
	utilruntime.Must(appsv1.AddToScheme(scheme))
	utilruntime.Must(autoscalingv2.AddToScheme(scheme))
	utilruntime.Must(addSales(scheme))
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		Metrics:                       server.Options{BindAddress: "0"},
		LeaderElection:                *sales,
		LeaderElectionID:              "bench-peer",
		LeaderElectionNamespace:       "bench",
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	if *sales {
		err = ctrl.NewControllerManagedBy(manager).Named("sale").For(&SaleEvent{}).
			Watches(&autoscalingv2.HorizontalPodAutoscaler{}, handler.EnqueueRequestsFromMapFunc(sameName)).
			WithOptions(controller.Options{MaxConcurrentReconciles: *workers}).
			Complete(&reconciler{manager.GetClient()})
		if err != nil {
			return err
		}
	}
	return start(ctx, manager)
}

// start prints how long the caches took, then runs until a signal.
func start(ctx context.Context, manager ctrl.Manager) error {
	began := time.Now()
	go func() {
		for _, kind := range []client.Object{&appsv1.Deployment{}, &autoscalingv2.HorizontalPodAutoscaler{}} {
			if _, err := manager.GetCache().GetInformer(ctx, kind, cache.BlockUntilSynced(false)); err != nil {
				fmt.Fprintln(os.Stderr, "peer:", err)
			}
		}
		if manager.GetCache().WaitForCacheSync(ctx) {
			fmt.Printf("{\"synced_seconds\": %.4f}\n", time.Since(began).Seconds())
		}
	}()
	return manager.Start(ctx)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
