/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the supported kernels; the only file that asks for the
 * version.
 */
#ifndef DC_COMPAT_H
#define DC_COMPAT_H

#include <linux/crypto.h>
#include <linux/fips.h>
#include <linux/version.h>

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

#endif
