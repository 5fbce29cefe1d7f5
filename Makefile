# SPDX-License-Identifier: MIT
# `make help` lists what there is.

KERNEL  ?= 6.1
TIMEOUT ?= 600
PREFIX  ?= /usr/local
# Of the debug kernels' tests: the time for them, and of how many published vectors one is run.
BUDGET  ?= inf
EVERY   ?= 16
# Which of their parts.
PARTS   ?= detectors admin device abi
# make has an assembler of this name.
ifneq ($(origin AS),command line)
AS      :=
endif

SUDO    := $(if $(filter 0,$(shell id -u)),,sudo)
# Never a private Python: users of the guest must be able to read it.
PYTHON  := /usr/bin/python3
GUEST   := $(PYTHON) -B -m guest
BIN     := build/venv/bin

PACKAGES := \
	qemu-system-x86 busybox-static udev kmod iproute2 keyutils procps util-linux \
	build-essential git gcc-multilib libelf1 libssl-dev openssl bc sparse shellcheck zstd lz4 lzop liburing-dev \
	python3-venv python3-dev \
	bash-completion groff-base man-db mandoc pkgconf
# What building a kernel takes besides, and the TPM that the guest has with it.
KERNEL_PACKAGES := flex bison libelf-dev swtpm tpm2-tools
ifneq ($(filter debug kcsan,$(KERNEL)),)
PACKAGES += $(KERNEL_PACKAGES)
endif
missing  = $(filter-out $(shell dpkg-query -W -f '$${db:Status-Status}:$${Package}\n' \
	$(PACKAGES) 2>/dev/null | sed -n 's/^installed://p'),$(PACKAGES))

.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: KERNEL=6.1|6.12|7|rt|debug|kcsan, CMD='...', AS=root|member|outsider, TIMEOUT=seconds,"
	@echo "  ACCEL=kvm|tcg, BUDGET=seconds, EVERY=N, PARTS='...', MODARGS='name=value ...', DESTDIR=, PREFIX=$(PREFIX)"

# --- what everything else needs ---------------------------------------------------------------

.PHONY: deps
deps:  ## install missing Debian packages (a minute, once)
	$(if $(missing),@echo "Installing Debian packages: $(missing)")
	$(if $(missing),$(SUDO) apt-get -qq update)
	$(if $(missing),$(SUDO) env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install $(missing) >/dev/null)

.PHONY: kernel
kernel: deps  ## fetch the kernel KERNEL into the cache (15 s, once)
	@$(GUEST) prepare --kernel '$(KERNEL)'

.PHONY: debug-kernel
debug-kernel kcsan-kernel test-debug test-kcsan: PACKAGES += $(KERNEL_PACKAGES)
debug-kernel: deps  ## build the kernel that finds faults (10 minutes, once)
	@$(GUEST) prepare --kernel debug

.PHONY: kcsan-kernel
kcsan-kernel: deps  ## build the kernel that finds data races (10 minutes, once)
	@$(GUEST) prepare --kernel kcsan

.PHONY: driver
driver: deps  ## build the driver for KERNEL (5 s, when it has changed)
	@$(GUEST) build --kernel '$(KERNEL)'

.PHONY: venv
venv: deps build/venv/stamp  ## make the Python environment build/venv (a minute, once)

build/venv/stamp: setup.cfg pyproject.toml $(wildcard setup.py include/uapi/linux/*.h pycryptodev/_abi_build.py)
	@echo "Making the Python environment build/venv"
	@mkdir -p build
	@$(PYTHON) -m venv build/venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test,dev]'
	@touch $@

# --- the guest --------------------------------------------------------------------------------

# The command travels in the environment, as it was written: neither make nor the shell expands it.
unexport CMD
vm: export GUEST_COMMAND = $(value CMD)
run_guest = $(GUEST) run --kernel '$(KERNEL)' --timeout '$(TIMEOUT)' --accel '$(ACCEL)' \
	--as '$(AS)' --module-arguments '$(MODARGS)'

.PHONY: vm
vm: venv  ## boot a guest and run CMD='...' in it (10 s and the command)
	@$(run_guest)

.PHONY: shell
shell: venv  ## boot a guest and give a shell in it (10 s)
	@$(run_guest) --interactive

# --- using and testing it ---------------------------------------------------------------------

.PHONY: run
run: venv driver  ## the main job on real input, in the guest (a minute; 2 and a half the first time)
	@$(BIN)/python -m demo.run --kernel '$(KERNEL)'

.PHONY: tests-build
tests-build: venv  ## build the C tests and examples, pack the vectors (a minute, once)
	@$(MAKE) --no-print-directory -s -C tests/abi
	@$(MAKE) --no-print-directory -s -C tests/soak
	@$(MAKE) --no-print-directory -s -C examples
	@$(MAKE) --no-print-directory -s -C tests/vectors
	@$(BIN)/python -m tests.vectors.pack

.PHONY: test
test: venv driver  ## the whole suite, in the guest (18 minutes; 20 the first time)
	@$(BIN)/python -m tests.run --kernel '$(KERNEL)'

.PHONY: test-kernels
test-kernels: venv  ## the whole suite on every kernel, and the README's table (an hour)
	@$(BIN)/python -m tests.run --kernel all

.PHONY: table
table: venv  ## the README's table of class, operation and kernel, from what was performed (15 minutes)
	@$(BIN)/python -m tests.run --table

.PHONY: test-debug
test-debug: venv debug-kernel  ## the suite in the guest with the kernel that finds faults (two hours)
	@$(BIN)/python -m tests.run --kernel debug --every $(EVERY) --seconds $(BUDGET) $(PARTS)

.PHONY: test-kcsan
test-kcsan: venv kcsan-kernel  ## the suite in the guest with the kernel that finds data races (two hours)
	@$(BIN)/python -m tests.run --kernel kcsan --every $(EVERY) --seconds $(BUDGET) $(PARTS)

# Numbers of its own, and a seed, come by the environment: SOAK_REQUESTS, SOAK_SEED ...
.PHONY: soak
soak: venv tests-build  ## everything at once, 1,000,000 requests, as root in the guest (4 minutes)
	@GUEST_COMMAND="SOAK_REQUESTS=$${SOAK_REQUESTS:-1000000} SOAK_CANCELS=$${SOAK_CANCELS:-10000} \
		SOAK_KILLS=$${SOAK_KILLS:-1000} SOAK_SEED=$$SOAK_SEED \
		python -m pytest -q tests/admin/test_soak.py" \
		$(GUEST) run --kernel '$(KERNEL)' --timeout 14400 --accel '$(ACCEL)' --as root

.PHONY: two-cpus
two-cpus: venv tests-build  ## what the second CPU brings to 64 KiB of sha256 and cbc(aes) (half a minute)
	@GUEST_COMMAND=build/tests/soak/two_cpus \
		$(GUEST) run --kernel '$(KERNEL)' --timeout 600 --accel '$(ACCEL)' --as root

.PHONY: bench
bench: deps  ## what requests cost, in instructions, as root in the guest (5 minutes)
	@$(MAKE) --no-print-directory -s -C bench
	@$(GUEST) run --kernel '$(KERNEL)' --timeout 3600 --as root --count-instructions \
		--append hugepages=16 build/bench/cost

.PHONY: check
check: venv  ## the static checks (20 s)
	@.ci/check

# --- this machine, for those who load modules into it -----------------------------------------

RELEASE = $(shell uname -r)
KDIR    = /lib/modules/$(RELEASE)/build
# What the module says; with the commit where there is one.
VERSION = $(shell $(GUEST) version)
PROJECT_VERSION = $(shell sed -n 's/^version = //p' setup.cfg)
NATIVE  = build/native
# The client has an environment of its own: the system's Python belongs to the distribution.
CLIENT  = $(PREFIX)/lib/devcrypto
# A Python that has shtab and what the client imports.
COMPLETION_PYTHON = build/completion/venv/bin/python

# A package has these elsewhere: what is below /etc is the administrator's there.
RULES_DIR      = /etc/udev/rules.d
LOAD_DIR       = /etc/modules-load.d
# Where the kernel looks for a file that a driver loads.
FIRMWARE_DIR   = /lib/firmware
MAN_DIR        = $(PREFIX)/share/man
PKGCONFIG_DIR  = $(PREFIX)/share/pkgconfig
BASH_DIR       = $(PREFIX)/share/bash-completion/completions
ZSH_DIR        = $(PREFIX)/share/zsh/site-functions
DKMS_DIR       = /usr/src/devcrypto-$(PROJECT_VERSION)

MODULE   = $(DESTDIR)/lib/modules/$(RELEASE)/updates/devcrypto.ko
POLICY   = $(DESTDIR)/etc/devcrypto/policy
FIRMWARE = $(DESTDIR)$(FIRMWARE_DIR)/devcrypto/policy
RULE     = $(DESTDIR)$(RULES_DIR)/60-devcrypto.rules
LOAD     = $(DESTDIR)$(LOAD_DIR)/devcrypto.conf
HEADER   = $(DESTDIR)$(PREFIX)/include/linux/devcrypto.h
PC       = $(DESTDIR)$(PKGCONFIG_DIR)/cryptodev.pc
MAN4     = $(DESTDIR)$(MAN_DIR)/man4/crypto.4
MAN1     = $(DESTDIR)$(MAN_DIR)/man1/cryptodev.1
BASH     = $(DESTDIR)$(BASH_DIR)/cryptodev
ZSH      = $(DESTDIR)$(ZSH_DIR)/_cryptodev

.PHONY: headers_install
headers_install:  ## install the ABI header and cryptodev.pc below PREFIX (a second)
	install -D -m 644 include/uapi/linux/devcrypto.h $(HEADER)
	install -d $(dir $(PC))
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(PROJECT_VERSION),' install/cryptodev.pc.in >$(PC)

# What stands beside the module, whoever builds that.
.PHONY: driver_files_install
driver_files_install:
	install -D -m 644 udev/60-devcrypto.rules $(RULE)
	install -D -m 644 udev/modules-load.conf $(LOAD)
	test -e $(POLICY) || install -D -m 644 driver/policy.list $(POLICY)
	install -d $(dir $(FIRMWARE))
	ln -sf /etc/devcrypto/policy $(FIRMWARE)
	install -D -m 644 man/crypto.4 $(MAN4)

# What stands beside the command.
.PHONY: client_files_install
client_files_install: build/completion/bash build/completion/zsh
	install -D -m 644 man/cryptodev.1 $(MAN1)
	install -D -m 644 build/completion/bash $(BASH)
	install -D -m 644 build/completion/zsh $(ZSH)

.PHONY: dkms_install
dkms_install:  ## install the module's sources for DKMS below /usr/src (a second)
	install -d $(DESTDIR)$(DKMS_DIR)
	cp -r driver include $(DESTDIR)$(DKMS_DIR)
	sed 's/#MODULE_VERSION#/$(PROJECT_VERSION)/' dkms.conf >$(DESTDIR)$(DKMS_DIR)/dkms.conf

.PHONY: install
install: headers_install driver_files_install client_files_install
install:  ## install module, header, rule, group and client here, as root (a minute)
	mkdir -p $(NATIVE)
	cp -r driver include $(NATIVE)
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(NATIVE)/driver DC_VERSION='$(VERSION)' modules
	install -D -m 644 $(NATIVE)/driver/devcrypto.ko $(MODULE)
ifeq ($(DESTDIR),)
	udev/make-group
	depmod $(RELEASE)
	udevadm control --reload
	$(PYTHON) -m venv $(CLIENT)
	$(CLIENT)/bin/pip install -q --disable-pip-version-check '.[keys]'
	mkdir -p $(PREFIX)/bin
	ln -sf $(CLIENT)/bin/cryptodev $(PREFIX)/bin/cryptodev
endif
	@echo "The policy is $(POLICY). Load the driver with: make load"

.PHONY: uninstall
uninstall:  ## remove what install put there, not policy and group (a second)
	rm -f $(MODULE) $(RULE) $(LOAD) $(HEADER) $(PC) $(FIRMWARE) $(MAN4) $(MAN1) $(BASH) $(ZSH)
ifeq ($(DESTDIR),)
	depmod $(RELEASE)
	udevadm control --reload
	rm -rf $(CLIENT) $(PREFIX)/bin/cryptodev
endif

build/completion/bash build/completion/zsh: build/completion/%: install/completion.py \
		$(wildcard pycryptodev/*.py pycryptodev/cli/*.py) | $(filter build/%,$(COMPLETION_PYTHON))
	@mkdir -p $(@D)
	$(COMPLETION_PYTHON) install/completion.py $* >$@.new
	mv $@.new $@

build/completion/venv/bin/python:
	$(PYTHON) -m venv build/completion/venv
	build/completion/venv/bin/pip install -q --disable-pip-version-check -e . shtab

.PHONY: load
load:  ## load the installed driver into this machine's kernel, as root (a second)
	modprobe devcrypto $(MODARGS)
	udevadm settle
	ls -l /dev/crypto

# --- packages ---------------------------------------------------------------------------------

DEB_PACKAGES := dpkg-dev debhelper lintian python3-pip
CHROOT_PACKAGES := debootstrap debian-archive-keyring

.PHONY: dist
dist: venv  ## wheel and sdist of the client, in build/dist (half a minute)
	@rm -rf build/dist
	@$(BIN)/python -m build --outdir build/dist . >build/dist.log 2>&1 || \
		{ cat build/dist.log; false; }
	@ls build/dist/*

.PHONY: deb
deb test-packages: PACKAGES += $(DEB_PACKAGES)
deb: deps  ## Debian packages of module, header and client, in build/deb (a minute; 2 the first time)
	@install/build-deb

.PHONY: test-packages
test-packages: PACKAGES += $(CHROOT_PACKAGES)
test-packages: venv dist deb  ## install, use and remove the packages in clean systems (10 minutes; 3 more the first time)
	@$(SUDO) env HOME="$$HOME" $(BIN)/python -m pytest -q --durations=5 tests/packages

# --- putting things away ----------------------------------------------------------------------

.PHONY: clean
clean:  ## remove what was built (a second)
	rm -rf build *.egg-info
	rm -f pycryptodev/*.so

.PHONY: distclean
distclean: clean  ## remove the fetched kernels and systems, too (a second)
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/devcrypto"
