// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// AuditLog is the API server's audit log on the first node: which account asked
// for what, with which token. Bodies, and so the tokens, are not in it.
const AuditLog = auditDir + "/audit.log"

const (
	auditDir   = "/var/log/kubernetes"
	policyPath = "/kind/audit-policy.yaml"
)

// auditPolicy logs what service accounts do with the objects that tests ask
// about, and little else.
const auditPolicy = `# written by the e2e suite of multus-delegate-credentials
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create]
  resources: [{group: "", resources: [serviceaccounts/token]}]
- level: Metadata
  userGroups: ["system:serviceaccounts"]
  verbs: [get, update, patch]
  resources: [{group: "", resources: [pods, pods/status, configmaps]}]
- level: None
`

// patchAPIServer turns the log on. It also has a token end when it says: by
// default the API server gives kubelet's a year, so that old clients that never
// read theirs again keep working. kind brings extraArgs in the form that its
// kubeadm takes.
const patchAPIServer = "kind: ClusterConfiguration\n" +
	"apiServer:\n" +
	"  extraArgs:\n" +
	"    audit-policy-file: " + policyPath + "\n" +
	"    audit-log-path: " + AuditLog + "\n" +
	"    audit-log-maxsize: \"100\"\n" +
	"    audit-log-maxbackup: \"1\"\n" +
	"    service-account-extend-token-expiration: \"false\"\n" +
	"  extraVolumes:\n" +
	"  - {name: audit-policy, hostPath: " + policyPath + ", mountPath: " + policyPath +
	", readOnly: true, pathType: File}\n" +
	"  - {name: audit-log, hostPath: " + auditDir + ", mountPath: " + auditDir +
	", pathType: DirectoryOrCreate}\n"

// auditMount lays the policy into the node of the cluster of that name. It is in
// the cache, because the engine looks for it again when the node is started
// again, maybe long after the build folder is gone. Each cluster has its own: to
// write a file anew takes it away from the node that has it mounted, and its API
// server could not be started again.
func auditMount(cacheDir, name string) (v1alpha4.Mount, error) {
	mount := v1alpha4.Mount{
		HostPath:      filepath.Join(cacheDir, name+"-"+filepath.Base(policyPath)),
		ContainerPath: policyPath,
		Readonly:      true,
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return mount, err
	}
	return mount, writeFile(mount.HostPath, []byte(auditPolicy), 0o644)
}
