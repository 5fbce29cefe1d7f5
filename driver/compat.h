/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the supported kernels; the only file that asks for the
 * version.
 */
#ifndef DC_COMPAT_H
#define DC_COMPAT_H

#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/fips.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/version.h>

#include <crypto/acompress.h>

/*
 * Lower releases have a hole that the default policy lets users reach; those
 * that decide are under Kernels in docs/admin.md. Whoever builds for a kernel
 * that has the fixes under another version defines DC_KERNEL_IS_FIXED.
 */
#ifndef DC_KERNEL_IS_FIXED
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 191)
#error "the lowest release is 6.1.191: see Kernels in docs/admin.md"
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 96)
#error "the lowest release after 6.1 is 6.12.96: see Kernels in docs/admin.md"
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error "the lowest release after 6.12 is 7.3: see Kernels in docs/admin.md"
#endif
#endif

/*
 * A kernel without CONFIG_CRYPTO_FIPS makes a macro of this name, which is a
 * field of the ABI's too: include this file before the ABI's header.
 */
static inline bool dc_fips_enabled(void)
{
	return fips_enabled;
}

#undef fips_enabled

/*
 * A completion callback of the crypto API gets the data of the request; before
 * 6.3 it gets the request.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define dc_callback_arg void
#define dc_callback_data(arg) (arg)
#else
#define dc_callback_arg struct crypto_async_request
#define dc_callback_data(arg) ((arg)->data)
#endif

/*
 * Before 6.15 each acomp request has working memory of its algorithm's; from
 * then on the algorithm has some for each CPU.
 */
#define DC_COMP_REQUESTS_HAVE_MEMORY \
	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0))

/*
 * Both sides are one entry. From 6.15 on a scatterlist is gone through page by
 * page all the same, but an address is taken for what it is.
 */
static inline void dc_acomp_set_buffers(struct acomp_req *req,
					struct scatterlist *src, u32 src_bytes,
					struct scatterlist *dst, u32 dst_bytes)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	acomp_request_set_src_dma(req, sg_virt(src), src_bytes);
	acomp_request_set_dst_dma(req, sg_virt(dst), dst_bytes);
#else
	acomp_request_set_params(req, src, dst, src_bytes, dst_bytes);
#endif
}

/* Before 6.8 a number has to be given. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define dc_eventfd_signal(eventfd) eventfd_signal(eventfd)
#else
#define dc_eventfd_signal(eventfd) eventfd_signal(eventfd, 1)
#endif

/*
 * io_uring: where the payload of a command is, how its end is told, and what the
 * task that issued it is called back with.
 */
#ifdef CONFIG_IO_URING
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#include <linux/io_uring_types.h>
#endif

static inline struct task_struct *dc_uring_task(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return io_uring_cmd_get_task(cmd);
#else
	return cmd_to_io_kiocb(cmd)->task;
#endif
}

/* Of a ring that polls for completions some kernels leave it to the driver. */
static inline bool dc_uring_polls(struct io_uring_cmd *cmd)
{
	return cmd_to_io_kiocb(cmd)->ctx->flags & IORING_SETUP_IOPOLL;
}

static inline const void *dc_uring_payload(const struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/*
 * A command that could not be issued at once is issued again, from a copy of its
 * SQE. From 6.10 to 6.13 io_uring makes that and goes on to read the SQE itself,
 * where the program may have put another one by then.
 */
static inline void dc_uring_keep_sqe(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
	void *copy = cmd_to_io_kiocb(cmd)->async_data;

	if (cmd->sqe == copy)
		return;
	memcpy(copy, cmd->sqe, sizeof(*cmd->sqe));
	cmd->sqe = copy;
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define DC_URING_CALLBACK_ARGS	struct io_tw_req tw_req, io_tw_token_t tw
#define DC_URING_CALLBACK_CMD	io_uring_cmd_from_tw(tw_req)
#define DC_URING_CALLBACK_FLAGS	IO_URING_CMD_TASK_WORK_ISSUE_FLAGS
#else
#define DC_URING_CALLBACK_ARGS	struct io_uring_cmd *cmd, unsigned int flags
#define DC_URING_CALLBACK_CMD	cmd
#define DC_URING_CALLBACK_FLAGS	flags
#endif

static inline void dc_uring_done(struct io_uring_cmd *cmd, int res,
				 unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	io_uring_cmd_done(cmd, res, issue_flags);
#else
	io_uring_cmd_done(cmd, res, 0, issue_flags);
#endif
}

/* A range of the registered buffer, which has to be one that may be written. */
static inline int dc_uring_import_fixed(struct io_uring_cmd *cmd, u64 addr,
					u32 bytes, struct iov_iter *iter,
					unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return io_uring_cmd_import_fixed(addr, bytes, READ, iter, cmd,
					 issue_flags);
#else
	return io_uring_cmd_import_fixed(addr, bytes, READ, iter, cmd);
#endif
}
#endif

/* From 6.10 on the source of a trace event's string is known from __string(). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define DC_ASSIGN_STR(dst, src) __assign_str(dst)
#else
#define DC_ASSIGN_STR(dst, src) __assign_str(dst, src)
#endif

/* From 6.16 on sysfs does not change a binary attribute that it is given. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define dc_bin_attribute const struct bin_attribute
#else
#define dc_bin_attribute struct bin_attribute
#endif

/*
 * Signatures are operations of an akcipher before 6.13: asynchronous, with
 * signature and digest in one scatterlist. From then on they have a type of
 * their own, which is synchronous and takes addresses.
 */
struct dc_sig_call {
	struct scatterlist *src;
	struct scatterlist *dst;
	u32 signature_bytes;
	u32 digest_bytes;
	u32 flags;
	crypto_completion_t complete;
	void *data;
};

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#include <crypto/sig.h>

/* Without an encoding ECDSA takes signatures in a form of the kernel's own. */
static inline struct crypto_sig *dc_sig_alloc(const char *name)
{
	if (!strncmp(name, "ecdsa-", 6))
		return ERR_PTR(-ENOENT);
	return crypto_alloc_sig(name, 0, 0);
}

#define dc_sig_tfm		crypto_sig
#define dc_sig_free		crypto_free_sig
#define dc_sig_base		crypto_sig_tfm
#define dc_sig_set_public	crypto_sig_set_pubkey
#define dc_sig_set_private	crypto_sig_set_privkey
#define dc_sig_max_bytes	crypto_sig_maxsize

static inline u32 dc_sig_request_bytes(struct crypto_sig *sig)
{
	return 0;
}

static inline int dc_sig_sign(struct crypto_sig *sig, void *handle,
			      const struct dc_sig_call *call)
{
	int bytes = crypto_sig_sign(sig, sg_virt(call->src), call->digest_bytes,
				    sg_virt(call->dst), call->signature_bytes);

	return min(bytes, 0);
}

static inline int dc_sig_verify(struct crypto_sig *sig, void *handle,
				const struct dc_sig_call *call)
{
	const u8 *src = sg_virt(call->src);

	return crypto_sig_verify(sig, src, call->signature_bytes,
				 src + call->signature_bytes,
				 call->digest_bytes);
}
#else
#include <crypto/akcipher.h>

static inline struct crypto_akcipher *dc_sig_alloc(const char *name)
{
	return crypto_alloc_akcipher(name, 0, 0);
}

#define dc_sig_tfm		crypto_akcipher
#define dc_sig_free		crypto_free_akcipher
#define dc_sig_base		crypto_akcipher_tfm
#define dc_sig_set_public	crypto_akcipher_set_pub_key
#define dc_sig_set_private	crypto_akcipher_set_priv_key
#define dc_sig_max_bytes	crypto_akcipher_maxsize

static inline u32 dc_sig_request_bytes(struct crypto_akcipher *sig)
{
	return sizeof(struct akcipher_request) + crypto_akcipher_reqsize(sig);
}

static inline int dc_sig_sign(struct crypto_akcipher *sig, void *handle,
			      const struct dc_sig_call *call)
{
	struct akcipher_request *req = handle;

	akcipher_request_set_tfm(req, sig);
	akcipher_request_set_callback(req, call->flags, call->complete,
				      call->data);
	akcipher_request_set_crypt(req, call->src, call->dst,
				   call->digest_bytes, call->signature_bytes);
	return crypto_akcipher_sign(req);
}

static inline int dc_sig_verify(struct crypto_akcipher *sig, void *handle,
				const struct dc_sig_call *call)
{
	struct akcipher_request *req = handle;

	akcipher_request_set_tfm(req, sig);
	akcipher_request_set_callback(req, call->flags, call->complete,
				      call->data);
	akcipher_request_set_crypt(req, call->src, NULL, call->signature_bytes,
				   call->digest_bytes);
	return crypto_akcipher_verify(req);
}
#endif

#endif
