# SPDX-License-Identifier: Apache-2.0
# The kind suite and what it is made from. What is slow to build is in CACHE,
# under the hash of what it is built from, and built once for it.
#
#   NODE_IMAGE=REF   a node image of yours instead of the detected one
#   CLUSTER=NAME     another name for the cluster
#   KEEP=1           test-e2e leaves the cluster running

CLUSTER ?= mdc-e2e
export NODE_IMAGE

CLUSTER_TOOL := $(O)/e2e/cluster
CLUSTER_CALL := $(CLUSTER_TOOL) -name $(CLUSTER)
NODE_IMAGE_MAKE := $(MAKE) --no-print-directory -s -C "$(CURDIR)" node-image
PIN := e2e/pins/build.sh

.PHONY: kubernetes multus multus-stock cni-plugins whereabouts node-image \
	e2e-build cluster-tool cluster-up cluster-down cluster-status remove-images suite-newest suite-oldest soak test-e2e test-upstream

kubernetes: ## the programs of Kubernetes, into the cache
	$(Q)$(PIN) kubernetes

cni-plugins: ## the CNI reference plugins, into the cache
	$(Q)$(PIN) cni-plugins

whereabouts: ## the IPAM plugin of that name, into the cache
	$(Q)$(PIN) whereabouts

multus-stock: ## the stock Multus programs, in build/multus/VERSION/stock
	$(Q)dir=$$($(PIN) multus-$(MULTUS_VERSION)); \
	mkdir -p "$(O)/multus/$(MULTUS_VERSION)"; ln -sfn "$$dir" "$(O)/multus/$(MULTUS_VERSION)/stock"

multus: multus-stock patched ## stock and patched Multus, in build/multus/VERSION

node-image: cluster-tool ## the node image for where kind's own cannot be pulled
	$(Q)e2e/cluster/node/build.sh $(CLUSTER_TOOL)

cluster-tool:
	$(Q)mkdir -p "$(O)/e2e"
	$(Q)cd e2e && CGO_ENABLED=0 go build -o $(CLUSTER_TOOL) ./cmd/cluster

# Finds out what the cluster will need on this host, and builds just that. What vet
# says is a part of make lint.
e2e-build: cluster-tool
	$(Q)$(CLUSTER_CALL) -builder '$(NODE_IMAGE_MAKE)' prepare
	$(Q)cd e2e && go test -vet=off -exec true ./... >/dev/null

cluster-up: cluster-tool ## a kind cluster: CLUSTER= names it
	$(Q)$(CLUSTER_CALL) -builder '$(NODE_IMAGE_MAKE)' up

cluster-down: cluster-tool ## remove the cluster
	$(Q)$(CLUSTER_CALL) down

cluster-status: cluster-tool ## what runs, and how to reach it
	$(Q)$(CLUSTER_CALL) status

remove-images: cluster-tool ## remove our images that no cluster uses
	$(Q)$(CLUSTER_CALL) remove-images

# What runs on the cluster.
suite-newest: cluster-tool
	$(Q)$(MAKE) --no-print-directory multus image MULTUS_VERSION=$(NEWEST_MULTUS) FIXES=0

suite-oldest: cluster-tool
	$(Q)$(MAKE) --no-print-directory patched image MULTUS_VERSION=$(OLDEST_MULTUS)

# What needs a cluster of its own is a part of its own.
E2E_UPSTREAM := ./upstream

test-e2e: suite-newest suite-oldest whereabouts $(TEST_DRIVER) ## the kind suite: KEEP=1 keeps the cluster
	$(Q)packages=$$(cd e2e && go list ./... | grep -v "$(E2E_UPSTREAM:.%=%)\$$"); \
	CLUSTER=$(CLUSTER) KEEP=$(KEEP) PART=e2e PACKAGES="$$packages" \
		e2e/cluster/test.sh $(CLUSTER_CALL) -builder '$(NODE_IMAGE_MAKE)'

# One test alone, which takes longer than all others.
soak: suite-newest ## a token ends while delegates run: SOAK_MINUTES=15
	$(Q)CLUSTER=$(CLUSTER) KEEP=$(KEEP) PART=soak PACKAGES=./suite GOFLAGS='-tags=soak -run=^TestSoak$$' \
		e2e/cluster/test.sh $(CLUSTER_CALL) -builder '$(NODE_IMAGE_MAKE)'

# Upstream's scripts know their nodes by name.
test-upstream: suite-newest ## upstream's scripts and the README's own-cluster section
	$(Q)CLUSTER=kind KEEP=$(KEEP) PART=upstream PACKAGES=$(E2E_UPSTREAM) \
		e2e/cluster/test.sh $(CLUSTER_TOOL) -name kind -nodes 3 -builder '$(NODE_IMAGE_MAKE)'
