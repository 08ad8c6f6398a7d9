// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"

	"multus-delegate-credentials/e2e/delegates"
)

// What the caller gets: the README's table, row by row, against the cluster's
// API server. A row holds for ADD and CHECK, for DEL and GC, and for STATUS.

const netconf = `{"cniVersion": "1.1.0", "name": "pair", "type": "` + delegates.ClientGo + `"}`

// commands are in an order in which a runtime may give them.
var commands = []string{"ADD", "CHECK", "STATUS", "DEL", "GC"}

// asksAPI: the delegate does nothing for the others.
func asksAPI(command string) bool {
	return command != "STATUS" && command != "GC"
}

// runs wants the delegate to run each time and to get from the API server what it
// asks for, with these texts in the one fallback. Returns the token's identifier.
func (p *pair) runs(fallbacks ...string) string {
	p.Helper()
	jti := ""
	for _, command := range commands {
		o := p.call(command, netconf)
		if !o.ranWith(fallbacks) || jti != "" && o.JTI != jti {
			p.Errorf("%q wanted: %s", fallbacks, o)
		}
		jti = o.JTI
	}
	return jti
}

// refuses wants ADD and CHECK to fail with that code before the delegate
// starts, STATUS with 50, and DEL and GC to run without; all say the texts.
func (p *pair) refuses(code int, texts ...string) {
	p.Helper()
	var all sync.WaitGroup
	for command, want := range map[string]int{"ADD": code, "CHECK": code, "STATUS": 50, "DEL": 0, "GC": 0} {
		all.Go(func() {
			o := p.call(command, netconf)
			if good := o.wasRefused(want, texts) || want == 0 && o.ranWithout(texts); !good {
				p.Errorf("%d, %q wanted: %s", want, texts, o)
			}
		})
	}
	all.Wait()
}

func (o *callResult) wasRefused(code int, texts []string) bool {
	var answer types.Error
	err := json.Unmarshal([]byte(o.output), &answer)
	return err == nil && o.Failure != nil && !o.started && o.ExitStatus == nil && o.status == 1 && o.Source == "none" &&
		int(answer.Code) == code && o.Failure.Code == code && answer.Msg == o.Failure.Msg && containsAll(answer.Msg, texts)
}

func (o *callResult) ranWith(texts []string) bool {
	return o.started && o.status == 0 && o.Source == "store" && o.Rule == rule && o.JTI != "" && o.Failure == nil && o.has(texts)
}

func (o *callResult) ranWithout(texts []string) bool {
	return o.started && o.Source == "none" && o.JTI == "" && o.Failure == nil && o.has(texts)
}

// row is one of the table.
type row struct {
	name string
	run  func(*testing.T)
}

// together runs rows side by side, however many processors there are: they
// mostly wait.
func together(t *testing.T, rows []row) {
	t.Helper()
	var all sync.WaitGroup
	for _, r := range rows {
		all.Go(func() { t.Run(r.name, r.run) })
	}
	all.Wait()
}

// fault is something between the sidecar and the API server.
type fault struct {
	name       string
	begin, end func(*pair)
	says       string
}

// imposed is a fault in which something else answers.
func imposed(name string, answers func(*proxy) http.HandlerFunc, says string) fault {
	return fault{name, func(p *pair) { p.proxy.impose(answers(p.proxy)) }, func(p *pair) { p.proxy.lift() }, says}
}

func always(fault http.HandlerFunc) func(*proxy) http.HandlerFunc {
	return func(*proxy) http.HandlerFunc { return fault }
}

const noAnswer = "wait for the API server at https://127.77."

var apiFaults = []fault{
	{"refuses connections", func(p *pair) { p.proxy.close() }, func(p *pair) { p.reachProxy() }, noAnswer},
	// Its certificate is renewed at once, the file a while later.
	{"has another CA", func(p *pair) { p.proxy.close(); p.ca = p.proxy.open(p.T) }, func(p *pair) { p.write("ca.crt", string(p.ca)) },
		"put the CA of https://127.77."},
	imposed("hangs up", always(hangUp), noAnswer),
	imposed("is silent", func(p *proxy) http.HandlerFunc { return p.drip("") }, noAnswer),
	imposed("is slow", func(p *proxy) http.HandlerFunc { return p.drip(" ") }, noAnswer),
	imposed("answers 429", always(answer(429, `{"kind": "Status", "message": "slow down"}`, "Retry-After", "2")), "slow down"),
	{"answers 500", func(p *pair) { p.proxy.impose(answer(500, `{"kind": "Status", "message": "etcd is gone"}`)) },
		func(p *pair) { p.renewToken(); p.proxy.lift() }, "etcd is gone"},
	imposed("answers garbage", always(answer(200, "\x00\xff{")), "look at the API server"),
	imposed("answers for another", always(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<html>log in</html>`)
	}), "answer in JSON"),
}

// Rows: the API server is down, and the store has none, or a valid token. Once
// it is up, nobody has to do anything more.
func (f fault) row(t *testing.T) {
	p := newPair(newScene(t))
	p.giveBack()
	p.reachProxy()
	f.begin(p)
	p.refresh()
	p.logs("rule "+rule+": failed, again in ", 1)
	p.refuses(11, f.says)
	f.end(p)
	p.logs("rule "+rule+": renewed, ", 1)
	if p.proxy.lastAuthorization() != "Bearer "+p.token {
		t.Error("the sidecar came with another token than it has")
	}
	kept := p.runs()
	f.begin(p)
	p.isRefused(f.says)
	if got := p.runs(); got != kept {
		t.Errorf("%s was kept, %s delivered", kept, got)
	}
	f.end(p)
	p.fetches()
	if got := p.runs(); got == kept {
		t.Errorf("%s is delivered yet", got)
	}
}

func TestSidecarGetsNothing(t *testing.T) {
	rows := []row{{"the account is made anew", accountIsMadeAnew}}
	for _, f := range apiFaults {
		rows = append(rows, row{"the API server " + f.name, f.row})
	}
	for _, r := range refusals {
		rows = append(rows, row{"refused: " + r.name, r.row})
	}
	together(t, rows)
}

// Rows: the configuration is broken, missing or unsafe, and none was there
// before, or a good one.
func TestConfigurationFails(t *testing.T) {
	p := newPair(newScene(t))
	p.giveBack()
	p.reachProxy()
	p.fetches()
	for _, c := range []struct {
		name, spoil string
		says        []string
	}{
		{"broken", `sed -i 's/"needs"/"need"/' "$1"`, []string{"/config.json:7:4: rules[0].need: "}},
		{"missing", `rm "$1"`, []string{"/config.json'", "no such file or directory"}},
		{"unsafe", `chmod 666 "$1"`, []string{"/config.json'", "nobody else's to write"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := p.on(t)
			p.asRoot("", `rm -f "$2"; `+c.spoil, p.dir+"/config.json", p.dir+"/state/config.json")
			p.refuses(102, c.says...)
			p.write("config.json", p.configuration)
			good := p.runs()
			p.asRoot("", c.spoil, p.dir+"/config.json")
			if got := p.runs(append(c.says, "used the last good configuration")...); got != good {
				t.Errorf("%s is delivered, not %s", got, good)
			}
			p.write("config.json", p.configuration)
		})
	}
}

// Rows: the paths on the host are unsafe; the kernel lacks a needed call, or an
// extra.
func TestHostIsUnfit(t *testing.T) {
	p := newPair(newScene(t))
	p.giveBack()
	p.reachProxy()
	p.fetches()
	kept := p.runs()
	t.Run("unsafe paths", func(t *testing.T) {
		p := p.on(t)
		p.unfit.host = `mkdir -p "$1/elsewhere"; ln -s "$1/elsewhere" /run/secrets`
		p.refuses(105, "/run/secrets", "a plain directory", "without links")
		if followed := strings.TrimSpace(p.asRoot("", `ls -A "$1/elsewhere"`, p.dir)); followed != "" {
			t.Errorf("the link was followed: %s is there", followed)
		}
	})
	t.Run("a needed call is missing", func(t *testing.T) {
		p := p.on(t)
		p.lack(unix.SYS_MOUNT_SETATTR)
		p.refuses(104, "mount_setattr")
	})
	t.Run("an extra is missing", func(t *testing.T) {
		p := p.on(t)
		p.lack(unix.SYS_STATMOUNT)
		p.runs("statmount")
		p.isStrict("statmount")
	})
	if got := p.runs(); got != kept {
		t.Errorf("%s was kept, %s delivered", kept, got)
	}
}

// isStrict wants --strict to refuse what comes before a clean-up.
func (p *pair) isStrict(texts ...string) {
	p.Helper()
	for command, want := range map[string]int{"ADD": 104, "CHECK": 104, "STATUS": 50, "DEL": 0, "GC": 0} {
		o := p.call(command, netconf, "--strict")
		if good := o.wasRefused(want, append(texts, "--strict")) || want == 0 && o.ranWith(texts); !good {
			p.Errorf("%d, %q wanted: %s", want, texts, o)
		}
	}
}

// Rows: no rule matches; the network definition chooses.
func TestNothingIsDelivered(t *testing.T) {
	p := newPair(newScene(t))
	p.giveBack()
	p.reachProxy()
	p.fetches()
	t.Run("no rule matches", func(t *testing.T) {
		p := p.on(t)
		p.write("config.json", strings.Replace(p.configuration, delegates.ClientGo, "other", 1))
		p.runsWithout(netconf, "", "none")
		p.write("config.json", p.configuration)
	})
	t.Run("the network definition chooses", func(t *testing.T) {
		p.on(t).runsWithout(strings.Replace(netconf, "{", `{"Kubeconfig": "/tenant", `, 1), rule, "conf",
			"chooses its own credential with the key 'kubeconfig'")
	})
}

// runsWithout wants the delegate to run each time, as upstream, and to find
// nothing.
func (p *pair) runsWithout(netconf, rule, source string, fallbacks ...string) {
	p.Helper()
	for _, command := range commands {
		o := p.call(command, netconf)
		if !o.started || o.Source != source || o.Rule != rule || o.JTI != "" || o.Failure != nil || !o.has(fallbacks) ||
			asksAPI(command) != strings.Contains(o.output, "in-cluster configuration: ") {
			p.Errorf("%s", o)
		}
	}
}

// has wants all of these fallbacks, or none.
func (o *callResult) has(fallbacks []string) bool {
	return len(o.Fallbacks) == min(1, len(fallbacks)) && containsAll(strings.Join(o.Fallbacks, ""), fallbacks)
}

// The row of a stopped API server once more, with a real one: a delegate that
// has a token then fails by itself.
func TestAPIServerStops(t *testing.T) {
	with, without := newPair(newScene(t)), newPair(newScene(t))
	for _, p := range []*pair{with, without} {
		p.giveBack()
		p.reach(p.api.Host, p.api.CAData)
	}
	with.fetches()
	kept := with.runs()
	start, err := bed.StopAPIServer(with.ctx)
	with.must(err, "stop the API server")
	restart := sync.OnceFunc(func() { with.must(start(context.WithoutCancel(with.ctx)), "start the API server") })
	t.Cleanup(restart)

	gone := "wait for the API server at " + with.api.Host
	with.isRefused(gone)
	for _, command := range commands {
		o := with.call(command, netconf)
		if !o.started || o.JTI != kept || o.Failure != nil || asksAPI(command) != strings.Contains(o.output, "get pod: ") {
			t.Errorf("%s was kept: %s", kept, o)
		}
	}
	without.isRefused(gone)
	without.refuses(11, gone)
	restart()
	if got := with.runs(); got != kept {
		t.Errorf("%s was kept, %s delivered", kept, got)
	}
	without.fetches()
	without.runs()
}
