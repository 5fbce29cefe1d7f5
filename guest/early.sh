#!/bin/sh
# SPDX-License-Identifier: MIT
# The guest's first process, in the initial RAM disk: nothing but what stands between the kernel and
# the host's file system, which it turns into a disposable copy of itself.
set -e

mkdir -p /proc /sys /dev /lower /upper /root
mount -t devtmpfs dev /dev
exec </dev/null >/dev/console 2>&1
while read -r module; do
	insmod "$module"
done </early/modules

mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=524288 root /lower
mount -t tmpfs -o mode=0755 upper /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work root /root
mount -t tmpfs -o mode=0755 run /root/run
cp -a /guest /root/run/guest
exec switch_root /root /run/guest/init.sh
