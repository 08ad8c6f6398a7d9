// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Where nodescan plants a made-up token, beside the journal, argv, an
// environment and a mount table.
const (
	PlantedOnDisk  = "/var/tmp/nodescan-planted"
	PlantedOnTmpfs = "/run/nodescan-planted"
	PlantedHidden  = "nodescan-hidden" // on a tmpfs that one process alone sees
)

// least is how much of a signature makes a match no accident.
const least = 64

// Needle is what is searched for: the signature, without which the rest is
// worth nothing. The rest alone is shared in part with other tokens.
func Needle(token []byte) ([]byte, error) {
	token = bytes.TrimSpace(token)
	signature := token[bytes.LastIndexByte(token, '.')+1:]
	if len(signature) < least {
		return nil, fmt.Errorf("a signature of %d bytes is no token's", len(signature))
	}
	return signature[:least], nil
}

// Claims are what a token says of itself.
type Claims struct {
	Subject   string   `json:"sub"`
	JTI       string   `json:"jti"`
	Audience  []string `json:"aud"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	// Kubernetes has what the token is bound to.
	Kubernetes struct {
		Secret struct {
			Name string `json:"name"`
		} `json:"secret"`
	} `json:"kubernetes.io"`
}

// ReadClaims reads them, and checks nothing.
func ReadClaims(token []byte) (c Claims, err error) {
	parts := bytes.Split(bytes.TrimSpace(token), []byte("."))
	if len(parts) != 3 {
		return c, errors.New("not a token: it has not three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(string(parts[1]))
	if err != nil {
		return c, errors.New("not a token: its payload is not base64")
	}
	if err := json.Unmarshal(payload, &c); err != nil || c.IssuedAt == 0 {
		return c, errors.New("not a token: it does not say when it was issued")
	}
	return c, nil
}

// Issued is when a token was issued, by its own word.
func Issued(token []byte) (time.Time, error) {
	c, err := ReadClaims(token)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(c.IssuedAt, 0), nil
}

// MakeUp is a token that nobody issued and that opens nothing.
func MakeUp(issued time.Time) []byte {
	encode := base64.RawURLEncoding.EncodeToString
	signature := make([]byte, 256)
	_, _ = rand.Read(signature) // never fails
	payload := fmt.Sprintf(`{"iat":%d,"sub":"made up for a test"}`, issued.Unix())
	return []byte(encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + "." + encode(signature))
}
