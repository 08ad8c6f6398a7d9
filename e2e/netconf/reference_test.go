// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// The edit once more, over the tokens of Go's decoder.

// change puts text in the place of doc[from:to].
type change struct {
	from, to int
	text     string
}

type reference struct {
	doc     string
	dec     *json.Decoder
	value   string // as JSON
	changes []change
}

// referenceEdit sets the keys to value, which is JSON; false where a key's
// parent is no object. doc is an object that Go takes.
func referenceEdit(doc string, keys []string, value string) (string, bool) {
	r := &reference{doc: doc, dec: json.NewDecoder(strings.NewReader(doc)), value: value}
	r.dec.UseNumber()
	r.token()
	if !r.object(split(keys)) {
		return "", false
	}
	var out strings.Builder
	done := 0
	for _, c := range r.changes {
		out.WriteString(doc[done:c.from] + c.text)
		done = c.to
	}
	return out.String() + doc[done:], true
}

func split(keys []string) (all [][]string) {
	for _, key := range keys {
		all = append(all, strings.Split(key, "."))
	}
	return all
}

func (r *reference) token() json.Token {
	token, err := r.dec.Token()
	if err != nil {
		panic(err)
	}
	return token
}

// skip goes behind a whole value.
func (r *reference) skip() {
	for depth := 0; ; {
		switch r.token() {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return
		}
	}
}

// object goes through an object that the keys lead into.
func (r *reference) object(keys [][]string) bool {
	missing := slices.Clone(keys)
	empty := true
	for r.dec.More() {
		empty = false
		name := r.token().(string)
		same := func(key []string) bool { return strings.EqualFold(key[0], name) }
		at := slices.DeleteFunc(slices.Clone(keys), func(k []string) bool { return !same(k) })
		missing = slices.DeleteFunc(missing, same)
		if !r.member(at) {
			return false
		}
	}
	r.token()
	if len(missing) > 0 {
		text := r.members(missing)
		if !empty {
			text = "," + text
		}
		end := int(r.dec.InputOffset()) - 1
		r.changes = append(r.changes, change{end, end, text})
	}
	return true
}

// member goes through the value of a member that the keys lead to.
func (r *reference) member(keys [][]string) bool {
	from := int(r.dec.InputOffset())
	from += strings.IndexByte(r.doc[from:], ':') + 1
	from += len(r.doc[from:]) - len(strings.TrimLeft(r.doc[from:], " \t\r\n"))
	if len(keys) == 0 || len(keys[0]) == 1 {
		r.skip()
		if len(keys) > 0 {
			r.changes = append(r.changes, change{from, int(r.dec.InputOffset()), r.value})
		}
		return true
	}
	return r.token() == json.Delim('{') && r.object(behind(keys))
}

func behind(keys [][]string) (rest [][]string) {
	for _, key := range keys {
		rest = append(rest, key[1:])
	}
	return rest
}

func (r *reference) members(keys [][]string) string {
	var all []string
	for len(keys) > 0 {
		name := keys[0][0]
		same := func(key []string) bool { return strings.EqualFold(key[0], name) }
		at := slices.DeleteFunc(slices.Clone(keys), func(k []string) bool { return !same(k) })
		keys = slices.DeleteFunc(slices.Clone(keys), same)
		value := r.value
		if len(at[0]) > 1 {
			value = "{" + r.members(behind(at)) + "}"
		}
		all = append(all, `"`+name+`":`+value)
	}
	return strings.Join(all, ",")
}

// unmarshal decodes as the delegates do, but keeps numbers as they are.
func unmarshal(doc string, to any) error {
	dec := json.NewDecoder(bytes.NewReader([]byte(doc)))
	dec.UseNumber()
	return dec.Decode(to)
}
