// SPDX-License-Identifier: Apache-2.0

// clientgo is a CNI delegate for the suite that reaches the API server as most
// published plugins do: client-go, rest.InClusterConfig or a kubeconfig that the
// network definition names, a typed clientset and its default protobuf. What it does
// is what userspace-cni does: it reads its pod, binds the pod's emptyDir to a path of
// its own on the host, answers in an annotation by update of pods/status (or by patch,
// where it is told to), and unbinds at DEL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
)

// netConf is the network definition; the suite drives the rest by its knobs.
type netConf struct {
	types.NetConf
	IPAM struct {
		Address string `json:"address"`
	} `json:"ipam"`
	// Kubernetes makes this reach the API server as calico does, not as a pod.
	Kubernetes *struct {
		Kubeconfig string `json:"kubeconfig"`
		APIRoot    string `json:"k8s_api_root"`
	} `json:"kubernetes"`
	Policy struct {
		AuthToken string `json:"k8s_auth_token"`
	} `json:"policy"`
	// Patch makes it write by patch of pods/status: no update has to be granted.
	Patch bool `json:"patch"`
	// ReportDir takes one file a pod: what this process sees at the
	// credential's place. Empty: none is written.
	ReportDir string `json:"reportDir"`
	// HoldUntil is a file; once it exists, ADD reads the pod again and ends.
	// Empty: it ends at once.
	HoldUntil string `json:"holdUntil"`
}

// podRef is the pod as the runtime names it in CNI_ARGS.
type podRef struct {
	types.CommonArgs
	K8S_POD_NAMESPACE types.UnmarshallableString //nolint:revive // the name is the protocol's
	K8S_POD_NAME      types.UnmarshallableString //nolint:revive
	K8S_POD_UID       types.UnmarshallableString //nolint:revive
}

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: del, Check: check},
		version.All, "clientgo, a delegate of the multus-delegate-credentials suite")
}

func parse(args *skel.CmdArgs) (*netConf, *podRef, error) {
	conf := &netConf{}
	if err := json.Unmarshal(args.StdinData, conf); err != nil {
		return nil, nil, fmt.Errorf("parse the network configuration: %w", err)
	}
	pod := &podRef{CommonArgs: types.CommonArgs{IgnoreUnknown: true}}
	if err := types.LoadArgs(args.Args, pod); err != nil {
		return nil, nil, fmt.Errorf("parse CNI_ARGS: %w", err)
	}
	return conf, pod, nil
}

func add(args *skel.CmdArgs) error {
	conf, ref, err := parse(args)
	if err != nil {
		return err
	}
	result, err := answer(conf)
	if err != nil {
		return err
	}
	ctx := context.Background()
	api, err := connect(conf)
	if err != nil {
		return err
	}
	pod, err := api.get(ctx, ref)
	if err != nil {
		return err
	}
	if err := bindShared(pod); err != nil {
		return err
	}
	if err := api.annotate(ctx, ref, conf.Patch); err != nil {
		return err
	}
	if err := report(conf.ReportDir, string(pod.UID)); err != nil {
		return err
	}
	if err := holdAndAskAgain(ctx, conf, ref); err != nil {
		return err
	}
	return types.PrintResult(result, conf.CNIVersion)
}

// holdAndAskAgain is a long ADD. Its second client reads the token anew, as the
// first one would once a minute.
func holdAndAskAgain(ctx context.Context, conf *netConf, ref *podRef) error {
	if conf.HoldUntil == "" {
		return nil
	}
	if err := hold(conf.HoldUntil); err != nil {
		return err
	}
	api, err := connect(conf)
	if err != nil {
		return err
	}
	_, err = api.get(ctx, ref)
	return err
}

// del wants the credential as well: a plugin that cleans up by the pod's
// annotations fails without one. The pod itself may be gone already.
func del(args *skel.CmdArgs) error {
	conf, ref, err := parse(args)
	if err != nil {
		return err
	}
	api, err := connect(conf)
	if err != nil {
		return err
	}
	if _, err := api.get(context.Background(), ref); err != nil && !isGone(err) {
		return err
	}
	return unbindShared(string(ref.K8S_POD_UID))
}

func check(args *skel.CmdArgs) error {
	conf, ref, err := parse(args)
	if err != nil {
		return err
	}
	api, err := connect(conf)
	if err != nil {
		return err
	}
	pod, err := api.get(context.Background(), ref)
	if err != nil {
		return err
	}
	if want := reply(pod); pod.Annotations[answerKey] != want {
		return fmt.Errorf("annotation %s of pod %s/%s is %q, not %q",
			answerKey, pod.Namespace, pod.Name, pod.Annotations[answerKey], want)
	}
	return nil
}

// answer is the result: no interface of its own, and the configured address
// where it runs as an IPAM plugin.
func answer(conf *netConf) (*types100.Result, error) {
	result := &types100.Result{CNIVersion: types100.ImplementedSpecVersion}
	if conf.IPAM.Address == "" {
		return result, nil
	}
	ip, network, err := net.ParseCIDR(strings.TrimSpace(conf.IPAM.Address))
	if err != nil {
		return nil, fmt.Errorf("ipam.address: %w", err)
	}
	network.IP = ip
	result.IPs = []*types100.IPConfig{{Address: *network}}
	return result, nil
}
