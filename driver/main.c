// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character device: file operations and the table of ioctls.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/seq_file.h>

#include "private.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static_assert(sizeof(struct devcrypto_info) % 8 == 0);
static_assert(sizeof(struct devcrypto_config) % 8 == 0);
static_assert(sizeof(struct devcrypto_segment) == 16);
static_assert(sizeof(struct devcrypto_request) == 104);
static_assert(sizeof(struct devcrypto_run) == 24);
static_assert(sizeof(struct devcrypto_completion) == 24);
static_assert(sizeof(struct devcrypto_submit) == 64);
static_assert(sizeof(struct devcrypto_cancel) == 24);
static_assert(sizeof(struct devcrypto_eventfd) == 8);
static_assert(sizeof(struct devcrypto_uring) == 16);

#ifdef CONFIG_IO_URING
#define DC_FEATURE_URING	DEVCRYPTO_FEATURE_URING
#else
#define DC_FEATURE_URING	0
#endif

/**
 * struct dc_ioctl - one row of the table
 * @cmd: the ioctl with the structure of this header
 * @bytes: size of that structure
 * @min_bytes: size of its first published version
 * @handler: returns what ioctl() returns
 */
struct dc_ioctl {
	unsigned int cmd;
	u32 bytes;
	u32 min_bytes;
	long (*handler)(const struct dc_call *call, union dc_argument *arg);
};

/**
 * dc_call_answer() - give a structure back to the caller
 * @call: the call
 * @arg: the structure
 * @bytes: its size here; the caller may know less or more of it
 *
 * Return: 0 or -EFAULT.
 */
int dc_call_answer(const struct dc_call *call, const void *arg, u32 bytes)
{
	return copy_to_user(call->user, arg, min(call->bytes, bytes)) ?
	       -EFAULT : 0;
}

static long dc_ioctl_info(const struct dc_call *call, union dc_argument *arg)
{
	arg->info = (struct devcrypto_info) {
		.abi_version = DEVCRYPTO_ABI_VERSION,
		.fips_enabled = dc_fips_enabled(),
		.features = DEVCRYPTO_FEATURE_QUERY | DEVCRYPTO_FEATURE_LAYOUT |
			    DEVCRYPTO_FEATURE_IV_OUT |
			    DEVCRYPTO_FEATURE_SOURCE |
			    DEVCRYPTO_FEATURE_STREAM |
			    DEVCRYPTO_FEATURE_KEYRING |
			    DEVCRYPTO_FEATURE_PRIVATE |
			    DEVCRYPTO_FEATURE_GENERATE |
			    DEVCRYPTO_FEATURE_ENTROPY |
			    DEVCRYPTO_FEATURE_SUBMIT |
			    DEVCRYPTO_FEATURE_CHAIN |
			    DEVCRYPTO_FEATURE_ZEROCOPY |
			    DC_FEATURE_URING,
		.classes = BIT(DEVCRYPTO_CLASS_SKCIPHER) |
			   BIT(DEVCRYPTO_CLASS_AEAD) |
			   BIT(DEVCRYPTO_CLASS_HASH) |
			   BIT(DEVCRYPTO_CLASS_RNG) |
			   BIT(DEVCRYPTO_CLASS_COMP) |
			   BIT(DEVCRYPTO_CLASS_AKCIPHER) |
			   BIT(DEVCRYPTO_CLASS_SIG) |
			   BIT(DEVCRYPTO_CLASS_KPP),
		.max_batch = DC_MAX_BATCH,
		.max_request_bytes = READ_ONCE(dc_max_request_bytes),
		.max_segments = DC_MAX_SEGMENTS,
		.max_key_bytes = DC_MAX_KEY_BYTES,
		.max_layout_bytes = DC_MAX_LAYOUT_BYTES,
		.max_assoc_bytes = DC_MAX_ASSOC_BYTES,
		.max_layout_entries = DC_STEP_ENTRIES,
		.max_contexts_per_user = READ_ONCE(dc_max_contexts_per_user),
		.max_memory_per_user = READ_ONCE(dc_max_memory_per_user),
		.max_comp_bytes = DC_MAX_COMP_BYTES,
		.max_in_flight = READ_ONCE(dc_max_in_flight),
		.inline_bytes = READ_ONCE(dc_inline_bytes),
	};
	dc_user_describe(&arg->info);
	strscpy(arg->info.version, DC_VERSION, sizeof(arg->info.version));
	return dc_call_answer(call, &arg->info, sizeof(arg->info));
}

static const struct dc_ioctl dc_ioctls[] = {
	[_IOC_NR(DEVCRYPTO_IOC_INFO)] = {
		.cmd = DEVCRYPTO_IOC_INFO,
		.bytes = sizeof(struct devcrypto_info),
		.min_bytes = offsetofend(struct devcrypto_info, version),
		.handler = dc_ioctl_info,
	},
	[_IOC_NR(DEVCRYPTO_IOC_CONFIG)] = {
		.cmd = DEVCRYPTO_IOC_CONFIG,
		.bytes = sizeof(struct devcrypto_config),
		.min_bytes = offsetofend(struct devcrypto_config, out_seed_bytes),
		.handler = dc_ioctl_config,
	},
	[_IOC_NR(DEVCRYPTO_IOC_RUN)] = {
		.cmd = DEVCRYPTO_IOC_RUN,
		.bytes = sizeof(struct devcrypto_run),
		.min_bytes = offsetofend(struct devcrypto_run, segment_bytes),
		.handler = dc_ioctl_run,
	},
	[_IOC_NR(DEVCRYPTO_IOC_SUBMIT)] = {
		.cmd = DEVCRYPTO_IOC_SUBMIT,
		.bytes = sizeof(struct devcrypto_submit),
		.min_bytes = offsetofend(struct devcrypto_submit, out_completed),
		.handler = dc_ioctl_submit,
	},
	[_IOC_NR(DEVCRYPTO_IOC_CANCEL)] = {
		.cmd = DEVCRYPTO_IOC_CANCEL,
		.bytes = sizeof(struct devcrypto_cancel),
		.min_bytes = offsetofend(struct devcrypto_cancel, out_running),
		.handler = dc_ioctl_cancel,
	},
	[_IOC_NR(DEVCRYPTO_IOC_EVENTFD)] = {
		.cmd = DEVCRYPTO_IOC_EVENTFD,
		.bytes = sizeof(struct devcrypto_eventfd),
		.min_bytes = offsetofend(struct devcrypto_eventfd, reserved),
		.handler = dc_ioctl_eventfd,
	},
};

static long dc_ioctl(struct file *file, unsigned int cmd, unsigned long uaddr)
{
	const struct dc_call call = {
		.file = file,
		.user = (void __user *)uaddr,
		.bytes = _IOC_SIZE(cmd),
	};
	unsigned int nr = _IOC_NR(cmd);
	const struct dc_ioctl *row;
	union dc_argument arg;
	int err;

	if (nr >= ARRAY_SIZE(dc_ioctls))
		return -ENOTTY;
	row = &dc_ioctls[array_index_nospec(nr, ARRAY_SIZE(dc_ioctls))];
	if ((cmd ^ row->cmd) & ~IOCSIZE_MASK)
		return -ENOTTY;
	if (call.bytes < row->min_bytes)
		return -EINVAL;

	if (call.bytes == row->bytes)
		err = dc_get_words(&arg, call.user, row->bytes);
	else
		err = copy_struct_from_user(&arg, row->bytes, call.user,
					    call.bytes);
	return err ?: row->handler(&call, &arg);
}

static int dc_open(struct inode *inode, struct file *file)
{
	struct dc_context *ctx = dc_context_new();

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	file->private_data = ctx;
	return nonseekable_open(inode, file);
}

static int dc_release(struct inode *inode, struct file *file)
{
	struct dc_context *ctx = file->private_data;

	dc_queue_close(&ctx->queue);
	dc_context_put(ctx);
	return 0;
}

static void dc_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct dc_context *ctx = file->private_data;
	const struct dc_tfm *tfm = dc_context_tfm(ctx);
	unsigned int in_flight, finished;

	seq_printf(m, "devcrypto-state:\t%s\n", tfm ? "configured" : "new");
	if (!tfm)
		return;
	seq_printf(m, "devcrypto-class:\t%s\n", tfm->class->name);
	seq_printf(m, "devcrypto-name:\t%s\n", tfm->alg.out_name);
	seq_printf(m, "devcrypto-driver:\t%s\n", tfm->alg.out_driver);
	if (tfm->flags & DEVCRYPTO_CONFIG_ENTROPY)
		seq_puts(m, "devcrypto-entropy:\ttest\n");
	dc_queue_count(&ctx->queue, &in_flight, &finished);
	seq_printf(m, "devcrypto-in-flight:\t%u\n", in_flight);
	seq_printf(m, "devcrypto-finished:\t%u\n", finished);
	seq_printf(m, "devcrypto-done:\t%lld\n", atomic64_read(&ctx->done));
	seq_printf(m, "devcrypto-failed:\t%lld\n", atomic64_read(&ctx->failed));
	seq_printf(m, "devcrypto-cancelled:\t%lld\n",
		   atomic64_read(&ctx->cancelled));
	seq_printf(m, "devcrypto-bytes-copied:\t%lld\n",
		   atomic64_read(&ctx->bytes_copied));
	seq_printf(m, "devcrypto-bytes-zerocopy:\t%lld\n",
		   atomic64_read(&ctx->bytes_zerocopy));
	seq_printf(m, "devcrypto-bytes-pinned:\t%lld\n",
		   atomic64_read(&ctx->pages_pinned) << PAGE_SHIFT);
}

static const struct file_operations dc_fops = {
	.owner = THIS_MODULE,
	.open = dc_open,
	.release = dc_release,
	.unlocked_ioctl = dc_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = dc_poll,
#ifdef CONFIG_IO_URING
	.uring_cmd = dc_uring_cmd,
#endif
	.show_fdinfo = dc_show_fdinfo,
};

/* Has the file a context of this driver? */
bool dc_file_is_ours(const struct file *file)
{
	return file->f_op == &dc_fops;
}

static struct miscdevice dc_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "crypto",
	.fops = &dc_fops,
	.groups = dc_policy_groups,
	.mode = 0600,
};

static int __init dc_init(void)
{
	int err;

	err = dc_policy_init();
	if (err)
		return err;
	err = dc_seal_init();
	if (err)
		goto policy;
	err = dc_request_init();
	if (err)
		goto seal;
	err = misc_register(&dc_misc);
	if (err)
		goto request;
	return 0;

request:
	dc_request_exit();
seal:
	dc_seal_exit();
policy:
	dc_policy_exit();
	return err;
}

static void __exit dc_exit(void)
{
	misc_deregister(&dc_misc);
	dc_request_exit();
	dc_seal_exit();
	dc_policy_exit();
}

module_init(dc_init);
module_exit(dc_exit);

MODULE_DESCRIPTION("/dev/crypto, the kernel's crypto API for user space");
MODULE_AUTHOR("The /dev/crypto developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(DC_VERSION);
MODULE_FIRMWARE("devcrypto/policy");
