// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

const (
	// A registry that has not said within this time that it has the image
	// is not there; one that has gets time for half a gigabyte.
	registryDeadline = 20 * time.Second
	pullDeadline     = 15 * time.Minute
	answerDeadline   = time.Minute
	startDeadline    = 5 * time.Minute
)

// probe collects the facts that Decide needs. It starts one short container
// for each engine and pulls kind's image where that works.
func probe(ctx context.Context, o Options, p *progress) (Facts, error) {
	f := hostFacts()
	f.NodeImage, f.KindImage = o.NodeImage, kindImage()
	for _, name := range engineNames {
		facts, err := probeEngine(ctx, o, f, name, p)
		if err != nil {
			return Facts{}, err
		}
		f.Engines = append(f.Engines, facts)
		if facts.obstacle() == "" {
			break
		}
	}
	return f, nil
}

func probeEngine(ctx context.Context, o Options, f Facts, name string,
	p *progress) (EngineFacts, error) {
	facts := EngineFacts{Name: name}
	e, err := engineFor(f, name, o.CacheDir)
	if err != nil {
		return facts, err
	}
	facts.Answers, facts.Rootless = answers(ctx, e)
	if !facts.Answers || facts.Rootless {
		return facts, nil
	}
	if facts.Privileged, err = runsPrivileged(ctx, o.CacheDir, e); err != nil {
		return facts, err
	}
	if facts.Privileged && f.NodeImage == "" && !o.SkipPull {
		_ = p.step("looking for kind's own node image", func() error {
			facts.Pulls = HasOrPulls(ctx, e, f.KindImage)
			return nil
		})
	}
	return facts, nil
}

// hostFacts reads what costs nothing.
func hostFacts() Facts {
	f := Facts{CgroupVersion: 1}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		f.CgroupVersion = 2
	}
	_, err := os.Stat("/run/systemd/system")
	f.Systemd = err == nil
	f.SysResource = boundingSetHas(24)
	return f
}

// boundingSetHas says whether a program started here could have the
// capability; 24 is CAP_SYS_RESOURCE. An engine's daemon may have been started
// elsewhere, but runs on this host.
func boundingSetHas(capability uint) bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for _, line := range strings.Split(string(status), "\n") {
		var set uint64
		if n, _ := fmt.Sscanf(line, "CapBnd: %x", &set); n == 1 {
			return set>>capability&1 == 1
		}
	}
	return false
}

// engineFor is an engine with the environment that this host needs.
func engineFor(f Facts, name, cacheDir string) (Engine, error) {
	e := newEngine(name)
	if !needsContainersConf(f, EngineFacts{Name: name}) {
		return e, nil
	}
	return e, e.configure(cacheDir)
}

// FindEngine is the engine of that name or, without one, the first that can
// run nodes.
func FindEngine(ctx context.Context, o Options, name string) (Engine, error) {
	if name == "" {
		o.SkipPull = true
		facts, err := probe(ctx, o, newProgress(o.Log))
		if err != nil {
			return Engine{}, err
		}
		chosen, err := chooseEngine(facts.Engines)
		if err != nil {
			return Engine{}, err
		}
		name = chosen.Name
	}
	if !slices.Contains(engineNames, name) {
		return Engine{}, fmt.Errorf("there is no engine %q: it is one of %s", name, strings.Join(engineNames, ", "))
	}
	return engineFor(hostFacts(), name, o.CacheDir)
}

// answers asks the engine, since a client without one is common.
func answers(ctx context.Context, e Engine) (yes, rootless bool) {
	if _, err := exec.LookPath(e.Argv[0]); err != nil {
		return false, false
	}
	ctx, cancel := context.WithTimeout(ctx, answerDeadline)
	defer cancel()
	format := "{{.SecurityOptions}}"
	if e.Name == "podman" {
		format = "rootless={{.Host.Security.Rootless}}"
	}
	out, err := e.run(ctx, nil, "info", "--format", format)
	return err == nil, strings.Contains(out, "rootless=true") ||
		strings.Contains(out, "name=rootless")
}

// runsPrivileged tries a container of the smallest image there is.
func runsPrivileged(ctx context.Context, cacheDir string,
	e Engine) (bool, error) {
	pause, err := pauseProgram(ctx, cacheDir)
	if err != nil {
		return false, err
	}
	image := "localhost/" + project + "/probe:" + shortHash(pauseSource)
	if !e.hasImage(ctx, image) {
		if err := loadProbe(ctx, e, image, pause); err != nil {
			return false, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	_, err = e.run(ctx, nil, "run", "--rm", "--privileged", "--net=none",
		image, "--version")
	if ctx.Err() != nil { // no answer is not a no
		return false, err
	}
	return err == nil, nil
}

func kindImage() string { return pullName(defaults.Image) }

// pullName is the reference without its tag where it has a digest too, which
// not every podman takes, and with the registry that docker implies.
func pullName(image string) string {
	name, digest, found := strings.Cut(image, "@")
	if found {
		name = name[:strings.LastIndex(name, ":")]
		return "docker.io/" + name + "@" + digest
	}
	return "docker.io/" + image
}

// HasOrPulls says whether the engine has the image after trying to pull it. A
// registry that does not answer costs seconds.
func HasOrPulls(ctx context.Context, e Engine, image string) bool {
	if e.hasImage(ctx, image) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, pullDeadline)
	defer cancel()
	silent := time.AfterFunc(registryDeadline, cancel)
	defer silent.Stop()
	return pull(ctx, e, image, silent) == nil
}

// pull stops the clock once the engine says that the registry has the image.
func pull(ctx context.Context, e Engine, image string,
	silent *time.Timer) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := e.Command(ctx, "pull", image)
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if registryHasIt(lines.Text()) {
			silent.Stop()
		}
	}
	return cmd.Wait()
}

// registryHasIt recognizes the first line that docker or podman prints after
// the registry has answered with the manifest.
func registryHasIt(line string) bool {
	return strings.Contains(line, "Pulling from ") ||
		strings.Contains(line, "Getting image source signatures")
}
