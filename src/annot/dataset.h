/**
 * A set of labelled pictures and what was found in them, as the readers of files fill it.
 *
 * A reader of ground truth adds pictures in the order in which they are to be evaluated, their
 * classes and labels; bw_dataset_index follows; then come readers of predictions.
 */
#ifndef BW_ANNOT_DATASET_H
#define BW_ANNOT_DATASET_H

#include "annot/boxes.h"
#include "base/memory.h"

/** How many classes a set may have. */
#define BW_DATASET_CLASSES 20000

typedef struct bw_data_image {
    int64_t id;             /* COCO's image id; -1 where there is none */
    const char *name;       /* as the labels have it: a path without the folder of pictures */
    const char *path;       /* where the picture should be; NULL until it is known */
    int width, height;      /* pixels; 0 where they are not known */
    const char *source;     /* the video that it is a frame of; NULL for none */
    int64_t frame, time_ns; /* in the video; the time is -1 where it is not known */
} bw_data_image;

typedef struct bw_data_class {
    int64_t id; /* COCO's category id */
    const char *name;
} bw_data_class;

/** A labelled box and a found one, each with the index of its picture. */
typedef struct bw_data_label {
    size_t image;
    bw_truth_box box;
    double score;  /* NaN where it is not known */
    int64_t track; /* -1 for none */
} bw_data_label;

typedef struct bw_data_found {
    size_t image;
    bw_found_box box;
} bw_data_found;

/** A picture as it is looked up by name or id. */
typedef struct bw_data_key {
    const char *stem; /* the file's name without folder and suffix, */
    int stem_length;  /* so many bytes of it */
    int64_t id;
    size_t image;
} bw_data_key;

typedef struct bw_dataset {
    bw_arena arena;
    bw_data_image *images;
    size_t image_count, image_capacity;
    bw_data_class *classes;
    size_t class_count, class_capacity;
    bool named;       /* the classes have names of their own */
    bool fixed;       /* the classes are the caller's: a reader may not add any */
    int32_t *by_name; /* classes by rising name, for bw_dataset_name_class */
    size_t named_count, by_name_capacity;
    bool scored; /* labels may have scores */
    bw_data_label *labels;
    size_t label_count, label_capacity;
    bw_data_found *founds;
    size_t found_count, found_capacity;
    bw_data_key *by_stem, *by_id; /* of all pictures, and of those with an id */
    size_t id_count;
    char *warnings;
    size_t warnings_capacity;
} bw_dataset;

void bw_dataset_free(bw_dataset *set);

/** Add one; a name may be NULL. Texts are copied. */
bw_status bw_dataset_add_image(bw_dataset *set, const bw_data_image *image, bw_error *error);
bw_status bw_dataset_add_class(bw_dataset *set, int64_t id, const char *name, bw_error *error);
bw_status bw_dataset_add_label(bw_dataset *set, size_t image, const bw_truth_box *box,
                               bw_error *error);
bw_status bw_dataset_add_box(bw_dataset *set, const bw_data_label *label, bw_error *error);
bw_status bw_dataset_add_found(bw_dataset *set, size_t image, const bw_found_box *box,
                               bw_error *error);

/** Notes a sentence for people. */
bw_status bw_dataset_warn(bw_dataset *set, bw_error *error, const char *format, ...)
    BW_PRINTF(3, 4);

/** Reads class names, one a line, in place of what classes there are. */
bw_status bw_dataset_read_names(bw_dataset *set, const char *path, bw_error *error);

/** Makes classes 0 to count - 1 of these names; with NULL, COCO's or numbers. */
bw_status bw_dataset_set_classes(bw_dataset *set, const char *const *names, size_t count,
                                 bw_error *error);

/** The class of a name, which is added where it is new, unless the classes are fixed. */
bw_status bw_dataset_name_class(bw_dataset *set, const char *name, int32_t *class_id,
                                bw_error *error);

/** Says that class `number` is called so; refuses a class that is called otherwise already. */
bw_status bw_dataset_number_class(bw_dataset *set, int64_t number, const char *name,
                                  bw_error *error);

/** Makes pictures findable; refuses an id that two of them have. */
bw_status bw_dataset_index(bw_dataset *set, bw_error *error);

/** Leaves at most `most` pictures, spread evenly, with their labels; before anything is found. */
bw_status bw_dataset_sample(bw_dataset *set, size_t most, bw_error *error);

/** Leaves the pictures with stays[picture], likewise. */
bw_status bw_dataset_keep(bw_dataset *set, const bool *stays, bw_error *error);

/** Finds a picture by COCO's id; false where there is none. */
bool bw_dataset_find_id(const bw_dataset *set, int64_t id, size_t *image);

/**
 * Finds a picture by its file's name, with any suffix; the folders count only where several
 * pictures have the same name. `*image` is image_count where there is none.
 */
bw_status bw_dataset_find_name(const bw_dataset *set, const char *name, size_t *image,
                               bw_error *error);

/** Finds a class by COCO's category id, or by name in any of its spellings; -1 for none. */
int32_t bw_dataset_find_category(const bw_dataset *set, int64_t id);
int32_t bw_dataset_find_class(const bw_dataset *set, const char *name);

/** Reads width and height of the picture at the image's path. */
bw_status bw_data_image_measure(bw_data_image *image, bw_error *error);

/**
 * Finds the picture below `images`, where that is given, and its size, where that is not known.
 * Fails where the size stays unknown.
 */
bw_status bw_data_image_locate(bw_dataset *set, bw_data_image *image, const char *images,
                               bw_error *error);

/** A box given as fractions of a picture: its centre and its size. */
bw_box bw_box_scale(const double fractions[4], int width, int height);

/* ---- The readers ---------------------------------------------------------------------------- */

bw_status bw_truth_read_coco(bw_dataset *set, const char *path, bw_error *error);

/** `images` is the folder of the pictures, or NULL. */
bw_status bw_truth_read_yolo(bw_dataset *set, const char *path, const char *images,
                             bw_error *error);

/** Whether a folder holds VOC's XML. */
bool bw_is_voc_folder(const char *path);

/** `images` is the folder of the pictures, or NULL. */
bw_status bw_truth_read_voc(bw_dataset *set, const char *path, const char *images, bw_error *error);

bw_status bw_found_read_coco(bw_dataset *set, const char *path, bw_error *error);
bw_status bw_found_read_darknet(bw_dataset *set, const char *path, bw_error *error);
bw_status bw_found_read_yolo(bw_dataset *set, const char *path, bw_error *error);

#endif
