/**
 * The sections of the report. Each writes its own part of the page from the database; a query that
 * fails leaves its error in the page's `error`.
 */
#ifndef BW_CLI_SECTIONS_H
#define BW_CLI_SECTIONS_H

#include <stdio.h>

#include <sqlite3.h>

#include "base/error.h"

typedef struct bw_page {
    FILE *file;
    sqlite3 *database;
    bw_status status; /* the first failure */
    bw_error error;
} bw_page;

/** Compiles a query, or notes the failure and returns NULL. The caller finalises it. */
sqlite3_stmt *bw_page_query(bw_page *page, const char *sql);

/** A setting of the run as a number; 0 where there is none. */
double bw_page_number(bw_page *page, const char *key);

/** The pictures that the recorded times are of: parts of a run that were killed are in neither. */
double bw_page_timed(bw_page *page);

/** Writes a setting of the run as text. */
void bw_page_setting(bw_page *page, const char *key);

/* pictures.c */

/** A picture with its boxes, which come from the database. */
typedef struct bw_shown_picture {
    int64_t item;
    const char *name;
    int width, height;   /* of the thumbnail */
    const uint8_t *jpeg; /* NULL where there is none */
    size_t bytes;
    int full_width, full_height;
    int64_t boxes;
    double confidence; /* mean of its boxes */
    const char *note;  /* a line below; may be NULL */
} bw_shown_picture;

void bw_page_picture(bw_page *page, const bw_shown_picture *picture);
void bw_section_contact(bw_page *page);
void bw_section_uncertain(bw_page *page);

/* charts.c */
int bw_section_classes(bw_page *page); /* returns the number of classes */
void bw_section_confidence(bw_page *page);
void bw_section_sizes(bw_page *page);
void bw_section_stages(bw_page *page);

#endif
