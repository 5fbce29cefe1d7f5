#!/bin/bash
# SPDX-License-Identifier: MIT
# The guest's first process on the host's file system: make it a small running system, load the
# driver, run one command and report its status.
#
# A failure here ends the process, which the kernel answers with a panic: the runner then sees a
# guest that died without a status, never a success.
set -eE
trap 'echo "guest: setup failed at init.sh line $LINENO: $BASH_COMMAND" | tee /dev/console >&4' ERR

system=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Busybox starts much faster from memory than the host's tools do over 9p.
export PATH=/run/guest/bin:$system
export LANG=C.UTF-8
exec 4>/dev/null
# shellcheck disable=SC1091 # made for each run: PROJECT, KERNEL, KERNEL_TREE, RUN_AS, MODULE_ARGUMENTS, COMMAND, THEN, TERMINAL, PANIC_ON_WARN, END
. /run/guest/settings

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue /dev/hugepages /run/lock /run/udev
mount -t devpts -o mode=0620,gid=5,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t hugetlbfs hugetlbfs /dev/hugepages
mount -t tmpfs -o mode=0755 cgroup /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t securityfs security /sys/kernel/security
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr

# A port of the serial device appears a moment after the device.
port() {
	local name
	for _ in {1..200}; do
		for name in /sys/class/virtio-ports/*/name; do
			if [[ -e $name && $(<"$name") == "guest.$1" ]]; then
				name=${name%/name}
				echo "/dev/${name##*/}"
				return
			fi
		done
		sleep 0.01
	done
	return 1
}
exec 3>"$(port stdout)" 4>"$(port stderr)" 5>"$(port status)"

hostname devcrypto-guest
ip link set lo up
echo 0 >/proc/sys/kernel/dmesg_restrict
echo /dev/null >/proc/sys/kernel/core_pattern
chmod 0666 /dev/kmsg
chmod 0444 /proc/timer_list

# The files that the guest works with must stay visible when /tmp is emptied.
if [[ $PROJECT/ != /tmp/* && $KERNEL_TREE/ != /tmp/* ]]; then
	mount -t tmpfs -o mode=1777 tmp /tmp
fi
mkdir -p "/lib/modules/$(uname -r)"
mount --bind /run/guest/modules "/lib/modules/$(uname -r)"

# Reports written below build/ outlive the guest. The Python environment in it is only read, and
# faster through the cached root.
mkdir -p /run/guest/venv
if [[ -d $PROJECT/build/venv ]]; then
	mount --bind "$PROJECT/build/venv" /run/guest/venv
fi
mount -t 9p -o rw,trans=virtio,version=9p2000.L,cache=mmap,msize=524288 build "$PROJECT/build"
if [[ -x /run/guest/venv/bin/python ]]; then
	mount --move /run/guest/venv "$PROJECT/build/venv"
fi

# A checkout in somebody's home is still to be read by the users made below.
directory=$PROJECT
while [[ -n $directory ]]; do
	chmod a+x "$directory"
	directory=${directory%/*}
done

mkdir -p /etc/udev/rules.d
cp "$PROJECT"/udev/*.rules /etc/udev/rules.d/
# The host's are no business of the guest's, and an unprivileged QEMU cannot read them.
rm -f /etc/shadow /etc/gshadow /etc/shadow- /etc/gshadow-
(umask 077; echo 'root:*:19000::::::' >/etc/shadow; : >/etc/gshadow)
"$PROJECT/udev/make-group"
users=(member:4001 outsider:4002)
for user in "${users[@]}"; do
	name=${user%:*} id=${user#*:}
	echo "$name:x:$id:$id::/home/$name:/bin/bash" >>/etc/passwd
	echo "$name:x:$id:" >>/etc/group
	echo "$name:!:19000::::::" >>/etc/shadow
	mkdir -p "/home/$name"
	chown "$id:$id" "/home/$name"
done
sed -i '/^crypto:/ { s/$/,member/; s/:,/:/; }' /etc/group

# The administrator's list of what may be used; the driver reads it as it is loaded.
mkdir -p /etc/devcrypto /lib/firmware/devcrypto
cp "$PROJECT/driver/policy.list" /etc/devcrypto/policy
ln -sf /etc/devcrypto/policy /lib/firmware/devcrypto/policy

# The real daemon handles the events of the devices that appear from here on.
/lib/systemd/systemd-udevd --daemon

# What a full coldplug would load for this CPU: its accelerated implementations.
modprobe -qa "$(cat /sys/devices/system/cpu/modalias)" || true

# QEMU's engine refuses raw RSA, so its self-test warns; nothing after it may. A kernel that does not
# test would take it for its best RSA.
no_tests=/sys/module/cryptomgr/parameters/notests
if [[ $(cat $no_tests) == Y ]]; then
	echo N >$no_tests
	modprobe virtio_crypto
	echo Y >$no_tests
else
	modprobe virtio_crypto
fi
# shellcheck disable=SC2086 # several parameters
modprobe devcrypto $MODULE_ARGUMENTS
udevadm settle --timeout=20
echo "$PANIC_ON_WARN" >/proc/sys/kernel/panic_on_warn

# Runs a command as a user, with nothing of this script's surroundings but its streams.
run_as() {
	local login=${1:-root} line=$2 home=/root become=()
	shift 2
	if [[ $login != root ]]; then
		home=$(getent passwd "$login" | cut -d: -f6)
		become=(setpriv --reuid "$login" --regid "$login" --init-groups)
	fi
	env -i "HOME=$home" "USER=$login" "LOGNAME=$login" "LANG=$LANG" \
		"PATH=$PROJECT/build/venv/bin:$system" \
		"DEVCRYPTO_GUEST=1" "DEVCRYPTO_KERNEL=$KERNEL" PYTHONDONTWRITEBYTECODE=1 \
		"$@" "${become[@]}" bash -c "$line"
}

# Through pipes, because a port can be opened only once and the command may want to open
# /dev/stdout again.
mkfifo /run/guest/stdout /run/guest/stderr
cat /run/guest/stdout >&3 &
relays=($!)
cat /run/guest/stderr >&4 &
relays+=($!)

cd "$PROJECT"
trap - ERR
set +e
echo '<5>guest: command begins' >/dev/kmsg
if [[ -n $TERMINAL ]]; then
	run_as "$RUN_AS" "$COMMAND" TERM=vt100 setsid --ctty --wait \
		<>"$TERMINAL" >&0 2>&0 3>&- 4>&- 5>&-
	status=$?
else
	exec 6>/run/guest/stdout 7>/run/guest/stderr
	run_as "$RUN_AS" "$COMMAND" TERM=dumb setsid --wait \
		</dev/null >&6 2>&7 3>&- 4>&- 5>&- 6>&- 7>&-
	status=$?
	if [[ -n $THEN ]]; then
		run_as root "$THEN" TERM=dumb setsid --wait \
			</dev/null >&6 2>&7 3>&- 4>&- 5>&- 6>&- 7>&- || status=$((status ? status : $?))
	fi
	exec 6>&- 7>&-
fi
echo '<5>guest: command ends' >/dev/kmsg

# What the command left running may hold the pipes open for ever.
(sleep 2; kill "${relays[@]}") 3>&- 4>&- 5>&- 2>/dev/null &
wait "${relays[@]}" 2>/dev/null
cd /
sync
umount -l "$PROJECT/build"

# A write to a port returns once the host has taken the one before it: each stream ends with a
# mark, so that nothing before the mark is lost when the machine goes.
printf '%s' "$END" >&3
printf '%s' "$END" >&4
printf '%s\n' "$status" >&5
printf '\n' >&5
echo b >/proc/sysrq-trigger
