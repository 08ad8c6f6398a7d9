// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strings"
)

// EngineFacts is what the prober found out about one container engine.
type EngineFacts struct {
	Name       string // docker or podman
	Answers    bool   // the engine itself, not just its client in PATH
	Rootless   bool
	Privileged bool // a privileged container ran
	Pulls      bool // kind's node image is there or can be pulled
}

// Facts is all that a decision depends on.
type Facts struct {
	Engines       []EngineFacts // the preferred one first
	SysResource   bool          // CAP_SYS_RESOURCE
	CgroupVersion int           // 1 (hybrid too) or 2
	Systemd       bool          // systemd runs the host
	NodeImage     string        // what the user named, if anything
	KindImage     string        // what this release of kind uses
}

// Source says where the node image comes from.
type Source string

// The sources of a node image.
const (
	SourceNamed Source = "named" // NODE_IMAGE
	SourceKind  Source = "kind"  // kind's own
	SourceBuilt Source = "built" // built here from pinned modules
)

// Decision says which cluster to bring up, and why.
type Decision struct {
	Engine            string
	Source            Source
	Image             string // empty until a built one is there
	ContainersConf    bool   // podman needs a containers.conf of ours
	KubeadmPatches    []string
	ContainerdPatches []string
	Why               string
}

// The patches, as kind takes them.
const (
	patchCgroupV1 = "kind: KubeletConfiguration\nfailCgroupV1: false\n"
	patchCgroupfs = "kind: KubeletConfiguration\ncgroupDriver: cgroupfs\n"
	// The built image has no coredns; kind itself skips the preflight.
	patchNoDNS = "kind: InitConfiguration\n" +
		"skipPhases: [preflight, addon/coredns]\n"
	// One of each: elections only let a busy host restart them, and nobody
	// needs this etcd after a crash. kubeadm of 1.36 and later takes this form.
	patchSingle = "kind: ClusterConfiguration\n" +
		"controllerManager: {extraArgs: [{name: leader-elect, value: \"false\"}]}\n" +
		"scheduler: {extraArgs: [{name: leader-elect, value: \"false\"}]}\n" +
		"etcd: {local: {extraArgs: [{name: unsafe-no-fsync, value: \"true\"}]}}\n"
	// One section for containerd 1, one for containerd 2: each ignores the
	// other's.
	patchOOMScore = "[plugins.\"io.containerd.grpc.v1.cri\"]\n" +
		"  restrict_oom_score_adj = true\n" +
		"[plugins.\"io.containerd.cri.v1.runtime\"]\n" +
		"  restrict_oom_score_adj = true\n"
)

// Decide turns facts into a decision. It looks at nothing else.
func Decide(f Facts) (Decision, error) {
	engine, err := chooseEngine(f.Engines)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{Engine: engine.Name}
	d.ContainersConf = needsContainersConf(f, engine)
	because := d.chooseImage(f, engine)
	d.patch(f)
	d.Why = fmt.Sprintf("%s, because %s; node image: %s",
		engine.Name, engineReason(f.Engines, engine), because)
	return d, nil
}

func (e EngineFacts) obstacle() string {
	switch {
	case !e.Answers:
		return "does not answer"
	case e.Rootless:
		return "is rootless"
	case !e.Privileged:
		return "runs no privileged container"
	}
	return ""
}

func chooseEngine(engines []EngineFacts) (EngineFacts, error) {
	for _, e := range engines {
		if e.obstacle() == "" {
			return e, nil
		}
	}
	return EngineFacts{}, fmt.Errorf("a cluster needs docker or podman with "+
		"privileged containers, run as root: %s", obstacles(engines, ""))
}

func obstacles(engines []EngineFacts, before string) string {
	var all []string
	for _, e := range engines {
		if e.Name == before {
			break
		}
		all = append(all, e.Name+" "+e.obstacle())
	}
	return strings.Join(all, ", ")
}

func engineReason(engines []EngineFacts, chosen EngineFacts) string {
	if others := obstacles(engines, chosen.Name); others != "" {
		return others
	}
	return "it answers and runs privileged containers"
}

// podman's defaults ask for limits, a runtime and services that are not to be
// had on every host.
func needsContainersConf(f Facts, engine EngineFacts) bool {
	return engine.Name == "podman" &&
		(!f.SysResource || f.CgroupVersion == 1 || !f.Systemd)
}

func (d *Decision) chooseImage(f Facts, engine EngineFacts) string {
	switch {
	case f.NodeImage != "":
		d.Source, d.Image = SourceNamed, f.NodeImage
		return f.NodeImage + ", as NODE_IMAGE says"
	case engine.Pulls:
		d.Source, d.Image = SourceKind, f.KindImage
		return "kind's own, " + f.KindImage
	}
	d.Source = SourceBuilt
	return "built here, because kind's own cannot be pulled"
}

func (d *Decision) patch(f Facts) {
	if f.CgroupVersion == 1 {
		d.KubeadmPatches = append(d.KubeadmPatches, patchCgroupV1)
	}
	if d.Source == SourceBuilt {
		d.KubeadmPatches = append(d.KubeadmPatches, patchCgroupfs, patchNoDNS,
			patchSingle)
	} else if !f.SysResource {
		d.ContainerdPatches = append(d.ContainerdPatches, patchOOMScore)
	}
}
