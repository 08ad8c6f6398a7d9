// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"multus-delegate-credentials/e2e/delegates"
)

// outage keeps the API server from running until its input ends, which it does
// also when this process is gone. Kubelet does not start it without its
// manifest; killed, it does not take half a minute to end.
const outage = `
manifest=/etc/kubernetes/manifests/kube-apiserver.yaml
mv $manifest ` + delegates.Private + `/
trap 'mv ` + delegates.Private + `/kube-apiserver.yaml $manifest' EXIT
while pkill -KILL -x kube-apiserver; do sleep 0.1; done
echo stopped
while sleep 0.1; do pkill -KILL -x kube-apiserver || :; done &
cat >/dev/null
kill $!
`

// StopAPIServer stops that of the cluster; the returned function lets it run
// again, and waits until it serves.
func (b *Bed) StopAPIServer(ctx context.Context) (start func(context.Context) error, err error) {
	cmd := b.Cluster.Engine().Command(ctx, "exec", "--privileged", "--interactive", b.Node, "sh", "-euc", outage)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	end := func() error {
		in.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("stop the API server: %w: %s", err, complaints.String())
		}
		return nil
	}
	if _, err := io.ReadFull(out, make([]byte, len("stopped"))); err != nil {
		return nil, errors.Join(err, end())
	}
	return func(ctx context.Context) error {
		return errors.Join(end(), until(ctx, "the API server", func(ctx context.Context) error {
			return b.API.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		}))
	}, nil
}
