// SPDX-License-Identifier: Apache-2.0

package delegates

import (
	"slices"
	"testing"
)

func TestAbsolutePaths(t *testing.T) {
	got := absolutePaths("\tlinux-vdso.so.1 (0x00007ffd)\n" +
		"\tlibcurl.so.4 => /lib/x86_64-linux-gnu/libcurl.so.4 (0x00007f01)\n" +
		"\t/lib64/ld-linux-x86-64.so.2 (0x00007f02)\n")
	want := []string{"/lib/x86_64-linux-gnu/libcurl.so.4", "/lib64/ld-linux-x86-64.so.2"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
