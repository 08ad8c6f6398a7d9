// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/scan"
)

// holdDir is where held delegates report and what they wait for.
const holdDir = "/run/delegate-credentials-e2e"

// view is what a held delegate sees at the credential's place.
type view struct {
	PID    int      `json:"pid"`
	Device uint64   `json:"device"`
	Mounts []string `json:"mounts"`
}

// hold starts pods whose delegates report and then wait, and returns what they
// see and what lets them go on.
func (s *scene) hold(names ...string) (views map[string]view, release func()) {
	s.Helper()
	return s.holdOn(map[string]any{"type": delegates.ClientGo}, names...)
}

// holdOn does so with another network.
func (s *scene) holdOn(config map[string]any, names ...string) (views map[string]view, release func()) {
	s.Helper()
	gate := holdDir + "/" + s.namespace
	for _, name := range names {
		network := manifests.Network{Name: name, Config: map[string]any{"reportDir": holdDir, "holdUntil": gate}}
		maps.Copy(network.Config, config)
		s.start(name, network)
	}
	release = func() {
		_, err := bed.Sh(s.ctx, "mkdir -p "+holdDir+"; touch "+gate)
		s.must(err, "let the delegates go on")
	}
	s.Cleanup(func() {
		release()
		if _, err := bed.Sh(s.ctx, "rm -r "+holdDir); err != nil {
			s.Error(err)
		}
	})
	views = map[string]view{}
	for _, name := range names {
		views[name] = s.view(name)
	}
	return views, release
}

func (s *scene) view(pod string) (v view) {
	s.Helper()
	object, err := bed.Pod(s.ctx, s.namespace, pod)
	s.must(err, "read the pod")
	s.must(bed.Until(s.ctx, "the delegate of "+pod+" to hold", func(ctx context.Context) error {
		text, err := bed.Exec(ctx, "cat", holdDir+"/"+string(object.UID)+".json")
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &v)
	}), "wait for the delegate")
	return v
}

// Two delegates at the same time see a credential each, and nobody else sees
// either.
func TestTwoHeldDelegatesShareNothing(t *testing.T) {
	s := setScene(t, patched)
	s.warmUp()
	before := s.settled()
	views, release := s.hold("one", "two")
	if views["one"].Device == views["two"].Device {
		t.Errorf("both see device %d at %s", views["one"].Device, credentialDir)
	}
	for name, v := range views {
		table, err := scan.ParseTable(strings.Join(v.Mounts, "\n"))
		s.must(err, "what %s sees", name)
		s.oneTmpfs(name, table)
	}
	s.nobodyElse(s.tables())
	release()
	for name := range views {
		_, err := bed.Running(s.ctx, s.namespace, name)
		s.must(err, "go on")
	}
	s.must(bed.DeletePods(s.ctx, s.namespace, "one", "two"), "delete the pods")
	s.asBefore(before)
	s.noBindLeft()
}

// oneTmpfs: one at the credential's place, the account's directory below it.
func (s *scene) oneTmpfs(name string, table scan.Table) {
	s.Helper()
	tmpfs, others := 0, 0
	for _, m := range table.Below(credentialDir) {
		switch {
		case m.Point == credentialDir && m.FSType == "tmpfs":
			tmpfs++
		case m.Point == credentialDir+"/serviceaccount":
			others++
		default:
			s.Errorf("%s sees another mount: %s", name, m)
		}
		if !strings.HasPrefix(m.Options, "ro,") {
			s.Errorf("%s could write there: %s", name, m)
		}
	}
	if tmpfs != 1 || others != 1 {
		s.Errorf("%s sees %d tmpfs and %d directories, not one each: %v", name, tmpfs, others, table)
	}
}

// nobodyElse: the daemon has its own account's directory and no more.
func (s *scene) nobodyElse(now tables) {
	s.Helper()
	for who, table := range map[string]scan.Table{"node": now.node, "daemon": now.daemon} {
		for _, m := range table.Below("/") {
			own := who == "daemon" && m.Point == credentialDir+"/serviceaccount"
			if strings.Contains(m.Point, "secrets/kubernetes.io") && !own {
				s.Errorf("the %s sees %s", who, m)
			}
		}
	}
}

// While a delegate holds its credential, the token's bytes are nowhere on the
// node but where kubelet keeps them.
func TestTokenIsNowhereElse(t *testing.T) {
	s := setScene(t, patched)
	_, release := s.hold("held")
	token, issued, err := bed.DaemonToken(s.ctx)
	s.must(err, "read the daemon's token")
	result, err := bed.Search(s.ctx, token, issued)
	s.must(err, "search the node")
	for _, place := range result.Found {
		t.Errorf("the token is in: %s", place)
	}
	for _, place := range result.Unread {
		t.Errorf("not searched: %s", place)
	}
	if len(result.Kept) == 0 {
		t.Errorf("the search did not find the token where kubelet keeps it")
	}
	t.Logf("%d files of %d views searched", result.Searched, result.Views)
	release()
	_, err = bed.Running(s.ctx, s.namespace, "held")
	s.must(err, "go on")
}

// The same search finds a token wherever the test puts one.
func TestSearchFindsWhatIsPlanted(t *testing.T) {
	s := &scene{T: t, ctx: interrupted}
	start := since()
	token := scan.MakeUp(time.Now())
	remove, err := bed.Plant(s.ctx, token)
	s.must(err, "plant a token")
	result, err := bed.Search(s.ctx, token, start)
	s.must(err, "search the node")
	for _, place := range []string{scan.PlantedOnDisk, scan.PlantedOnTmpfs, scan.PlantedHidden,
		"journal", "cmdline of process", "environ of process", "mountinfo of process"} {
		if !slices.ContainsFunc(result.Found, func(f string) bool { return strings.Contains(f, place) }) {
			t.Errorf("not found in %s, only in %q", place, result.Found)
		}
	}
	s.must(remove(), "take the token away")
	result, err = bed.Search(s.ctx, token, start)
	s.must(err, "search the node again")
	for _, place := range result.Found {
		if !strings.Contains(place, "journal") {
			t.Errorf("still there: %s", place)
		}
	}
}
