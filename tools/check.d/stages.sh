# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tools/check runs. A stage is a line of this table and a function,
# stage_NAME with - and . as _: it runs in the tree's top directory, and prints
# KTAP, or is one test that passes when it returns 0.

# name, most seconds it may take, always or long; beside: while those before it
# run, too, as guests and packages sleep much of their time
stages() {
	cat <<-'TABLE'
	packages 900 always
	kernels 900 always
	self 240 always
	licences 240 always
	scripts 240 always
	abi 240 always
	man 240 always
	docs 240 always
	bench 240 always
	module-6.1 300 always
	module-6.12 300 always
	user 300 always
	unit 1200 always
	fuzz 900 always beside
	dkms 900 always beside
	vm 900 always beside
	guest-6.1 1500 always
	guest-6.12 1500 always beside
	topology-6.12 1500 always beside
	guest-each 3000 long
	module-7.2 900 long
	guest-7.2 1500 long
	long-6.1 3630 long
	long-6.12 3630 long
	scale-6.12 3630 long
	unload-6.1 3630 long
	unload-6.12 3630 long
	topology-6.1 1500 long
	module-6.12-kasan 5400 long
	guest-6.12-kasan 9000 long
	module-6.12-kcsan 5400 long
	guest-6.12-kcsan 9000 long
	fuzz-6.12-kasan 21600 long
	vm-each 1800 long
	dkms-each 900 long
	stability 900 long
	arm64 900 long
	outcome 1800 long
	fuzz-long 3900 long
	proofs 4500 long
	TABLE
}

CHECK_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
PATH=$PATH:/usr/sbin:/sbin
JOBS=$(nproc)

stage_packages() { "$CHECK_DIR/packages"; }
stage_self() { "$CHECK_DIR/ktap-test"; }
stage_licences() { "$CHECK_DIR/licences"; }
stage_scripts() { "$CHECK_DIR/scripts"; }
stage_man() { "$CHECK_DIR/man"; }
stage_docs() { "$CHECK_DIR/docs"; }
stage_bench() { tools/bench.d/test; }
stage_abi() { selftests/abi_check; }
stage_vm() { tools/vm/test 6.12; }
stage_vm_each() { tools/vm/test; }

# dkms/test has each kernel; what "make install" does on the machine is the same
# with each.
stage_dkms() {
	local status=0

	dkms/test || status=1
	install_test 6.1 || status=1
	return $status
}

stage_dkms_each() {
	local version status=0

	for version in $(tools/vm/kernel --list); do
		install_test "$version" || status=1
	done
	return $status
}

install_test() { dkms/test-machine "$1" || [ $? -eq 4 ]; }

stage_kernels() {
	local version

	for version in $(tools/vm/kernel --list); do
		tools/vm/kernel "$version"
	done
}

# quiet_build COMMAND...: fails also when the build warns. That this compiler is
# not the kernel's own, to the last digit, says nothing about the tree.
quiet_build() {
	local log status=0

	log=$(mktemp)
	"$@" 2>&1 | tee "$log" || status=1
	if grep -E '(^|[^-[:alnum:]])(warning|error)[: ]' "$log" |
	   grep -vE '^warning: the compiler differs from the one used'; then
		echo "the lines above are not allowed"
		status=1
	fi
	rm -f "$log"
	return $status
}

# The module as the guests load it, and those of the tests.
build_module() {
	tools/vm/make "$1" -j"$JOBS" module test-module fault-module \
		W=1 C=1 WERROR=1
}

module() {
	rm -rf build/{,test-,fault-}module-"$(cat "build/vm/$1/release")"
	quiet_build build_module "$1"
}

stage_module_6_1() { module 6.1; }
stage_module_6_12() { module 6.12; }
stage_module_7_2() {
	[ "$(tools/vm/kernel --compiler 7.2)" = - ] ||
		command -v mmdebstrap >/dev/null || tools/deps --install mmdebstrap
	tools/vm/kernel 7.2
	module 7.2
}

stage_user() {
	make -C user clean
	quiet_build make -j"$JOBS" -C user WERROR=1
}

stage_unit() {
	rm -rf build/user-san
	make -j"$JOBS" -C user check WERROR=1
}

# Each scene a million ticks long.
stage_stability() {
	make -j"$JOBS" -C user
	PRESWAP_LONG=1 build/user/tests/test_stability
}

stage_arm64() { "$CHECK_DIR/arm64"; }

# The quick one says whether this tree is worse than the last: the same inputs.
stage_fuzz() { "$CHECK_DIR/fuzz" 20 1; }
stage_fuzz_long() { "$CHECK_DIR/fuzz" 1200; }

stage_proofs() {
	command -v cbmc >/dev/null || tools/deps --install mmdebstrap
	tools/proofs
}

# guest KERNEL [OPTION]... -- COMMAND...
guest() {
	local kernel=$1

	shift
	(
		flock 9
		build_module "$kernel" >build/check/guest-build.log &&
			make -j"$JOBS" -C user >>build/check/guest-build.log
	) 9>build/.make ||
		{ tail -n 20 build/check/guest-build.log; return 1; }
	tools/vm/run --kernel "$kernel" --memory 1024 "$@"
}

# Virtual time: what else the host does changes no result, and no CPU runs into code
# that another just patches (guest.h, hold_cpu_max). Two CPUs at the same time are for
# the long stages. lpj: 6.1 fails to find it of the second CPU, now and then.
# QEMU 7.2 at times makes flags that no CPU has: seen in the kernel right after a
# cmpxchg16b, which it does without then, and where a new thread first returns to its
# program, which dies; a test whose program dies fails by itself.
VIRTUAL=(--icount --append "lpj=4000000 clearcpuid=cx16"
	 --allow-dmesg '^[^:]*traps: .* general protection fault ip:'
	 --timeout 1470)

icount() {
	local kernel=$1

	shift
	guest "$kernel" "${VIRTUAL[@]}" -- "$@"
}

# What takes longest of what is about the module's own code more than about the
# kernel's is shared out between the two; guest-each has the rest on each.
ON_6_1="unload stress byhand yield cli.sh"
ON_6_12="daemon foresee net replay scale throttle events.sh"

stage_guest_6_1() { icount 6.1 env PRESWAP_ELSEWHERE="$ON_6_12" selftests/run; }
stage_guest_6_12() { icount 6.12 env PRESWAP_ELSEWHERE="$ON_6_1" selftests/run; }
stage_guest_7_2() { icount 7.2 selftests/run; }

# programs NAME...: where they are
programs() {
	local name

	for name in "$@"; do
		case $name in
		*.sh)	echo "selftests/$name" ;;
		*)	echo "build/user/selftests/$name" ;;
		esac
	done
}

stage_guest_each() {
	local status=0

	# shellcheck disable=SC2046,SC2086 # words
	icount 6.1 selftests/run $(programs $ON_6_12) || status=1
	# shellcheck disable=SC2046,SC2086 # words
	icount 6.12 selftests/run $(programs $ON_6_1) || status=1
	return $status
}

long() { guest "$1" --timeout 3600 -- env PRESWAP_LONG=1 selftests/run; }
stage_long_6_1() { long 6.1; }
stage_long_6_12() { long 6.12; }

# 10,000 apps, and 100,000 tasks in 1,000 of them.
stage_scale_6_12() {
	guest 6.12 --memory 6144 --timeout 3600 -- \
		env PRESWAP_SCALE="10000 1000 100" \
		selftests/run build/user/selftests/scale
}

# Three packages on two NUMA nodes, and cores of two threads: of these QEMU's CPU does
# not tell 6.1. Were there no nodes the tests would be skipped, and nobody would know.
topology() {
	# shellcheck disable=SC2016 # the guest expands these
	PATH=$CHECK_DIR/numa:$PATH guest "$1" "${VIRTUAL[@]}" --topology 3,2,2 -- sh -c '
		read -r nodes </sys/devices/system/node/has_cpu
		[ "$nodes" = 0-1 ] || { echo "nodes with CPUs: $nodes"; exit 1; }
		exec selftests/run "$@"' sh build/user/selftests/{cores,nodes}
}
stage_topology_6_1() { topology 6.1; }
stage_topology_6_12() { topology 6.12; }

# Unloading under load, ten times over.
unload() {
	# shellcheck disable=SC2016 # the guest expands these
	guest "$1" --timeout 3600 -- env PRESWAP_LONG=1 sh -c '
		programs=$(ls build/user/selftests/*unload* selftests/*unload*.sh 2>/dev/null)
		[ -n "$programs" ] || { echo "1..0 # SKIP no unload test"; exit 0; }
		status=0
		for i in 1 2 3 4 5 6 7 8 9 10; do
			selftests/run $programs || status=1
		done
		exit $status'
}
stage_unload_6_1() { unload 6.1; }
stage_unload_6_12() { unload 6.12; }

# The benchmark as a whole, in short.
stage_outcome() {
	tools/bench outcome --quick --again --workload redis,steady --repeat 1 \
		--rival nothing,preswap --keep build/check/outcome
}

# The kernels that watch, see tools/vm/debug-kernel: the same tests, then
# everything at once for PRESWAP_STRESS seconds.
debug_module() {
	# shellcheck disable=SC2046 # words
	tools/deps --install $(tools/vm/debug-kernel --deps)
	tools/vm/kernel "$1"
	KCOV_INSTRUMENT=y module "$1"
}
stage_module_6_12_kasan() { debug_module 6.12-kasan; }
stage_module_6_12_kcsan() { debug_module 6.12-kcsan; }

debug() {
	tools/vm/kernel "$1"
	KCOV_INSTRUMENT=y guest "$1" --memory 2048 --timeout 8900 -- \
		tools/check.d/guest-debug "${PRESWAP_STRESS:-300}"
}
stage_guest_6_12_kasan() { debug 6.12-kasan; }
stage_guest_6_12_kcsan() { debug 6.12-kcsan; }

# A million messages, those that went new ways through the module spoilt further;
# the lists are looked at after each hundred.
stage_fuzz_6_12_kasan() {
	tools/vm/kernel 6.12-kasan
	# shellcheck disable=SC2016 # the guest expands these
	KCOV_INSTRUMENT=y guest 6.12-kasan --memory 2048 --timeout 21500 -- sh -c '
		insmod build/module-$(uname -r)/preswap.ko &&
		build/user/selftests/netlink_fuzz $0 $1 100; status=$?
		rmmod preswap && exit $status' \
		"$(date +%s)" "${PRESWAP_FUZZ:-1000000}"
}
