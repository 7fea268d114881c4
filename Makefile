# SPDX-License-Identifier: GPL-2.0-or-later
#
#	make			the module for the running kernel, and userspace
#	make module [KDIR=...]	preswap.ko in build/module-RELEASE/
#	make test-module	what selftests/replay.c loads, in
#			build/test-module-RELEASE/
#	make fault-module	preswap.ko for selftests/faults.c, in
#			build/fault-module-RELEASE/
#	make user		library, daemon and tools in build/user/
#	make check		userspace tests, with sanitizers
#	make install		userspace [DESTDIR=, PREFIX=]; and the module's
#	make uninstall		source for DKMS, see dkms/
#	make clean		build/ without guests, benchmarks and logs
#	make help		this text
#
# W=1 warns more, WERROR=1 makes warnings errors, C=1 runs sparse.

KDIR ?= /lib/modules/$(shell uname -r)/build
KRELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODULE_DIR = $(CURDIR)/build/module-$(KRELEASE)
TEST_MODULE_DIR = $(CURDIR)/build/test-module-$(KRELEASE)
FAULT_MODULE_DIR = $(CURDIR)/build/fault-module-$(KRELEASE)
MODULE_SRC = Kbuild kmod include
WERROR ?= 0

all: module user

# Kbuild knows no path with a blank or a colon, and the recipes here quote none.
headers:
	$(if $(findstring :,$(CURDIR) $(KDIR))$(filter-out 1,$(words [$(CURDIR)$(KDIR)])),$(error \
		a module is not built where a path has a blank or a colon: "$(CURDIR)", KDIR "$(KDIR)"))
	@test -f $(KDIR)/Makefile || { \
		echo "no kernel headers in $(KDIR): install linux-headers-$$(uname -r), or give KDIR=" >&2; \
		exit 1; }

# Built on a copy, so that several kernels can share a tree, and the tree
# stays clean.
module: headers
	mkdir -p $(MODULE_DIR)
	cp -pR $(MODULE_SRC) $(MODULE_DIR)
	$(MAKE) -C $(KDIR) M=$(MODULE_DIR) W=$(W) C=$(C) \
		PRESWAP_WERROR=$(if $(filter 1,$(WERROR)),y,n) modules

test-module: headers
	mkdir -p $(TEST_MODULE_DIR)
	cp -pR --parents kmod/decide user/tests/*.h selftests/answers \
		$(TEST_MODULE_DIR)
	cp -p selftests/answers/Kbuild $(TEST_MODULE_DIR)
	$(MAKE) -C $(KDIR) M=$(TEST_MODULE_DIR) W=$(W) C=$(C) \
		PRESWAP_WERROR=$(if $(filter 1,$(WERROR)),y,n) modules

fault-module: headers
	mkdir -p $(FAULT_MODULE_DIR)
	cp -pR $(MODULE_SRC) selftests/faults $(FAULT_MODULE_DIR)
	cat selftests/faults/Kbuild >>$(FAULT_MODULE_DIR)/Kbuild
	$(MAKE) -C $(KDIR) M=$(FAULT_MODULE_DIR) W=$(W) C=$(C) \
		PRESWAP_WERROR=$(if $(filter 1,$(WERROR)),y,n) modules

user:
	$(MAKE) -C user

check:
	$(MAKE) -C user check

install:
	$(MAKE) -C user install
	$(MAKE) -C dkms install

uninstall:
	$(MAKE) -C dkms uninstall
	$(MAKE) -C user uninstall

clean:
	rm -rf build/module-* build/test-module-* build/fault-module-* build/user build/user-san

help:
	@sed -n '3,/^$$/s/^#[ 	]\?//p' Makefile

.PHONY: all help headers module test-module fault-module user check install uninstall clean
