package main

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var saleVersion = schema.GroupVersion{Group: "doorbuster.dev", Version: "v1alpha1"}

// SaleEvent holds what this program reads of one, and no more.
type SaleEvent struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              SaleEventSpec `json:"spec"`
}

type SaleEventSpec struct {
	Window struct {
		Start metav1.Time `json:"start"`
	} `json:"window"`
	Capacity struct {
		Targets []Target `json:"targets"`
	} `json:"capacity"`
}

type Target struct {
	Name string `json:"name"`
	Ref  struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	} `json:"ref"`
	Need struct {
		Replicas int32 `json:"replicas"`
	} `json:"need"`
}

type SaleEventList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SaleEvent `json:"items"`
}

func (in *SaleEvent) DeepCopyObject() runtime.Object { return in.copied() }

func (in *SaleEvent) copied() *SaleEvent {
	out := *in
	out.ObjectMeta = *in.ObjectMeta.DeepCopy()
	out.Labels = maps.Clone(in.Labels)
	out.Spec.Capacity.Targets = slices.Clone(in.Spec.Capacity.Targets)
	return &out
}

func (in *SaleEventList) DeepCopyObject() runtime.Object {
	out := *in
	out.ListMeta = *in.ListMeta.DeepCopy()
	out.Items = make([]SaleEvent, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].copied()
	}
	return &out
}

func addSales(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(saleVersion, &SaleEvent{}, &SaleEventList{})
	metav1.AddToGroupVersion(scheme, saleVersion)
	return nil
}
