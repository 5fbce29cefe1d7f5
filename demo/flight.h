/* SPDX-License-Identifier: MIT */
/* Many requests at the same time, in two ways. */
#ifndef FLIGHT_H
#define FLIGHT_H

#include <stddef.h>

#include <linux/devcrypto.h>

#include "device.h"

/* Most bytes of source in a request. */
#define FLIGHT_PIECE	(64 << 10)

/*
 * Executes all requests and writes their out_ fields, as DEVCRYPTO_IOC_RUN does.
 * What fails in itself, and not in a request, ends the program.
 */
typedef void flight_way(const struct device *device, struct devcrypto_request *requests,
			size_t count);

/* By DEVCRYPTO_IOC_SUBMIT. */
flight_way flight_submit;

/* By io_uring, in a registered buffer. */
flight_way flight_uring;

#endif /* FLIGHT_H */
