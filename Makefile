# SPDX-License-Identifier: Apache-2.0
# Credentials for CNI delegates that Multus' thick plugin runs in a chroot.
# `make help` lists what people run; each part keeps its rules in its folder.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# The folder for everything that is built; override with O=.
O ?= build
override O := $(abspath $(O))

# Where slow things are kept, by the hash of what they are made from.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/multus-delegate-credentials
export O CACHE

# Go's compiler collects garbage half as often: a sixth of its time, for memory.
GOGC ?= 200
export GOGC

# The versions that run on a cluster in the tests, whatever is asked for.
NEWEST_MULTUS := v4.3.0
OLDEST_MULTUS := v4.0.2
MULTUS_VERSION ?= $(NEWEST_MULTUS)
export MULTUS_VERSION

Q := $(if $(V),,@)

# $(call told,WORD): in front of a command, what makes the target.
told = $(if $(V),,@printf '  %-4s %s\n' $(1) '$(@:$(O)/%=%)';)

.PHONY: all help clean
all: programs

include helper/rules.mk
include patches/rules.mk
include e2e/rules.mk
include hack/rules.mk

help: ## print this list
	$(Q)grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | \
		sed -E 's/^([a-z0-9-]+):[^#]*## /  \1\t/' | expand -t 20

clean: ## remove what was built here (the cache stays: see `make clean-cache`)
	$(Q)rm -rf -- "$(O)"
