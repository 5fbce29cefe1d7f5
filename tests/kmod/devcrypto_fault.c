// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deliberate faults, to show that each kind is noticed: `modprobe devcrypto_fault kind=NAME`
 * commits the fault while it loads.
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *kind = "";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "the fault to commit");

static void fault_warn(void)
{
	WARN(1, "deliberate fault\n");
}

/* A report that does not stop a kernel, whatever it is told about warnings. */
static void fault_trace(void)
{
	dump_stack();
}

static void fault_null(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
}

/* Seen by KASAN. */
static void fault_use_after_free(void)
{
	char *byte = kmalloc(64, GFP_KERNEL);

	if (!byte)
		return;
	kfree(byte);
	OPTIMIZER_HIDE_VAR(byte);
	WRITE_ONCE(*byte, 1);
}

/* Seen by KASAN. */
static void fault_out_of_bounds(void)
{
	char *bytes = kmalloc(60, GFP_KERNEL);
	size_t end = 60;

	if (!bytes)
		return;
	OPTIMIZER_HIDE_VAR(end);
	WRITE_ONCE(bytes[end], 1);
	kfree(bytes);
}

/* Seen by UBSAN. */
static void fault_shift(void)
{
	unsigned int width = 40;

	OPTIMIZER_HIDE_VAR(width);
	pr_info("shifted: %u\n", 1U << width);
}

/* Seen by DEBUG_ATOMIC_SLEEP. */
static void fault_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	msleep(20);
	spin_unlock(&lock);
}

/* Seen by PROVE_LOCKING: two locks taken in both orders. */
static void fault_lock_order(void)
{
	static DEFINE_SPINLOCK(first);
	static DEFINE_SPINLOCK(second);

	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

/* Seen by kmemleak. */
static void fault_leak(void)
{
	void *lost = kmalloc(512, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(lost);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "warn", fault_warn },
	{ "trace", fault_trace },
	{ "null", fault_null },
	{ "use_after_free", fault_use_after_free },
	{ "out_of_bounds", fault_out_of_bounds },
	{ "shift", fault_shift },
	{ "sleep", fault_sleep },
	{ "lock_order", fault_lock_order },
	{ "leak", fault_leak },
};

static int __init devcrypto_fault_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(kind, faults[i].name)) {
			faults[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit devcrypto_fault_exit(void)
{
}

module_init(devcrypto_fault_init);
module_exit(devcrypto_fault_exit);

MODULE_DESCRIPTION("Deliberate faults for the tests");
MODULE_LICENSE("GPL");
