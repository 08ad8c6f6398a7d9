# SPDX-License-Identifier: Apache-2.0
# One libFuzzer program a parser of what others write.
#
#   FUZZ_SECONDS=30      how long each runs
#   FUZZ_RUNS=10000000   how many inputs each runs instead, however long it takes
#   FUZZ_CC=clang        another clang

FUZZ_SECONDS ?= 30
FUZZ_RUNS ?=
FUZZ_CC ?= clang
export FUZZ_SECONDS FUZZ_RUNS

FUZZ_O := $(O)/fuzz
FUZZ_CFLAGS := -std=gnu11 -O1 -g -D_GNU_SOURCE -Iinclude -Wall -Wextra \
	-fsanitize=address,undefined -fno-sanitize-recover=all $(if $(WERROR),-Werror)
FUZZ_PROGRAMS := $(patsubst helper/fuzz/%.c,$(FUZZ_O)/%,$(wildcard helper/fuzz/*.c))

# The pure parts of the sidecar, and what they call.
FUZZ_SRC := $(COMMON_SRC) helper/exec/fd.c $(addprefix helper/credential/,answer.c \
	blockyaml.c bootstrap.c boundedjson.c cleantext.c clientconfig.c jwt.c rfc3339.c \
	smallfile.c storeformat.c wipe.c)
FUZZ_OBJ := $(FUZZ_SRC:helper/%.c=$(FUZZ_O)/%.o)
FUZZ_TARGET_OBJ := $(patsubst helper/%.c,$(FUZZ_O)/%.o,$(wildcard helper/fuzz/*.c))

.PHONY: fuzz
.SECONDARY: $(FUZZ_TARGET_OBJ)

$(FUZZ_O)/%.o: helper/%.c helper/fuzz/rules.mk
	$(Q)mkdir -p $(@D)
	$(call told,CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_O)/made/%.o: $(MADE_O)/%.c
	$(Q)mkdir -p $(@D)
	$(call told,CC)$(FUZZ_CC) $(FUZZ_CFLAGS) $(MADE_CFLAGS) $(CFLAGS) -c -o $@ $<

$(FUZZ_PROGRAMS): $(FUZZ_O)/%: $(FUZZ_O)/fuzz/%.o $(FUZZ_OBJ) $(FUZZ_O)/made/errnotexts_made.o
	$(call told,LINK)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ -ljansson

fuzz: $(FUZZ_PROGRAMS) ## the parsers with made-up input: FUZZ_SECONDS=30 or FUZZ_RUNS= each
	$(Q)helper/fuzz/run.sh $(FUZZ_PROGRAMS)

-include $(FUZZ_OBJ:.o=.d) $(FUZZ_TARGET_OBJ:.o=.d)
