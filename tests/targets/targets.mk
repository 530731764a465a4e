# SPDX-License-Identifier: BSD-2-Clause
# The programs that tests look into; README.md here says which lines of a source steer this.
T := $(TOP)/targets
# What a source's first lines say under a key; read once, as make variables.
steer = $(steer.$(1).$(2))
$(T)/steering.mk: $(wildcard tests/targets/*.c tests/targets/*.cc tests/targets/*.S)
	$(Q)mkdir -p $(@D)
	$(Q)awk 'FNR <= 8 && match($$0, "^// [a-z]+: ") { \
		print "steer." FILENAME "." substr($$0, 4, RLENGTH - 5) " += " substr($$0, RLENGTH + 1) \
	}' $^ >$@
-include $(T)/steering.mk
parts = $(addprefix tests/targets/,$(call steer,$(1),$(2)))

OF_OTHER_CPUS := $(foreach s,$(shell grep -l '^// cpu: ' tests/targets/*.*),$(if $(filter $(ARCH),$(call steer,$(s),cpu)),,$(s)))
TARGET_SRC := $(filter-out $(OF_OTHER_CPUS),$(wildcard tests/targets/*.c tests/targets/*.cc tests/targets/*.S))
TARGET_BIN := $(patsubst tests/targets/%,$(T)/%,$(basename $(TARGET_SRC)))
TARGET_HDR := $(wildcard tests/targets/*.h)
CORPUS_SRC := $(shell grep -lx '// corpus' tests/targets/*.c)
CORPUS := $(patsubst tests/targets/%.c,%,$(CORPUS_SRC))
VARIANTS := $(foreach c,gcc clang,$(foreach o,O0 O1 O2 O3,$(foreach d,4 5,$(c)-$(o)-dw$(d))))
CORPUS_BIN := $(foreach p,$(CORPUS),$(foreach v,$(VARIANTS),$(T)/$(p).$(v)))
TARGET_WARN := -Wall -Wextra -Wno-unused-parameter

# build_target: source, output, compiler, flags. The library, if any, is libOUTPUT.so.
define build_target
$(2): $(1) $(TARGET_HDR) $(call parts,$(1),sources) $(call parts,$(1),library)
	$$(call say,TARGET,$$@)
	$$(Q)mkdir -p $$(@D)
	$(if $(call steer,$(1),library),$$(Q)$(3) $(4) $(TARGET_WARN) -fPIC -shared \
		-o $$(@D)/lib$$(@F).so $(call parts,$(1),library))
	$$(Q)$(3) $(4) $(TARGET_WARN) -o $$@ $(1) $(call parts,$(1),sources) \
		$(if $(call steer,$(1),library),-L$$(@D) -l:lib$$(@F).so '-Wl$$(comma)-rpath$$(comma)$$$$ORIGIN') \
		$(call steer,$(1),flags)
endef
comma := ,

# The family in one file, linked in each way that there is: family.static-pie and so on.
KINDS := pie fixed static static-pie
KIND_BIN := $(addprefix $(T)/family.,$(KINDS))
flags_of_pie := -pie -fPIE
flags_of_fixed := -no-pie
flags_of_static := -static
flags_of_static-pie := -static-pie -fPIE
$(KIND_BIN): $(T)/family.%: tests/targets/family.c tests/targets/parts/family_library.c $(TARGET_HDR)
	$(call say,TARGET,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -w -pthread $(flags_of_$*) -o $@ $(filter %.c,$^)

# A variant's name back to compiler and flags: gcc-O2-dw5.
variant_cc = $(word 1,$(subst -, ,$(1)))
variant_flags = -$(word 2,$(subst -, ,$(1))) -g -gdwarf-$(patsubst dw%,%,$(word 3,$(subst -, ,$(1))))

compiler = $(if $(filter %.cc,$(1)),$(CXX),$(CC))

ifneq ($(filter %/unit.stamp targets corpus $(T)/% oracle oracle-sample demo,$(MAKECMDGOALS)),)
$(foreach s,$(TARGET_SRC),$(eval $(call build_target,$(s),$(patsubst tests/targets/%,$(T)/%,$(basename $(s))),$(call compiler,$(s)),-O2 -g)))
$(foreach s,$(CORPUS_SRC),$(foreach v,$(VARIANTS),$(eval $(call build_target,$(s),$(T)/$(patsubst tests/targets/%.c,%,$(s)).$(v),$(call variant_cc,$(v)),$(call variant_flags,$(v))))))
$(eval $(call build_target,tests/targets/choose_blocks.c,$(T)/choose_blocks.clang,clang,-O2 -g))
$(eval $(call build_target,tests/targets/choose_blocks.c,$(T)/choose_blocks.fixed,gcc,-O2 -g -no-pie))
endif

.PHONY: corpus
targets: $(TARGET_BIN) $(KIND_BIN)
corpus: targets $(CORPUS_BIN)
# What unit tests look into.
$(B)/tests/unit.stamp: $(T)/choose_hazards $(T)/choose_blocks $(T)/choose_blocks.clang $(T)/choose_blocks.fixed
