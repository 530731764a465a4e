# SPDX-License-Identifier: BSD-2-Clause
# snapline. `make demo` and `make test` are all that a fresh machine needs.
#
#   make            builds build/snapline
#   make demo       installs what is missing, builds, takes a snapshot of a bundled program
#   make test       installs what is missing, builds, runs all tests
#   make check      layout and unit tests only: quick, without root
#   make oracle     compares snapshots with what gdb prints, at places drawn by SEED
#   make hunt       random values, expressions and places with new seeds for HUNT_MINUTES (30)
#   make fuzz       hostile input of every kind, FUZZ_SECONDS (600) each
#   make soak       attaches and detaches at random places of redis and sqlite for SOAK_MINUTES (30)
#   make bench      what probes cost beside an empty program and other tools, into docs/benchmark.md
#   make targets    the programs that tests look into
#   make test-kernels  the live tests on Debian's kernels from 5.10 to the newest, under emulation, arm64 too
#   make install    PREFIX=/usr/local DESTDIR=
#   ARCH=aarch64 SYSROOT=FOLDER  builds for arm64 into build/aarch64, against the libraries in FOLDER
#   V=1 shows the commands, SAN=1 builds with ASan and UBSan into build/san

V ?= 0
SAN ?= 0
PREFIX ?= /usr/local
DESTDIR ?=
HOST_ARCH := $(shell uname -m)
ARCH ?= $(HOST_ARCH)
SYSROOT ?=
CLANG ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool || echo bpftool)

ifeq ($(ARCH),$(HOST_ARCH))
TOP := build
CC := gcc
CXX := g++
else
TOP := build/$(ARCH)
CC := $(ARCH)-linux-gnu-gcc --sysroot=$(SYSROOT)
CXX := $(ARCH)-linux-gnu-g++ --sysroot=$(SYSROOT)
endif
ifeq ($(SAN),1)
B := $(TOP)/san
else
B := $(TOP)
endif
G := $(TOP)/gen

ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
else
Q :=
say =
endif

VERSION := $(shell sed -n 's/^\#\# \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)

CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 -Wall -Wextra -Werror=incompatible-pointer-types -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -fno-strict-aliasing \
	-D_GNU_SOURCE -DSNAPLINE_VERSION='"$(VERSION)"' -Iuser -Iinclude -I$(G) $(CFLAGS)
LDLIBS := -lpthread -lbpf -ldw -lelf -lz -lZydis -liberty -lm
ifeq ($(SAN),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1
ALL_LDFLAGS += -fsanitize=address,undefined
endif

USER_SRC := $(wildcard user/*/*.c)
LIB_OBJ := $(patsubst user/%.c,$(B)/obj/%.o,$(filter-out user/cmd/main.c,$(USER_SRC)))
MAIN_OBJ := $(B)/obj/cmd/main.o
BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_SKEL := $(patsubst bpf/%.bpf.c,$(G)/%.skel.h,$(BPF_SRC))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT_SRC))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all setup setup-bench demo test check layout unit bench oracle hunt soak test-kernels install clean format targets

all: $(B)/snapline

$(B)/snapline: $(MAIN_OBJ) $(B)/libsnapline.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libsnapline.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: user/%.c | $(BPF_SKEL)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The kernel side. -mcpu=v2: what a 5.10 kernel takes.
BPF_ARCH := $(subst aarch64,arm64,$(subst x86_64,x86,$(ARCH)))
$(TOP)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h include/*.h vmlinux/*.h)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -mcpu=v2 -g -O2 -Wall -Wextra -Wno-unused-parameter \
		-Wno-address-of-packed-member -D__TARGET_ARCH_$(BPF_ARCH) -Iinclude -Ivmlinux \
		-I$(SYSROOT)/usr/include/$(ARCH)-linux-gnu -c -o $@ $<
	$(Q)llvm-strip -g $@
	$(Q)llvm-objdump -d $@ | awk '/^ +[0-9]+:/ {n++} END {printf "  %-8s %d instructions\n", "", n}'

$(G)/%.skel.h: $(TOP)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf > $@

$(B)/tests/unit/%: tests/unit/%.c $(B)/libsnapline.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit -MMD -MP -o $@ $< $(B)/libsnapline.a $(ALL_LDFLAGS) $(LDLIBS) -lcmocka

# Programs that suites use to look at one room.
$(B)/tests/tools/%: tests/tools/%.c $(B)/libsnapline.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(B)/libsnapline.a $(ALL_LDFLAGS) $(LDLIBS)

# Those of the live suites share their workloads.
$(B)/tests/tools/live_%: tests/tools/live_%.c tests/tools/live.c tests/tools/live.h tests/insns.h $(B)/libsnapline.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/tools -o $@ $< tests/tools/live.c $(B)/libsnapline.a \
		$(ALL_LDFLAGS) $(LDLIBS) -lpthread

EXPR_SRC := $(wildcard tests/expr/*.c)
$(B)/tests/expr/property: $(EXPR_SRC) $(wildcard tests/expr/*.h) $(B)/libsnapline.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(EXPR_SRC) $(B)/libsnapline.a $(ALL_LDFLAGS) $(LDLIBS) -ldl -lm

setup:
	@tools/setup

layout:
	@tools/check-layout

$(B)/tests/unit.stamp: $(UNIT_BIN)
	$(Q)touch $@

unit:
	@tests/run unit

check: layout unit

test: setup
	@$(MAKE) --no-print-directory all
	@tests/run all

include tests/targets/targets.mk
include tests/fuzz/fuzz.mk

demo:
	@tools/setup build
	@$(MAKE) --no-print-directory all $(T)/demo_orders
	@tools/demo

test-kernels:
	@tools/test-kernels

# Programs of the benchmark; spin is what is measured, and built like any other program.
$(B)/tools/%: tools/benchmark/%.c $(B)/libsnapline.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< $(B)/libsnapline.a $(ALL_LDFLAGS) $(LDLIBS)

$(B)/tools/spin: tools/benchmark/spin.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -o $@ $<

bench: setup-bench
	@$(MAKE) --no-print-directory all $(B)/tools/spin $(B)/tools/empty $(T)/paced
	@tools/bench --write docs/benchmark.md

setup-bench:
	@tools/setup bench

# gdb is the judge; SEED=N repeats a draw.
oracle: setup
	@$(MAKE) --no-print-directory all corpus
	@tools/real-programs || [ $$? -eq 77 ]
	@tests/oracle/oracle.py && tests/oracle/hits.py --lines 15 && tests/oracle/listing.py

hunt: setup
	@$(MAKE) --no-print-directory all
	@tests/hunt

# Attaches and detaches at random places of redis and sqlite under load; SOAK_MINUTES=30, SEED=N.
soak: all
	@tools/real-programs
	@tools/soak

clean:
	rm -rf $(TOP)

format:
	clang-format -i $(shell git ls-files 'user/*.[ch]' 'bpf/*.[ch]' 'include/*.h' 'tests/unit/*.[ch]')

install: all
	install -D -m 755 $(TOP)/snapline $(DESTDIR)$(PREFIX)/bin/snapline
	install -D -m 644 docs/snapline.1 $(DESTDIR)$(PREFIX)/share/man/man1/snapline.1

-include $(shell find $(B)/obj $(B)/tests -name '*.d' 2>/dev/null)
