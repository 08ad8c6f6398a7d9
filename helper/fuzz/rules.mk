# SPDX-License-Identifier: Apache-2.0
# One libFuzzer program a parser of what others write.
#
#   FUZZ_SECONDS=30   how long each runs
#   FUZZ_CC=clang     another clang

FUZZ_SECONDS ?= 30
FUZZ_CC ?= clang

FUZZ_O := $(O)/fuzz
FUZZ_CFLAGS := -std=gnu11 -O1 -g -D_GNU_SOURCE -Iinclude -Wall -Wextra \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(if $(WERROR),-Werror)
FUZZ_PROGRAMS := $(patsubst helper/fuzz/%.c,$(FUZZ_O)/%,$(wildcard helper/fuzz/*.c))

.PHONY: fuzz

$(FUZZ_PROGRAMS): $(FUZZ_O)/%: helper/fuzz/%.c $(wildcard helper/fuzz/*.h) \
		$(COMMON_SRC) $(wildcard helper/common/*.h) helper/fuzz/rules.mk
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(CFLAGS) -o $@ $< $(COMMON_SRC)

fuzz: $(FUZZ_PROGRAMS) ## the parsers with made-up input: FUZZ_SECONDS=30 each
	$(Q)helper/fuzz/run.sh $(O) $(FUZZ_SECONDS) $(FUZZ_PROGRAMS)
