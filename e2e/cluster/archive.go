// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// ImageConfig is what an image says about how to run it.
type ImageConfig struct {
	Entrypoint []string          `json:",omitempty"`
	Cmd        []string          `json:",omitempty"`
	Env        []string          `json:",omitempty"`
	User       string            `json:",omitempty"`
	WorkingDir string            `json:",omitempty"`
	StopSignal string            `json:",omitempty"`
	Labels     map[string]string `json:",omitempty"`
}

// archivedImage is an image whose layers are uncompressed tar files.
type archivedImage struct {
	name   string
	layers []string
	config ImageConfig
}

// manifestEntry is one image in the manifest.json of a docker archive.
type manifestEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// archiver writes the format that `docker load`, `podman load` and
// `ctr images import` all read. A layer that several images share goes in once.
type archiver struct {
	tar    *tar.Writer
	layers map[string]string // path on disk to digest
}

func writeArchive(w io.Writer, images []archivedImage) error {
	a := archiver{tar: tar.NewWriter(w), layers: map[string]string{}}
	var manifest []manifestEntry
	for _, image := range images {
		entry, err := a.image(image)
		if err != nil {
			return fmt.Errorf("image %s: %w", image.name, err)
		}
		manifest = append(manifest, entry)
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := a.file("manifest.json", data); err != nil {
		return err
	}
	return a.tar.Close()
}

func (a *archiver) image(image archivedImage) (manifestEntry, error) {
	entry := manifestEntry{RepoTags: []string{image.name}}
	var digests []string
	for _, path := range image.layers {
		digest, err := a.layer(path)
		if err != nil {
			return entry, err
		}
		digests = append(digests, "sha256:"+digest)
		entry.Layers = append(entry.Layers, digest+".tar")
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       image.config,
		"rootfs":       map[string]any{"type": "layers", "diff_ids": digests},
	})
	if err != nil {
		return entry, err
	}
	sum := sha256.Sum256(config)
	entry.Config = hex.EncodeToString(sum[:]) + ".json"
	return entry, a.file(entry.Config, config)
}

// layer adds a layer, named by its digest, unless it is in the archive.
func (a *archiver) layer(path string) (string, error) {
	if digest, ok := a.layers[path]; ok {
		return digest, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	digest := hex.EncodeToString(hash.Sum(nil))
	a.layers[path] = digest
	return digest, a.copy(digest+".tar", size, f)
}

func (a *archiver) file(name string, data []byte) error {
	return a.copy(name, int64(len(data)), bytes.NewReader(data))
}

func (a *archiver) copy(name string, size int64, r io.Reader) error {
	header := &tar.Header{Name: name, Size: size, Mode: 0o644}
	if err := a.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(a.tar, r)
	return err
}

// archiveHash is of the archive's manifest, which names all else by digest.
func archiveHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for t := tar.NewReader(f); ; {
		header, err := t.Next()
		if err != nil {
			return "", fmt.Errorf("look for its manifest.json: %w", err)
		}
		if header.Name == "manifest.json" {
			data, err := io.ReadAll(t)
			return shortHash(data), err
		}
	}
}

// writeTar writes a directory, or a single file under the name given, all of
// it owned by root and without times: the same files make the same image.
func writeTar(w io.Writer, source, name string) error {
	t := tar.NewWriter(w)
	if err := addTree(t, source, name); err != nil {
		return err
	}
	return t.Close()
}

func addTree(t *tar.Writer, source, name string) error {
	return filepath.Walk(source, func(path string, info os.FileInfo,
		err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		entry := filepath.Join(name, below)
		if entry == "." || info.Mode()&os.ModeSocket != 0 {
			return nil
		}
		return addFile(t, path, entry, info)
	})
}

func addFile(t *tar.Writer, path, name string, info os.FileInfo) error {
	link := ""
	if info.Mode()&os.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		link = target
	}
	from, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Linkname: link, Size: from.Size,
		Mode: from.Mode, Typeflag: from.Typeflag}
	if info.IsDir() {
		header.Name += "/"
	}
	if err := t.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t, f)
	return err
}
