// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"encoding/json"
	"fmt"

	"multus-delegate-credentials/e2e/manifests"
)

// Attachment is a network of a pod that the daemon's /delegate is asked for: one
// delegate, no look-up of networks.
type Attachment struct {
	Namespace, Pod, UID         string // of a pod that is there
	Netns, Container, Interface string
	Network                     manifests.Network
}

// Request is what /delegate takes.
func (a Attachment) Request(command string) (string, error) {
	config, err := a.Network.JSON()
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{
		"env": map[string]string{
			"CNI_COMMAND": command, "CNI_CONTAINERID": a.Container,
			"CNI_NETNS": "/run/netns/" + a.Netns, "CNI_IFNAME": a.Interface,
			"CNI_ARGS": fmt.Sprintf("IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s",
				a.Namespace, a.Pod, a.UID),
		},
		"config": config,
	})
	return string(body), err
}
