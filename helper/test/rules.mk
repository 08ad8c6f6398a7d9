# SPDX-License-Identifier: Apache-2.0
# The tests of the privileged helper, as root in namespaces of their own.

TEST_O := $(O)/helper-test

TEST_CFLAGS := -std=gnu17 -O1 -g -D_GNU_SOURCE -Iinclude -Wall -Wextra \
	-Wshadow -Wvla -Wstrict-prototypes $(if $(WERROR),-Werror)

TEST_PROGRAM_SRC := $(wildcard helper/test/test_*.c)
TEST_OPS_SRC := $(wildcard helper/test/ops*.c)
TEST_HARNESS_SRC := $(filter-out $(TEST_PROGRAM_SRC) helper/test/delegate.c \
	helper/test/driver.c helper/test/unchecked.c, $(wildcard helper/test/*.c))

TEST_PROGRAMS := $(TEST_PROGRAM_SRC:helper/test/%.c=$(TEST_O)/%)
# Those that take longest start first.
TEST_LONG := $(addprefix $(TEST_O)/,test_races test_faults test_calls test_kill)

# What a killed process leaves behind is the same in either build, and the
# sanitizers' own system calls would make most of the moments to kill it at, or
# of the calls to fail. Some that are denied their loader needs.
ifdef SANITIZE
TEST_NATIVE := %/test_kill %/test_calls %/test_faults %/test_caller %/test_filter \
	%/test_denied
TEST_PROGRAMS := $(filter-out $(TEST_NATIVE),$(TEST_PROGRAMS))
TEST_LONG := $(filter-out $(TEST_NATIVE),$(TEST_LONG))
endif
TEST_HARNESS_OBJ := $(TEST_HARNESS_SRC:helper/test/%.c=$(TEST_O)/%.o)
TEST_DELEGATE_OBJ := $(TEST_O)/delegate.o $(TEST_OPS_SRC:helper/test/%.c=$(TEST_O)/%.o)

# The helper with one defence taken out.
TEST_UNCHECKED := $(TEST_O)/unchecked

# What the Go tests of e2e/netconf call.
TEST_DRIVER := $(TEST_O)/driver

.PHONY: test-driver

$(TEST_O)/%.o: helper/test/%.c helper/test/rules.mk
	$(Q)mkdir -p $(@D)
	$(call told,CC)$(CC) $(TEST_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(TEST_O)/delegate: $(TEST_DELEGATE_OBJ)
	$(call told,LINK)$(CC) -static $(LDFLAGS) -o $@ $^

$(TEST_UNCHECKED): $(EXEC_OBJ) $(EXEC_O)/test/unchecked.o
	$(call told,LINK)$(EXEC_LINK) -Wl,--wrap=netconf_read

test-driver: $(TEST_DRIVER)

$(TEST_DRIVER): $(TEST_O)/driver.o $(COMMON_OBJ)
	$(call told,LINK)$(CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS) -o $@ $^

$(TEST_O)/test_filter: $(EXEC_O)/made/waitfilter_made.o
$(TEST_PROGRAMS): $(TEST_O)/%: $(TEST_O)/%.o $(TEST_HARNESS_OBJ)
	$(call told,LINK)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -ljansson

test-helper: $(TEST_PROGRAMS) $(TEST_O)/delegate $(TEST_UNCHECKED) $(DELEGATE_EXEC) $(CREDENTIAL) ## the helper as root in namespaces, minutes
	$(Q)$(TEST_ENV) helper/test/run.sh $(O) $(TEST_LONG) \
		$(filter-out $(TEST_LONG),$(TEST_PROGRAMS))

# LeakSanitizer cannot look into a helper that is not dumpable: leaks are the
# unit tests' to find. ASan would change the delegate's limits. And it is slow,
# so fewer steps are tried.
ifdef SANITIZE
TEST_ENV := TEST_STRIDE=5 ASAN_OPTIONS=detect_leaks=0:disable_coredump=0
endif

-include $(wildcard $(TEST_O)/*.d)
