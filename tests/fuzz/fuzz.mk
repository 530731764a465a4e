# SPDX-License-Identifier: BSD-2-Clause
# libFuzzer harnesses (README.md). `make fuzz` runs each for FUZZ_SECONDS; crashes stay in build/fuzz.
FUZZ := $(TOP)/fuzz
FUZZ_SECONDS ?= 600
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS := $(filter-out -fsanitize=% -O%,$(ALL_CFLAGS)) -O1 -fno-omit-frame-pointer \
	-Wno-string-concatenation -include tests/fuzz/clang.h
FUZZ_SAN := address,undefined -fno-sanitize-recover=undefined
FUZZ_LIB_OBJ := $(patsubst user/%.c,$(FUZZ)/obj/%.o,$(filter-out user/cmd/main.c,$(USER_SRC)))

# Functions that a harness puts its own in place of.
FUZZ_WRAP_elf := $(patsubst %,-Wl$(comma)--wrap=%,mmap munmap proc_by_file privilege_check border_cross_to_read)
FUZZ_WRAP_replay := -Wl$(comma)--wrap=border_cross_to_read

.PHONY: fuzz fuzz-build
fuzz-build: $(FUZZ_NAMES:%=$(FUZZ)/%)

fuzz: fuzz-build
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZ_NAMES)

$(FUZZ)/obj/%.o: user/%.c | $(BPF_SKEL)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) -MMD -MP -c -o $@ $<

$(FUZZ)/libsnapline.a: $(FUZZ_LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(FUZZ)/%: tests/fuzz/fuzz_%.c $(wildcard tests/fuzz/*.h tests/expr/*.h) $(FUZZ)/libsnapline.a
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,$(FUZZ_SAN) $(FUZZ_WRAP_$*) -o $@ $< \
		$(FUZZ)/libsnapline.a $(LDLIBS)

-include $(shell find $(FUZZ)/obj -name '*.d' 2>/dev/null)
