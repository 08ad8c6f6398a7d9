# SPDX-License-Identifier: Apache-2.0
# The patch series for Multus; the work is done by scripts in hack/.

.PHONY: apply patched drift test-patches

apply: ## git am the series on your checkout: MULTUS_SRC=DIR [MULTUS_VERSION=v4.3.0]
	$(Q)hack/apply.sh "$(MULTUS_SRC)" "$(MULTUS_VERSION)"

patched: ## the patched Multus programs, in build/multus/patched: [MULTUS_VERSION=v4.3.0]
	$(Q)hack/patched.sh "$(MULTUS_VERSION)"

drift: ## the files that the series add and that differ from the newest; ends with how many
	$(Q)hack/drift.sh

test-patches: ## the series applies, builds, and passes its tests and upstream's
	$(Q)hack/test-patches.sh
