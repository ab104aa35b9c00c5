// Package kubernetes builds what deploy/kubernetes describes, as kustomize build does and with its own library, and reads
// it strictly by the types of Kubernetes: a member that those do not know fails. It starts nothing. Start at
// TestOverlays.
package kubernetes_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/tidegate/tidegate/internal/config"
	"github.com/tidegate/tidegate/internal/workers"
)

const folder = "../../deploy/kubernetes"

// podMonitor is what of the Prometheus Operator's PodMonitor is used here, as its reference names it.
type podMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector            metav1.LabelSelector `json:"selector"`
		PodMetricsEndpoints []struct {
			Port     string `json:"port"`
			Path     string `json:"path"`
			Interval string `json:"interval"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

// overlay is what an overlay becomes.
type overlay struct {
	deployments map[string]*appsv1.Deployment
	config      map[string]*corev1.ConfigMap
	services    []*corev1.Service
	budgets     []*policyv1.PodDisruptionBudget
	monitors    []*podMonitor
}

func build(t *testing.T, name string) overlay {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(folder, "overlays", name))
	require.NoError(t, err)
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, policyv1.AddToScheme} {
		require.NoError(t, add(scheme))
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	o := overlay{deployments: map[string]*appsv1.Deployment{}, config: map[string]*corev1.ConfigMap{}}
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		require.NoError(t, err)
		if r.GetKind() == "PodMonitor" {
			var m podMonitor
			strictly := json.NewDecoder(bytes.NewReader(text))
			strictly.DisallowUnknownFields()
			require.NoError(t, strictly.Decode(&m), "%s", text)
			o.monitors = append(o.monitors, &m)
			continue
		}
		object, _, err := decoder.Decode(text, nil, nil)
		require.NoError(t, err, "%s", text)
		if r.GetKind() != "Namespace" {
			require.Equal(t, "tidegate", r.GetNamespace(), r.GetName())
		}
		switch object := object.(type) {
		case *appsv1.Deployment:
			o.deployments[object.Name] = object
		case *corev1.ConfigMap:
			o.config[object.Name] = object
		case *corev1.Service:
			o.services = append(o.services, object)
		case *policyv1.PodDisruptionBudget:
			o.budgets = append(o.budgets, object)
		}
	}
	return o
}

func TestOverlays(t *testing.T) {
	t.Parallel()
	for name, worker := range map[string]string{"temporal-cloud": "tidegate-worker-0-1-0", "simulated-clouds": "tidegate-worker"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := build(t, name)
			require.Contains(t, o.deployments, worker)
			for _, d := range o.deployments {
				hasNoRightsThatItDoesNotNeed(t, d)
				selectsItsPods(t, d)
				mountsWhatThereIs(t, d, o)
			}
			w := o.deployments[worker]
			for _, b := range o.budgets {
				require.Equal(t, b.Spec.Selector.MatchLabels, pick(w.Spec.Template.Labels, b.Spec.Selector.MatchLabels))
			}
			for _, m := range o.monitors {
				require.Equal(t, m.Spec.Selector.MatchLabels, pick(w.Spec.Template.Labels, m.Spec.Selector.MatchLabels))
				require.Equal(t, container(t, w).Ports[0].Name, m.Spec.PodMetricsEndpoints[0].Port)
			}
			probesWhatTheWorkerAnswers(t, container(t, w))
			leavesRoomForTheRuntime(t, container(t, w))
			outlastsWhatAWorkerWaitsFor(t, w)
		})
	}
}

// A new release stands next to the last one, and its selector takes none of that one's pods.
func TestVersionedWorkersAreToldApart(t *testing.T) {
	t.Parallel()
	w := build(t, "temporal-cloud").deployments["tidegate-worker-0-1-0"]
	args := container(t, w).Args
	for _, arg := range []string{"--deployment=tidegate", "--build-id=0.1.0", "--promote"} {
		require.Contains(t, args, arg)
	}
	require.Equal(t, "0.1.0", w.Spec.Selector.MatchLabels["app.kubernetes.io/version"])
	_, tag, _ := strings.Cut(container(t, w).Image, ":")
	require.Equal(t, "0.1.0", tag, "the image is the build that it says to be")
}

// What the workers are given can be read by them.
func TestAccountsCanBeRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"temporal-cloud", "simulated-clouds"} {
		accounts, err := config.Load(filepath.Join(folder, "overlays", name, "accounts.yaml"), onlyPlain)
		require.NoError(t, err)
		require.NotEmpty(t, accounts.AWS)
	}
}

func container(t *testing.T, d *appsv1.Deployment) corev1.Container {
	t.Helper()
	require.Len(t, d.Spec.Template.Spec.Containers, 1)
	return d.Spec.Template.Spec.Containers[0]
}

// hasNoRightsThatItDoesNotNeed is the profile "restricted" of Kubernetes' Pod Security Standards, which the namespace
// enforces, and more.
func hasNoRightsThatItDoesNotNeed(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	pod, c := d.Spec.Template.Spec, container(t, d)
	require.False(t, *pod.AutomountServiceAccountToken, d.Name)
	require.True(t, *pod.SecurityContext.RunAsNonRoot, d.Name)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type, d.Name)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, d.Name)
	require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, d.Name)
	require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, d.Name)
	require.NotEmpty(t, c.Resources.Requests, d.Name)
	require.NotContains(t, []string{"", "latest"}, c.Image[strings.LastIndex(c.Image, ":")+1:], d.Name)
}

func selectsItsPods(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	want := d.Spec.Selector.MatchLabels
	require.NotEmpty(t, want)
	require.Equal(t, want, pick(d.Spec.Template.Labels, want), d.Name)
}

// pick are the labels that the others name.
func pick(labels, named map[string]string) map[string]string {
	picked := map[string]string{}
	for name := range named {
		picked[name] = labels[name]
	}
	return picked
}

// mountsWhatThereIs: kustomize gives a ConfigMap's name a hash, wherever it is named.
func mountsWhatThereIs(t *testing.T, d *appsv1.Deployment, o overlay) {
	t.Helper()
	for _, v := range d.Spec.Template.Spec.Volumes {
		require.Contains(t, o.config, v.ConfigMap.Name, d.Name)
	}
	for _, from := range container(t, d).EnvFrom {
		require.Contains(t, o.config, from.ConfigMapRef.Name, d.Name)
	}
	for _, e := range container(t, d).Env {
		secret := slices.ContainsFunc([]string{"KEY", "SECRET", "TOKEN", "_AK", "_SK"}, func(part string) bool { return strings.Contains(e.Name, part) })
		documented := o.deployments["simcloud"] != nil
		require.True(t, !secret || documented || e.ValueFrom.SecretKeyRef != nil, "%s of %s is a secret by reference", e.Name, d.Name)
	}
}

func probesWhatTheWorkerAnswers(t *testing.T, c corev1.Container) {
	t.Helper()
	require.Contains(t, c.Args, "--health-listen=:8081")
	require.Equal(t, int32(8081), c.Ports[0].ContainerPort)
	for probe, path := range map[*corev1.Probe]string{c.LivenessProbe: "/livez", c.ReadinessProbe: "/readyz"} {
		require.Equal(t, path, probe.HTTPGet.Path)
		require.Equal(t, c.Ports[0].Name, probe.HTTPGet.Port.StrVal)
	}
}

func leavesRoomForTheRuntime(t *testing.T, c corev1.Container) {
	t.Helper()
	for _, e := range c.Env {
		if e.Name == "GOMEMLIMIT" {
			goal := resource.MustParse(strings.TrimSuffix(e.Value, "B"))
			most := c.Resources.Limits.Memory().Value()
			require.InDelta(t, 0.9, float64(goal.Value())/float64(most), 0.01)
			return
		}
	}
	require.Fail(t, "GOMEMLIMIT is not set")
}

// outlastsWhatAWorkerWaitsFor: a worker that is told to stop waits for its calls, and then sends what is left of its
// traces; Kubernetes kills it later than that.
func outlastsWhatAWorkerWaitsFor(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	const afterwards = 5 * time.Second
	grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	require.GreaterOrEqual(t, grace, workers.StopTimeout+afterwards, d.Name)
}

// onlyPlain is an environment with every secret, and no file of one.
func onlyPlain(name string) string {
	if strings.HasSuffix(name, "_FILE") {
		return ""
	}
	return "x"
}
