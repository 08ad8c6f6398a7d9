// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"
	"testing"
)

func engine(name string, answers, rootless, privileged, pulls bool) EngineFacts {
	return EngineFacts{Name: name, Answers: answers, Rootless: rootless,
		Privileged: privileged, Pulls: pulls}
}

// A workstation with docker and a registry.
func ordinary() Facts {
	return Facts{
		Engines:       []EngineFacts{engine("docker", true, false, true, true)},
		SysResource:   true,
		CgroupVersion: 2,
		Systemd:       true,
		KindImage:     "kind/node@sha256:1",
	}
}

// A host without a registry, a docker daemon, CAP_SYS_RESOURCE or systemd.
func bare() Facts {
	return Facts{
		Engines: []EngineFacts{
			engine("docker", false, false, false, false),
			engine("podman", true, false, true, false),
		},
		CgroupVersion: 1,
		KindImage:     "kind/node@sha256:1",
	}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name   string
		facts  func() Facts
		change func(*Facts)
		want   Decision
		why    string // a part of the sentence
	}{
		{"docker with a registry", ordinary, func(*Facts) {},
			Decision{Engine: "docker", Source: SourceKind,
				Image: "kind/node@sha256:1"},
			"docker, because it answers and runs privileged containers; " +
				"node image: kind's own, kind/node@sha256:1"},
		{"a named image beats kind's own", ordinary,
			func(f *Facts) { f.NodeImage = "mine:1" },
			Decision{Engine: "docker", Source: SourceNamed, Image: "mine:1"},
			"node image: mine:1, as NODE_IMAGE says"},
		{"docker without a registry", ordinary,
			func(f *Facts) { f.Engines[0].Pulls = false },
			Decision{Engine: "docker", Source: SourceBuilt,
				KubeadmPatches: []string{patchCgroupfs, patchNoDNS, patchSingle}},
			"node image: built here, because kind's own cannot be pulled"},
		{"kind's image on cgroup v1", ordinary,
			func(f *Facts) { f.CgroupVersion = 1 },
			Decision{Engine: "docker", Source: SourceKind,
				Image:          "kind/node@sha256:1",
				KubeadmPatches: []string{patchCgroupV1}}, ""},
		{"kind's image without CAP_SYS_RESOURCE", ordinary,
			func(f *Facts) { f.SysResource = false },
			Decision{Engine: "docker", Source: SourceKind,
				Image:             "kind/node@sha256:1",
				ContainerdPatches: []string{patchOOMScore}}, ""},
		{"podman on a bare host", bare, func(*Facts) {},
			Decision{Engine: "podman", Source: SourceBuilt,
				ContainersConf: true,
				KubeadmPatches: []string{patchCgroupV1, patchCgroupfs,
					patchNoDNS, patchSingle}},
			"podman, because docker does not answer"},
		{"docker that runs no privileged container", bare,
			func(f *Facts) { f.Engines[0].Answers = true },
			Decision{Engine: "podman", Source: SourceBuilt,
				ContainersConf: true,
				KubeadmPatches: []string{patchCgroupV1, patchCgroupfs,
					patchNoDNS, patchSingle}},
			"podman, because docker runs no privileged container"},
		{"rootless docker is passed over", ordinary,
			func(f *Facts) {
				f.Engines[0].Rootless = true
				f.Engines = append(f.Engines,
					engine("podman", true, false, true, true))
			},
			Decision{Engine: "podman", Source: SourceKind,
				Image: "kind/node@sha256:1"},
			"podman, because docker is rootless"},
		{"podman on an ordinary host needs no file of ours", ordinary,
			func(f *Facts) { f.Engines[0].Name = "podman" },
			Decision{Engine: "podman", Source: SourceKind,
				Image: "kind/node@sha256:1"}, ""},
		{"podman on cgroup v1", ordinary,
			func(f *Facts) { f.Engines[0].Name, f.CgroupVersion = "podman", 1 },
			Decision{Engine: "podman", Source: SourceKind,
				Image: "kind/node@sha256:1", ContainersConf: true,
				KubeadmPatches: []string{patchCgroupV1}}, ""},
		{"podman without CAP_SYS_RESOURCE", ordinary,
			func(f *Facts) { f.Engines[0].Name, f.SysResource = "podman", false },
			Decision{Engine: "podman", Source: SourceKind,
				Image: "kind/node@sha256:1", ContainersConf: true,
				ContainerdPatches: []string{patchOOMScore}}, ""},
		{"podman without systemd", ordinary,
			func(f *Facts) { f.Engines[0].Name, f.Systemd = "podman", false },
			Decision{Engine: "podman", Source: SourceKind,
				Image: "kind/node@sha256:1", ContainersConf: true}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := test.facts()
			test.change(&facts)
			got, err := Decide(facts)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got.Why, test.why) {
				t.Errorf("Why is %q, without %q", got.Why, test.why)
			}
			if !sameDecision(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func sameDecision(a, b Decision) bool {
	return a.Engine == b.Engine && a.Source == b.Source &&
		a.Image == b.Image && a.ContainersConf == b.ContainersConf &&
		slices.Equal(a.KubeadmPatches, b.KubeadmPatches) &&
		slices.Equal(a.ContainerdPatches, b.ContainerdPatches)
}

func TestDecideSaysWhatIsWrongWithEachEngine(t *testing.T) {
	_, err := Decide(Facts{Engines: []EngineFacts{
		engine("docker", true, false, false, false),
		engine("podman", true, true, false, false),
	}})
	if err == nil {
		t.Fatal("took an engine that cannot run nodes")
	}
	for _, want := range []string{"docker runs no privileged container",
		"podman is rootless", "run as root"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
