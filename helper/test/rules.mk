# SPDX-License-Identifier: Apache-2.0
# The tests of the privileged helper, as root in namespaces of their own.

TEST_O := $(O)/helper-test

TEST_CFLAGS := -std=gnu17 -O1 -g -D_GNU_SOURCE -Iinclude -Wall -Wextra \
	-Wshadow -Wvla -Wstrict-prototypes $(if $(WERROR),-Werror)

TEST_PROGRAM_SRC := $(wildcard helper/test/test_*.c)
TEST_OPS_SRC := $(wildcard helper/test/ops*.c)
TEST_HARNESS_SRC := $(filter-out $(TEST_PROGRAM_SRC) helper/test/delegate.c, \
	$(wildcard helper/test/*.c))

TEST_PROGRAMS := $(TEST_PROGRAM_SRC:helper/test/%.c=$(TEST_O)/%)
TEST_HARNESS_OBJ := $(TEST_HARNESS_SRC:helper/test/%.c=$(TEST_O)/%.o)
TEST_DELEGATE_OBJ := $(TEST_O)/delegate.o $(TEST_OPS_SRC:helper/test/%.c=$(TEST_O)/%.o)

$(TEST_O)/%.o: helper/test/%.c helper/test/rules.mk
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(TEST_O)/delegate: $(TEST_DELEGATE_OBJ)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^

$(TEST_PROGRAMS): $(TEST_O)/%: $(TEST_O)/%.o $(TEST_HARNESS_OBJ)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -ljansson

test-helper: $(TEST_PROGRAMS) $(TEST_O)/delegate $(DELEGATE_EXEC) ## the helper as root in namespaces, minutes
	$(Q)helper/test/run.sh $(O) $(TEST_PROGRAMS)

-include $(wildcard $(TEST_O)/*.d)
