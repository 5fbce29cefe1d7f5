/* SPDX-License-Identifier: MIT */
/* A file in pieces, many of them at the same time. */
#ifndef PIECES_H
#define PIECES_H

#include "flight.h"
#include "job.h"

/* Ends the program with what it cannot cut: "xts(aes)" and its like. */
void run_pieces(struct job *job, flight_way *way);

#endif /* PIECES_H */
