# SPDX-License-Identifier: Apache-2.0
# The patch series for Multus; the work is done by scripts in hack/.

.PHONY: apply patched image drift test-patches test-image test-reproducible test-all-versions

apply: ## git am the series on your checkout: MULTUS_SRC=DIR [MULTUS_VERSION=v4.3.0] [FIXES=1]
	$(Q)hack/apply.sh "$(MULTUS_SRC)" "$(MULTUS_VERSION)"

patched: ## the patched Multus programs, in build/multus/VERSION/patched: [MULTUS_VERSION=v4.3.0] [FIXES=1]
	$(Q)hack/patched.sh "$(MULTUS_VERSION)"

image: programs cluster-tool ## images of Multus, of the helper and of the sidecar: [MULTUS_VERSION=] [FIXES=1] [ENGINE=docker|podman] [IMAGE=NAME]
	$(Q)hack/image.sh "$(CLUSTER_TOOL)" "$(DELEGATE_EXEC_VERSION)" "$(MULTUS_VERSION)"

drift: ## the files that the series add and that differ from the newest; ends with how many
	$(Q)hack/drift.sh

test-patches: ## each series applies and builds, and upstream's tests pass with it
	$(Q)hack/test-patches.sh

test-image: suite-newest ## what is in the images, and how they are named
	$(Q)hack/test-image.sh "$(CLUSTER_TOOL)" "$(DELEGATE_EXEC_VERSION)"

test-reproducible: suite-newest ## Multus and the images are the same bytes when built again
	$(Q)hack/test-reproducible.sh "$(CLUSTER_TOOL)" "$(DELEGATE_EXEC_VERSION)"

test-all-versions: test-reproducible ## the patches of every version in full, and test-reproducible; ends with a table
	$(Q)hack/test-all-versions.sh
