// SPDX-License-Identifier: MIT
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

struct device device_open(__u32 alg_class, const char *name, const unsigned char *key,
			  size_t key_bytes)
{
	struct devcrypto_info info;
	struct device device = {
		.fd = open("/dev/crypto", O_RDWR | O_CLOEXEC),
		.config = {
			.alg_class = alg_class,
			.key = (uintptr_t)key,
			.key_bytes = key_bytes,
		},
	};

	if (device.fd < 0)
		err(1, "/dev/crypto");
	snprintf(device.config.name, sizeof(device.config.name), "%s", name);
	if (ioctl(device.fd, DEVCRYPTO_IOC_CONFIG, &device.config))
		err(1, "%s", name);
	if (ioctl(device.fd, DEVCRYPTO_IOC_INFO, &info))
		err(1, "DEVCRYPTO_IOC_INFO");
	device.max_bytes = info.max_request_bytes;
	return device;
}

void device_close(struct device *device)
{
	close(device->fd);
}

static int run(const struct device *device, struct devcrypto_request *request)
{
	struct devcrypto_run run = {
		.requests = (uintptr_t)request,
		.count = 1,
		.request_bytes = sizeof(*request),
	};

	if (ioctl(device->fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	return request->out_result;
}

/* Of what is left, a part that one request takes. */
static size_t part_of(const struct device *device, size_t left)
{
	return left < device->max_bytes ? left : device->max_bytes;
}

int device_crypt(struct device *device, bool encrypt, const unsigned char *iv,
		 const unsigned char *in, unsigned char *out, size_t bytes)
{
	const bool chains = device->config.out_properties & DEVCRYPTO_ALG_CHAINS;
	unsigned char iv_now[16];
	struct devcrypto_request request = {
		.op = encrypt ? DEVCRYPTO_OP_ENCRYPT : DEVCRYPTO_OP_DECRYPT,
		.flags = chains ? DEVCRYPTO_REQUEST_IV_OUT : 0,
		.iv = (uintptr_t)iv_now,
		.iv_bytes = device->config.out_iv_bytes,
	};
	size_t at;

	memcpy(iv_now, iv, device->config.out_iv_bytes);
	for (at = 0; at < bytes; at += request.src_bytes) {
		request.src = (uintptr_t)(in + at);
		request.dst = (uintptr_t)(out + at);
		request.src_bytes = chains ? part_of(device, bytes - at) : bytes;
		request.dst_bytes = request.src_bytes;
		if (run(device, &request))
			break;
	}
	return request.out_result;
}

int device_seal(struct device *device, bool encrypt, const unsigned char *iv,
		const struct sealed *sealed, const unsigned char *in, unsigned char *out,
		size_t bytes)
{
	struct devcrypto_request request = {
		.op = encrypt ? DEVCRYPTO_OP_ENCRYPT : DEVCRYPTO_OP_DECRYPT,
		.src = (uintptr_t)in,
		.dst = (uintptr_t)out,
		.src_bytes = bytes,
		.dst_bytes = bytes,
		.iv = (uintptr_t)iv,
		.iv_bytes = device->config.out_iv_bytes,
		.assoc = (uintptr_t)sealed->assoc,
		.assoc_bytes = sealed->assoc_bytes,
		.tag = (uintptr_t)sealed->tag,
		.tag_bytes = device->config.out_tag_bytes,
	};

	return run(device, &request);
}

int device_hash(struct device *device, const unsigned char *in, size_t bytes,
		unsigned char *digest)
{
	struct devcrypto_request request = { .op = DEVCRYPTO_OP_STREAM_UPDATE };
	size_t at;

	for (at = 0; at < bytes; at += request.src_bytes) {
		request.src = (uintptr_t)(in + at);
		request.src_bytes = part_of(device, bytes - at);
		if (run(device, &request))
			return request.out_result;
	}
	request = (struct devcrypto_request){
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = (uintptr_t)digest,
		.dst_bytes = device->config.out_digest_bytes,
	};
	return run(device, &request);
}
