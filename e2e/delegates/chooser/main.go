// SPDX-License-Identifier: Apache-2.0

// chooser is a CNI delegate for the suite that takes its API server from its
// network configuration in every way that published plugins do, and from the
// service account's directory otherwise. It asks each server once, for a path
// with the configuration's name in it, and never fails: the suite looks at who
// was asked, and with what.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// conf has the keys as Go plugins declare them: at the top, below ipam, and in
// a delegate.
type conf struct {
	types.NetConf
	choices
	IPAM     choices `json:"ipam"`
	Delegate *conf   `json:"delegate"`
}

type choices struct {
	Kubeconfig string `json:"kubeconfig"` // userspace-cni
	Kubernetes struct {
		Kubeconfig string `json:"kubeconfig"`   // calico, whereabouts
		APIRoot    string `json:"k8s_api_root"` // calico
	} `json:"kubernetes"`
	Policy struct {
		APIRoot string `json:"k8s_api_root"` // calico
	} `json:"policy"`
	EtcdEndpoints     string `json:"etcd_endpoints"`     // calico
	NetDir            string `json:"cni_net_dir"`        // consul
	AgentRunDir       string `json:"cni_agent_run_dir"`  // istio
	ConfigurationPath string `json:"configuration_path"` // whereabouts
	Other             string `json:"e2eServer"`          // nobody's
}

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: ask, Check: ask},
		version.All, "chooser, a delegate of the multus-delegate-credentials suite")
}

func add(args *skel.CmdArgs) error {
	if err := ask(args); err != nil {
		return err
	}
	var c types.NetConf
	if err := json.Unmarshal(args.StdinData, &c); err != nil {
		return err
	}
	return types.PrintResult(&types100.Result{CNIVersion: types100.ImplementedSpecVersion}, c.CNIVersion)
}

func ask(args *skel.CmdArgs) error {
	c := &conf{}
	if err := json.Unmarshal(args.StdinData, c); err != nil {
		return fmt.Errorf("parse the network configuration: %w", err)
	}
	name := c.Name
	for ; c != nil; c = c.Delegate {
		for _, place := range []choices{c.choices, c.IPAM} {
			for _, config := range place.servers() {
				get(config, name)
			}
		}
	}
	return nil
}

// servers are all that are chosen.
func (c choices) servers() (all []*rest.Config) {
	files := []string{c.Kubeconfig, c.Kubernetes.Kubeconfig, under(c.NetDir), under(c.AgentRunDir)}
	if text, err := os.ReadFile(c.ConfigurationPath); err == nil {
		var flat choices
		if json.Unmarshal(text, &flat) == nil {
			files = append(files, flat.Kubernetes.Kubeconfig)
		}
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		if config, err := load(file); err == nil {
			all = append(all, config)
		}
	}
	for _, url := range []string{c.Kubernetes.APIRoot, c.Policy.APIRoot, c.EtcdEndpoints, c.Other} {
		if url != "" {
			all = append(all, at(url))
		}
	}
	return all
}

// load takes the server alone where the credential that is named is not there.
func load(file string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err == nil {
		return config, nil
	}
	named, err := clientcmd.LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	for _, user := range named.AuthInfos {
		user.TokenFile = ""
	}
	return clientcmd.NewDefaultClientConfig(*named, nil).ClientConfig()
}

func under(dir string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "kubeconfig")
}

// at is another server for what the service account's directory has.
func at(url string) *rest.Config {
	config, err := rest.InClusterConfig()
	if err != nil {
		config = &rest.Config{}
	}
	config.Host = url
	return config
}

func get(config *rest.Config, name string) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return
	}
	if answer, err := client.Get(config.Host + "/e2e/" + name); err == nil {
		answer.Body.Close()
	}
}
