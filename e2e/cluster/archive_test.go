// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func untar(t *testing.T, data []byte) map[string]*tar.Header {
	t.Helper()
	entries := map[string]*tar.Header{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := r.Next()
		if err == io.EOF {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		header.PAXRecords = map[string]string{"content": string(content)}
		if _, twice := entries[header.Name]; twice {
			t.Errorf("%s is in the archive twice", header.Name)
		}
		entries[header.Name] = header
	}
}

func content(h *tar.Header) string {
	if h == nil {
		return ""
	}
	return h.PAXRecords["content"]
}

func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "usr/bin"), 0o750); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "usr/bin/program")
	if err := os.WriteFile(program, []byte("text"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/bin", filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWriteTar(t *testing.T) {
	dir := sample(t)
	var first, second bytes.Buffer
	if err := writeTar(&first, dir, "."); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, "usr"), time.Unix(1, 0),
		time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := writeTar(&second, dir, "."); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("times of files change the archive")
	}
	entries := untar(t, first.Bytes())
	program := entries["usr/bin/program"]
	if content(program) != "text" || program.Mode != 0o755 || program.Uid != 0 {
		t.Errorf("the program is %+v", program)
	}
	if link := entries["bin"]; link == nil || link.Linkname != "usr/bin" {
		t.Errorf("the link is %+v", link)
	}
	if directory := entries["usr/bin/"]; directory == nil ||
		directory.Mode != 0o750 {
		t.Errorf("the directory is %+v", directory)
	}
}

func TestWriteTarOfOneFile(t *testing.T) {
	var out bytes.Buffer
	source := filepath.Join(sample(t), "usr/bin/program")
	if err := writeTar(&out, source, "opt/other"); err != nil {
		t.Fatal(err)
	}
	entries := untar(t, out.Bytes())
	if len(entries) != 1 || content(entries["opt/other"]) != "text" {
		t.Errorf("got %v", entries)
	}
}

// Two images with a layer in common: each names its layers by their digests,
// and the common one is there once (untar complains of a second).
func TestWriteArchive(t *testing.T) {
	dir := t.TempDir()
	base, top := filepath.Join(dir, "base"), filepath.Join(dir, "top")
	for path, text := range map[string]string{base: "base", top: "top"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err := writeArchive(&out, []archivedImage{
		{name: "one:1", layers: []string{base}},
		{name: "two:1", layers: []string{base, top},
			config: ImageConfig{Entrypoint: []string{"/program"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	entries := untar(t, out.Bytes())
	var manifest []manifestEntry
	err = json.Unmarshal([]byte(content(entries["manifest.json"])), &manifest)
	if err != nil || len(manifest) != 2 {
		t.Fatalf("manifest %v: %v", manifest, err)
	}
	checkImage(t, entries, manifest[0], "one:1", []string{"base"}, nil)
	checkImage(t, entries, manifest[1], "two:1", []string{"base", "top"},
		[]string{"/program"})
}

func checkImage(t *testing.T, entries map[string]*tar.Header,
	m manifestEntry, name string, layers, entrypoint []string) {
	t.Helper()
	if m.RepoTags[0] != name || len(m.Layers) != len(layers) {
		t.Fatalf("manifest of %s: %+v", name, m)
	}
	var config struct {
		Config ImageConfig
		Rootfs struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	text := content(entries[m.Config])
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	for i, layer := range layers {
		sum := sha256.Sum256([]byte(layer))
		if config.Rootfs.DiffIDs[i] != "sha256:"+hex.EncodeToString(sum[:]) {
			t.Errorf("%s: diff id %d is %s", name, i, config.Rootfs.DiffIDs[i])
		}
		if got := content(entries[m.Layers[i]]); got != layer {
			t.Errorf("%s: layer %d is %q", name, i, got)
		}
	}
	if len(entrypoint) != len(config.Config.Entrypoint) {
		t.Errorf("%s: entrypoint %q", name, config.Config.Entrypoint)
	}
}

func TestArchiveHash(t *testing.T) {
	dir := t.TempDir()
	hash := func(name, layer string) string {
		t.Helper()
		archive, path := filepath.Join(dir, "archive"), filepath.Join(dir, "layer")
		if err := os.WriteFile(path, []byte(layer), 0o644); err != nil {
			t.Fatal(err)
		}
		err := createFile(archive, func(w io.Writer) error {
			return writeArchive(w, []archivedImage{{name: name, layers: []string{path}}})
		})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := archiveHash(archive)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if hash("one:1", "a") != hash("one:1", "a") || hash("one:1", "a") == hash("one:1", "b") {
		t.Error("the hash is not that of the content")
	}
	empty := filepath.Join(dir, "empty")
	err := createFile(empty, func(w io.Writer) error { return tar.NewWriter(w).Close() })
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := archiveHash(empty); err == nil {
		t.Errorf("an archive without a manifest has the hash %s", sum)
	}
}
