/* SPDX-License-Identifier: BSD-3-Clause */
/* Textbook training: the gradient of the loss by forward differentiation, one weight at a time, and momentum as it is written
 * down. Back-propagation, which the engine uses, occurs nowhere. It shares no code, header or type with the engine. Slow: one
 * pass a weight; aborts when out of memory. */
#ifndef KLFLOW_TESTS_REFERENCE_TRAIN_TEXTBOOK_H
#define KLFLOW_TESTS_REFERENCE_TRAIN_TEXTBOOK_H

#include "reference/kl_textbook.h"

/* Sum over rows of -ln softmax(y)_label, y = tanh of the last layer's z, and its derivative when the one number that `moved`
 * points to (a weight or bias of net, or NULL) moves at speed 1.  x [rows][input_width]; label [rows] */
double tb_loss(const tb_network *net, size_t rows, const double *x, const unsigned char *label, const double *moved,
               double *derivative);

/* One step on the mean loss: g = derivative + decay w; v = momentum v + g; w -= rate v, for all weights and biases at once.
 * velocity has the shape of net; only its weights and biases are looked at. */
void tb_train_step(tb_network *net, tb_network *velocity, size_t rows, const double *x, const unsigned char *label, double rate,
                   double momentum, double decay);

#endif
