/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: names, lengths and results; never a key, a byte of payload or
 * an address of the driver's.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM devcrypto

#if !defined(DC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DC_TRACE_H

#include <linux/tracepoint.h>

#include "private.h"

TRACE_EVENT(devcrypto_config,
	TP_PROTO(const struct dc_context *ctx, const char *name,
		 const char *driver, int result),
	TP_ARGS(ctx, name, driver, result),
	TP_STRUCT__entry(
		__field(u64, context)
		__string(name, name)
		__string(driver, driver)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->context = ctx->id;
		DC_ASSIGN_STR(name, name);
		DC_ASSIGN_STR(driver, driver);
		__entry->result = result;
	),
	TP_printk("context=%llu name=%s driver=%s result=%d", __entry->context,
		  __get_str(name), __get_str(driver), __entry->result)
);

DECLARE_EVENT_CLASS(devcrypto_request,
	TP_PROTO(const struct dc_request *rq),
	TP_ARGS(rq),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(u64, user_data)
		__field(u32, op)
		__field(u32, src_bytes)
	),
	TP_fast_assign(
		__entry->context = rq->ctx->id;
		__entry->user_data = rq->packet.user_data;
		__entry->op = rq->packet.op;
		__entry->src_bytes = rq->packet.src_bytes;
	),
	TP_printk("context=%llu user_data=%#llx op=%u src_bytes=%u",
		  __entry->context, __entry->user_data, __entry->op,
		  __entry->src_bytes)
);

DEFINE_EVENT(devcrypto_request, devcrypto_submit,
	TP_PROTO(const struct dc_request *rq),
	TP_ARGS(rq)
);

DEFINE_EVENT(devcrypto_request, devcrypto_start,
	TP_PROTO(const struct dc_request *rq),
	TP_ARGS(rq)
);

DEFINE_EVENT(devcrypto_request, devcrypto_cancel,
	TP_PROTO(const struct dc_request *rq),
	TP_ARGS(rq)
);

TRACE_EVENT(devcrypto_complete,
	TP_PROTO(const struct dc_request *rq, int result),
	TP_ARGS(rq, result),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(u64, user_data)
		__field(int, result)
		__field(u32, out_bytes)
	),
	TP_fast_assign(
		__entry->context = rq->ctx->id;
		__entry->user_data = rq->packet.user_data;
		__entry->result = result;
		__entry->out_bytes = rq->out_bytes;
	),
	TP_printk("context=%llu user_data=%#llx result=%d out_bytes=%u",
		  __entry->context, __entry->user_data, __entry->result,
		  __entry->out_bytes)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
