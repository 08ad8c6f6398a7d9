// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const (
	rule        = "clientgo"
	pairAccount = "e2e-clientgo" // of the delegate, in the scene's namespace
	// The sidecar's, which `multus-credential rbac` takes unless told otherwise.
	daemonAccount = "multus"

	bootstrap = `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: %s
    certificate-authority: ca.crt
users:
- name: sidecar
  user:
    tokenFile: token
contexts:
- name: sidecar
  context:
    cluster: local
    user: sidecar
current-context: sidecar
`
)

// pair is a sidecar and a helper with a store between them, as processes of
// this host: no Multus and no kubelet tries anything again, and what is between
// the sidecar and the API server is the test's.
type pair struct {
	*scene
	dir    string // on a tmpfs, root's but for the store in it
	bin    string
	pod    *corev1.Pod
	api    *rest.Config // how this host reaches the cluster's API server
	server *url.URL     // the same
	proxy  *proxy
	ca     []byte // what the proxy is served by, where the sidecar does not know
	token  string // the sidecar's own
	node   string
	stop   func() // ends refresh
	// The configuration, and the ConfigMap that it names.
	configuration, configMap string
	unfit                    unfit
}

// unfit is what the helper finds that it may be unable to work with, or nothing.
type unfit struct {
	host    string   // a command in the daemon's container, before the helper runs
	wrapper []string // becomes the helper
}

// calls is how many there were, of all pairs.
var calls atomic.Int64

// newPair has a proxy that is not open yet.
func newPair(s *scene) *pair {
	s.Helper()
	p := &pair{scene: s, bin: s.TempDir(), node: bed.Node}
	var err error
	p.api, err = clientcmd.BuildConfigFromFlags("", bed.Cluster.Kubeconfig())
	s.must(err, "read the kubeconfig")
	p.server, err = url.Parse(p.api.Host)
	s.must(err, "read the kubeconfig")
	p.proxy = newProxy(s.T, p.server, p.api.CAData)
	p.dir = strings.TrimSpace(p.asRoot("", `dir=$(mktemp -d /dev/shm/delegate-credentials-XXXXXX)
		chmod 755 "$dir"
		mkdir "$dir/store" "$dir/state" "$dir/calls"
		chown 65532:65532 "$dir/store"
		echo "$dir"`))
	s.Cleanup(func() {
		if s.Failed() {
			s.Log(p.log())
		}
		p.asRoot("", `rm -r --one-file-system "$1"`, p.dir)
	})
	p.installDelegate()
	p.makePod()
	p.configure(rootCA)
	p.must(bed.Until(p.ctx, "the ConfigMap "+rootCA, func(ctx context.Context) error {
		_, err := bed.API.CoreV1().ConfigMaps(p.namespace).Get(ctx, rootCA, metav1.GetOptions{})
		return err
	}), "wait for the namespace")
	p.renewToken()
	return p
}

// rootCA is a ConfigMap that every namespace has.
const rootCA = "kube-root-ca.crt"

// configure has one rule, which takes the CA from that ConfigMap.
func (p *pair) configure(configMap string) {
	p.Helper()
	p.configMap = configMap
	p.configuration = fmt.Sprintf(`{"apiVersion": "credentials.k8s.cni.cncf.io/v1alpha1", "kind": "DelegateCredentialConfig",
 "rules": [{"name": %q, "matchPlugins": [%q],
   "sources": [
     {"serviceAccountToken": {"namespace": %[3]q, "serviceAccountName": %[4]q, "boundObjectRef": {"kind": "Node"}, "path": "token"}},
     {"configMap": {"namespace": %[3]q, "name": %[5]q, "items": [{"key": "ca.crt", "path": "ca.crt"}]}}],
   "deliver": {"serviceAccountDirectory": true},
   "needs": [
     {"namespaces": [%[3]q], "apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
     {"namespaces": [%[3]q], "apiGroups": [""], "resources": ["pods/status"], "verbs": ["update"]}]}]}
`, rule, delegates.ClientGo, p.namespace, pairAccount, configMap)
	p.write("config.json", p.configuration)
}

// on is the pair as a subtest has it.
func (p *pair) on(t *testing.T) *pair {
	on := *p
	on.scene = p.scene.on(t)
	return &on
}

// asRoot runs a script and returns what it prints.
func (p *pair) asRoot(input, script string, args ...string) string {
	p.Helper()
	cmd := privileged(context.WithoutCancel(p.ctx), append([]string{"sh", "-euc", script, "sh"}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	p.must(err, "%s: %s", script, out)
	return string(out)
}

func privileged(ctx context.Context, argv ...string) *exec.Cmd {
	if os.Geteuid() != 0 {
		argv = append([]string{"sudo", "-n", "--"}, argv...)
	}
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

// write replaces a file at once, as kubelet does.
func (p *pair) write(name, content string) {
	p.Helper()
	p.asRoot(content, `cat >"$1.new"; chmod 644 "$1.new"; mv "$1.new" "$1"`, filepath.Join(p.dir, name))
}

// started is what runs in the delegate's place; that it did is then known from
// more than what the helper says.
const started = `#!/bin/sh
echo started >"$STARTED"
exec "$0.real"
`

func (p *pair) installDelegate() {
	p.Helper()
	plugin := filepath.Join(p.bin, delegates.ClientGo)
	p.copy("/opt/cni/bin/"+delegates.ClientGo, plugin+".real")
	p.must(os.WriteFile(plugin, []byte(started), 0o755), "install the delegate")
}

// copy copies a program of the node's to this host.
func (p *pair) copy(from, to string) {
	p.Helper()
	program, err := bed.Exec(p.ctx, "cat", from)
	p.must(err, "copy %s", from)
	p.must(os.WriteFile(to, []byte(program), 0o755), "install %s", to)
}

// makePod makes one that no node ever gets: the test is its runtime.
func (p *pair) makePod() {
	p.Helper()
	pod := manifests.Pod("", "none", "none", "question")
	pod.GenerateName, pod.Spec.SchedulerName, pod.Spec.Volumes = "pair-", "none", nil
	pod.Spec.Containers[0].VolumeMounts = nil
	var err error
	p.pod, err = bed.API.CoreV1().Pods(p.namespace).Create(p.ctx, pod, metav1.CreateOptions{})
	p.must(err, "make a pod")
}

// renewToken gives the sidecar a new token of its own, as kubelet does: of the
// account that the daemon's pod has.
func (p *pair) renewToken() {
	p.Helper()
	accounts := bed.API.CoreV1().ServiceAccounts(manifests.MultusNamespace)
	_, err := accounts.Create(p.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: daemonAccount}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		p.must(err, "make the sidecar's account")
	}
	request, err := accounts.CreateToken(p.ctx, daemonAccount, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	p.must(err, "make the sidecar's token")
	p.token = request.Status.Token
	p.write("token", p.token)
}

// reach tells the sidecar where the API server is, and by which CA to know it.
func (p *pair) reach(server string, ca []byte) {
	p.Helper()
	p.write("kubeconfig", fmt.Sprintf(bootstrap, server))
	p.write("ca.crt", string(ca))
}

// reachProxy opens the proxy, by a new CA each time.
func (p *pair) reachProxy() {
	p.Helper()
	ca := p.proxy.open(p.T)
	p.reach("https://"+p.proxy.address, ca)
}

// sidecar is a command of multus-credential, as the container runs it.
func (p *pair) sidecar(ctx context.Context, command string, args ...string) *exec.Cmd {
	return privileged(ctx, append([]string{"env", "-i", "setpriv", "--reuid=65532", "--regid=65532", "--clear-groups",
		filepath.Join(bed.BuildDir, "multus-credential"), command,
		"--config=" + p.dir + "/config.json", "--store=" + p.dir + "/store",
		"--kubeconfig=" + p.dir + "/kubeconfig", "--node-name=" + p.node}, args...)...)
}

// fetch asks for a credential; it takes the lock that refresh takes.
func (p *pair) fetch() (bool, string) {
	p.Helper()
	out, err := p.sidecar(p.ctx, "fetch", rule, "--force").CombinedOutput()
	p.keepsSecrets(string(out))
	return err == nil, string(out)
}

// fetches wants a fetch that succeeds.
func (p *pair) fetches() {
	p.Helper()
	if ok, said := p.fetch(); !ok {
		p.Fatal(said)
	}
}

// isRefused wants a fetch that says these texts.
func (p *pair) isRefused(texts ...string) {
	p.Helper()
	if ok, said := p.fetch(); ok || !containsAll(said, texts) {
		p.Errorf("success %t: %s; %q wanted", ok, said, texts)
	}
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// refresh runs the sidecar until stop or the test's end.
func (p *pair) refresh() {
	p.Helper()
	log, err := os.OpenFile(filepath.Join(p.bin, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	p.must(err, "open the log")
	defer log.Close()
	cmd := p.sidecar(context.WithoutCancel(p.ctx), "refresh")
	cmd.Stderr = log
	p.must(cmd.Start(), "start the sidecar")
	p.stop = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM) // sudo hands it on
		if err := cmd.Wait(); err != nil {
			p.Errorf("the sidecar: %v", err)
		}
		p.keepsSecrets(p.log())
	})
	p.Cleanup(p.stop)
}

func (p *pair) log() string {
	text, _ := os.ReadFile(filepath.Join(p.bin, "log"))
	return string(text)
}

// logs waits until refresh has said that so often.
func (p *pair) logs(text string, times int) {
	p.Helper()
	p.must(bed.Until(p.ctx, "the sidecar to say "+text, func(context.Context) error {
		if n := strings.Count(p.log(), text); n < times {
			return fmt.Errorf("%d times", n)
		}
		return nil
	}), "see the log")
}

// callResult is what the caller of the helper gets.
type callResult struct {
	testbed.Report
	report  string
	output  string
	status  int
	started bool
}

func (o *callResult) String() string {
	return fmt.Sprintf("started %t, status %d, %s%s", o.started, o.status, o.report, o.output)
}

// asDaemon is the daemon's container: a /run of its own, and in it the helper's
// folder, which stays from run to run. It ends with the helper.
const asDaemon = `
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/multus-delegate-exec
mount --bind "$1/state" /run/multus-delegate-exec
eval "$3"
report=$2
shift 3
exec "$@" 3>"$report"
`

// lack takes a system call away from the helper.
func (p *pair) lack(call int) {
	p.Helper()
	nodescan := filepath.Join(p.bin, "nodescan")
	p.copy(delegates.Nodescan, nodescan)
	p.unfit.wrapper = []string{nodescan, "deny", strconv.Itoa(call)}
}

// call runs the delegate by the helper, as the daemon does, with more options, if
// any; its API server is the cluster's.
func (p *pair) call(command, netconf string, options ...string) *callResult {
	p.Helper()
	name := fmt.Sprintf("%s/calls/%d-", p.dir, calls.Add(1))
	argv := []string{"env", "-i", "PATH=" + os.Getenv("PATH"), "STARTED=" + name + "started",
		"KUBERNETES_SERVICE_HOST=" + p.server.Hostname(), "KUBERNETES_SERVICE_PORT=" + p.server.Port(),
		"CNI_COMMAND=" + command, "CNI_CONTAINERID=pair", "CNI_IFNAME=net1", "CNI_PATH=" + p.bin,
		"CNI_NETNS=/proc/self/ns/net", "CNI_NETNS_OVERRIDE=1",
		fmt.Sprintf("CNI_ARGS=K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s", p.namespace, p.pod.Name, p.pod.UID),
		"unshare", "--mount", "--propagation", "private", "sh", "-euc", asDaemon, "sh", p.dir, name + "report", p.unfit.host}
	argv = append(append(argv, p.unfit.wrapper...), filepath.Join(bed.BuildDir, "multus-delegate-exec"))
	argv = append(append(argv, options...), "--root=/", "--types="+delegates.ClientGo+",,,",
		"--config="+p.dir+"/config.json", "--store="+p.dir+"/store", "--", filepath.Join(p.bin, delegates.ClientGo))
	cmd := privileged(p.ctx, argv...)
	cmd.Stdin = strings.NewReader(netconf)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	report, _ := os.ReadFile(name + "report")
	o := &callResult{report: string(report), output: string(out) + complaints.String(), status: cmd.ProcessState.ExitCode()}
	if json.Unmarshal(report, o) != nil {
		p.Errorf("%s: no report: %v", command, err)
	}
	p.keepsSecrets(o.output + o.report)
	_, err = os.Stat(name + "started")
	o.started = err == nil
	return o
}

// keepsSecrets: no token is in what anybody can read.
func (p *pair) keepsSecrets(text string) {
	p.Helper()
	if strings.Contains(text, "eyJ") {
		p.Errorf("a token is shown: %s", text)
	}
}
