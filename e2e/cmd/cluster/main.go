// SPDX-License-Identifier: Apache-2.0

// Command cluster brings the suite's kind cluster up and down.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"multus-delegate-credentials/e2e/cluster"
)

const usage = `usage: cluster [options] prepare|up|down|status|kubeconfig|logs|remove-images
       cluster [options] exec NODE COMMAND [ARGUMENT...]   (NODE: name or number)
       cluster [options] node-image KUBERNETES ETCD CNI-PLUGINS ROOT
       cluster [options] engine
       cluster [options] pull IMAGE
ENGINE names another engine for the last three than would run the cluster.
`

// commands is what each word does.
var commands = map[string]func(context.Context, *options, []string) error{
	"prepare":       prepare,
	"up":            up,
	"down":          down,
	"status":        status,
	"kubeconfig":    kubeconfig,
	"logs":          logs,
	"exec":          execute,
	"node-image":    nodeImage,
	"engine":        engine,
	"pull":          pull,
	"remove-images": removeImages,
}

type options struct {
	cluster.Options
	builder string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt,
		syscall.SIGTERM)
	defer stop()
	o := parse()
	command, known := commands[flag.Arg(0)]
	if !known {
		flag.Usage()
		os.Exit(2)
	}
	if err := command(ctx, o, flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func parse() *options {
	o := &options{Options: cluster.Options{Log: os.Stderr}}
	flag.StringVar(&o.Name, "name", "mdc-e2e", "name of the kind cluster")
	flag.StringVar(&o.CacheDir, "cache", os.Getenv("CACHE"),
		"folder for what is slow to make")
	flag.StringVar(&o.BuildDir, "build", os.Getenv("O"),
		"folder for kubeconfig and logs")
	flag.StringVar(&o.NodeImage, "node-image", os.Getenv("NODE_IMAGE"),
		"node image to use instead of the detected one")
	flag.IntVar(&o.Nodes, "nodes", 1, "number of nodes")
	flag.BoolVar(&o.SkipPull, "no-pull", false,
		"do not look for kind's own node image")
	flag.StringVar(&o.builder, "builder", "",
		"command that makes the node image and prints its name last")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if o.BuildDir == "" || o.CacheDir == "" {
		fmt.Fprintln(os.Stderr, "cluster: -cache and -build are needed")
		os.Exit(2)
	}
	return o
}

// prepare gets what up needs, and no more.
func prepare(ctx context.Context, o *options, _ []string) error {
	if o.builder != "" {
		o.BuildNodeImage = o.build
	}
	return cluster.Prepare(ctx, o.Options)
}

func up(ctx context.Context, o *options, _ []string) error {
	if o.builder != "" {
		o.BuildNodeImage = o.build
	}
	_, err := cluster.Up(ctx, o.Options)
	return err
}

// build runs the builder, which is told the engine that the image is for.
func (o *options) build(ctx context.Context, e cluster.Engine) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", o.builder)
	cmd.Env = append(append(os.Environ(), e.Env...), "ENGINE="+e.Name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("making the node image (%s): %w", o.builder, err)
	}
	lines := strings.Fields(string(bytes.TrimSpace(out)))
	if len(lines) == 0 {
		return "", fmt.Errorf("%s printed no image", o.builder)
	}
	return lines[len(lines)-1], nil
}

func nodeImage(ctx context.Context, o *options, args []string) error {
	if len(args) != 4 {
		return errors.New("node-image takes four folders")
	}
	engine, err := o.findEngine(ctx)
	if err != nil {
		return err
	}
	name, err := cluster.NodeImage(ctx, engine, o.Options, cluster.Parts{
		Kubernetes: args[0], Etcd: args[1], CNIPlugins: args[2], Root: args[3]})
	if err != nil {
		return err
	}
	fmt.Println(name)
	return nil
}

func down(ctx context.Context, o *options, _ []string) error {
	c, err := cluster.Attach(ctx, o.Options)
	if errors.Is(err, cluster.ErrNotRunning) {
		fmt.Fprintf(os.Stderr, "cluster: %s is not running\n", o.Name)
		return nil
	}
	if err != nil {
		return err
	}
	return c.Down(ctx)
}

func status(ctx context.Context, o *options, _ []string) error {
	c, err := cluster.Attach(ctx, o.Options)
	if err != nil {
		return err
	}
	fmt.Printf("cluster\t%s\nengine\t%s\nnodes\t%s\nkubeconfig\t%s\n", o.Name,
		c.Engine().Name, strings.Join(c.Nodes(), " "), c.Kubeconfig())
	out, err := c.Kubectl(ctx, "get", "nodes", "--output=wide")
	os.Stdout.Write(out)
	return err
}

func kubeconfig(ctx context.Context, o *options, _ []string) error {
	c, err := cluster.Attach(ctx, o.Options)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(c.Kubeconfig())
	fmt.Println(path)
	return err
}

func logs(ctx context.Context, o *options, _ []string) error {
	c, err := cluster.Attach(ctx, o.Options)
	if err != nil {
		return err
	}
	dir, err := c.Logs()
	fmt.Println(dir)
	return err
}

func removeImages(ctx context.Context, o *options, _ []string) error {
	return cluster.RemoveImages(ctx, o.Options)
}

// execute runs a command in a node with our own stdin, stdout and stderr.
func execute(ctx context.Context, o *options, args []string) error {
	if len(args) < 2 {
		return errors.New("exec takes a node and a command")
	}
	c, err := cluster.Attach(ctx, o.Options)
	if err != nil {
		return err
	}
	node, err := c.Node(args[0])
	if err != nil {
		return err
	}
	cmd := c.Engine().Command(ctx, append([]string{"exec", "--privileged",
		"--interactive", node}, args[1:]...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		os.Exit(exited.ExitCode())
	}
	return err
}
