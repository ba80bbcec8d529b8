/* SPDX-License-Identifier: BSD-3-Clause */
/* A character cell is twice as high as wide. As a half block it holds two pixels, one above the other; as a plain character
 * half a pixel, so each pixel takes two. */
#include "cli/picture.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLUMNS = 80, MOST_COLUMNS = 1000, LINES_FOR_TEXT = 4 };

/* ---- the screen ---- */

static bool is_utf8(void)
{
    /* Not setlocale: that would change how numbers are printed. */
    locale_t   locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    const bool utf8 = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale != (locale_t)0)
        freelocale(locale);
    return utf8;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static klf_paint paint_of_terminal(void)
{
    const char *term = getenv("TERM"), *more = getenv("COLORTERM");
    if (is_set("NO_COLOR") || !is_utf8() || term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0 ||
        strncmp(term, "vt", 2) == 0)
        return KLF_PAINT_PLAIN;
    return more != NULL && (strcmp(more, "truecolor") == 0 || strcmp(more, "24bit") == 0) ? KLF_PAINT_24_BIT : KLF_PAINT_256;
}

static size_t columns_of_environment(void)
{
    const char   *text = getenv("COLUMNS");
    unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 0;
    return n > 0 && n <= MOST_COLUMNS ? (size_t)n : USUAL_COLUMNS;
}

klf_screen klf_screen_of_stdout(void)
{
    klf_screen     screen = {.paint = KLF_PAINT_PLAIN, .columns = columns_of_environment()};
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return screen;
    screen.paint = paint_of_terminal();
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        screen.columns = size.ws_col;
        screen.lines = size.ws_row;
    }
    return screen;
}

/* ---- the picture ---- */

/* The mean of the image over row_begin .. row_end, col_begin .. col_end, in pixels and parts of them. */
static double mean_over(const float *pixel, size_t rows, size_t cols, const double row[2], const double col[2])
{
    double sum = 0.0, area = 0.0;
    for (size_t v = (size_t)row[0]; v < rows && (double)v < row[1]; v++)
        for (size_t u = (size_t)col[0]; u < cols && (double)u < col[1]; u++) {
            const double height = fmin(row[1], (double)v + 1.0) - fmax(row[0], (double)v);
            const double width = fmin(col[1], (double)u + 1.0) - fmax(col[0], (double)u);
            sum += height * width * (double)pixel[v * cols + u];
            area += height * width;
        }
    return area > 0.0 ? sum / area : 0.0;
}

typedef struct raster {
    const float *pixel;
    size_t       rows, cols;    /* of the image */
    size_t       height, width; /* of what is drawn of it */
} raster;

static double value_at(const raster *r, size_t y, size_t x)
{
    if (y >= r->height)
        return 0.0;
    const double down = (double)r->rows / (double)r->height, across = (double)r->cols / (double)r->width;
    const double row[2] = {(double)y * down, (double)(y + 1) * down}, col[2] = {(double)x * across, (double)(x + 1) * across};
    return mean_over(r->pixel, r->rows, r->cols, row, col);
}

static int level(double value, int n_levels)
{
    const int i = (int)(value * n_levels);
    return i < 0 ? 0 : i < n_levels ? i : n_levels - 1;
}

/* Of the 256 colours: black, 24 greys, white. */
static int grey_of_256(double value)
{
    enum { BLACK = 16, FIRST_GREY = 232, WHITE = 231, N_GREYS = 24 };
    const int i = level(value, N_GREYS + 2);
    return i == 0 ? BLACK : i == N_GREYS + 1 ? WHITE : FIRST_GREY + i - 1;
}

/* Sets the colour of the upper half (38) or the lower (48), unless it is set already. */
static void set_colour(klf_paint paint, int which, double value, int *set)
{
    const int grey = paint == KLF_PAINT_24_BIT ? (int)lround(fmin(fmax(value, 0.0), 1.0) * 255) : grey_of_256(value);
    if (grey == *set)
        return;
    *set = grey;
    if (paint == KLF_PAINT_24_BIT)
        printf("\033[%d;2;%d;%d;%dm", which, grey, grey, grey);
    else
        printf("\033[%d;5;%dm", which, grey);
}

static void print_half_blocks(const raster *r, klf_paint paint)
{
    for (size_t y = 0; y < r->height; y += 2) {
        int upper = -1, lower = -1;
        for (size_t x = 0; x < r->width; x++) {
            set_colour(paint, 38, value_at(r, y, x), &upper);
            if (y + 1 < r->height)
                set_colour(paint, 48, value_at(r, y + 1, x), &lower);
            fputs("\xe2\x96\x80", stdout); /* U+2580, upper half block */
        }
        puts("\033[0m");
    }
}

static void print_characters(const raster *r)
{
    static const char ink[] = " .:-=+*#%@";
    for (size_t y = 0; y < r->height; y++) {
        size_t n_blanks = 0; /* printed once something follows them */
        for (size_t x = 0; x < r->width; x++) {
            const char c = ink[level(value_at(r, y, x), (int)strlen(ink))];
            if (c == ' ') {
                n_blanks++;
                continue;
            }
            printf("%*s%c", (int)n_blanks, "", c);
            n_blanks = 0;
        }
        putchar('\n');
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void klf_picture_print(const float *pixel, size_t rows, size_t cols, klf_screen screen)
{
    /* Of the pixels that are drawn: cells across for one, and how many there are on a line. */
    const bool   plain = screen.paint == KLF_PAINT_PLAIN;
    const size_t across = plain ? 2 : 1, per_line = plain ? 1 : 2;
    const size_t lines = screen.lines > LINES_FOR_TEXT ? screen.lines - LINES_FOR_TEXT : 1;
    const size_t scale = least(screen.columns / (across * cols), lines * per_line / rows);
    raster       r = {.pixel = pixel, .rows = rows, .cols = cols};
    r.width = screen.columns >= across * cols ? across * cols * (scale > 1 ? scale : 1) : screen.columns;
    const double height = (double)r.width * (double)rows / (double)(across * cols);
    r.height = height < 1.0 ? 1 : (size_t)lround(height);
    if (plain)
        print_characters(&r);
    else
        print_half_blocks(&r, screen.paint);
}
