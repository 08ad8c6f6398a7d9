// SPDX-License-Identifier: Apache-2.0

// Package schema tests the configuration's JSON Schema with the documents that
// the decoder in helper/common is tested with.
package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	schemaFile = "../../include/delegate-credential-config.schema.json"
	documents  = "../../helper/common/testdata/config/"
)

// Why the schema lets a bad document pass: what no schema can say.
const (
	keysOfAnObject = "a schema sees an object's keys once each"
	acrossRules    = "a schema does not compare a value with those of other objects"
	caseOfKeys     = "uniqueItems does not fold case"
	prefixes       = "a schema does not compare the beginnings of two strings"
	references     = "a schema does not look for the names that a string refers to"
	numbers        = "to a schema, 3600.0 and 36e2 are integers"
	characters     = "maxLength counts characters, not bytes"
)

var exceptions = map[string]string{
	"top-duplicate.json":             keysOfAnObject,
	"top-duplicate-escaped.json":     keysOfAnObject,
	"rule-duplicate.json":            keysOfAnObject,
	"name-twice.json":                acrossRules,
	"path-twice.json":                acrossRules,
	"item-path-twice.json":           acrossRules,
	"env-twice.json":                 acrossRules,
	"keys-twice-folded.json":         caseOfKeys,
	"credential-twice.json":          caseOfKeys,
	"keys-within.json":               prefixes,
	"keys-around.json":               prefixes,
	"env-ref-unknown.json":           references,
	"env-ref-empty.json":             references,
	"env-ref-itself.json":            references,
	"env-ref-later.json":             references,
	"env-ref-dollars.json":           references,
	"env-ref-open.json":              references,
	"env-ref-kubeconfig.json":        references,
	"env-expanded-long.json":         references,
	"expiration-whole-fraction.json": numbers,
	"expiration-exponent.json":       numbers,
	"env-value-long-bytes.json":      characters,
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func list(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(documents + folder + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 8 {
		t.Fatalf("only %d documents in %s", len(files), documents+folder)
	}
	return files
}

// What cannot be decoded is refused as well.
func validate(t *testing.T, schema *jsonschema.Schema, file string) error {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema.Validate(document)
}

func TestGood(t *testing.T) {
	schema := compile(t)
	for _, file := range list(t, "good") {
		if err := validate(t, schema, file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestBad(t *testing.T) {
	schema := compile(t)
	seen := 0
	for _, file := range list(t, "bad") {
		reason, excepted := exceptions[filepath.Base(file)]
		err := validate(t, schema, file)
		switch {
		case excepted && err != nil:
			t.Errorf("%s: no exception is needed (%s): %v", file, reason, err)
		case !excepted && err == nil:
			t.Errorf("%s: the schema accepts it", file)
		}
		if excepted {
			seen++
		}
	}
	if seen != len(exceptions) {
		t.Errorf("%d of %d exceptions are of documents that are there", seen, len(exceptions))
	}
}
