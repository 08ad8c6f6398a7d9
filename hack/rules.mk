# SPDX-License-Identifier: Apache-2.0
# What people run; the work is done by the scripts beside this file.

.PHONY: setup test demo demo-run demo-clean bench bench-programs bench-run lint sanitize mutate clean-cache

setup: ## install what is missing (says what and why first)
	$(Q)hack/setup.sh

test: ## every test, set-up included; ends with `N passed, N failed`
	$(Q)hack/test.sh

demo: ## a real cluster: the stock delegate fails, the patched one works
	$(Q)hack/demo.sh

# The last step of hack/demo.sh, on a cluster that is up. What it shows comes
# last, in one piece, behind all progress.
demo-run: suite-newest
	$(Q)echo "compiling what shows it" >&2
	$(Q)cd e2e && MDC_BUILD="$(O)" MDC_CACHE="$(CACHE)" MDC_CLUSTER="$(CLUSTER)" go run ./cmd/demo >"$(O)/demo.txt"

demo-clean: ## remove the cluster of `make demo`
	$(Q)hack/demo.sh clean

bench: ## what an invocation, an ADD and a large cluster's renewals cost, beside the alternatives
	$(Q)hack/bench.sh

# Beside the delegate, which it looks for there.
INVOCATIONS := $(TEST_O)/invocations

bench-programs: programs $(INVOCATIONS) $(TEST_O)/wrapper $(TEST_O)/delegate $(O)/bench-summary $(O)/herd

$(INVOCATIONS): $(addprefix hack/bench/,invocations.c contestant.c memory.c \
		contestant.h memory.h clock.h) $(TEST_HARNESS_OBJ)
	$(Q)$(CC) $(TEST_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) -lcmocka -ljansson

$(TEST_O)/wrapper: hack/bench/wrapper.c helper/rules.mk
	$(Q)$(MUSL_CC) $(HELPER_CFLAGS) $(MUSL_CFLAGS) $(CFLAGS) $(MUSL_LINK) $(HELPER_LINK) $(LDFLAGS) -o $@ \
		$(MUSL_BEGIN) $< $(MUSL_END)

$(O)/bench-summary: hack/bench/summary.c
	$(Q)$(CC) $(TEST_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(O)/herd: hack/bench/herd.c $(HELPER_O)/credential/schedule.o
	$(Q)$(CC) $(HELPER_CFLAGS) $(CFLAGS) $(if $(SANITIZE),,-pie) $(LDFLAGS) -o $@ $^

# The part of hack/bench.sh on a cluster that is up.
bench-run:
	$(Q)cd e2e && MDC_BUILD="$(O)" MDC_CACHE="$(CACHE)" MDC_CLUSTER="$(CLUSTER)" \
		go run ./cmd/bench >"$(O)/bench/cluster.samples"

lint: $(UNIT_TESTS) ## static analysis of C, Go, shell and the man pages; the C unit tests in valgrind
	$(Q)WARN="$(HELPER_WARN)" hack/lint.sh

sanitize: ## the C tests and the sidecar again under ASan and UBSan
	$(Q)hack/sanitize.sh

mutate: ## take out one error check at a time; a test has to fail each time
	$(Q)hack/mutate.sh

clean-cache: ## remove what is slow to build: CACHE, and our images
	$(Q)hack/clean-cache.sh "$(CACHE)"
