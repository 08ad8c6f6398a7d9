# SPDX-License-Identifier: Apache-2.0
# The C programs, their unit tests and the look at the finished ELF file.
#
#   SANITIZE=address,undefined   an instrumented, dynamic build (use another O=)
#   WERROR=1                     warnings are errors
#   CFLAGS=, LDFLAGS=            yours, last

DELEGATE_EXEC_VERSION := 0.1.0

PREFIX ?= /usr/local
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))

HELPER_O := $(O)/helper

# A flag, where this compiler knows it.
cc-option = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(1))

HELPER_WARN := -Wall -Wextra -Wshadow -Wvla -Wpointer-arith -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wformat=2 -Wundef -Wimplicit-fallthrough $(if $(WERROR),-Werror)
HELPER_HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection \
	$(call cc-option,-fcf-protection) $(call cc-option,-ftrivial-auto-var-init=zero)
HELPER_LINK := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections
CREDENTIAL_LINK := -pie
CREDENTIAL_LIBS := -lcurl -ljansson -lseccomp

ifdef SANITIZE
HELPER_HARDEN := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
HELPER_LINK := -fsanitize=$(SANITIZE)
CREDENTIAL_LINK :=
else
HELPER_FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# The helper is a static-pie with musl: it starts with less work and in less memory
# than with glibc. musl-gcc itself links no static-pie and knows no kernel headers.
MUSL_CC ?= musl-gcc
MUSL_CFLAGS := $(addprefix -idirafter /usr/include/,$(shell $(CC) -print-multiarch 2>/dev/null) .)
MUSL_LINK := -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text
MUSL_BEGIN := -l:rcrt1.o -l:crti.o $(shell $(CC) -print-file-name=crtbeginS.o 2>/dev/null)
MUSL_END := $(shell $(CC) -print-file-name=crtendS.o 2>/dev/null) -l:crtn.o

HELPER_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -Iinclude $(HELPER_FORTIFY) \
	-DVERSION='"$(DELEGATE_EXEC_VERSION)"' -ffunction-sections \
	-ffile-prefix-map=$(CURDIR)=. $(HELPER_WARN) $(HELPER_HARDEN)

COMMON_SRC := $(filter-out %_test.c,$(wildcard helper/common/*.c))
EXEC_SRC := $(wildcard helper/exec/*.c)
CREDENTIAL_SRC := $(filter-out %_test.c,$(wildcard helper/credential/*.c))
UNIT_SRC := $(wildcard helper/common/*_test.c helper/credential/*_test.c)

# The programs of helper/made/ run while the others are built, and print C.
MADE_O := $(HELPER_O)/made
COMMON_OBJ := $(COMMON_SRC:helper/%.c=$(HELPER_O)/%.o) $(MADE_O)/errnotexts_made.o
EXEC_O := $(if $(SANITIZE),$(HELPER_O),$(O)/helper-musl)
EXEC_OBJ := $(patsubst helper/%.c,$(EXEC_O)/%.o,$(EXEC_SRC) $(COMMON_SRC)) \
	$(EXEC_O)/made/waitfilter_made.o $(EXEC_O)/made/errnotexts_made.o
CREDENTIAL_OBJ := $(CREDENTIAL_SRC:helper/%.c=$(HELPER_O)/%.o) $(HELPER_O)/exec/fd.o
UNIT_TESTS := $(UNIT_SRC:helper/%.c=$(HELPER_O)/%)

DELEGATE_EXEC := $(O)/multus-delegate-exec
DELEGATE_EXEC_UNSTRIPPED := $(HELPER_O)/multus-delegate-exec
CREDENTIAL := $(O)/multus-credential
CREDENTIAL_UNSTRIPPED := $(HELPER_O)/multus-credential

.SECONDARY: $(UNIT_TESTS:=.o) $(MADE_O)/waitfilter_made.c $(MADE_O)/errnotexts_made.c
.PHONY: programs check check-elf test-helper install

programs: $(DELEGATE_EXEC) $(CREDENTIAL) ## build/multus-delegate-exec and build/multus-credential

$(HELPER_O)/%.o: helper/%.c helper/rules.mk
	$(Q)mkdir -p $(@D)
	$(call told,CC)$(CC) $(HELPER_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(MADE_O)/%_made.c: $(MADE_O)/%
	$(Q)$< >$@.new && mv $@.new $@

$(MADE_O)/waitfilter: MADE_LIBS := -lseccomp
$(MADE_O)/waitfilter $(MADE_O)/errnotexts: %: %.o
	$(call told,LINK)$(CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE),-pie) $(LDFLAGS) -o $@ $^ $(MADE_LIBS)

MADE_CFLAGS := -Ihelper/common -Ihelper/exec -ffile-prefix-map=$(MADE_O)=.

$(MADE_O)/%_made.o: $(MADE_O)/%_made.c helper/common/errnotexts.h helper/exec/waitfilter.h
	$(call told,CC)$(CC) $(HELPER_CFLAGS) $(MADE_CFLAGS) $(CFLAGS) -c -o $@ $<

ifdef SANITIZE
EXEC_LINK = $(CC) $(HELPER_LINK) $(LDFLAGS) -o $@ $^
else
EXEC_LINK = $(MUSL_CC) $(MUSL_LINK) $(HELPER_LINK) $(LDFLAGS) -o $@ $(MUSL_BEGIN) $^ $(MUSL_END)

$(EXEC_O)/%.o: helper/%.c helper/rules.mk
	$(Q)mkdir -p $(@D)
	$(call told,CC)$(MUSL_CC) $(HELPER_CFLAGS) $(MUSL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(EXEC_O)/made/%.o: $(MADE_O)/%.c helper/common/errnotexts.h helper/exec/waitfilter.h
	$(Q)mkdir -p $(@D)
	$(call told,CC)$(MUSL_CC) $(HELPER_CFLAGS) $(MADE_CFLAGS) $(MUSL_CFLAGS) $(CFLAGS) -c -o $@ $<
endif

$(DELEGATE_EXEC_UNSTRIPPED): $(EXEC_OBJ)
	$(Q)mkdir -p $(@D)
	$(call told,LINK)$(EXEC_LINK)

$(CREDENTIAL_UNSTRIPPED): $(COMMON_OBJ) $(CREDENTIAL_OBJ)
	$(call told,LINK)$(CC) $(CREDENTIAL_LINK) $(HELPER_LINK) $(LDFLAGS) -o $@ $^ $(CREDENTIAL_LIBS)

$(DELEGATE_EXEC) $(CREDENTIAL): $(O)/%: $(HELPER_O)/%
	$(Q)$(if $(SANITIZE),cp,strip --strip-all -o) $(if $(SANITIZE),$< $@,$@ $<)

# What is tested of the second program is all but its main.
$(filter $(HELPER_O)/credential/%,$(UNIT_TESTS)): \
	$(filter-out %/main.o,$(CREDENTIAL_OBJ))
$(filter $(HELPER_O)/credential/%,$(UNIT_TESTS)): UNIT_LIBS := $(CREDENTIAL_LIBS)

# The calls of our own code that the faults tests let fail.
FAULTS := malloc calloc realloc strdup asprintf __asprintf_chk arena_alloc \
	arena_copy arena_printf fopen open_memstream open openat fstat fstatat \
	readlinkat getdents64 read write mkdirat symlinkat renameat unlinkat \
	flock setrlimit prctl syscall inotify_init1 inotify_add_watch \
	seccomp_init seccomp_load curl_easy_init curl_easy_setopt \
	curl_slist_append
$(HELPER_O)/credential/faults_test $(HELPER_O)/credential/faults_store_test: \
	UNIT_LIBS := $(CREDENTIAL_LIBS) $(FAULTS:%=-Wl,--wrap=%)

$(HELPER_O)/%_test: $(HELPER_O)/%_test.o $(COMMON_OBJ)
	$(call told,LINK)$(CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE),-pie) $(LDFLAGS) -o $@ $^ -lcmocka -ljansson $(UNIT_LIBS)

check: $(UNIT_TESTS) $(CREDENTIAL) $(if $(SANITIZE),,$(DELEGATE_EXEC) $(O)/herd) ## the C unit tests, seconds
	$(Q)helper/run-unit-tests.sh check $(UNIT_TESTS) \
		$(if $(SANITIZE),,-- helper/check-elf-test.sh $(DELEGATE_EXEC) $(DELEGATE_EXEC_UNSTRIPPED) \
			$(CREDENTIAL) $(CREDENTIAL_UNSTRIPPED) -- hack/setup-test.sh -- hack/steps-test.sh \
			-- hack/herd-test.sh $(O)/herd)

check-elf: $(DELEGATE_EXEC) $(CREDENTIAL) ## show that both are hardened, and the helper static, without network code
	$(Q)helper/check-elf.sh delegate-exec $(DELEGATE_EXEC) $(DELEGATE_EXEC_UNSTRIPPED)
	$(Q)helper/check-elf.sh credential $(CREDENTIAL) $(CREDENTIAL_UNSTRIPPED)

install: programs ## the programs and their man pages (DESTDIR=, PREFIX=)
	$(Q)install -D -m 0755 -t $(DESTDIR)$(PREFIX)/sbin $(DELEGATE_EXEC) $(CREDENTIAL)
	$(Q)install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man8 \
		helper/multus-delegate-exec.8 helper/multus-credential.8

-include $(patsubst helper/%.c,$(HELPER_O)/%.d,$(COMMON_SRC) $(EXEC_SRC) $(CREDENTIAL_SRC) $(UNIT_SRC))
-include $(patsubst helper/%.c,$(EXEC_O)/%.d,$(COMMON_SRC) $(EXEC_SRC))
-include helper/test/rules.mk
-include helper/fuzz/rules.mk
