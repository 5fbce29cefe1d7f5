// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deliberate faults, to show that each kind is noticed: `modprobe devcrypto_fault kind=NAME`
 * commits the fault while it loads.
 */
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

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
static void fault_double_free(void)
{
	char *byte = kmalloc(64, GFP_KERNEL);
	char *again = byte;

	OPTIMIZER_HIDE_VAR(again);
	kfree(byte);
	kfree(again);
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

/* Seen by KASAN. */
static void fault_stack(void)
{
	char bytes[8] = "";
	size_t end = sizeof(bytes);

	OPTIMIZER_HIDE_VAR(end);
	WRITE_ONCE(*(bytes + end), 1);
}

/* Seen by KASAN_VMALLOC. */
static void fault_vmalloc(void)
{
	char *bytes = vmalloc(100);
	size_t end = 100;

	if (!bytes)
		return;
	OPTIMIZER_HIDE_VAR(end);
	WRITE_ONCE(bytes[end], 1);
	vfree(bytes);
}

/* KASAN must not see it. */
static noinline __no_sanitize_address void spoil(void *place)
{
	WRITE_ONCE(*(char *)place, 1);
}

/* Seen by PAGE_POISONING, as the page is given out again. */
static void fault_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct page *taken[64] = {};
	void *address;
	size_t i;

	if (!page)
		return;
	address = page_address(page);
	__free_page(page);
	spoil(address);
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		taken[i] = alloc_page(GFP_KERNEL);
		if (taken[i] == page)
			break;
	}
	for (i = 0; i < ARRAY_SIZE(taken) && taken[i]; i++)
		__free_page(taken[i]);
}

/* Seen by UBSAN. */
static void fault_shift(void)
{
	unsigned int width = 40;

	OPTIMIZER_HIDE_VAR(width);
	pr_info("shifted: %u\n", 1U << width);
}

/* Seen by UBSAN, and by KASAN. */
static void fault_index(void)
{
	static int numbers[4];
	unsigned int index = 5;

	OPTIMIZER_HIDE_VAR(index);
	pr_info("found: %d\n", numbers[index]);
}

/* Seen by DEBUG_ATOMIC_SLEEP. */
static void fault_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
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

/* Seen by every kernel: reference counts are checked everywhere. */
static void fault_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	if (refcount_dec_and_test(&count))
		refcount_inc(&count);
}

/* Seen by DEBUG_LIST. */
static void fault_list(void)
{
	LIST_HEAD(head);
	LIST_HEAD(other);
	struct list_head entry;

	list_add(&entry, &head);
	head.next = &other;
	list_del(&entry);
}

/* Seen by DEBUG_SG: memory that is not in the kernel's direct mapping. */
static void fault_scatterlist(void)
{
	void *bytes = vmalloc(PAGE_SIZE);
	struct scatterlist list;

	if (bytes)
		sg_init_one(&list, bytes, PAGE_SIZE);
	vfree(bytes);
}

static void nothing_timer(struct timer_list *timer)
{
}

/* Seen by DEBUG_OBJECTS_FREE and _TIMERS. */
static void fault_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, nothing_timer, 0);
	mod_timer(timer, jiffies + 100 * HZ);
	kfree(timer);
}

static void slow_work(struct work_struct *work)
{
	msleep(100);
}

/* Seen by DEBUG_OBJECTS_WORK: the second waits for the first as it is made anew. */
static void fault_work(void)
{
	struct workqueue_struct *queue = alloc_ordered_workqueue("devcrypto_fault", 0);
	static struct work_struct first, second;

	if (!queue)
		return;
	INIT_WORK(&first, slow_work);
	INIT_WORK(&second, slow_work);
	queue_work(queue, &first);
	queue_work(queue, &second);
	INIT_WORK(&second, slow_work);
	destroy_workqueue(queue);
}

static void nothing_rcu(struct rcu_head *head)
{
}

/* Seen by DEBUG_OBJECTS_RCU_HEAD. */
static void fault_rcu_head(void)
{
	static struct rcu_head head;

	call_rcu(&head, nothing_rcu);
	call_rcu(&head, nothing_rcu);
	rcu_barrier();
}

static int shared;

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

/* Seen by KCSAN. */
static void fault_race(void)
{
	struct task_struct *threads[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = kthread_run(count, NULL, "devcrypto_race");
	msleep(3000);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
	pr_info("counted to %d\n", READ_ONCE(shared));
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "warn", fault_warn },
	{ "trace", fault_trace },
	{ "null", fault_null },
	{ "use_after_free", fault_use_after_free },
	{ "double_free", fault_double_free },
	{ "out_of_bounds", fault_out_of_bounds },
	{ "stack", fault_stack },
	{ "vmalloc", fault_vmalloc },
	{ "page", fault_page },
	{ "shift", fault_shift },
	{ "index", fault_index },
	{ "sleep", fault_sleep },
	{ "lock_order", fault_lock_order },
	{ "leak", fault_leak },
	{ "refcount", fault_refcount },
	{ "list", fault_list },
	{ "scatterlist", fault_scatterlist },
	{ "timer", fault_timer },
	{ "work", fault_work },
	{ "rcu_head", fault_rcu_head },
	{ "race", fault_race },
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
