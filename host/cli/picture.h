/* SPDX-License-Identifier: BSD-3-Clause */
/* A grey image as text: coloured half blocks for a terminal that can show them, plain characters elsewhere. */
#ifndef KLFLOW_CLI_PICTURE_H
#define KLFLOW_CLI_PICTURE_H

#include <stddef.h>

typedef enum klf_paint { KLF_PAINT_PLAIN, KLF_PAINT_256, KLF_PAINT_24_BIT } klf_paint;

typedef struct klf_screen {
    klf_paint paint;
    size_t    columns, lines; /* lines 0: as many as it takes */
} klf_screen;

/* What stdout is: plain unless it is a terminal in UTF-8, NO_COLOR is empty, and TERM is one that has colours; 24 bits if
 * COLORTERM says so. Not a terminal: 80 columns, or COLUMNS. */
klf_screen klf_screen_of_stdout(void);

/* Prints an image [rows][cols] of values in [0, 1] on stdout, 1 is white or full ink. It is drawn in its own proportions:
 * smaller where the columns do not suffice, larger by a whole factor where columns and lines do. */
void klf_picture_print(const float *pixel, size_t rows, size_t cols, klf_screen screen);

#endif
