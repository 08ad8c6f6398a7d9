// SPDX-License-Identifier: Apache-2.0

package scan

// Held is what became of requests that were made at once, to be answered only
// when all of them waited for a lock.
type Held struct {
	// Output is of the command that ran while all waited; empty: never did all.
	Output string `json:"output"`
	// Failed are the errors by the number of their request.
	Failed map[int]string `json:"failed"`
	// Late is whether one had no answer within a minute.
	Late bool `json:"late"`
}
